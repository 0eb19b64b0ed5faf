//! Where the record is kept. Two homes, one contract:
//!
//! - [`Store::load`] gives the bytes and the version they are, or says that there are none.
//! - [`Store::save`] replaces the whole record if it still is the version that was loaded; else it
//!   changes nothing and says [`SaveError::Conflict`]. A crash leaves the old or the new record.

mod file;
mod s3;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::target::Target;

pub use file::FileStore;
pub use s3::S3Store;

pub use file::files_of;

/// Where the record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A local file.
    File(PathBuf),
    /// An object on S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
}

impl Default for Location {
    fn default() -> Self {
        Location::File(PathBuf::from(".cloudfront-delta/manifest.json"))
    }
}

impl Location {
    /// Reads a location; one that ends in `/` gets its name from targets and prefix, so that sites
    /// that share a bucket or a distribution do not share a record.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str, targets: &[Target], path_prefix: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(format!("`{text}` names no bucket: write {S3_FORMS}"));
            }
            if !rest.contains('/') {
                return Err(format!("`{text}` lacks a key: write {S3_FORMS}"));
            }
            return Ok(Location::S3 {
                bucket: bucket.to_owned(),
                key: named(key, targets, path_prefix)?,
            });
        }
        if text.contains("://") {
            return Err(format!("`{text}` is neither a file nor `s3://bucket/key`"));
        }
        named(text, targets, path_prefix).map(|name| Location::File(PathBuf::from(name)))
    }
}

/// What a location on S3 looks like.
const S3_FORMS: &str = "`s3://bucket/key`, or `s3://bucket/` to have the key made";

/// The name as given, completed if it is that of a directory, or empty.
fn named(text: &str, targets: &[Target], path_prefix: &str) -> Result<String, String> {
    if text.is_empty() || text.ends_with('/') {
        Ok(format!("{text}{}", default_name(targets, path_prefix)?))
    } else {
        Ok(text.to_owned())
    }
}

/// `E1+E2/docs/manifest.json` for the targets E1 and E2 and the prefix `/docs/`.
fn default_name(targets: &[Target], path_prefix: &str) -> Result<String, String> {
    let mut names: Vec<_> = targets.iter().map(Target::name).collect();
    if names.is_empty() {
        return Err(
            "ends in `/`, so its name is made from the targets, of which there are none".into(),
        );
    }
    names.sort_unstable();
    let prefix = path_prefix.trim_matches('/');
    let separator = if prefix.is_empty() { "" } else { "/" };
    Ok(format!(
        "{}/{prefix}{separator}manifest.json",
        names.join("+")
    ))
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::File(path) => write!(f, "{}", path.display()),
            Location::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

/// Which record was loaded: what a save is conditional on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// There was none.
    Absent,
    /// The one with this tag: an ETag on S3, a digest of the bytes for a file.
    Tag(String),
}

/// What was found.
#[derive(Debug)]
pub struct Loaded {
    /// The stored bytes, unpacked; `None` if there is no record.
    pub bytes: Option<Result<Vec<u8>, std::io::Error>>,
    /// Their version.
    pub version: Version,
}

/// Why a save did not happen.
#[derive(Debug)]
pub enum SaveError {
    /// The record is no longer the version that was loaded. Nothing was changed.
    Conflict,
    /// The store failed; whether the record was changed is not known.
    Failed(Box<Failure>),
}

/// A place for one record.
#[derive(Debug)]
pub enum Store {
    /// A local file.
    File(FileStore),
    /// An object on S3.
    S3(Box<S3Store>),
}

impl Store {
    /// Loads the record.
    ///
    /// # Errors
    /// If there may be a record, but it can't be read: no permission, no network.
    pub async fn load(&self) -> Result<Loaded, Failure> {
        match self {
            Store::File(store) => store.load(),
            Store::S3(store) => store.load().await,
        }
    }

    /// Replaces the record if it still is `expected`.
    ///
    /// # Errors
    /// See [`SaveError`].
    pub async fn save(&self, bytes: Vec<u8>, expected: &Version) -> Result<Version, SaveError> {
        match self {
            Store::File(store) => store.save(bytes, expected),
            Store::S3(store) => store.save(bytes, expected).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let targets = [
            Target::Distribution("E2".into()),
            Target::Distribution("E1".into()),
        ];
        let file = |path: &str| Ok(Location::File(path.into()));
        let s3 = |key: &str| {
            Ok(Location::S3 {
                bucket: "bucket".into(),
                key: key.into(),
            })
        };
        let rows = [
            ("m.json", "/", file("m.json")),
            ("records/", "/", file("records/E1+E2/manifest.json")),
            ("s3://bucket/a/m.json.gz", "/", s3("a/m.json.gz")),
            ("s3://bucket/", "/", s3("E1+E2/manifest.json")),
            (
                "s3://bucket/site/",
                "/docs/",
                s3("site/E1+E2/docs/manifest.json"),
            ),
        ];
        for (text, prefix, expected) in rows {
            assert_eq!(Location::parse(text, &targets, prefix), expected, "{text}");
        }
        for (text, expected) in [
            ("s3://bucket", "lacks a key"),
            ("s3://", "names no bucket"),
            ("s3:///", "names no bucket"),
            ("s3:///key", "names no bucket"),
            ("gs://bucket/key", "is neither"),
        ] {
            let error = Location::parse(text, &targets, "/").unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(Location::parse("records/", &[], "/").is_err());
    }
}
