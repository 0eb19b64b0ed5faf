//! The diff: which site paths differ between the previous deploy and this one.

use std::collections::BTreeSet;

use crate::listing::Listing;
use crate::record::Unsettled;

/// What becomes of files that the previous deploy did not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Added {
    /// They are stale: an edge may have cached an error page, or a removed predecessor.
    #[default]
    Invalidate,
    /// They are left out: the site promises that neither happens.
    Skip,
}

/// The site paths of two listings, told apart. Each list is sorted bytewise.
///
/// A path is in exactly one of `added`, `modified`, `removed`, `unchanged`, or in none of them if
/// neither listing has it (then only `unsettled` knows it).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes<'a> {
    /// In the current listing alone.
    pub added: Vec<&'a str>,
    /// In both, with different digests or sizes.
    pub modified: Vec<&'a str>,
    /// In the previous listing alone.
    pub removed: Vec<&'a str>,
    /// In both, the same.
    pub unchanged: Vec<&'a str>,
    /// Paths that are stale only because the record calls them unsettled: unchanged, or in neither
    /// listing, or added ones that would have been skipped.
    pub unsettled: Vec<&'a str>,
    /// Whether `added` is stale.
    pub policy: Added,
}

impl<'a> Changes<'a> {
    /// Compares two listings in one pass over both. O(n + u log u) for n files and u unsettled
    /// paths; the result borrows its texts.
    #[must_use]
    pub fn between(
        previous: &'a Listing,
        current: &'a Listing,
        unsettled: &'a BTreeSet<String>,
        policy: Added,
    ) -> Self {
        let mut changes = Changes {
            policy,
            ..Changes::default()
        };
        let (mut old, mut new) = (previous.iter().peekable(), current.iter().peekable());
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(&(path, _)), None) => {
                    changes.removed.push(path);
                    old.next();
                }
                (None, Some(&(path, _))) => {
                    changes.added.push(path);
                    new.next();
                }
                (Some(&(left, before)), Some(&(right, after))) => match left.cmp(right) {
                    std::cmp::Ordering::Less => {
                        changes.removed.push(left);
                        old.next();
                    }
                    std::cmp::Ordering::Greater => {
                        changes.added.push(right);
                        new.next();
                    }
                    std::cmp::Ordering::Equal => {
                        let list = if before == after {
                            &mut changes.unchanged
                        } else {
                            &mut changes.modified
                        };
                        list.push(left);
                        old.next();
                        new.next();
                    }
                },
            }
        }
        let is_changed = |path: &&str| {
            let stale_added = policy == Added::Invalidate;
            changes.modified.binary_search(path).is_ok()
                || changes.removed.binary_search(path).is_ok()
                || (stale_added && changes.added.binary_search(path).is_ok())
        };
        changes.unsettled = unsettled
            .iter()
            .map(String::as_str)
            .filter(|path| !is_changed(path))
            .collect();
        changes
    }

    /// The stale site paths, in no particular order, each once.
    pub fn stale(&self) -> impl Iterator<Item = &'a str> {
        let added: &[&str] = match self.policy {
            Added::Invalidate => &self.added,
            Added::Skip => &[],
        };
        added
            .iter()
            .chain(&self.modified)
            .chain(&self.removed)
            .chain(&self.unsettled)
            .copied()
    }

    /// The site paths whose viewers still get right bytes from every edge.
    pub fn kept(&self) -> impl Iterator<Item = &'a str> {
        self.unchanged
            .iter()
            .copied()
            .filter(|path| self.unsettled.binary_search(path).is_err())
    }

    /// The site paths that are neither: added files that `added: skip` leaves out.
    pub fn skipped(&self) -> impl Iterator<Item = &'a str> {
        let added: &[&str] = match self.policy {
            Added::Invalidate => &[],
            Added::Skip => &self.added,
        };
        added
            .iter()
            .copied()
            .filter(|path| self.unsettled.binary_search(path).is_err())
    }

    /// The stale site paths as a record keeps them.
    #[must_use]
    pub fn to_unsettled(&self) -> Unsettled {
        Unsettled::Paths(self.stale().map(str::to_owned).collect())
    }

    /// Whether the two listings are the same and nothing is unsettled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.modified.is_empty()
            && self.removed.is_empty()
            && self.unsettled.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Digest, File};

    fn listing(files: &[(&str, u8)]) -> Listing {
        let file = |byte| File {
            digest: Digest::new([byte; 32]),
            size: 1,
        };
        Listing::new(
            files
                .iter()
                .map(|(path, byte)| ((*path).into(), file(*byte)))
                .collect(),
        )
        .unwrap()
    }

    fn sorted<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut paths: Vec<_> = paths.collect();
        paths.sort_unstable();
        paths
    }

    #[test]
    fn every_path_has_its_place() {
        let old = listing(&[("gone", 1), ("same", 1), ("turned", 1), ("z-unsettled", 1)]);
        let new = listing(&[("new", 1), ("same", 1), ("turned", 2), ("z-unsettled", 1)]);
        let unsettled = ["elsewhere", "gone", "z-unsettled"]
            .map(String::from)
            .into();
        let changes = Changes::between(&old, &new, &unsettled, Added::Invalidate);
        assert_eq!(changes.added, ["new"]);
        assert_eq!(changes.modified, ["turned"]);
        assert_eq!(changes.removed, ["gone"]);
        assert_eq!(changes.unsettled, ["elsewhere", "z-unsettled"]);
        assert_eq!(
            sorted(changes.stale()),
            ["elsewhere", "gone", "new", "turned", "z-unsettled"]
        );
        assert_eq!(sorted(changes.kept()), ["same"]);
        assert_eq!(changes.skipped().count(), 0);
    }

    #[test]
    fn skipped_files_are_neither_stale_nor_kept_unless_unsettled() {
        let (old, new) = (listing(&[]), listing(&[("a", 1), ("b", 1)]));
        let unsettled = ["b"].map(String::from).into();
        let changes = Changes::between(&old, &new, &unsettled, Added::Skip);
        assert_eq!(sorted(changes.stale()), ["b"]);
        assert_eq!(sorted(changes.skipped()), ["a"]);
        assert_eq!(changes.kept().count(), 0);
        assert!(!changes.is_empty());
    }

    #[test]
    fn a_size_alone_is_a_difference() {
        let digest = Digest::new([7; 32]);
        let of = |size| Listing::new(vec![("a".into(), File { digest, size })]).unwrap();
        let (old, new) = (of(1), of(2));
        let none = BTreeSet::new();
        assert_eq!(
            Changes::between(&old, &new, &none, Added::Invalidate).modified,
            ["a"]
        );
    }
}
