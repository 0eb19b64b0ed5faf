//! Viewer paths: what browsers ask for, as CloudFront names it, and which of them a deploy made
//! stale.
//!
//! One site path has one or more viewer paths, and several site paths can claim the same one. A
//! viewer path is **stale** if any claimant changed, **kept** if every claimant is unchanged, and
//! **free** otherwise; see [`ViewerPaths::classify`].
//!
//! ```
//! use cloudfront_delta::viewer::{Aliases, Mount, PathPrefix, viewer_paths};
//!
//! let mount = Mount {
//!     prefix: PathPrefix::parse("/app")?,
//!     index_documents: vec!["index.html".to_owned()],
//!     aliases: Aliases { slash: true, bare: true, extensionless: true },
//!     query_strings: false,
//! };
//! assert_eq!(
//!     viewer_paths(&mount, "docs/index.html"),
//!     ["/app/docs/index.html", "/app/docs/", "/app/docs"],
//! );
//! assert_eq!(viewer_paths(&mount, "about.html"), ["/app/about.html", "/app/about"]);
//! # Ok::<(), cloudfront_delta::viewer::PrefixError>(())
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pattern::{Pattern, encode, is_nameable};

/// The settings that decide which viewer paths a site path has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Where the site's root is on the distribution.
    pub prefix: PathPrefix,
    /// File names that stand for their directory.
    pub index_documents: Vec<String>,
    /// Which further names a file is reached by.
    pub aliases: Aliases,
    /// Whether the cache key holds query strings, so that each path has many cached versions.
    pub query_strings: bool,
}

impl Default for Mount {
    /// The site at `/`, `index.html` also as its directory, no query strings.
    fn default() -> Self {
        Self {
            prefix: PathPrefix::default(),
            index_documents: vec!["index.html".to_owned()],
            aliases: Aliases::default(),
            query_strings: false,
        }
    }
}

/// Which further names a file is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aliases {
    /// `/docs/` for `docs/index.html`.
    pub slash: bool,
    /// `/docs` for `docs/index.html`. The distribution's root has no such name.
    pub bare: bool,
    /// `/about` for `about.html`, unless that is an index document.
    pub extensionless: bool,
}

impl Aliases {
    /// No further names.
    pub const NONE: Self = Self {
        slash: false,
        bare: false,
        extensionless: false,
    };
}

impl Default for Aliases {
    /// `slash` alone.
    fn default() -> Self {
        Self {
            slash: true,
            ..Self::NONE
        }
    }
}

/// Where a site is mounted on its distribution: raw text that begins and ends with `/`.
///
/// Invariant: nameable, so that a wildcard for the whole site exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    /// Reads a prefix as a user gives it, not encoded. A slash that is missing at either end is
    /// added.
    ///
    /// # Errors
    ///
    /// A prefix with an empty part, a `.` or `..` part or a control character, and one that can't
    /// be named: with a `~`, `'` or `*`, or too long once it is encoded.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let error = |problem| PrefixError {
            text: text.to_owned(),
            problem,
        };
        let inner = text.strip_prefix('/').unwrap_or(text);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Ok(Self::default());
        }
        if inner.contains(char::is_control) {
            return Err(error(PrefixProblem::Control));
        }
        if inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(error(PrefixProblem::Part));
        }
        let prefix = format!("/{inner}/");
        if prefix.contains(['~', '\'', '*']) {
            return Err(error(PrefixProblem::Unnameable));
        }
        if !is_nameable(&encode(&prefix)) {
            return Err(error(PrefixProblem::TooLong));
        }
        Ok(Self(prefix))
    }

    /// The prefix as raw text, with a slash at both ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix as CloudFront names it, with a slash at both ends.
    #[must_use]
    pub fn encoded(&self) -> String {
        encode(&self.0)
    }
}

impl Default for PathPrefix {
    /// The root of the distribution.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PathPrefix {
    type Error = PrefixError;

    fn try_from(text: String) -> Result<Self, PrefixError> {
        Self::parse(&text)
    }
}

impl From<PathPrefix> for String {
    fn from(prefix: PathPrefix) -> Self {
        prefix.0
    }
}

