//! The plan of a deploy's invalidation: which patterns to send.
//!
//! Given the stale and the kept viewer paths and a [`Budget`], [`plan`] finds the patterns that
//! cover every stale path and evict the fewest kept ones.
//!
//! # The problem
//!
//! Choose wildcards, none inside another, at most `max_wildcards` of them. Each is the longest
//! common prefix of the stale paths under it, cut back to where CloudFront can still name it and
//! no character is split. Every stale path under none of them is sent as an exact path, which it
//! has to be nameable for; at most `max_paths` patterns in all. The plan is the least in
//!
//! 1. kept paths covered (over-invalidation), then
//! 2. patterns, then
//! 3. wildcards, then
//! 4. breadth, path by path: at the bytewise first stale path that two plans cover by different
//!    patterns, the one with the narrower pattern is less: the path itself, then longer wildcards.
//!
//! The fourth is a total order of covers, so the plan depends on nothing but the sets. How the
//! optimum is found, and why it is one, is told beside the code: `tree.rs` has the candidates,
//! `bound.rs` the lower bounds, `solve.rs` the search.
//!
//! # What comes before it
//!
//! - Patterns that are [given](Problem::given) are part of every plan. What they cover is neither
//!   stale nor kept any more, and they are deducted from the budget.
//! - No wildcard may match what a [protected](Problem::protect) pattern matches.
//! - With [query strings](Problem::query_strings) in the cache key, a stale path has to be covered
//!   together with every `path?…`: by a wildcard, or, for a path that ends in `/`, by the pair
//!   `/docs/` and `/docs/?*`.
//! - [`Collapse`] says when naming every stale path is good enough.

pub mod check;

mod bound;
mod budget;
mod candidates;
mod cover;
mod flush;
mod given;
mod legal;
mod naming;
mod solve;
mod tradeoff;
mod tree;

use crate::pattern::Pattern;
use crate::viewer::ViewerPaths;

pub use cover::{Cover, EXAMPLES};
pub use flush::{FlushNote, flush};
pub use tradeoff::{TradeoffPoint, tradeoff};

use budget::shortage;
use candidates::Selection;
use given::Settled;
use solve::{Outcome, Solver};
use tree::Tree;

/// The default of [`Budget::max_paths`]: 33 deploys a month stay within the 1,000 paths that are
/// free for an AWS account.
pub const DEFAULT_MAX_PATHS: usize = 30;

/// The default of [`Budget::max_wildcards`]. CloudFront's quota is 15 in progress for a
/// distribution; this leaves five to other tools and people.
pub const DEFAULT_MAX_WILDCARDS: usize = 10;

/// How many steps the search may take before it settles for the best plan found so far. A step is
/// a pair of partial plans looked at, and takes some tens of nanoseconds.
pub const DEFAULT_WORK_LIMIT: u64 = 1_000_000_000;

/// How many patterns a plan may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Patterns in all: exact paths, wildcards and tags.
    pub max_paths: usize,
    /// Wildcards among them.
    pub max_wildcards: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            max_paths: DEFAULT_MAX_PATHS,
            max_wildcards: DEFAULT_MAX_WILDCARDS,
        }
    }
}

/// When stale paths are collapsed into wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collapse {
    /// When naming each of them would exceed the budget.
    #[default]
    OverBudget,
    /// Whenever that takes fewer patterns and evicts no more.
    Always,
    /// Never: each is named, whatever their number, and the budget does not apply.
    Never,
}

/// What to plan.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The stale and the kept viewer paths.
    pub paths: &'a ViewerPaths,
    /// Patterns that are part of the plan whatever else is: `always-invalidate`, `on-change`.
    pub given: &'a [Pattern],
    /// Patterns that no wildcard may touch.
    pub protect: &'a [Pattern],
    /// Whether the cache key holds query strings.
    pub query_strings: bool,
    /// When to collapse.
    pub collapse: Collapse,
    /// How many patterns the plan may have.
    pub budget: Budget,
    /// See [`DEFAULT_WORK_LIMIT`].
    pub work_limit: u64,
}

impl<'a> Problem<'a> {
    /// The problem of `paths` with the default settings.
    #[must_use]
    pub fn new(paths: &'a ViewerPaths) -> Self {
        Self {
            paths,
            given: &[],
            protect: &[],
            query_strings: false,
            collapse: Collapse::default(),
            budget: Budget::default(),
            work_limit: DEFAULT_WORK_LIMIT,
        }
    }
}

