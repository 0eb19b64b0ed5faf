//! Bodies in the `aws-chunked` encoding: chunks with sizes in hex, and checksums after them.
//!
//! The SDKs send bodies so, because they compute a checksum while they send. Signatures of chunks
//! are not looked at.

use bytes::{Bytes, BytesMut};

/// A decoded body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) body: Bytes,
    /// The trailing headers, names in lower case.
    pub(super) trailers: Vec<(String, String)>,
}

/// Decodes a body; none if it is malformed or ends early.
pub(super) fn decode(encoded: &Bytes) -> Option<Decoded> {
    let mut rest = encoded.clone();
    let mut chunks: Vec<Bytes> = Vec::new();
    loop {
        let line = take_line(&mut rest)?;
        let size = line.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            break;
        }
        if rest.len() < size + 2 {
            return None;
        }
        chunks.push(rest.split_to(size));
        if &rest.split_to(2)[..] != b"\r\n" {
            return None;
        }
    }
    let mut trailers = Vec::new();
    while let Some(line) = take_line(&mut rest) {
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Some(Decoded {
        body: join(chunks),
        trailers,
    })
}

/// One piece out of many, without a copy if there is one only.
fn join(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() == 1 {
        return chunks.remove(0);
    }
    let mut body = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    for chunk in &chunks {
        body.extend_from_slice(chunk);
    }
    body.freeze()
}

fn take_line(rest: &mut Bytes) -> Option<String> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let line = String::from_utf8(rest.split_to(end).to_vec()).ok()?;
    let _ = rest.split_to(2);
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(encoded: &'static str) -> Option<(String, Vec<(String, String)>)> {
        let decoded = decode(&Bytes::from_static(encoded.as_bytes()))?;
        let body = String::from_utf8(decoded.body.to_vec()).ok()?;
        Some((body, decoded.trailers))
    }

    #[test]
    fn bodies() {
        let crc = vec![("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned())];
        for (encoded, expected) in [
            (
                "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
                Some(("hello".to_owned(), crc.clone())),
            ),
            (
                "3;chunk-signature=ab\r\nhel\r\n2;chunk-signature=cd\r\nlo\r\n0;chunk-signature=ef\r\n\r\n",
                Some(("hello".to_owned(), vec![])),
            ),
            ("0\r\n\r\n", Some((String::new(), vec![]))),
            (
                "A\r\n0123456789\r\n0\r\n\r\n",
                Some(("0123456789".to_owned(), vec![])),
            ),
            ("5\r\nhel", None),
            ("5\r\nhelloXX0\r\n\r\n", None),
            ("hello", None),
            ("", None),
        ] {
            assert_eq!(parts(encoded), expected, "{encoded:?}");
        }
    }
}
