//! Reading and writing objects, with conditions.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};

use super::bucket::{BucketState, Object, etag};
use super::chunked;
use super::refusal::Refusal;
use super::{Call, NAMESPACE, document_answer};
use crate::answer::{Answer, timestamp};
use crate::xml;

/// Headers that are stored with an object, besides `content-type` and `x-amz-meta-…`.
const STORED: [&str; 4] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "expires",
];

/// `PutObject`.
pub(super) fn put(
    bucket: &mut BucketState,
    call: &Call,
    now: SystemTime,
) -> Result<Answer, Refusal> {
    let (body, checksum) = received(call)?;
    let existing = bucket.objects.get(&call.key);
    if call.header("if-none-match") == Some("*") && existing.is_some() {
        return Err(Refusal::precondition_failed("If-None-Match"));
    }
    if let Some(wanted) = call.header("if-match") {
        let existing = existing.ok_or_else(|| Refusal::no_such_key(&call.key))?;
        if !names(wanted, &existing.etag) {
            return Err(Refusal::precondition_failed("If-Match"));
        }
    }
    let object = Object {
        etag: etag(&body),
        body,
        content_type: call
            .header("content-type")
            .unwrap_or("binary/octet-stream")
            .to_owned(),
        metadata: metadata(call),
        last_modified: now,
        checksum,
    };
    let mut answer = Answer::new(200).header("etag", &object.etag);
    if let Some((name, value)) = &object.checksum
        && let Some(name) = checksum_header(name)
    {
        answer = answer.header(name, value);
    }
    bucket.objects.insert(call.key.clone(), object);
    Ok(answer)
}

/// The body without its transfer encoding, once its checksum is seen to be right.
fn received(call: &Call) -> Result<(Bytes, Option<(String, String)>), Refusal> {
    let chunked = call
        .header("x-amz-content-sha256")
        .is_some_and(|hash| hash.starts_with("STREAMING-"))
        || encodings(call).any(|encoding| encoding == "aws-chunked");
    let mut headers = call.headers.clone();
    let body = if chunked {
        let decoded = chunked::decode(&call.body).ok_or_else(Refusal::incomplete_body)?;
        headers.extend(decoded.trailers);
        let length = call.header("x-amz-decoded-content-length");
        if length.is_some_and(|length| length.parse() != Ok(decoded.body.len())) {
            return Err(Refusal::incomplete_body());
        }
        decoded.body
    } else {
        call.body.clone()
    };
    if let Some(md5) = call.header("content-md5")
        && md5 != BASE64.encode(Md5::digest(&body))
    {
        return Err(Refusal::bad_digest("Content-MD5"));
    }
    let checksum = headers
        .into_iter()
        .find(|(name, _)| checksum_header(name).is_some());
    if let Some((name, value)) = &checksum
        && name == "x-amz-checksum-crc32"
        && *value != BASE64.encode(crc32fast::hash(&body).to_be_bytes())
    {
        return Err(Refusal::bad_digest("CRC32"));
    }
    Ok((body, checksum))
}

/// The name of a header that carries a checksum's value.
fn checksum_header(name: &str) -> Option<&'static str> {
    [
        "x-amz-checksum-crc32",
        "x-amz-checksum-crc32c",
        "x-amz-checksum-crc64nvme",
        "x-amz-checksum-sha1",
        "x-amz-checksum-sha256",
    ]
    .into_iter()
    .find(|known| *known == name)
}

fn encodings(call: &Call) -> impl Iterator<Item = &str> {
    let header = call.header("content-encoding").unwrap_or_default();
    header
        .split(',')
        .map(str::trim)
        .filter(|encoding| !encoding.is_empty())
}

fn metadata(call: &Call) -> Vec<(String, String)> {
    let mut metadata: Vec<(String, String)> = call
        .headers
        .iter()
        .filter(|(name, _)| STORED.contains(&&name[..]) || name.starts_with("x-amz-meta-"))
        .cloned()
        .collect();
    // `aws-chunked` is how the body travelled, not what it is.
    let encoding: Vec<&str> = encodings(call)
        .filter(|encoding| *encoding != "aws-chunked")
        .collect();
    if !encoding.is_empty() {
        metadata.push(("content-encoding".to_owned(), encoding.join(",")));
    }
    metadata
}

/// Whether a condition's value names an `ETag`. Clients send it with and without quotes.
fn names(wanted: &str, etag: &str) -> bool {
    wanted == "*"
        || wanted
            .split(',')
            .any(|each| each.trim().trim_matches('"') == etag.trim_matches('"'))
}

/// `GetObject`.
pub(super) fn get(bucket: &BucketState, call: &Call) -> Result<Answer, Refusal> {
    let object = find(bucket, call)?;
    if let Some(answer) = check_read(object, call)? {
        return Ok(answer);
    }
    let answer = described(object, call);
    let Some(range) = call.header("range") else {
        return Ok(answer.body(object.body.clone()));
    };
    let length = object.body.len();
    let (from, to) = range_of(range, length).ok_or_else(Refusal::invalid_range)?;
    let mut answer = answer
        .header("content-range", format!("bytes {from}-{}/{length}", to - 1))
        .body(object.body.slice(from..to));
    answer.status = 206;
    Ok(answer)
}

