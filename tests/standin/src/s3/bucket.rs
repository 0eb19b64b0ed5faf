//! Buckets and what they hold.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::SystemTime;

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::config::Bucket;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub body: Bytes,
    /// Its strong `ETag`, quotes included.
    pub etag: String,
    /// Its `Content-Type`.
    pub content_type: String,
    /// Other headers that were stored with it: `content-encoding`, `cache-control`,
    /// `x-amz-meta-…`, names in lower case.
    pub metadata: Vec<(String, String)>,
    /// When it was written.
    pub last_modified: SystemTime,
    /// The checksum that came with it: the header's name and its value.
    pub checksum: Option<(String, String)>,
}

/// A bucket and its objects.
#[derive(Debug)]
pub(crate) struct BucketState {
    pub(crate) config: Bucket,
    pub(crate) objects: BTreeMap<String, Object>,
}

impl BucketState {
    pub(crate) fn new(config: Bucket) -> Self {
        Self {
            config,
            objects: BTreeMap::new(),
        }
    }

    /// Writes an object whatever was there.
    pub(crate) fn put(&mut self, key: &str, body: Bytes, content_type: &str, now: SystemTime) {
        let object = Object {
            etag: etag(&body),
            body,
            content_type: content_type.to_owned(),
            metadata: Vec::new(),
            last_modified: now,
            checksum: None,
        };
        self.objects.insert(key.to_owned(), object);
    }
}

/// The `ETag` of an object that was put in one piece: the MD5 of its bytes, in quotes.
pub(super) fn etag(body: &[u8]) -> String {
    let mut etag = String::from("\"");
    for byte in Md5::digest(body) {
        // Writing to a string does not fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_the_md5_in_quotes() {
        assert_eq!(etag(b"hello"), "\"5d41402abc4b2a76b9719d911017c592\"");
    }
}
