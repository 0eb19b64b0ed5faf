//! Edge caches behind invalidations that come over HTTP.

use std::time::{Duration, Instant};

use cloudfront_standin::{Config, EvictionTime, Standin};

use crate::client::{create, request};

fn standin() -> Standin {
    let standin = Standin::start(Config::new().distribution("E1").manual_clock());
    standin.replace_origin("E1", [("index.html", "home"), ("docs/é.html", "docs")]);
    standin
}

fn stale_urls(standin: &Standin) -> Vec<String> {
    standin
        .stale("E1")
        .into_iter()
        .map(|view| view.url)
        .collect()
}

#[test]
fn viewers_come_over_http_too() {
    let standin = standin();
    for (path, status, cache) in [
        ("/edge/E1/", 200, "Miss from cloudfront"),
        ("/edge/E1/", 200, "Hit from cloudfront"),
        ("/edge/E1/docs/%C3%A9.html", 200, "Miss from cloudfront"),
        ("/edge/E1/docs/%c3%a9.html?q", 200, "Hit from cloudfront"),
        ("/edge/E1/nothing", 404, "Error from cloudfront"),
        ("/edge/E9/", 404, ""),
    ] {
        let reply = request(&standin, "GET", path).send();
        let got = (reply.status, reply.header("x-cache").unwrap_or_default());
        assert_eq!(got, (status, cache), "{path}");
    }
    let cached = ["/".into(), "/docs/%C3%A9.html".into(), "/nothing".into()];
    assert_eq!(standin.cached_urls("E1"), cached);
}

#[test]
fn an_accepted_invalidation_clears_at_once() {
    let standin = standin();
    standin.warm_all("E1", &["/gone"]);
    standin.set_origin_file("E1", "docs/é.html", "new");
    assert_eq!(stale_urls(&standin), ["/docs/%C3%A9.html"]);
    // In lower case, over-encoded, refused: none of these helps.
    for (reference, path) in [
        ("1", "/docs/%c3%a9.html"),
        ("2", "/docs/é.html"),
        ("3", "/docs%2F*"),
    ] {
        create(&standin, reference, &[path]).send();
        assert_eq!(stale_urls(&standin).len(), 1, "{path}");
    }
    let id = create(&standin, "4", &["/docs/*", "/gone"]).send();
    assert!(stale_urls(&standin).is_empty());
    let needless = standin.needless("E1");
    assert_eq!(needless.total, 1);
    assert_eq!(
        needless.by_invalidation.last(),
        Some(&(id.element("Id").to_owned(), 1))
    );
}

#[test]
fn an_invalidation_can_clear_only_when_it_completes() {
    let standin = standin();
    standin.set_eviction_time(EvictionTime::Completion);
    standin.set_completion(cloudfront_standin::Completion::After(Duration::from_secs(
        5,
    )));
    standin.warm_all("E1", &[]);
    standin.set_origin_file("E1", "index.html", "new");
    create(&standin, "1", &["/*"]).send();
    assert_eq!(stale_urls(&standin).len(), 2);
    assert_eq!(standin.view("E1", "/").body(), "home");
    standin.advance_clock(Duration::from_secs(5));
    assert_eq!(standin.view("E1", "/").body(), "new");
    assert!(stale_urls(&standin).is_empty());
}

#[test]
fn a_repeated_reference_evicts_nothing() {
    let standin = standin();
    create(&standin, "1", &["/*"]).send();
    standin.warm_all("E1", &[]);
    standin.set_origin_file("E1", "index.html", "new");
    create(&standin, "1", &["/*"]).send();
    assert_eq!(stale_urls(&standin), ["/", "/index.html"]);
}

#[test]
fn large_sites_and_many_deploys_are_bearable() {
    let standin = standin();
    let began = Instant::now();
    for deploy in 0..40 {
        let files = (0..7_000).map(|file| {
            let version = if file % 100 == deploy { deploy } else { 0 };
            (
                format!("section-{}/page-{file}/index.html", file % 50),
                version.to_string(),
            )
        });
        standin.replace_origin("E1", files);
        let stale = standin.stale("E1");
        standin.with_edge("E1", |edge| {
            edge.invalidate("I", stale.iter().map(|view| &view.url));
        });
        assert!(standin.stale("E1").is_empty());
        standin.warm_all("E1", &[]);
    }
    assert_eq!(standin.cached_urls("E1").len(), 14_000);
    // About a second when optimised; the bound only has to catch a change of order.
    assert!(
        began.elapsed() < Duration::from_mins(1),
        "{:?}",
        began.elapsed()
    );
}