/// A path prefix that no site can be mounted at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path prefix {text:?} {problem}")]
pub struct PrefixError {
    text: String,
    problem: PrefixProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PrefixProblem {
    #[error("holds a control character")]
    Control,
    #[error("has a part that is empty, `.` or `..`")]
    Part,
    #[error("holds `~`, `'` or `*`, which CloudFront cannot match reliably")]
    Unnameable,
    #[error("is too long for a wildcard once it is encoded")]
    TooLong,
}

/// Every viewer path of the file `site_path`, encoded; the file's own path comes first.
#[must_use]
pub fn viewer_paths(mount: &Mount, site_path: &str) -> Vec<String> {
    let mut paths = Vec::new();
    each_viewer_path(mount, &mount.prefix.encoded(), site_path, |parts| {
        paths.push(parts.concat());
    });
    paths
}

/// Calls `emit` with the two halves of each viewer path of `site_path`: the encoded prefix and the
/// encoded rest.
fn each_viewer_path(mount: &Mount, prefix: &str, site_path: &str, mut emit: impl FnMut([&str; 2])) {
    let path = encode(site_path);
    emit([prefix, &path]);
    let name_at = site_path.rfind('/').map_or(0, |slash| slash + 1);
    let name = &site_path[name_at..];
    if mount.index_documents.iter().any(|index| index == name) {
        let directory = encode(&site_path[..name_at]);
        if mount.aliases.slash {
            emit([prefix, &directory]);
        }
        if mount.aliases.bare {
            if let Some(bare) = directory.strip_suffix('/') {
                emit([prefix, bare]);
            } else if let Some(bare) = prefix.strip_suffix('/')
                && !bare.is_empty()
            {
                emit([bare, ""]);
            }
        }
    } else if mount.aliases.extensionless
        && let Some(stem) = path.strip_suffix(".html")
        && name.len() > ".html".len()
    {
        emit([prefix, stem]);
    }
}

/// The patterns that cover everything below the mount, in bytewise order: `/*`, or `/app/*`
/// together with the directory's bare name, which `/app/*` does not match.
#[must_use]
pub fn flush_patterns(mount: &Mount) -> Vec<Pattern> {
    let prefix = mount.prefix.encoded();
    let mut patterns = vec![Pattern::wildcard(&prefix)];
    if mount.aliases.bare
        && let Some(bare) = prefix.strip_suffix('/')
        && !bare.is_empty()
    {
        patterns.push(Pattern::exact(bare));
        if mount.query_strings {
            patterns.push(Pattern::wildcard(&format!("{bare}?")));
        }
    }
    patterns.sort();
    patterns
}

/// A sorted list of distinct paths, held in one piece of memory: 8 bytes a path beside its text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PathList {
    text: String,
    ends: Vec<usize>,
}

impl PathList {
    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The paths in bytewise order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The path number `at`, counted from 0 in bytewise order.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    /// The numbers of the paths that begin with `prefix`. O(log n) comparisons.
    #[must_use]
    pub fn below(&self, prefix: &str) -> std::ops::Range<usize> {
        let first_where = |is_past: &dyn Fn(&str) -> bool| {
            let (mut low, mut high) = (0, self.len());
            while low < high {
                let middle = low.midpoint(high);
                if is_past(self.get(middle)) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            low
        };
        let start = first_where(&|path| path >= prefix);
        let end = first_where(&|path| path > prefix && !path.starts_with(prefix));
        start..end
    }

    fn push(&mut self, path: &str) {
        self.text.push_str(path);
        self.ends.push(self.text.len());
    }
}

impl fmt::Debug for PathList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> FromIterator<&'a str> for PathList {
    fn from_iter<I: IntoIterator<Item = &'a str>>(paths: I) -> Self {
        let mut sorted: Vec<&str> = paths.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut list = Self::default();
        for path in sorted {
            list.push(path);
        }
        list
    }
}

/// A deploy's stale and kept viewer paths, encoded. No path is in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ViewerPaths {
    stale: PathList,
    kept: PathList,
}

/// What a claimant of a viewer path says of it. The first in this order decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Stale,
    Free,
    Kept,
}

