//! What each wildcard of a plan covers, for people to read.

use std::fmt;

use crate::pattern::Pattern;
use crate::viewer::{PathList, ViewerPaths};

/// How many examples a [`Cover`] has of each kind: one is shown, the others where more is asked for.
pub const EXAMPLES: usize = 20;

/// What a wildcard covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The wildcard.
    pub pattern: Pattern,
    /// How many stale paths it covers.
    pub stale: usize,
    /// How many kept paths it evicts for nothing.
    pub kept: usize,
    /// The first [`EXAMPLES`] of the stale ones.
    pub stale_examples: Vec<String>,
    /// The first [`EXAMPLES`] of the kept ones.
    pub kept_examples: Vec<String>,
}

impl fmt::Display for Cover {
    /// One line: ``/docs/* covers 12 stale paths and evicts 3 kept ones, such as /docs/a.html``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = if self.stale == 1 { "path" } else { "paths" };
        write!(f, "{} covers {} stale {paths}", self.pattern, self.stale)?;
        match (self.kept, self.kept_examples.first()) {
            (1, Some(example)) => write!(f, " and evicts 1 kept one, {example}"),
            (kept, Some(example)) => write!(f, " and evicts {kept} kept ones, such as {example}"),
            (_, None) => f.write_str(" and nothing else"),
        }
    }
}

/// What each of the wildcards among `patterns` covers of all paths. O(log n) comparisons each.
pub(super) fn covers(paths: &ViewerPaths, patterns: &[Pattern]) -> Vec<Cover> {
    patterns
        .iter()
        .filter_map(|pattern| {
            let prefix = pattern.prefix()?;
            let (stale, stale_examples) = under(paths.stale(), prefix);
            let (kept, kept_examples) = under(paths.kept(), prefix);
            Some(Cover {
                pattern: pattern.clone(),
                stale,
                kept,
                stale_examples,
                kept_examples,
            })
        })
        .collect()
}

/// How many of `paths` begin with `prefix`, and the first of them.
fn under(paths: &PathList, prefix: &str) -> (usize, Vec<String>) {
    let range = paths.below(prefix);
    let examples = range.clone().take(EXAMPLES);
    (
        range.len(),
        examples.map(|at| paths.get(at).to_owned()).collect(),
    )
}
