//! A site as tests describe it: which file holds which version.

use std::collections::BTreeMap;

use cloudfront_standin::encoding::browser_url;

/// The files of a site, by site path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site(BTreeMap<String, File>);

/// What tells one version of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Hexadecimal digits, at most 64. They stand for the content: the origin serves them.
    pub version: String,
    /// The size that the listing claims, in bytes.
    pub size: u64,
}

impl Site {
    /// A site of these files, each with its version (hexadecimal digits).
    pub fn of(files: &[(&str, &str)]) -> Self {
        files.iter().fold(Self::default(), |site, (path, version)| {
            site.with(path, version)
        })
    }

    /// The same site with a file added or replaced.
    pub fn with(mut self, path: &str, version: &str) -> Self {
        self.insert(path, version, 1);
        self
    }

    /// The same site without a file.
    pub fn without(mut self, path: &str) -> Self {
        assert!(self.remove(path), "there is no {path}");
        self
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, version: &str, size: u64) {
        let file = File {
            version: version.to_owned(),
            size,
        };
        self.0.insert(path.to_owned(), file);
    }

    /// Removes a file; whether there was one.
    pub fn remove(&mut self, path: &str) -> bool {
        self.0.remove(path).is_some()
    }

    /// The site paths, sorted bytewise.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What the origin serves: each site path with its content.
    pub fn contents(&self) -> impl Iterator<Item = (&str, String)> {
        self.0
            .iter()
            .map(|(path, file)| (path.as_str(), file.version.clone()))
    }

    /// The URLs by which a browser asks for the site at the default settings: every file, and the
    /// directory of every `index.html`.
    pub fn urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        for path in self.paths() {
            urls.push(browser_url(&format!("/{path}")));
            if path == "index.html" || path.ends_with("/index.html") {
                let directory = path.trim_end_matches("index.html");
                urls.push(browser_url(&format!("/{directory}")));
            }
        }
        urls
    }

    /// The listing of format version 1, written by hand rather than by the program under test.
    pub fn listing(&self) -> String {
        let files: Vec<String> = self
            .0
            .iter()
            .map(|(path, File { version, size })| {
                let path = serde_json::to_string(path).unwrap();
                format!(r#"{path}:{{"digest":"{version:0<64}","size":{size}}}"#)
            })
            .collect();
        format!(
            r#"{{"version":1,"hash":"blake3","files":{{{}}}}}"#,
            files.join(",")
        )
    }
}

/// A site to deploy first.
pub fn site_a() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("docs/index.html", "a2"),
        ("docs/old.html", "a3"),
        ("style.css", "a4"),
        ("same.html", "aa"),
    ])
}

/// Changes, adds and removes a file, against [`site_a`].
pub fn site_b() -> Site {
    site_a()
        .with("docs/index.html", "b2")
        .with("docs/new.html", "b3")
        .without("docs/old.html")
}