/// One claim: a viewer path, as a range of the text that all of them share.
struct Claimed {
    start: usize,
    end: usize,
    claim: Claim,
}

impl ViewerPaths {
    /// The viewer paths of a deploy's files: `stale` ones, `kept` (unchanged) ones, and `other`
    /// ones, which are neither (added files that the user leaves out, for example).
    ///
    /// A viewer path is stale if any stale file claims it, otherwise free, and so in neither list,
    /// if any other file does, otherwise kept. The order of the files does not matter, nor do
    /// repetitions.
    ///
    /// O(n log n) comparisons for n viewer paths, fewer if the files come sorted; the memory is
    /// twice the paths' text and 48 bytes a path.
    pub fn classify<'a>(
        mount: &Mount,
        stale: impl Iterator<Item = &'a str>,
        kept: impl Iterator<Item = &'a str>,
        other: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut claims = Claims::default();
        let prefix = mount.prefix.encoded();
        for site_path in kept {
            claims.add(mount, &prefix, site_path, Claim::Kept);
        }
        for site_path in other {
            claims.add(mount, &prefix, site_path, Claim::Free);
        }
        for site_path in stale {
            claims.add(mount, &prefix, site_path, Claim::Stale);
        }
        claims.settle()
    }

    /// The viewer paths of a deploy, given as such: encoded, in any order. A path that is in both
    /// lists is stale.
    #[must_use]
    pub fn new<'a>(
        stale: impl IntoIterator<Item = &'a str>,
        kept: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut claims = Claims::default();
        for path in kept {
            claims.push(path, Claim::Kept);
        }
        for path in stale {
            claims.push(path, Claim::Stale);
        }
        claims.settle()
    }

    /// The same paths, all of them stale.
    #[must_use]
    pub fn all_stale(&self) -> Self {
        Self {
            stale: self.stale.iter().chain(self.kept.iter()).collect(),
            kept: PathList::default(),
        }
    }

    /// The paths that have to be covered.
    #[must_use]
    pub fn stale(&self) -> &PathList {
        &self.stale
    }

    /// The paths that covering would evict for nothing.
    #[must_use]
    pub fn kept(&self) -> &PathList {
        &self.kept
    }
}

/// Claims as they come in: files come sorted, and so nearly are the paths of their own, and apart from
/// these their further names. Whoever sorts them has a few long runs to merge, which takes little
/// more than one walk through memory.
#[derive(Default)]
struct Claims {
    text: String,
    claimed: Vec<Claimed>,
    further: Vec<Claimed>,
}

impl Claims {
    fn add(&mut self, mount: &Mount, prefix: &str, site_path: &str, claim: Claim) {
        let mut is_own = true;
        each_viewer_path(mount, prefix, site_path, |parts| {
            let claimed = self.write(parts, claim);
            if std::mem::take(&mut is_own) {
                self.claimed.push(claimed);
            } else {
                self.further.push(claimed);
            }
        });
    }

    fn push(&mut self, path: &str, claim: Claim) {
        let claimed = self.write([path, ""], claim);
        self.claimed.push(claimed);
    }

    fn write(&mut self, parts: [&str; 2], claim: Claim) -> Claimed {
        let start = self.text.len();
        self.text.push_str(parts[0]);
        self.text.push_str(parts[1]);
        let end = self.text.len();
        Claimed { start, end, claim }
    }

