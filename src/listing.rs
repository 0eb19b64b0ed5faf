//! The listing: all site paths of a site with their digests and sizes.
//!
//! A listing is a pure function of the site, and its canonical bytes are a pure function of the
//! listing, so two builds with the same files have the same [`ListingId`] on every machine.
//!
//! ```
//! use cloudfront_delta::listing::Listing;
//!
//! let listing = Listing::from_json(
//!     br#"{"version":1,"hash":"blake3","files":{"a.html":{"digest":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262","size":0}}}"#,
//! )?;
//! assert_eq!(listing.len(), 1);
//! # Ok::<(), cloudfront_delta::listing::InvalidListing>(())
//! ```

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

/// The BLAKE3 digest of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps the 32 bytes of a digest.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }

    /// The raw 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads exactly 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let lower = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut bytes = [0; 32];
        (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Digest(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        // 32 bytes always fill 64 digits, so neither step can fail.
        hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl Visitor<'_> for Hex {
            type Value = Digest;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 lower-case hexadecimal digits")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                Digest::from_hex(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

/// The identity of a listing: BLAKE3 of its canonical bytes.
pub type ListingId = Digest;

/// What a listing knows of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The digest of the file's bytes.
    pub digest: Digest,
    /// The file's size in bytes.
    pub size: u64,
}

/// All site paths of a site, sorted bytewise, each once, each valid by [`check_site_path`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    // A sorted vector, because listings are built once, then only read in order: at a million files
    // it takes a third of the memory of a tree.
    files: Vec<(Box<str>, File)>,
}

impl Listing {
    /// Sorts and checks the files.
    ///
    /// # Errors
    /// Names the first path that is invalid or occurs twice.
    pub fn new(mut files: Vec<(Box<str>, File)>) -> Result<Self, InvalidListing> {
        for (path, _) in &files {
            check_site_path(path).map_err(|why| InvalidListing::entry(path, why))?;
        }
        // Stable sort: it takes one pass on what is sorted already, as canonical files are.
        files.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(InvalidListing::entry(&pair[0].0, "the path occurs twice"));
        }
        Ok(Listing { files })
    }

    /// Reads a listing strictly: see the crate's page on formats.
    ///
    /// # Errors
    /// Says which entry is wrong and why: another version or hash, an unknown field, a duplicate
    /// key, a malformed digest, an invalid path.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidListing> {
        // Derived code would read an array of the three values as well.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(InvalidListing(NO_OBJECT.to_owned()));
        }
        let document: Document<Listing> = serde_json::from_slice(bytes)?;
        Ok(document.files)
    }

    /// The canonical bytes: fixed field order, files sorted bytewise, no white space, no final
    /// newline.
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        // 100 bytes hold a digest, a size and the punctuation of one entry.
        let length = self.files.iter().map(|(path, _)| path.len() + 112).sum();
        let mut bytes = Vec::with_capacity(length);
        let document = Document {
            version: Version1,
            hash: Hash::Blake3,
            files: self,
        };
        serde_json::to_writer(&mut bytes, &document)?;
        Ok(bytes)
    }

    /// The listing's identity, from its canonical bytes. O(n) time; the bytes are streamed into the
    /// hash, never held.
    ///
    /// # Errors
    /// None in practice: a hash accepts every byte.
    pub fn id(&self) -> Result<ListingId, serde_json::Error> {
        // `serde_json` writes in small pieces; BLAKE3 is fast only on large ones.
        let mut hasher = std::io::BufWriter::with_capacity(1 << 16, blake3::Hasher::new());
        let document = Document {
            version: Version1,
            hash: Hash::Blake3,
            files: self,
        };
        serde_json::to_writer(&mut hasher, &document)?;
        let hasher = hasher
            .into_inner()
            .map_err(|e| serde_json::Error::io(e.into_error()))?;
        Ok(Digest(*hasher.finalize().as_bytes()))
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files in bytewise order of their paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (&**path, file))
    }

    /// The file at a site path. O(log n).
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&File> {
        let index = self
            .files
            .binary_search_by(|(other, _)| (**other).cmp(path))
            .ok()?;
        self.files.get(index).map(|(_, file)| file)
    }
}

