//! Plans that cover everything.

use std::fmt;

use crate::pattern::Pattern;

use super::candidates::Selection;
use super::given::Settled;
use super::legal::Matcher;
use super::{Collapse, NoPlan, Plan, Problem, assemble, plan};

/// Why a flush is less than everything below its mounts: what CloudFront holds there beside the site's
/// known paths stays cached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlushNote {
    /// The wildcard for the mount would touch a protected pattern.
    Protected {
        /// The wildcard that was not sent.
        wildcard: Pattern,
        /// The protected pattern in the way.
        protected: Pattern,
    },
    /// The patterns for the mount exceed the budget.
    OverBudget {
        /// The patterns that were not sent.
        patterns: Vec<Pattern>,
    },
}

impl fmt::Display for FlushNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected {
                wildcard,
                protected,
            } => write!(
                f,
                "the flush can't use `{wildcard}`, because `protect` has `{protected}`"
            )?,
            Self::OverBudget { patterns } => {
                f.write_str("the flush can't use")?;
                for (at, pattern) in patterns.iter().enumerate() {
                    write!(f, "{} `{pattern}`", if at == 0 { "" } else { "," })?;
                }
                f.write_str(", because that exceeds the budget")?;
            }
        }
        f.write_str("; it covers all known paths of the site instead")
    }
}

/// Plans a flush: everything that `patterns` match is covered, whether it is known or not.
///
/// `problem.paths` says what is known: it decides what counts as evicted for nothing. Where a pattern
/// is not allowed, the flush is the best plan that covers all known paths, stale and kept, with the
/// patterns that are, and the note says why.
///
/// # Errors
///
/// [`NoPlan`] as [`plan`] has it, for the known paths.
pub fn flush(problem: &Problem, patterns: &[Pattern]) -> Result<(Plan, Option<FlushNote>), NoPlan> {
    let settled = Settled::new(problem)?;
    let (mut allowed, mut note) = (Vec::new(), None);
    for pattern in patterns {
        let prefix = pattern.prefix();
        match prefix.and_then(|prefix| settled.protected.in_the_way_of(prefix)) {
            None => allowed.push(pattern.clone()),
            Some(protected) => {
                note.get_or_insert_with(|| FlushNote::Protected {
                    wildcard: pattern.clone(),
                    protected: protected.clone(),
                });
            }
        }
    }
    if note.is_none() {
        let matcher = Matcher::new(patterns);
        let kept = settled.kept.iter().filter(|path| matcher.matches(path));
        let selection = Selection {
            kept: kept.count(),
            patterns: patterns.to_vec(),
        };
        let joined = settled.join(&selection);
        let budget = problem.budget;
        if problem.collapse == Collapse::Never
            || (joined.len() <= budget.max_paths
                && super::count_wildcards(&joined) <= budget.max_wildcards)
        {
            return Ok((assemble(problem, &settled, &selection, None), None));
        }
        allowed.clear();
    }
    let note = note.unwrap_or_else(|| FlushNote::OverBudget {
        patterns: patterns.to_vec(),
    });
    let all = problem.paths.all_stale();
    allowed.extend_from_slice(problem.given);
    let known = Problem {
        paths: &all,
        given: &allowed,
        ..*problem
    };
    let mut plan = plan(&known)?;
    // Every kept path is evicted, by the given patterns or by those chosen here.
    plan.stale = problem.paths.stale().len();
    plan.kept = problem.paths.kept().len();
    plan.over_invalidated_by_given = settled.kept_by_given;
    plan.over_invalidated = plan.kept - settled.kept_by_given;
    plan.covers = super::cover::covers(problem.paths, &plan.patterns);
    Ok((plan, Some(note)))
}
