//! The check of a plan before it is sent. It shares no code with the planner: what they have in
//! common is the text of the patterns alone.

use crate::pattern::Pattern;

/// The stale paths that `patterns` leave uncovered, in the order given.
///
/// With `query_strings`, a path is covered only if every `path?…` is covered as well. The patterns
/// may come in any order and be redundant.
///
/// O(n log n) for n patterns, and O(log n) comparisons a path.
#[must_use]
pub fn uncovered<'a>(
    patterns: &[Pattern],
    stale: impl Iterator<Item = &'a str>,
    query_strings: bool,
) -> Vec<String> {
    let mut exact: Vec<&[u8]> = Vec::new();
    let mut wildcards: Vec<&[u8]> = Vec::new();
    for pattern in patterns {
        match pattern.as_str().as_bytes() {
            [b'/', prefix @ .., b'*'] => wildcards.push(prefix),
            [b'/', path @ ..] => exact.push(path),
            // A tag; nobody knows here what it covers.
            _ => {}
        }
    }
    exact.sort_unstable();
    wildcards.sort_unstable();
    let begins = |path: &[u8]| has_prefix_in(path, &wildcards);
    let is_covered = |path: &str| {
        let Some(path) = path.as_bytes().strip_prefix(b"/") else {
            return false;
        };
        if begins(path) {
            return true;
        }
        let named = exact.binary_search(&path).is_ok();
        named && (!query_strings || begins(&[path, b"?"].concat()))
    };
    stale
        .filter(|path| !is_covered(path))
        .map(str::to_owned)
        .collect()
}

/// Whether one of the sorted `prefixes` begins `text`. Between the greatest prefix that is not
/// greater than the text and the text itself, only the part they share can begin it: so each round
/// looks for a prefix no longer than that.
fn has_prefix_in(text: &[u8], prefixes: &[&[u8]]) -> bool {
    let mut end = text;
    loop {
        let after = prefixes.partition_point(|prefix| *prefix <= end);
        let Some(prefix) = after.checked_sub(1).map(|at| prefixes[at]) else {
            return false;
        };
        let shared = prefix.iter().zip(end).take_while(|(a, b)| a == b).count();
        if shared == prefix.len() {
            return true;
        }
        end = &end[..shared];
    }
}

/// The first wildcard among `patterns` that matches something which a pattern of `protect` matches,
/// with that pattern.
#[must_use]
pub fn touched<'a>(
    patterns: &'a [Pattern],
    protect: &'a [Pattern],
) -> Option<(&'a Pattern, &'a Pattern)> {
    for pattern in patterns {
        let Some(prefix) = pattern.as_str().strip_suffix('*') else {
            continue;
        };
        for protected in protect {
            let text = protected.as_str();
            let meet = match text.strip_suffix('*') {
                Some(other) => {
                    let shorter = prefix.len().min(other.len());
                    prefix.as_bytes()[..shorter] == other.as_bytes()[..shorter]
                }
                None => text.len() >= prefix.len() && text[..prefix.len()] == *prefix,
            };
            if meet && !text.starts_with('#') && !pattern.as_str().starts_with('#') {
                return Some((pattern, protected));
            }
        }
    }
    None
}