/// Said of a file that does not even begin like a listing.
const NO_OBJECT: &str =
    r#"a listing is a JSON object, `{"version":1,"hash":"blake3","files":{…}}`, and this is none"#;

/// Why a listing was refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidListing(String);

impl InvalidListing {
    fn entry(path: &str, why: &str) -> Self {
        InvalidListing(format!("entry {path:?}: {why}"))
    }
}

impl From<serde_json::Error> for InvalidListing {
    fn from(error: serde_json::Error) -> Self {
        InvalidListing(error.to_string())
    }
}

/// Checks that a text can be a site path: parts joined by single `/`, none of them empty, `.` or
/// `..`, no leading `/`, no NUL.
///
/// # Errors
/// Says what is wrong.
pub fn check_site_path(path: &str) -> Result<(), &'static str> {
    if path.starts_with('/') {
        return Err("a site path has no leading `/`");
    }
    if path.contains('\0') {
        return Err("a site path holds no NUL");
    }
    for part in path.split('/') {
        match part {
            "" => return Err("a part of the path is empty"),
            "." | ".." => return Err("a part of the path is `.` or `..`"),
            _ => {}
        }
    }
    Ok(())
}

/// The envelope of a listing file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<Files> {
    version: Version1,
    hash: Hash,
    files: Files,
}

/// Format version 1, the only one there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version1;

impl Serialize for Version1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl<'de> Deserialize<'de> for Version1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Version1),
            other => Err(de::Error::custom(format_args!(
                "version {other} is not supported, this program reads version 1"
            ))),
        }
    }
}

/// The hash that digests are made with, the only one there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hash {
    /// BLAKE3 with 32 bytes of output.
    #[default]
    #[serde(rename = "blake3")]
    Blake3,
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.files.len()))?;
        for (path, file) in &self.files {
            map.serialize_entry(&**path, file)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Listing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Files;
        impl<'de> Visitor<'de> for Files {
            type Value = Listing;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of site paths")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listing, A::Error> {
                let mut files = Vec::new();
                while let Some(path) = map.next_key::<Box<str>>()? {
                    let file = map.next_value_seed(Entry(&path))?;
                    files.push((path, file));
                }
                Listing::new(files).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_map(Files)
    }
}

/// Reads a [`File`] and names its entry in errors.
struct Entry<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = File;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<File, D::Error> {
        deserializer
            .deserialize_map(FileFields)
            .map_err(|error| de::Error::custom(format_args!("entry {:?}: {error}", self.0)))
    }
}

/// Reads a [`File`] from an object alone; derived code would take an array of two as well.
struct FileFields;

