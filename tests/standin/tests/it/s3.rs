//! S3.

use cloudfront_standin::{Bucket, Config, Fault, FaultKind, Operation, Standin, WrongRegion};

use crate::client::{Reply, request};

fn standin() -> Standin {
    Standin::start(Config::new().bucket("records"))
}

fn put(standin: &Standin, body: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = request(standin, "PUT", "/records/a%20b/c.json").body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send()
}

#[test]
fn an_object_comes_back_as_it_was_put() {
    let standin = standin();
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("x-amz-meta-deploy", "7"),
    ];
    let reply = put(&standin, "hello", &headers);
    assert_eq!(reply.status, 200);
    let etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert_eq!(reply.header("etag"), Some(etag));
    let reply = request(&standin, "GET", "/records/a%20b/c.json").send();
    assert_eq!((reply.status, reply.text()), (200, "hello"));
    assert_eq!(reply.header("etag"), Some(etag));
    for (name, value) in headers {
        assert_eq!(reply.header(name), Some(value));
    }
    let head = request(&standin, "HEAD", "/records/a%20b/c.json").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("5"));
    let object = standin
        .get_object("records", "a b/c.json")
        .expect("an object");
    assert_eq!(object.content_type, "application/json");
    assert_eq!(&object.body[..], b"hello");
}

#[test]
fn writes_are_conditional() {
    let standin = standin();
    let missing = put(&standin, "x", &[("if-match", "\"0\"")]);
    assert_eq!(
        (missing.status, missing.element("Code")),
        (404, "NoSuchKey")
    );
    let created = put(&standin, "1", &[("if-none-match", "*")]);
    assert_eq!(created.status, 200);
    let etag = created.header("etag").expect("an ETag");
    let lost = put(&standin, "2", &[("if-none-match", "*")]);
    assert_eq!(
        (lost.status, lost.element("Code")),
        (412, "PreconditionFailed")
    );
    assert_eq!(put(&standin, "2", &[("if-match", etag)]).status, 200);
    assert_eq!(put(&standin, "3", &[("if-match", etag)]).status, 412);
    let body = standin
        .get_object("records", "a b/c.json")
        .map(|object| object.body);
    assert_eq!(body.as_deref(), Some(&b"2"[..]));
    let fault = FaultKind::error(409, "ConditionalRequestConflict", "try again");
    standin.inject(Fault::new(Operation::PutObject, fault).target("records/a b/c.json"));
    let conflict = put(&standin, "3", &[]);
    assert_eq!(
        (conflict.status, conflict.element("Code")),
        (409, "ConditionalRequestConflict")
    );
    assert!(
        conflict.text().contains("<Error><Code>"),
        "{}",
        conflict.text()
    );
}

#[test]
fn reads_are_conditional() {
    let standin = standin();
    let etag = put(&standin, "1", &[]);
    let etag = etag.header("etag").expect("an ETag");
    let get = || request(&standin, "GET", "/records/a%20b/c.json");
    assert_eq!(get().header("if-none-match", etag).send().status, 304);
    assert_eq!(get().header("if-match", "\"0\"").send().status, 412);
    let part = get().header("range", "bytes=0-0").send();
    assert_eq!((part.status, part.text()), (206, "1"));
    assert_eq!(get().header("range", "bytes=5-").send().status, 416);
}

#[test]
fn a_missing_key_is_not_found_or_denied() {
    let config = Config::new()
        .bucket("records")
        .bucket(Bucket::new("secret").without_list());
    let standin = Standin::start(config);
    for (path, status, code) in [
        ("/records/none", 404, "NoSuchKey"),
        ("/secret/none", 403, "AccessDenied"),
        ("/nowhere/none", 404, "NoSuchBucket"),
    ] {
        let reply = request(&standin, "GET", path).send();
        assert_eq!(
            (reply.status, reply.element("Code")),
            (status, code),
            "{path}"
        );
        assert_eq!(request(&standin, "HEAD", path).send().status, status);
    }
}

