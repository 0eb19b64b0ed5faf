//! How viewer paths resolve to files of the origin.

use serde::{Deserialize, Serialize};

/// What an origin (with its rewriting function, if it has one) answers for which path.
///
/// A path first means the file of that name; then, for a path ending in `/`, an index document
/// below it (`slash`); for another one `PATH.html` (`extensionless`, not for index documents),
/// then an index document below it (`bare`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on a real distribution"
)]
pub struct EdgeRules {
    /// Where the site is mounted: `/`, or `/app`, with or without a slash at the end.
    pub path_prefix: String,
    /// Names that stand for their directory; the first one that exists wins.
    pub index_documents: Vec<String>,
    /// `/docs/` means `docs/index.html`.
    pub slash: bool,
    /// `/docs` means `docs/index.html`, and `/app` the root document of a site mounted there.
    pub bare: bool,
    /// `/about` means `about.html`.
    pub extensionless: bool,
    /// Whether query strings are part of the cache key.
    pub query_strings: bool,
    /// What is served for a path that is no file, if the origin has it.
    pub fallback: Option<Fallback>,
}

/// A document that is served where there is no file: an error page, or a single-page application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Its site path.
    pub file: String,
    /// The status it is served with: 404 for an error page, 200 for an application.
    pub status: u16,
}

impl Default for EdgeRules {
    /// Mounted at `/`, `index.html` for paths that end in a slash, no query strings.
    fn default() -> Self {
        Self {
            path_prefix: "/".to_owned(),
            index_documents: vec!["index.html".to_owned()],
            slash: true,
            bare: false,
            extensionless: false,
            query_strings: false,
            fallback: None,
        }
    }
}

impl EdgeRules {
    /// The file that a decoded viewer path means. `mount` is [`mount`](Self::mount), computed
    /// once by the caller; `find` looks a site path up.
    pub(super) fn resolve<T>(
        &self,
        mount: &str,
        path: &str,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(site_path) = path.strip_prefix(mount) else {
            let root = self.bare && mount.strip_suffix('/') == Some(path);
            return root.then(|| self.index("", find)).flatten();
        };
        if site_path.is_empty() || site_path.ends_with('/') {
            return self.slash.then(|| self.index(site_path, find)).flatten();
        }
        if let Some(found) = find(site_path) {
            return Some(found);
        }
        if self.extensionless {
            let page = format!("{site_path}.html");
            if !self.is_index(&page)
                && let Some(found) = find(&page)
            {
                return Some(found);
            }
        }
        if self.bare {
            return self.index(&format!("{site_path}/"), find);
        }
        None
    }

    /// Every decoded viewer path under which a file may be served.
    pub(super) fn viewer_paths(&self, site_path: &str) -> Vec<String> {
        let mount = self.mount();
        let mut paths = vec![format!("{mount}{site_path}")];
        if self.is_index(site_path) {
            let directory = &site_path[..site_path.rfind('/').map_or(0, |at| at + 1)];
            let slash = format!("{mount}{directory}");
            let bare = slash.trim_end_matches('/').to_owned();
            if self.slash {
                paths.push(slash);
            }
            if self.bare && !bare.is_empty() {
                paths.push(bare);
            }
        } else if self.extensionless
            && let Some(page) = site_path.strip_suffix(".html")
            && !page.is_empty()
            && !page.ends_with('/')
        {
            paths.push(format!("{mount}{page}"));
        }
        paths
    }

    fn index<T>(&self, directory: &str, mut find: impl FnMut(&str) -> Option<T>) -> Option<T> {
        self.index_documents
            .iter()
            .find_map(|name| find(&format!("{directory}{name}")))
    }

    fn is_index(&self, site_path: &str) -> bool {
        let name = site_path.rsplit('/').next().unwrap_or(site_path);
        self.index_documents.iter().any(|index| index == name)
    }

    /// The prefix with exactly one slash at either end.
    pub(super) fn mount(&self) -> String {
        let inner = self.path_prefix.trim_matches('/');
        if inner.is_empty() {
            "/".to_owned()
        } else {
            format!("/{inner}/")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(prefix: &str, aliases: &str) -> EdgeRules {
        EdgeRules {
            path_prefix: prefix.to_owned(),
            slash: aliases.contains("slash"),
            bare: aliases.contains("bare"),
            extensionless: aliases.contains("extensionless"),
            ..EdgeRules::default()
        }
    }

    #[test]
    fn resolution() {
        let files = [
            "index.html",
            "docs/index.html",
            "about.html",
            "both",
            "both.html",
            "both/index.html",
            "sub/index.htm",
        ];
        let all = "slash bare extensionless";
        for (prefix, aliases, path, expected) in [
            ("/", "slash", "/", Some("index.html")),
            ("/", "", "/", None),
            ("/", "", "/index.html", Some("index.html")),
            ("/", "slash", "/docs/", Some("docs/index.html")),
            ("/", "slash", "/docs", None),
            ("/", "bare", "/docs", Some("docs/index.html")),
            ("/", "bare", "/docs/", None),
            ("/", "extensionless", "/about", Some("about.html")),
            ("/", "extensionless", "/docs/index", None),
            ("/", "slash bare", "/about", None),
            ("/", all, "/both", Some("both")),
            ("/", all, "/both/", Some("both/index.html")),
            ("/", all, "/sub/", None),
            ("/", all, "/nothing", None),
            ("/app", "slash", "/app/", Some("index.html")),
            ("/app/", "slash", "/app/docs/", Some("docs/index.html")),
            ("/app", "slash", "/", None),
            ("/app", "slash", "/app", None),
            ("/app", "bare", "/app", Some("index.html")),
            ("/app", all, "/application", None),
        ] {
            let rules = rules(prefix, aliases);
            let found = rules.resolve(&rules.mount(), path, |file| {
                files.iter().copied().find(|known| *known == file)
            });
            assert_eq!(found, expected, "{prefix} {aliases} {path}");
        }
    }

    #[test]
    fn viewer_paths() {
        let all = "slash bare extensionless";
        for (prefix, aliases, file, expected) in [
            ("/", "", "docs/index.html", "/docs/index.html"),
            ("/", "slash", "docs/index.html", "/docs/index.html /docs/"),
            ("/", all, "docs/index.html", "/docs/index.html /docs/ /docs"),
            ("/", all, "index.html", "/index.html /"),
            ("/app", all, "index.html", "/app/index.html /app/ /app"),
            ("/", all, "about.html", "/about.html /about"),
            ("/", all, "a/.html", "/a/.html"),
            ("/", all, "style.css", "/style.css"),
        ] {
            let paths = rules(prefix, aliases).viewer_paths(file).join(" ");
            assert_eq!(paths, expected, "{prefix} {aliases} {file}");
        }
    }

    #[test]
    fn every_viewer_path_resolves() {
        let rules = rules("/app", "slash bare extensionless");
        for file in ["index.html", "a/b/index.html", "a/b.html", "x.css"] {
            for path in rules.viewer_paths(file) {
                let found =
                    rules.resolve(&rules.mount(), &path, |other| (other == file).then_some(()));
                assert_eq!(found, Some(()), "{path}");
            }
        }
    }
}
