//! The calls under `/_standin/`.

use std::time::Duration;

use cloudfront_standin::{Config, Standin};

use crate::client::{Reply, create, request};

fn call(standin: &Standin, method: &str, path: &str, body: &str) -> Reply {
    request(standin, method, &format!("/_standin/{path}"))
        .body(body)
        .send()
}

fn told(standin: &Standin, method: &str, path: &str, body: &str) -> String {
    let reply = call(standin, method, path, body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().to_owned()
}

#[test]
fn a_deploy_from_outside() {
    let standin = Standin::start(Config::new());
    told(
        &standin,
        "PUT",
        "distributions/E1?aliases=a.example,b.example",
        "",
    );
    told(&standin, "PUT", "rules/E1", r#"{"slash":true,"bare":true}"#);
    told(
        &standin,
        "PUT",
        "origin/E1",
        r#"{"index.html":"1","docs/index.html":"2"}"#,
    );
    told(&standin, "PUT", "origin/E1/a%20b.txt", "3");
    let cached = told(&standin, "POST", "warm-all/E1", r#"["/none"]"#);
    assert_eq!(cached, r#"{"cached":7}"#);
    told(&standin, "PUT", "origin/E1/index.html", "new");
    let stale = told(&standin, "GET", "stale/E1", "");
    assert!(stale.contains(r#""url":"/index.html""#), "{stale}");
    create(&standin, "r", &["/*"]).send();
    assert_eq!(told(&standin, "GET", "stale/E1", ""), "[]");
    assert!(told(&standin, "GET", "needless/E1", "").contains(r#""total":5"#));
    assert_eq!(told(&standin, "GET", "billed/E1", ""), r#"{"paths":1}"#);
    assert!(told(&standin, "GET", "invalidations/E1", "").contains(r#""caller_reference":"r""#));
    assert!(told(&standin, "GET", "evictions/E1", "").contains("/a%20b.txt"));
    let requests = told(&standin, "GET", "requests?operation=CreateInvalidation", "");
    assert!(requests.contains(r#""status":201"#), "{requests}");
    told(&standin, "DELETE", "requests", "");
    assert_eq!(told(&standin, "GET", "requests", ""), "[]");
    let existed = told(&standin, "DELETE", "origin/E1/index.html", "");
    assert_eq!(existed, r#"{"existed":true}"#);
    assert_eq!(
        told(&standin, "POST", "warm/E1", r#"["/"]"#),
        r#"{"cached":1}"#
    );
    assert_eq!(told(&standin, "GET", "cached/E1", ""), r#"["/"]"#);
}

#[test]
fn faults_and_gates_from_outside() {
    let standin = Standin::start(Config::new().distribution("E1"));
    let fault =
        r#"{"on":"CreateInvalidation","kind":{"error":{"status":400,"code":"Throttling"}}}"#;
    told(&standin, "POST", "faults", fault);
    assert_eq!(told(&standin, "GET", "faults", ""), r#"{"pending":1}"#);
    assert_eq!(
        create(&standin, "r", &["/a"]).send().element("Code"),
        "Throttling"
    );
    let fault = r#"{"on":"CreateInvalidation","kind":{"gate":{"moment":"after_processing"}}}"#;
    assert_eq!(told(&standin, "POST", "faults", fault), r#"{"gate":0}"#);
    assert_eq!(told(&standin, "GET", "gates/0", ""), r#"{"reached":0}"#);
    told(&standin, "POST", "gates/0/release", "");
    assert_eq!(create(&standin, "r", &["/a"]).send().status, 201);
    assert_eq!(told(&standin, "GET", "gates/0", ""), r#"{"reached":1}"#);
    told(&standin, "DELETE", "faults", "");
}

#[test]
fn limits_time_and_objects_from_outside() {
    let standin = Standin::start(Config::new().distribution("E1").manual_clock());
    told(&standin, "PUT", "quotas", r#"{"items_per_request":1}"#);
    assert_eq!(create(&standin, "r", &["/a", "/b"]).send().status, 413);
    let before = standin.now();
    told(
        &standin,
        "POST",
        "clock",
        r#"{"advance_ms":5000,"skew_s":60}"#,
    );
    let passed = standin.now().duration_since(before).ok();
    assert_eq!(passed, Some(Duration::from_secs(65)));
    told(&standin, "PUT", "buckets/records?region=eu-west-1", "");
    told(
        &standin,
        "PUT",
        "objects/records/a/b?content-type=text/plain",
        "hello",
    );
    let object = call(&standin, "GET", "objects/records/a/b", "");
    assert_eq!(
        (object.header("content-type"), object.text()),
        (Some("text/plain"), "hello")
    );
    assert_eq!(told(&standin, "GET", "objects/records", ""), r#"["a/b"]"#);
    assert_eq!(told(&standin, "POST", "complete", ""), r#"{"completed":0}"#);
}

#[test]
fn what_is_not_understood_is_said() {
    let standin = Standin::start(Config::new().distribution("E1"));
    for (method, path, body, status) in [
        ("GET", "stale/E9", "", 404),
        ("GET", "nonsense/E1", "", 404),
        ("DELETE", "stale/E1", "", 404),
        ("GET", "gates/7", "", 404),
        ("GET", "objects/none/a", "", 404),
        ("POST", "faults", "{}", 400),
        ("PUT", "rules/E1", r#"{"slosh":true}"#, 400),
        ("GET", "requests?operation=Nonsense", "", 400),
        ("POST", "clock", r#"{"advance_ms":1}"#, 400),
    ] {
        let reply = call(&standin, method, path, body);
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(reply.text().starts_with(r#"{"error":"#));
    }
    // The test's own calls are not part of what is tested.
    assert!(standin.requests().is_empty());
}
