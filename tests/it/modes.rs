//! What a run does, by what it finds: no record, no change, changed settings, a flush, added files
//! that are skipped.

use cloudfront_standin::{Config, Distribution, EdgeRules};
use serde_json::json;

use crate::harness::{DISTRIBUTION, Stage};
use crate::site::Site;

fn site() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("docs/index.html", "a2"),
        ("a.html", "a3"),
        ("b.html", "a4"),
    ])
}

#[test]
fn without_a_record_everything_is_invalidated() {
    let stage = Stage::new();
    stage.upload(&site().with("a.html", "ff"));
    stage.warm(["/gone.html"]);
    let outcome = stage.deploy(&site());
    assert_eq!(outcome.report.mode.name(), "first-deploy");
    assert_eq!(stage.last().paths, ["/*"]);
    stage.assert_fresh("first deploy");
    assert!(
        outcome
            .log
            .contains("why: there is no record of a previous deploy"),
        "{}",
        outcome.log
    );
}

#[test]
fn below_a_prefix_only_what_is_below_it_is_invalidated() {
    let rules = EdgeRules {
        path_prefix: "/app".into(),
        ..EdgeRules::default()
    };
    let config = Config::new().distribution(Distribution::new(DISTRIBUTION).rules(rules));
    let stage = Stage::with(config);
    let run = || stage.run().set("path-prefix", "/app");
    stage.upload(&site());
    stage.warm(["/app/gone.html", "/elsewhere.html"]);
    run().succeed();
    assert_eq!(stage.last().paths, ["/app/*"]);
    assert_eq!(
        stage.standin.cached_urls(DISTRIBUTION),
        ["/elsewhere.html".into()]
    );

    stage.warm_for(&site());
    stage.upload(&site().with("docs/index.html", "b2"));
    run().succeed();
    assert_eq!(stage.last().paths, ["/app/docs/", "/app/docs/index.html"]);
    stage.assert_fresh("below a prefix");
}

#[test]
fn an_unchanged_site_sends_and_writes_nothing() {
    let stage = Stage::new();
    stage.deploy(&site());
    let (record, requests) = (stage.record(), stage.standin.requests().len());
    let outcome = stage.deploy(&site());
    assert_eq!(outcome.report.mode.name(), "unchanged");
    assert_eq!(stage.record(), record);
    assert_eq!(stage.standin.requests().len(), requests);
    let deploy = outcome.report.manifest.unwrap().deploy;
    assert_eq!(
        json!(deploy),
        stage.record_json()["deploy"],
        "the deploy that is remembered"
    );
}

#[test]
fn a_change_names_each_viewer_path_and_evicts_nothing_else() {
    let stage = Stage::new();
    stage.deploy(&site());
    let next = site()
        .with("docs/index.html", "b2")
        .without("a.html")
        .with("new page.html", "b5");
    stage.warm_for(&next);
    let report = stage.deploy(&next).report;
    assert_eq!(
        stage.last().paths,
        ["/a.html", "/docs/", "/docs/index.html", "/new%20page.html"]
    );
    assert_eq!(report.mode.name(), "delta");
    assert_eq!(
        (
            report.files.added,
            report.files.modified,
            report.files.removed
        ),
        (1, 1, 1)
    );
    let plan = report.plan.unwrap();
    // Kept: `/`, `/index.html`, `/b.html`.
    assert_eq!((plan.stale, plan.kept, plan.over_invalidated), (4, 3, 0));
    assert_eq!(stage.standin.needless(DISTRIBUTION).total, 0);
    stage.assert_fresh("after a change");
}

#[test]
fn aliases_are_viewer_paths_too() {
    let rules = EdgeRules {
        bare: true,
        extensionless: true,
        ..EdgeRules::default()
    };
    let config = Config::new().distribution(Distribution::new(DISTRIBUTION).rules(rules));
    let stage = Stage::with(config);
    let run = || stage.run().set("aliases", "slash,bare,extensionless");
    stage.upload(&site());
    run().succeed();
    stage.warm(Vec::<String>::new());
    stage.upload(&site().with("docs/index.html", "b2").with("a.html", "b3"));
    run().succeed();
    assert_eq!(
        stage.last().paths,
        ["/a", "/a.html", "/docs", "/docs/", "/docs/index.html"]
    );
    stage.assert_fresh("with aliases");
}

#[test]
fn a_site_without_files_is_refused_unless_it_is_meant() {
    let stage = Stage::new();
    stage.deploy(&site());
    let record = stage.record();
    stage.upload(&Site::default());
    let outcome = stage.run().fail("site-empty");
    assert_eq!(outcome.report.exit_status(), 1);
    assert_eq!((stage.record(), stage.invalidations().len()), (record, 1));

    stage.warm_for(&site());
    stage.run().set("allow-empty", "true").succeed();
    stage.assert_fresh("a site that is gone");
    assert_eq!(stage.record_json()["files"], json!({}));
}

