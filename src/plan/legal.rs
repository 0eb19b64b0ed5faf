//! Sets of prefixes, and which wildcards they leave legal.

use std::collections::HashSet;

use crate::pattern::Pattern;

/// A set of wildcards' prefixes. Asking whether one of them begins a text takes O(log n).
#[derive(Debug, Default)]
pub(super) struct Prefixes<'a> {
    /// Sorted, and none begins another: so at most one begins a given text, and it is the last
    /// one that is not greater than it.
    minimal: Vec<&'a str>,
}

impl<'a> Prefixes<'a> {
    pub(super) fn new(prefixes: impl Iterator<Item = &'a str>) -> Self {
        let mut minimal: Vec<&str> = prefixes.collect();
        minimal.sort_unstable();
        // A prefix sorts before what it begins, with nothing but such texts in between.
        minimal.dedup_by(|text, prefix| text.starts_with(*prefix));
        Self { minimal }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.minimal.iter().copied()
    }

    /// The prefix in the set that begins `text`.
    pub(super) fn beginning(&self, text: &str) -> Option<&'a str> {
        let after = self.minimal.partition_point(|prefix| *prefix <= text);
        let last = self.minimal[..after].last()?;
        text.starts_with(last).then_some(*last)
    }

    /// Whether one of the set begins `text`.
    pub(super) fn cover(&self, text: &str) -> bool {
        self.beginning(text).is_some()
    }
}

/// What the protected patterns match.
#[derive(Debug)]
pub(super) struct Protected<'a> {
    patterns: &'a [Pattern],
    /// Wildcards' prefixes.
    below: Prefixes<'a>,
    /// Exact paths and wildcards' prefixes, sorted.
    texts: Vec<&'a str>,
}

impl<'a> Protected<'a> {
    pub(super) fn new(patterns: &'a [Pattern]) -> Self {
        let mut texts: Vec<&str> = patterns
            .iter()
            .filter(|pattern| !pattern.is_tag())
            .map(|pattern| pattern.prefix().unwrap_or(pattern.as_str()))
            .collect();
        texts.sort_unstable();
        Self {
            patterns,
            below: Prefixes::new(patterns.iter().filter_map(Pattern::prefix)),
            texts,
        }
    }

    /// Whether the wildcard `prefix*` matches nothing that a protected pattern matches.
    pub(super) fn allows(&self, prefix: &str) -> bool {
        let at = self.texts.partition_point(|text| *text < prefix);
        let inside = self.texts.get(at).is_some_and(|t| t.starts_with(prefix));
        !inside && !self.below.cover(prefix)
    }

    /// A protected pattern that the wildcard `prefix*` would touch.
    pub(super) fn in_the_way_of(&self, prefix: &str) -> Option<&'a Pattern> {
        self.patterns.iter().find(|pattern| match pattern.prefix() {
            Some(below) => below.starts_with(prefix) || prefix.starts_with(below),
            None => pattern.as_str().starts_with(prefix),
        })
    }
}

/// Patterns, to ask which paths they cover.
#[derive(Debug, Default)]
pub(super) struct Matcher<'a> {
    pub(super) prefixes: Prefixes<'a>,
    pub(super) exact: HashSet<&'a str>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(patterns: &'a [Pattern]) -> Self {
        Self {
            prefixes: Prefixes::new(patterns.iter().filter_map(Pattern::prefix)),
            exact: patterns
                .iter()
                .filter(|pattern| !pattern.is_wildcard() && !pattern.is_tag())
                .map(Pattern::as_str)
                .collect(),
        }
    }

    /// Whether `path` is covered.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.prefixes.cover(path) || self.exact.contains(path)
    }

    /// Whether every `path?…` is covered.
    pub(super) fn matches_queries(&self, path: &str) -> bool {
        self.prefixes.cover(&format!("{path}?"))
    }
}
