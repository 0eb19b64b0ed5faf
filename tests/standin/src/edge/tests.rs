use super::*;

fn edge() -> Edge {
    let mut edge = Edge::default();
    edge.replace_origin([
        ("index.html", "home 1"),
        ("a.html", "a 1"),
        ("docs/index.html", "docs 1"),
        ("~user.html", "user 1"),
    ]);
    edge
}

fn stale_urls(edge: &Edge) -> Vec<String> {
    edge.stale().into_iter().map(|view| view.url).collect()
}

#[test]
fn a_view_is_cached_until_it_is_invalidated() {
    let mut edge = edge();
    assert!(!edge.view("/a.html").from_cache);
    edge.set_origin_file("a.html", "a 2");
    let view = edge.view("/a.html");
    assert!(view.from_cache);
    assert_eq!(view.body(), "a 1");
    assert_eq!(stale_urls(&edge), ["/a.html"]);
    edge.invalidate("I1", ["/a.html"]);
    assert_eq!(edge.view("/a.html").body(), "a 2");
    assert!(edge.stale().is_empty());
    assert_eq!(edge.needless().total, 0);
}

#[test]
fn a_missing_page_is_cached_and_stale_once_it_exists() {
    let mut edge = edge();
    assert_eq!(edge.view("/new.html").status(), 404);
    edge.set_origin_file("new.html", "new");
    assert_eq!(stale_urls(&edge), ["/new.html"]);
    edge.remove_origin_file("new.html");
    assert!(edge.stale().is_empty());
}

#[test]
fn a_removed_file_is_stale_where_it_is_cached() {
    let mut edge = edge();
    edge.warm_all([""; 0]);
    edge.remove_origin_file("docs/index.html");
    assert_eq!(stale_urls(&edge), ["/docs/", "/docs/index.html"]);
    let view = &edge.stale()[0];
    assert_eq!((view.cached.status, view.origin.status), (200, 404));
}

#[test]
fn needless_evictions_are_counted_for_each_invalidation() {
    let mut edge = edge();
    edge.warm_all([""; 0]);
    edge.set_origin_file("a.html", "a 2");
    edge.invalidate("I1", ["/a*", "/a.html"]);
    edge.warm_all([""; 0]);
    edge.invalidate("I2", ["/*"]);
    let expected = vec![("I1".to_owned(), 0), ("I2".to_owned(), 6)];
    assert_eq!(edge.needless().by_invalidation, expected);
    assert_eq!(edge.needless().total, 6);
    assert_eq!(edge.evictions()[0].evicted, ["/a.html".into()]);
}

#[test]
fn a_tilde_is_cleared_by_no_exact_path() {
    let mut edge = edge();
    edge.view("/%7Euser.html");
    edge.set_origin_file("~user.html", "user 2");
    edge.invalidate("I1", ["/%7Euser.html"]);
    assert_eq!(stale_urls(&edge), ["/~user.html"]);
    edge.invalidate("I2", ["/*"]);
    assert!(edge.stale().is_empty());
}

#[test]
fn query_strings_are_part_of_the_key_only_where_the_rules_say_so() {
    let mut edge = edge();
    edge.view("/a.html?x=1");
    assert_eq!(edge.cached_urls(), ["/a.html".into()]);
    edge.clear_cache();
    edge.set_rules(EdgeRules {
        query_strings: true,
        ..EdgeRules::default()
    });
    edge.warm(["/a.html", "/a.html?x=1", "/docs/?x=1"]);
    edge.invalidate("I1", ["/a.html"]);
    let cached = ["/a.html?x=1".into(), "/docs/?x=1".into()];
    assert_eq!(edge.cached_urls(), cached);
    edge.invalidate("I2", ["/docs/?*"]);
    assert_eq!(edge.cached_urls(), ["/a.html?x=1".into()]);
}

#[test]
fn a_fallback_answers_for_what_is_no_file() {
    let mut edge = edge();
    edge.set_rules(EdgeRules {
        fallback: Some(Fallback {
            file: "index.html".to_owned(),
            status: 200,
        }),
        ..EdgeRules::default()
    });
    assert_eq!(edge.view("/route/of/the/app").body(), "home 1");
    edge.set_origin_file("index.html", "home 2");
    assert_eq!(stale_urls(&edge), ["/route/of/the/app"]);
}

#[test]
fn tags_clear_what_carries_them() {
    let mut edge = edge();
    edge.set_tagged_origin_file("a.html", "a 1", &["Blog"]);
    edge.warm_all([""; 0]);
    edge.invalidate("I1", ["#blog"]);
    assert_eq!(edge.evictions()[0].evicted, ["/a.html".into()]);
}

#[test]
fn replacing_the_origin_forgets_what_is_not_named() {
    let mut edge = edge();
    edge.replace_origin([("a.html", "a 2")]);
    assert_eq!(
        edge.origin_file("a.html").map(|body| &body[..]),
        Some(&b"a 2"[..])
    );
    assert_eq!(edge.origin_file("index.html"), None);
    assert_eq!(edge.viewer_urls(), ["/a.html".into()]);
}