#[test]
fn a_changed_setting_invalidates_everything_and_says_which() {
    for (input, text) in [
        ("index-documents", "index.html,default.htm"),
        ("aliases", "bare"),
        ("query-strings", "true"),
        ("include", "**"),
        ("exclude", "*.map"),
        ("added", "skip"),
        ("revision", "new headers"),
    ] {
        let stage = Stage::new();
        stage.deploy(&site());
        stage.warm(["/docs"]);
        let outcome = stage.run().set(input, text).succeed();
        assert_eq!(outcome.report.mode.name(), "flush", "{input}");
        assert_eq!(stage.last().paths, ["/*"], "{input}");
        let reason = outcome.report.reason.unwrap();
        assert!(
            reason.contains(&format!("`{input}` has changed")),
            "{input}: {reason}"
        );

        let again = stage.run().set(input, text).succeed();
        assert_eq!(again.report.mode.name(), "unchanged", "{input}");
    }
}

#[test]
fn a_moved_site_is_invalidated_where_it_was_and_where_it_is() {
    let stage = Stage::new();
    stage.upload(&site());
    stage.run().set("path-prefix", "/old/").succeed();
    let outcome = stage.run().set("path-prefix", "/new/").succeed();
    assert_eq!(outcome.report.mode.name(), "flush");
    assert_eq!(stage.last().paths, ["/new/*", "/old/*"]);
}

#[test]
fn the_same_setting_written_otherwise_is_no_change() {
    for (input, one, other) in [
        ("path-prefix", "/docs/", "docs"),
        ("path-prefix", "/docs", "/docs/"),
        ("aliases", "slash,bare", "bare\nslash"),
        ("index-documents", "index.html", "index.html,"),
        ("exclude", "*.map", "\n  *.map\n"),
    ] {
        let stage = Stage::new();
        stage.upload(&site());
        stage.run().set(input, one).succeed();
        let report = stage.run().set(input, other).succeed().report;
        assert_eq!(
            report.mode.name(),
            "unchanged",
            "{input}: {one:?}, then {other:?}"
        );
    }
}

#[test]
fn a_flush_on_request_invalidates_everything_and_is_remembered() {
    let stage = Stage::new();
    stage.deploy(&site());
    stage.warm(["/gone.html"]);
    let next = site().with("a.html", "b3");
    stage.upload(&next);
    let outcome = stage.run().set("flush", "true").succeed();
    assert_eq!(outcome.report.mode.name(), "flush");
    assert_eq!(stage.last().paths, ["/*"]);
    assert_eq!(stage.standin.cached_urls(DISTRIBUTION), []);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");

    // Asked again, it flushes again, under a reference of its own.
    stage.run().set("flush", "true").succeed();
    assert_eq!(stage.invalidations().len(), 3);
    stage.assert_every_reference_new("two flushes");
}

#[test]
fn skipped_added_files_cost_no_path() {
    let stage = Stage::new();
    let run = || stage.run().set("added", "skip");
    stage.upload(&site());
    run().succeed();
    // Error pages are not cached there, says `added: skip`; so only what exists is.
    stage.warm(Vec::<String>::new());
    stage.upload(&site().with("new.html", "b5").with("a.html", "b3"));
    let report = run().succeed().report;
    assert_eq!(stage.last().paths, ["/a.html"]);
    assert_eq!(report.files.added, 1);
    stage.assert_fresh("added files skipped");

    // Nothing but added files: nothing to send, but there is something to remember.
    stage.upload(
        &site()
            .with("new.html", "b5")
            .with("a.html", "b3")
            .with("newer.html", "b6"),
    );
    run().succeed();
    assert_eq!(stage.invalidations().len(), 2);
    let digest = &stage.record_json()["files"]["newer.html"]["digest"];
    assert_eq!(*digest, json!(format!("{:0<64}", "b6")));

    // What is remembered is covered once it changes.
    stage.warm(Vec::<String>::new());
    stage.upload(
        &site()
            .with("new.html", "b5")
            .with("a.html", "b3")
            .with("newer.html", "b7"),
    );
    run().succeed();
    assert_eq!(stage.last().paths, ["/newer.html"]);
    stage.assert_fresh("a file that was skipped when it was added");
}

#[test]
fn too_many_paths_are_collapsed_within_the_budget() {
    let stage = Stage::new();
    let many = |version: &str| {
        let pages = (0..40).map(|page| format!("blog/{page:02}.html"));
        pages.fold(site(), |site, page| site.with(&page, version))
    };
    stage.deploy(&many("a1"));
    stage.warm(Vec::<String>::new());
    let report = stage.deploy(&many("b1")).report;
    assert_eq!(stage.last().paths, ["/blog/*"]);
    assert_eq!(stage.standin.needless(DISTRIBUTION).total, 0);
    stage.assert_fresh("collapsed");
    let tradeoff: Vec<_> = report
        .plan
        .unwrap()
        .tradeoff
        .iter()
        .map(|point| (point.paths, point.over_invalidated))
        .collect();
    assert_eq!(tradeoff.first(), Some(&(1, 0)), "{tradeoff:?}");
}

#[test]
fn included_and_excluded_files_alone_count() {
    let stage = Stage::new();
    let run = || {
        stage
            .run()
            .set("include", "**/*.html\n*.html")
            .set("exclude", "docs/**")
    };
    stage.upload(&site().with("app.js", "a5"));
    run().succeed();
    stage.upload(
        &site()
            .with("app.js", "b5")
            .with("docs/index.html", "b2")
            .with("a.html", "b3"),
    );
    run().succeed();
    assert_eq!(stage.last().paths, ["/a.html"]);
}