/// The patterns to send, and what they do.
///
/// Invariants: every stale path is covered; no pattern matches what another's wildcard matches
/// anyway; no wildcard touches a protected pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// All patterns, the given ones included, in bytewise order.
    pub patterns: Vec<Pattern>,
    /// How many viewer paths are stale.
    pub stale: usize,
    /// How many viewer paths are kept.
    pub kept: usize,
    /// How many kept paths the patterns cover that were chosen here.
    pub over_invalidated: usize,
    /// How many kept paths the given patterns cover.
    pub over_invalidated_by_given: usize,
    /// Whether the plan is proven to be the best one.
    pub optimal: bool,
    /// By how many paths `over_invalidated` may exceed the least possible number: 0 if `optimal`.
    pub gap: usize,
    /// What each wildcard covers, in the order of `patterns`.
    pub covers: Vec<Cover>,
}

impl Plan {
    /// How many patterns there are.
    #[must_use]
    pub fn path_count(&self) -> usize {
        self.patterns.len()
    }

    /// How many of the patterns are wildcards.
    #[must_use]
    pub fn wildcard_count(&self) -> usize {
        count_wildcards(&self.patterns)
    }
}

fn count_wildcards(patterns: &[Pattern]) -> usize {
    patterns.iter().filter(|p| p.is_wildcard()).count()
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// No cover is within the budget.
    #[error("{}", budget::message(*.budget, *.least_paths, *.least_wildcards, *.naming))]
    OverBudget {
        /// The budget.
        budget: Budget,
        /// The smallest `max_paths` that is enough with this `max_wildcards`, if any is.
        least_paths: Option<usize>,
        /// The smallest `max_wildcards` that is enough with this `max_paths`, if any is.
        least_wildcards: Option<usize>,
        /// What naming every stale path takes, which is always enough.
        naming: Budget,
    },
    /// A path that only a wildcard can cover lies where none is allowed.
    #[error(
        "`{path}` can only be covered by the wildcard `{wildcard}` or a shorter one, and `protect` has `{protected}`, which that would touch"
    )]
    Protected {
        /// The stale viewer path.
        path: String,
        /// The narrowest wildcard that covers it.
        wildcard: Pattern,
        /// The protected pattern in the way.
        protected: Pattern,
    },
    /// A given pattern touches a protected one.
    #[error("the pattern `{given}` would touch `{protected}`, which `protect` has")]
    GivenProtected {
        /// The given pattern.
        given: Pattern,
        /// The protected pattern in the way.
        protected: Pattern,
    },
}

/// Finds the best plan.
///
/// # Errors
///
/// [`NoPlan`] if no set of patterns covers every stale path within the budget and outside of what
/// is protected.
///
/// # Complexity
///
/// For s stale and k kept paths: O(s·log k) comparisons to build the tree, O(s) for each of at most
/// a few dozen bounds, and the dynamic programme, whose cost is that of the partial plans which the
/// bounds leave: few on real sites. Memory: about 100 bytes a stale and 16 a kept path.
pub fn plan(problem: &Problem) -> Result<Plan, NoPlan> {
    let settled = Settled::new(problem)?;
    let naming = naming::name_all(&settled)?;
    let budget = problem.budget;
    let fits = problem.collapse == Collapse::Never
        || (problem.collapse == Collapse::OverBudget && settled.fits(&naming, budget));
    let (selection, gap) = if fits {
        (naming, None)
    } else {
        let left = settled.left_of(budget);
        let tree = Tree::new(&settled);
        let outcome = left.map(|left| Solver::new(&tree, left, problem.work_limit).solve());
        match outcome {
            Some(Outcome::Found { nodes, gap }) => (tree.select(&nodes), gap),
            None | Some(Outcome::Infeasible) => {
                return Err(shortage(&settled, &tree, &naming, budget));
            }
        }
    };
    Ok(assemble(problem, &settled, &selection, gap))
}

/// Joins the given patterns and the selected ones into a plan.
fn assemble(
    problem: &Problem,
    settled: &Settled,
    selection: &Selection,
    gap: Option<usize>,
) -> Plan {
    let patterns = settled.join(selection);
    Plan {
        stale: problem.paths.stale().len(),
        kept: problem.paths.kept().len(),
        over_invalidated: selection.kept,
        over_invalidated_by_given: settled.kept_by_given,
        optimal: gap.is_none(),
        gap: gap.unwrap_or(0),
        covers: cover::covers(problem.paths, &patterns),
        patterns,
    }
}
