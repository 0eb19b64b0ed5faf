//! A plan cut into requests that CloudFront's quotas allow.

use crate::pattern::Pattern;

/// Files named singly that may be in progress per distribution, from the developer guide's
/// quotas. A request can't hold more, so it is also the size of a batch.
pub const MAX_FILES_IN_PROGRESS: usize = 3_000;

/// Wildcard paths that may be in progress per distribution, counted apart from files; same source.
pub const MAX_WILDCARDS_IN_PROGRESS: usize = 15;

/// Cuts sorted patterns into the fewest batches within both quotas, each sorted bytewise.
///
/// The cut depends on the patterns alone, because each batch has a reference of its own that a
/// repeated run has to meet again. Tags count as files. O(n log n).
///
/// ```
/// # use cloudfront_delta::{batch::batches, pattern::{Pattern, Widen}};
/// let patterns: Vec<_> = (0..3_001)
///     .map(|n| Pattern::parse(&format!("/{n:04}"), Widen::No))
///     .collect::<Result<_, _>>()?;
/// assert_eq!(batches(&patterns).iter().map(Vec::len).collect::<Vec<_>>(), [3_000, 1]);
/// # Ok::<(), cloudfront_delta::pattern::PatternError>(())
/// ```
#[must_use]
pub fn batches(patterns: &[Pattern]) -> Vec<Vec<Pattern>> {
    let mut batches = ordered_batches(patterns);
    for batch in &mut batches {
        batch.sort_unstable();
    }
    batches
}

/// The same cut for patterns that are sent in the order given (explicit modes).
#[must_use]
pub fn ordered_batches(patterns: &[Pattern]) -> Vec<Vec<Pattern>> {
    let (mut files, mut wildcards) = (0, 0);
    let mut batches: Vec<Vec<Pattern>> = Vec::new();
    for pattern in patterns {
        // The n-th wildcard belongs to batch n / 15, the n-th file to batch n / 3,000, whatever
        // stands between them: that makes as few batches as the fuller quota needs.
        let (count, limit) = if pattern.is_wildcard() {
            (&mut wildcards, MAX_WILDCARDS_IN_PROGRESS)
        } else {
            (&mut files, MAX_FILES_IN_PROGRESS)
        };
        let index = *count / limit;
        *count += 1;
        if batches.len() <= index {
            batches.resize_with(index + 1, Vec::new);
        }
        if let Some(batch) = batches.get_mut(index) {
            batch.push(pattern.clone());
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Widen;

    fn patterns(files: usize, wildcards: usize) -> Vec<Pattern> {
        let files = (0..files).map(|n| format!("/f{n:05}"));
        let wildcards = (0..wildcards).map(|n| format!("/f{n:05}/*"));
        let mut all: Vec<_> = files
            .chain(wildcards)
            .map(|text| Pattern::parse(&text, Widen::No).unwrap())
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn as_few_batches_as_the_fuller_quota_needs() {
        /// Files and wildcards.
        type Size = (usize, usize);
        // What there is, and the sizes of the batches expected.
        let rows: &[(Size, &[Size])] = &[
            ((0, 0), &[]),
            ((1, 0), &[(1, 0)]),
            ((3_000, 15), &[(3_000, 15)]),
            ((3_001, 15), &[(3_000, 15), (1, 0)]),
            ((3_000, 16), &[(3_000, 15), (0, 1)]),
            ((3_001, 16), &[(3_000, 15), (1, 1)]),
            (
                (10_000, 20),
                &[(3_000, 15), (3_000, 5), (3_000, 0), (1_000, 0)],
            ),
        ];
        for ((files, wildcards), expected) in rows {
            let found = batches(&patterns(*files, *wildcards));
            let sizes: Vec<_> = found
                .iter()
                .map(|batch| {
                    let wildcards = batch.iter().filter(|p| p.is_wildcard()).count();
                    (batch.len() - wildcards, wildcards)
                })
                .collect();
            assert_eq!(sizes, *expected, "{files} files, {wildcards} wildcards");
            assert!(found.iter().all(|batch| batch.is_sorted()));
        }
    }

    #[test]
    fn order_is_kept_where_the_user_gave_it() {
        let given: Vec<_> = ["/b", "/a/*", "/a"]
            .into_iter()
            .map(|text| Pattern::parse(text, Widen::No).unwrap())
            .collect();
        assert_eq!(ordered_batches(&given), [given]);
    }
}