    /// Lets the strongest claim on each path decide.
    fn settle(mut self) -> ViewerPaths {
        let text = self.text.as_str();
        let path_of = |claimed: &Claimed| &text[claimed.start..claimed.end];
        self.claimed.append(&mut self.further);
        // A stable sort, which looks for runs.
        self.claimed.sort_by(|a, b| {
            let by_path = path_of(a).cmp(path_of(b));
            by_path.then_with(|| a.claim.cmp(&b.claim))
        });
        let mut paths = ViewerPaths::default();
        let mut last: Option<&str> = None;
        for claimed in &self.claimed {
            let path = path_of(claimed);
            if last == Some(path) {
                continue;
            }
            last = Some(path);
            match claimed.claim {
                Claim::Stale => paths.stale.push(path),
                Claim::Free => {}
                Claim::Kept => paths.kept.push(path),
            }
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(prefix: &str, aliases: Aliases) -> Mount {
        Mount {
            prefix: PathPrefix::parse(prefix).unwrap(),
            aliases,
            ..Mount::default()
        }
    }

    const ALL: Aliases = Aliases {
        slash: true,
        bare: true,
        extensionless: true,
    };

    #[test]
    fn a_file_has_the_names_that_the_aliases_say() {
        let rows: [(&str, Aliases, &str, &[&str]); 10] = [
            ("/", Aliases::default(), "a.html", &["/a.html"]),
            ("/", Aliases::default(), "index.html", &["/index.html", "/"]),
            ("/", Aliases::NONE, "d/index.html", &["/d/index.html"]),
            ("/", ALL, "d/index.html", &["/d/index.html", "/d/", "/d"]),
            // The root has no bare form, but a mounted site's root has one.
            ("/", ALL, "index.html", &["/index.html", "/"]),
            (
                "/app",
                ALL,
                "index.html",
                &["/app/index.html", "/app/", "/app"],
            ),
            ("/", ALL, "d/a.html", &["/d/a.html", "/d/a"]),
            ("/", ALL, "d/.html", &["/d/.html"]),
            ("/", ALL, "myindex.html", &["/myindex.html", "/myindex"]),
            ("/ü", ALL, "a b?.css", &["/%C3%BC/a%20b%3F.css"]),
        ];
        for (prefix, aliases, file, expected) in rows {
            assert_eq!(viewer_paths(&mount(prefix, aliases), file), expected);
        }
    }

    #[test]
    fn stale_beats_free_beats_kept() {
        let mount = mount("/", ALL);
        // Both files of each pair claim `/x`.
        let classes = |stale: &[&str], kept: &[&str], other: &[&str]| {
            let paths = ViewerPaths::classify(
                &mount,
                stale.iter().copied(),
                kept.iter().copied(),
                other.iter().copied(),
            );
            let holds = |list: &PathList| list.iter().any(|path| path == "/x");
            (holds(paths.stale()), holds(paths.kept()))
        };
        assert_eq!(classes(&["x.html"], &["x/index.html"], &[]), (true, false));
        assert_eq!(classes(&["x.html"], &[], &["x/index.html"]), (true, false));
        assert_eq!(classes(&[], &["x.html"], &["x/index.html"]), (false, false));
        assert_eq!(
            classes(&[], &["x.html", "x/index.html"], &[]),
            (false, true)
        );
    }

    #[test]
    fn lists_are_sorted_and_have_no_repetitions() {
        let paths = ViewerPaths::new(["/b", "/a", "/b"], ["/c", "/a", "/ab", "/c"]);
        assert_eq!(paths.stale().iter().collect::<Vec<_>>(), ["/a", "/b"]);
        assert_eq!(paths.kept().iter().collect::<Vec<_>>(), ["/ab", "/c"]);
        assert_eq!(paths.kept().get(1), "/c");
        assert_eq!(paths.kept().below("/a"), 0..1);
        assert_eq!(paths.kept().below("/b"), 1..1);
        assert_eq!(paths.kept().below("/"), 0..2);
        assert_eq!(paths.all_stale().stale().len(), 4);
    }

    #[test]
    fn a_prefix_is_raw_text_between_slashes() {
        let parsed = |text: &str| PathPrefix::parse(text).map(String::from).ok();
        assert_eq!(parsed("").as_deref(), Some("/"));
        assert_eq!(parsed("/").as_deref(), Some("/"));
        assert_eq!(parsed("app").as_deref(), Some("/app/"));
        assert_eq!(parsed("/a b/ü/").as_deref(), Some("/a b/ü/"));
        for bad in ["///", "/a//b", "/../a", "/~u", "/o'x", "/a*", "/a\nb"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
        assert_eq!(parsed(&"é".repeat(666)).map(|p| p.len()), Some(2 + 2 * 666));
        assert_eq!(parsed(&"é".repeat(667)), None);
    }
}
