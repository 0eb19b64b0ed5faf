//! Gzip around the formats, where a file's name asks for it.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Whether a name asks for gzip.
#[must_use]
pub fn is_gzip(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "gz")
}

/// Whether bytes begin as gzip does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    // RFC 1952, section 2.3.1.
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The bytes as they are stored under `name`. The same bytes give the same result on every run: no
/// time stamp, no file name.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn pack(name: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !is_gzip(name) {
        return Ok(bytes);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes)?;
    encoder.finish()
}

/// What was stored under `name`.
///
/// # Errors
/// If the name asks for gzip and the bytes are not gzip, or are cut off.
pub fn unpack(name: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !is_gzip(name) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let bytes = b"{\"version\":1}".repeat(100);
        let packed = pack("m.json.gz", bytes.clone()).unwrap();
        assert!(packed.len() < bytes.len());
        assert_eq!(pack("m.json.gz", bytes.clone()).unwrap(), packed);
        assert_eq!(unpack("m.json.gz", packed).unwrap(), bytes);
        assert_eq!(
            unpack("m.json", pack("m.json", bytes.clone()).unwrap()).unwrap(),
            bytes
        );
    }

    #[test]
    fn cut_off_is_an_error() {
        let mut packed = pack("x.gz", b"some bytes".to_vec()).unwrap();
        packed.truncate(packed.len() - 3);
        assert!(unpack("x.gz", packed).is_err());
        assert!(unpack("x.gz", b"{}".to_vec()).is_err());
    }
}