impl<'de> Visitor<'de> for FileFields {
    type Value = File;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `digest` and `size`")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<File, A::Error> {
        File::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    fn listing(files: &str) -> String {
        format!(r#"{{"version":1,"hash":"blake3","files":{{{files}}}}}"#)
    }

    fn entry(path: &str) -> String {
        format!(
            r#"{}:{{"digest":"{DIGEST}","size":0}}"#,
            serde_json::to_string(path).unwrap()
        )
    }

    fn error(json: &str) -> String {
        Listing::from_json(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn canonical_bytes_round_trip() {
        let json =
            listing(&[entry("a b.html"), entry("a/\u{e4}\"\\\n.html"), entry("b")].join(","));
        let read = Listing::from_json(json.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(read.to_json().unwrap()).unwrap(), json);
        let id = blake3::hash(json.as_bytes());
        assert_eq!(read.id().unwrap().as_bytes(), id.as_bytes());
    }

    #[test]
    fn order_and_white_space_of_a_file_do_not_change_the_id() {
        let sorted = listing(&[entry("a"), entry("b")].join(","));
        let other = listing(&[entry("b"), entry("a")].join(" ,\n"));
        assert_eq!(
            Listing::from_json(sorted.as_bytes()).unwrap().id().unwrap(),
            Listing::from_json(other.as_bytes()).unwrap().id().unwrap()
        );
    }

    #[test]
    fn strict_reading_names_the_entry() {
        let rows: &[(String, &str)] = &[
            (
                listing(&entry("/a")),
                r#"entry "/a": a site path has no leading `/`"#,
            ),
            (
                listing(&entry("a//b")),
                r#"entry "a//b": a part of the path is empty"#,
            ),
            (
                listing(&entry("a/")),
                r#"entry "a/": a part of the path is empty"#,
            ),
            (
                listing(&entry("")),
                r#"entry "": a part of the path is empty"#,
            ),
            (
                listing(&entry("a/../b")),
                r#"entry "a/../b": a part of the path is `.` or `..`"#,
            ),
            (
                listing(&entry("./b")),
                r#"entry "./b": a part of the path is `.` or `..`"#,
            ),
            (
                listing(&entry("a\0b")),
                r#"entry "a\0b": a site path holds no NUL"#,
            ),
            (
                listing(&[entry("a"), entry("b"), entry("a")].join(",")),
                r#"entry "a": the path occurs twice"#,
            ),
            (
                listing(r#""x":{"digest":"AF","size":0}"#),
                r#"entry "x": invalid value: string "AF", expected 64 lower-case hexadecimal digits"#,
            ),
            (
                listing(&format!(
                    r#""x":{{"digest":"{}","size":0}}"#,
                    DIGEST.to_uppercase()
                )),
                "64 lower-case hexadecimal digits",
            ),
            (
                listing(&format!(
                    r#""x":{{"digest":"{DIGEST}","size":0,"mtime":1}}"#
                )),
                r#"entry "x": unknown field `mtime`"#,
            ),
            (
                listing(&format!(r#""x":{{"digest":"{DIGEST}","size":0,"size":0}}"#)),
                r#"entry "x": duplicate field `size`"#,
            ),
            (
                listing(&format!(r#""x":{{"digest":"{DIGEST}"}}"#)),
                "missing field `size`",
            ),
            (
                r#"{"version":2,"hash":"blake3","files":{}}"#.into(),
                "version 2 is not supported",
            ),
            (
                r#"{"version":1,"hash":"md5","files":{}}"#.into(),
                "unknown variant `md5`",
            ),
            (
                r#"{"version":1,"hash":"blake3","files":{},"x":1}"#.into(),
                "unknown field `x`",
            ),
            (
                r#"{"version":1,"version":1,"hash":"blake3","files":{}}"#.into(),
                "duplicate field",
            ),
            (
                r#"{"version":1,"hash":"blake3","files":{}} x"#.into(),
                "trailing characters",
            ),
            (String::new(), "a listing is a JSON object"),
            ("[]".into(), "a listing is a JSON object"),
            ("<html>".into(), "a listing is a JSON object"),
            (
                format!(r#"[1,"blake3",{{"x":{{"digest":"{DIGEST}","size":0}}}}]"#),
                "a listing is a JSON object",
            ),
            (
                listing(&format!(r#""x":["{DIGEST}",0]"#)),
                r#"entry "x": invalid type: sequence, expected an object with `digest` and `size`"#,
            ),
        ];
        for (json, expected) in rows {
            let error = error(json);
            assert!(
                error.contains(expected),
                "{json}\n  said: {error}\n  not: {expected}"
            );
        }
    }

    #[test]
    fn look_up() {
        let json = listing(&[entry("a"), entry("b/c")].join(","));
        let read = Listing::from_json(json.as_bytes()).unwrap();
        assert!(read.get("b/c").is_some());
        assert!(read.get("b").is_none());
    }
}