#[test]
fn chunked_bodies_are_decoded_and_checked() {
    let standin = standin();
    let headers = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let sent = |crc: &str| format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n");
    let reply = put(&standin, &sent("NhCmhg=="), &headers);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-amz-checksum-crc32"), Some("NhCmhg=="));
    let object = standin
        .get_object("records", "a b/c.json")
        .expect("an object");
    assert_eq!(&object.body[..], b"hello");
    assert_eq!(object.metadata, []);
    let get = request(&standin, "GET", "/records/a%20b/c.json");
    let reply = get.header("x-amz-checksum-mode", "ENABLED").send();
    assert_eq!(reply.header("x-amz-checksum-crc32"), Some("NhCmhg=="));
    assert_eq!(
        put(&standin, &sent("AAAAAA=="), &headers).element("Code"),
        "BadDigest"
    );
    assert_eq!(
        put(&standin, "5\r\nhel", &headers).element("Code"),
        "IncompleteBody"
    );
    let logged = &standin.requests_of(Operation::PutObject)[0];
    assert_eq!(logged.body_text(), Some(&sent("NhCmhg==")[..]));
}

#[test]
fn a_bucket_elsewhere_says_where_it_is() {
    let elsewhere = |how| Bucket::new("far").region("eu-west-1", how);
    let standin = Standin::start(Config::new());
    let signed = |region: &str| {
        let scope = format!("Credential=AKID/20260102/{region}/s3/aws4_request");
        let request = request(&standin, "HEAD", "/far");
        request
            .header("authorization", &format!("AWS4-HMAC-SHA256 {scope}"))
            .send()
    };
    for (how, status) in [
        (WrongRegion::Serve, 200),
        (WrongRegion::PermanentRedirect, 301),
        (WrongRegion::AuthorizationHeaderMalformed, 400),
    ] {
        standin.add_bucket(elsewhere(how));
        let reply = signed("us-east-1");
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("x-amz-bucket-region"), Some("eu-west-1"));
        assert_eq!(signed("eu-west-1").status, 200);
    }
    let location = request(&standin, "GET", "/far?location").send();
    assert!(location.text().ends_with(">eu-west-1</LocationConstraint>"));
}

#[test]
fn keys_are_listed_and_removed() {
    let standin = standin();
    for key in ["a/1", "a/2", "b"] {
        standin.put_object("records", key, "x", "text/plain");
    }
    let list =
        |query: &str| request(&standin, "GET", &format!("/records?list-type=2&{query}")).send();
    let page = list("prefix=a/&max-keys=1");
    assert_eq!(
        (page.element("KeyCount"), page.element("Key")),
        ("1", "a/1")
    );
    let next = page.element("NextContinuationToken");
    let page = list(&format!("prefix=a/&continuation-token={next}"));
    assert_eq!(
        (page.element("IsTruncated"), page.element("Key")),
        ("false", "a/2")
    );
    assert_eq!(request(&standin, "DELETE", "/records/b").send().status, 204);
    assert!(standin.get_object("records", "b").is_none());
    assert!(standin.delete_object("records", "a/1"));
}

#[test]
fn a_part_of_an_upload_is_not_taken_for_an_object() {
    let standin = standin();
    let part = request(&standin, "PUT", "/records/a?partNumber=1&uploadId=2")
        .body("x")
        .send();
    assert_eq!((part.status, part.element("Code")), (501, "NotImplemented"));
    assert!(standin.get_object("records", "a").is_none());
}

#[test]
fn a_record_of_a_hundred_megabytes_goes_both_ways() {
    let standin = standin();
    let body: Vec<u8> = b"0123456789abcdef".repeat(100_000_000 / 16);
    let request_to = |method| request(&standin, method, "/records/big");
    assert_eq!(request_to("PUT").body(body.clone()).send().status, 200);
    let reply = request_to("GET").send();
    assert!(reply.body == body, "the bytes differ");
    let logged = &standin.requests_of(Operation::PutObject)[0];
    assert_eq!(
        (logged.body_length, logged.body.len()),
        (100_000_000, 1 << 20)
    );
}
