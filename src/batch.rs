//! A plan cut into requests that CloudFront's quotas allow.

use crate::pattern::Pattern;

/// Files named singly that may be in progress per distribution, from the developer guide's quotas.
pub const MAX_FILES_IN_PROGRESS: usize = 3_000;

/// Items of one request, of whatever kind. The guide has no number for `BatchTooLarge` but that of
/// files in progress, so a request never has more.
pub const MAX_BATCH: usize = 3_000;

/// Wildcard paths that may be in progress per distribution, counted apart from files; same source.
pub const MAX_WILDCARDS_IN_PROGRESS: usize = 15;

/// Cuts sorted patterns into the fewest batches within the quotas, each sorted bytewise.
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
    let total = patterns.iter().filter(|pattern| pattern.is_wildcard());
    let total = total.count();
    // The n-th wildcard belongs to batch n / 15, and files fill what wildcards leave of a batch,
    // whatever stands between them: that makes as few batches as the quotas allow.
    let room = |batch: usize| {
        let before = batch * MAX_WILDCARDS_IN_PROGRESS;
        let wildcards = total.saturating_sub(before).min(MAX_WILDCARDS_IN_PROGRESS);
        MAX_FILES_IN_PROGRESS.min(MAX_BATCH - wildcards)
    };
    let (mut wildcards, mut files, mut files_at) = (0, 0, 0);
    let mut batches: Vec<Vec<Pattern>> = Vec::new();
    for pattern in patterns {
        let index = if pattern.is_wildcard() {
            wildcards += 1;
            (wildcards - 1) / MAX_WILDCARDS_IN_PROGRESS
        } else {
            if files == room(files_at) {
                (files, files_at) = (0, files_at + 1);
            }
            files += 1;
            files_at
        };
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
            ((2_985, 15), &[(2_985, 15)]),
            ((2_986, 15), &[(2_985, 15), (1, 0)]),
            ((2_985, 16), &[(2_985, 15), (0, 1)]),
            ((3_000, 1), &[(2_999, 1), (1, 0)]),
            ((3_001, 16), &[(2_985, 15), (16, 1)]),
            (
                (10_000, 0),
                &[(3_000, 0), (3_000, 0), (3_000, 0), (1_000, 0)],
            ),
            (
                (10_000, 20),
                &[(2_985, 15), (2_995, 5), (3_000, 0), (1_020, 0)],
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
