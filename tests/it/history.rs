//! The deploy histories of real sites in `tests/data/traces`, as the sites that were deployed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use crate::site::Site;

/// A path, its content's hash, and its size where that is known.
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

/// Every deploy of a site, the first one first.
pub fn history(name: &str) -> Vec<Site> {
    let path = format!("tests/data/traces/{name}.jsonl.zst");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let decoder = zstd::stream::read::Decoder::new(file).unwrap();
    // The first line describes the site.
    let mut lines = BufReader::new(decoder).lines().map(Result::unwrap).skip(1);
    let first: Snapshot = serde_json::from_str(&lines.next().unwrap()).unwrap();
    let mut site = Site::default();
    insert(&mut site, first.files);
    let mut sites = vec![site.clone()];
    for line in lines {
        let change: Change = serde_json::from_str(&line).unwrap();
        for path in &change.removed {
            assert!(
                site.remove(path),
                "{name}: {path} is removed, but was never there"
            );
        }
        insert(&mut site, change.added);
        insert(&mut site, change.modified);
        sites.push(site.clone());
    }
    sites
}

fn insert(site: &mut Site, entries: Vec<Entry>) {
    for (path, hash, size) in entries {
        site.insert(&path, &hash, size.unwrap_or_default());
    }
}
