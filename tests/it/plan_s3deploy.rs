//! The baseline: how s3deploy collapses paths, re-implemented from its rules.
//!
//! A path with the suffix `index.html` becomes its directory. While there are more than 8 paths,
//! level by level from the deepest, every path below the level becomes its directory's
//! parent with a wildcard; if that is not enough, everything is invalidated.

use std::collections::BTreeSet;

use crate::plan_traces::Deploy;

const MOST: usize = 8;

/// The viewer path of a site path, not encoded, where an index document has one name only.
pub fn single_name(site_path: &str) -> String {
    let path = format!("/{site_path}");
    match path.strip_suffix("/index.html") {
        Some(directory) => format!("{directory}/"),
        None => path,
    }
}

/// The same as s3deploy names it, which takes `/genindex.html` for an index document.
fn its_name(site_path: &str) -> String {
    let path = format!("/{site_path}");
    match path.rsplit_once('/') {
        Some((directory, _)) if path.ends_with("index.html") => format!("{directory}/"),
        _ => path,
    }
}

/// The patterns that s3deploy sends for the stale paths, as it names them.
pub fn collapse(stale: &BTreeSet<String>) -> BTreeSet<String> {
    let slashes = |path: &String| path.matches('/').count();
    let mut patterns = stale.clone();
    let deepest = patterns.iter().map(slashes).max().unwrap_or(0);
    for level in (1..=deepest).rev() {
        if patterns.len() <= MOST {
            break;
        }
        patterns = patterns
            .into_iter()
            .map(|path| {
                if slashes(&path) > level {
                    widened(&path)
                } else {
                    path
                }
            })
            .collect();
    }
    if patterns.len() > MOST || patterns.contains("/*") {
        patterns = BTreeSet::from(["/*".to_owned()]);
    }
    patterns
}

/// `/` + the parts of the directory without the last one, unless it is the only one + `/*`.
fn widened(path: &str) -> String {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let parts: Vec<&str> = directory.trim_start_matches('/').split('/').collect();
    let kept = &parts[..(parts.len() - 1).max(1)];
    format!("/{}/*", kept.join("/"))
}

/// How many patterns s3deploy sends for a deploy, and how many kept paths they evict.
pub fn replay(deploy: &Deploy) -> (usize, usize) {
    let stale: BTreeSet<String> = deploy.stale.iter().map(|path| single_name(path)).collect();
    let kept: BTreeSet<String> = deploy.kept.iter().map(|path| single_name(path)).collect();
    let patterns = collapse(&deploy.stale.iter().map(|path| its_name(path)).collect());
    let prefixes: Vec<&str> = patterns
        .iter()
        .filter_map(|p| p.strip_suffix('*'))
        .collect();
    let evicted = kept
        .difference(&stale)
        .filter(|path| prefixes.iter().any(|prefix| path.starts_with(prefix)))
        .count();
    (patterns.len(), evicted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_traces::{SITES, Trace};

    /// The totals were counted by another implementation.
    #[test]
    fn over_all_traces_it_has_the_known_totals() {
        let (mut patterns, mut evicted) = (0, 0);
        for site in SITES {
            for deploy in Trace::read(site).changed_files() {
                let (more_patterns, more_evicted) = replay(&deploy);
                patterns += more_patterns;
                evicted += more_evicted;
            }
        }
        assert_eq!((patterns, evicted), (2_762, 259_928));
    }
}
