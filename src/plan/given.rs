//! What the given patterns settle before anything is chosen.

use crate::pattern::Pattern;

use super::candidates::Selection;
use super::legal::{Matcher, Prefixes, Protected};
use super::{Budget, NoPlan, Problem, count_wildcards};

/// A problem without what its given patterns cover.
#[derive(Debug)]
pub(super) struct Settled<'a> {
    /// The given patterns, sorted, without those that another one covers.
    pub(super) given: Vec<Pattern>,
    /// The stale paths that are left, sorted.
    pub(super) stale: Vec<&'a str>,
    /// The kept paths that are left, sorted.
    pub(super) kept: Vec<&'a str>,
    /// How many kept paths the given patterns cover.
    pub(super) kept_by_given: usize,
    pub(super) protected: Protected<'a>,
    pub(super) query_strings: bool,
}

impl<'a> Settled<'a> {
    /// # Errors
    ///
    /// A given wildcard that touches a protected pattern.
    pub(super) fn new(problem: &Problem<'a>) -> Result<Self, NoPlan> {
        let protected = Protected::new(problem.protect);
        let given = without_redundancy(problem.given);
        for pattern in &given {
            let way = pattern.prefix().and_then(|p| protected.in_the_way_of(p));
            if let Some(touched) = way {
                return Err(NoPlan::GivenProtected {
                    given: pattern.clone(),
                    protected: touched.clone(),
                });
            }
        }
        let mut stale: Vec<&str> = problem.paths.stale().iter().collect();
        let mut kept: Vec<&str> = problem.paths.kept().iter().collect();
        let kept_count = kept.len();
        if !given.is_empty() {
            let matcher = Matcher::new(&given);
            stale.retain(|path| {
                let covered = matcher.matches(path)
                    && (!problem.query_strings || matcher.matches_queries(path));
                !covered
            });
            kept.retain(|path| !matcher.matches(path));
        }
        Ok(Self {
            given,
            stale,
            kept_by_given: kept_count - kept.len(),
            kept,
            protected,
            query_strings: problem.query_strings,
        })
    }

    /// What of `budget` is left beside the given patterns; nothing if they exceed it.
    pub(super) fn left_of(&self, budget: Budget) -> Option<Budget> {
        Some(Budget {
            max_paths: budget.max_paths.checked_sub(self.given.len())?,
            max_wildcards: budget
                .max_wildcards
                .checked_sub(count_wildcards(&self.given))?,
        })
    }

    /// Whether `selection` and the given patterns are together within `budget`.
    pub(super) fn fits(&self, selection: &Selection, budget: Budget) -> bool {
        self.left_of(budget).is_some_and(|left| {
            selection.patterns.len() <= left.max_paths
                && count_wildcards(&selection.patterns) <= left.max_wildcards
        })
    }

    /// The given patterns and those of `selection`, sorted, without redundancy.
    pub(super) fn join(&self, selection: &Selection) -> Vec<Pattern> {
        let mut patterns = self.given.clone();
        patterns.extend_from_slice(&selection.patterns);
        without_redundancy(&patterns)
    }
}

/// `patterns` sorted, without repetitions and those that a wildcard among them covers.
pub(super) fn without_redundancy(patterns: &[Pattern]) -> Vec<Pattern> {
    let prefixes = Prefixes::new(patterns.iter().filter_map(Pattern::prefix));
    let mut needed: Vec<Pattern> = patterns
        .iter()
        .filter(|pattern| match pattern.prefix() {
            Some(prefix) => prefixes.beginning(prefix) == Some(prefix),
            None => pattern.is_tag() || !prefixes.cover(pattern.as_str()),
        })
        .cloned()
        .collect();
    needed.sort_unstable();
    needed.dedup();
    needed
}
