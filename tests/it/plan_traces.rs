//! The deploy histories of real sites in `tests/data/traces`, as problems for the planner.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use cloudfront_delta::viewer::{Mount, ViewerPaths};
use serde::Deserialize;

/// The sites there are histories of, sorted.
pub const SITES: [&str; 9] = [
    "book-ja",
    "calcite-site",
    "dplyr",
    "drf",
    "element",
    "flink-web",
    "kaitai-formats",
    "recoil",
    "wsgzao-blog",
];

/// A path, its content's hash and its size.
type Entry = (String, String, Option<u64>);

#[derive(Deserialize)]
struct Snapshot {
    files: Vec<Entry>,
}

#[derive(Deserialize)]
struct Change {
    added: Vec<Entry>,
    modified: Vec<Entry>,
    removed: Vec<String>,
}

/// The history of one site.
pub struct Trace {
    first: BTreeSet<String>,
    changes: Vec<Change>,
}

/// One deploy: the files it changed, and those it left alone. All are site paths.
pub struct Deploy {
    pub stale: BTreeSet<String>,
    pub kept: BTreeSet<String>,
}

impl Trace {
    pub fn read(site: &str) -> Self {
        let name = format!("tests/data/traces/{site}.jsonl.zst");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let decoder = zstd::stream::read::Decoder::new(file).unwrap();
        let mut lines = BufReader::new(decoder).lines().map(Result::unwrap).skip(1);
        let first: Snapshot = serde_json::from_str(&lines.next().unwrap()).unwrap();
        Self {
            first: first.files.into_iter().map(|(path, ..)| path).collect(),
            changes: lines
                .map(|line| serde_json::from_str(&line).unwrap())
                .collect(),
        }
    }

    /// Each deploy after the first snapshot, compared with the one before it.
    pub fn changed_files(&self) -> impl Iterator<Item = Deploy> {
        let mut site = self.first.clone();
        self.changes.iter().map(move |change| {
            let mut stale = BTreeSet::new();
            for path in &change.removed {
                site.remove(path);
                stale.insert(path.clone());
            }
            for (path, ..) in change.added.iter().chain(&change.modified) {
                site.insert(path.clone());
                stale.insert(path.clone());
            }
            let kept = site.difference(&stale).cloned().collect();
            Deploy { stale, kept }
        })
    }

    /// The viewer paths of each deploy at the default settings.
    pub fn deploys(&self) -> impl Iterator<Item = ViewerPaths> {
        self.changed_files()
            .map(|deploy| deploy.viewer_paths(&Mount::default()))
    }
}

impl Deploy {
    pub fn viewer_paths(&self, mount: &Mount) -> ViewerPaths {
        ViewerPaths::classify(
            mount,
            self.stale.iter().map(String::as_str),
            self.kept.iter().map(String::as_str),
            std::iter::empty(),
        )
    }
}