/// `HeadObject`. The server sends the length of the body and leaves the body out.
pub(super) fn head(bucket: &BucketState, call: &Call) -> Result<Answer, Refusal> {
    let object = find(bucket, call)?;
    if let Some(answer) = check_read(object, call)? {
        return Ok(answer);
    }
    Ok(described(object, call).body(object.body.clone()))
}

fn find<'a>(bucket: &'a BucketState, call: &Call) -> Result<&'a Object, Refusal> {
    bucket.objects.get(&call.key).ok_or_else(|| {
        if bucket.config.may_list {
            Refusal::no_such_key(&call.key)
        } else {
            Refusal::access_denied()
        }
    })
}

fn check_read(object: &Object, call: &Call) -> Result<Option<Answer>, Refusal> {
    if let Some(wanted) = call.header("if-match")
        && !names(wanted, &object.etag)
    {
        return Err(Refusal::precondition_failed("If-Match"));
    }
    let unchanged = call
        .header("if-none-match")
        .is_some_and(|known| names(known, &object.etag));
    Ok(unchanged.then(|| Answer::new(304).header("etag", &object.etag)))
}

fn described(object: &Object, call: &Call) -> Answer {
    let mut answer = Answer::new(200)
        .header("etag", &object.etag)
        .header("content-type", &object.content_type)
        .header("accept-ranges", "bytes")
        .header(
            "last-modified",
            httpdate::fmt_http_date(object.last_modified),
        );
    for (name, value) in &object.metadata {
        answer.extra.push((name.clone(), value.clone()));
    }
    // The checksum is that of the whole object, so it would be wrong for a part of it.
    if call.header("x-amz-checksum-mode") == Some("ENABLED") && call.header("range").is_none() {
        answer.extra.extend(object.checksum.clone());
    }
    answer
}

/// The bounds of a `Range` header with one range; none if it cannot be satisfied.
fn range_of(range: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from, to) {
        ("", last) => (length.saturating_sub(last.parse().ok()?), length),
        (from, "") => (from.parse().ok()?, length),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()? + 1),
    };
    (from < length && from < to).then(|| (from, to.min(length)))
}

/// `DeleteObject`.
pub(super) fn delete(bucket: &mut BucketState, call: &Call) -> Result<Answer, Refusal> {
    if let Some(wanted) = call.header("if-match") {
        let existing = bucket.objects.get(&call.key);
        let existing = existing.ok_or_else(|| Refusal::no_such_key(&call.key))?;
        if !names(wanted, &existing.etag) {
            return Err(Refusal::precondition_failed("If-Match"));
        }
    }
    bucket.objects.remove(&call.key);
    Ok(Answer::new(204))
}

/// `ListObjectsV2`: one page, with prefix and `max-keys`, without delimiter.
pub(super) fn list(bucket: &BucketState, call: &Call) -> Result<Answer, Refusal> {
    if !bucket.config.may_list {
        return Err(Refusal::access_denied());
    }
    let prefix = call.query.get("prefix").unwrap_or_default();
    let limit = call.query.get("max-keys");
    let limit: usize = limit.and_then(|limit| limit.parse().ok()).unwrap_or(1_000);
    let after = call
        .query
        .get("continuation-token")
        .or_else(|| call.query.get("start-after"))
        .unwrap_or_default();
    let matching: Vec<(&String, &Object)> = bucket
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after)
        .take(limit.saturating_add(1))
        .collect();
    let page = &matching[..matching.len().min(limit)];
    let more = matching.len() > page.len();
    let document = xml::document("ListBucketResult", NAMESPACE, |document| {
        document.text("Name", &call.bucket);
        document.text("Prefix", prefix);
        document.text("KeyCount", page.len());
        document.text("MaxKeys", limit);
        document.text("IsTruncated", more);
        if let (true, Some((last, _))) = (more, page.last()) {
            document.text("NextContinuationToken", last);
        }
        for (key, object) in page {
            document.element("Contents", |document| {
                document.text("Key", key);
                document.text("LastModified", timestamp(object.last_modified));
                document.text("ETag", &object.etag);
                document.text("Size", object.body.len());
                document.text("StorageClass", "STANDARD");
            });
        }
    });
    Ok(document_answer(200, document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-4", Some((0, 5))),
            ("bytes=5-", Some((5, 10))),
            ("bytes=-3", Some((7, 10))),
            ("bytes=8-100", Some((8, 10))),
            ("bytes=10-", None),
            ("bytes=4-3", None),
            ("lines=0-4", None),
        ] {
            assert_eq!(range_of(range, 10), expected, "{range}");
        }
    }

    #[test]
    fn conditions_name_etags_with_and_without_quotes() {
        assert!(names("\"ab\"", "\"ab\""));
        assert!(names("ab", "\"ab\""));
        assert!(names("\"x\", \"ab\"", "\"ab\""));
        assert!(names("*", "\"ab\""));
        assert!(!names("\"a\"", "\"ab\""));
    }
}
