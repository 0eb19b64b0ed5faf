//! The ways to cover one stale path, and a choice of them for all.

use crate::pattern::{MAX_PATH_CHARS, Pattern, nameable_len};

use super::given::Settled;

/// How a stale path is named when no wildcard but its own covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// By itself.
    Exact,
    /// By itself and `path?*`, each unless a given pattern does that already.
    Pair {
        /// Whether the path itself is still to be sent.
        path: bool,
        /// Whether `path?*` is still to be sent.
        queries: bool,
    },
    /// Only by a wildcard: this many bytes of it and a `*`, or fewer.
    Wildcard(usize),
}

impl Name {
    /// The narrowest way to cover `path`.
    pub(super) fn of(path: &str, settled: &Settled) -> Self {
        let nameable = nameable_len(path);
        if nameable < path.len() {
            return Self::Wildcard(nameable);
        }
        if !settled.query_strings {
            return Self::Exact;
        }
        let queries = format!("{path}?");
        // Where the pair touches a protected pattern every wildcard for the path does, which is
        // then the error to report.
        if path.ends_with('/')
            && queries.len() < MAX_PATH_CHARS
            && settled.protected.allows(&queries)
        {
            let given = |text: &str| settled.given.iter().any(|pattern| pattern.matches(text));
            Self::Pair {
                path: !given(path),
                queries: !given(&queries),
            }
        } else {
            Self::Wildcard(nameable)
        }
    }
}

/// A choice of patterns that covers all stale paths, and the kept paths it evicts.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// Without repetition, in no order.
    pub(super) patterns: Vec<Pattern>,
    /// How many kept paths the wildcards cover.
    pub(super) kept: usize,
}

impl Selection {
    pub(super) fn add_name(&mut self, text: &str, name: Name) {
        match name {
            Name::Exact => self.patterns.push(Pattern::exact(text)),
            Name::Pair { path, queries } => {
                if path {
                    self.patterns.push(Pattern::exact(text));
                }
                if queries {
                    self.patterns.push(Pattern::wildcard(&format!("{text}?")));
                }
            }
            Name::Wildcard(length) => self.add_wildcard(&text[..length]),
        }
    }

    pub(super) fn add_wildcard(&mut self, prefix: &str) {
        self.patterns.push(Pattern::wildcard(prefix));
    }
}

/// Where in the sorted `paths` those are that begin with `prefix`.
pub(super) fn below(paths: &[&str], prefix: &str) -> std::ops::Range<usize> {
    let start = paths.partition_point(|path| *path < prefix);
    let count = paths[start..].partition_point(|path| path.starts_with(prefix));
    start..start + count
}
