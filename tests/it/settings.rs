//! The settings that shape a plan, through a whole deploy: what they promise of the planner holds
//! for what is sent, and for what viewers then get.

use cloudfront_standin::{Config, Distribution, EdgeRules, Fallback, Fault, FaultKind, Operation};

use crate::harness::{DISTRIBUTION, Stage};
use crate::run::Run;
use crate::site::Site;

fn site() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("docs/index.html", "a2"),
        ("docs/other.html", "a3"),
        ("a.html", "a4"),
        ("feed.xml", "a5"),
    ])
}

fn with_rules(rules: EdgeRules) -> Stage {
    Stage::with(Config::new().distribution(Distribution::new(DISTRIBUTION).rules(rules)))
}

/// Refuses the next request of a run, which then has written its intent and nothing else.
#[track_caller]
fn die(stage: &Stage, run: Run<'_>) {
    let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
    let fault = Fault::new(Operation::CreateInvalidation, refuse);
    stage.standin.inject(fault);
    run.fail("access-denied");
}

/// The routes of a single-page application are no files: each is the index document.
#[test]
fn a_pattern_on_change_is_sent_when_its_file_is_stale_and_not_otherwise() {
    let application = Fallback {
        file: "index.html".to_owned(),
        status: 200,
    };
    let stage = with_rules(EdgeRules {
        fallback: Some(application),
        ..EdgeRules::default()
    });
    let run = || stage.run().set("on-change", "index.html => /*");
    stage.upload(&site());
    run().succeed();
    let routes = ["/route/one", "/route/two"];
    stage.warm(routes);

    // The file is there, and it is the same.
    stage.upload(&site().with("a.html", "b4"));
    run().succeed();
    assert_eq!(stage.last().paths, ["/a.html"]);
    stage.assert_fresh("the index document is the same");

    stage.warm(routes);
    stage.upload(&site().with("a.html", "b4").with("index.html", "b1"));
    let report = run().succeed().report;
    assert_eq!(stage.last().paths, ["/*"]);
    stage.assert_fresh("the index document changed");
    // Its evictions are the user's wish: `/docs/`, `/docs/index.html`, `/docs/other.html`,
    // `/a.html`, `/feed.xml`.
    let plan = report.plan.unwrap();
    assert_eq!(
        (plan.over_invalidated, plan.over_invalidated_by_given),
        (0, 5)
    );

    // A file that an interrupted run changed is stale too, though it is as it was again.
    stage.warm(routes);
    stage.upload(&site().with("a.html", "b4").with("index.html", "c1"));
    stage.warm(routes);
    die(&stage, run());
    stage.upload(&site().with("a.html", "b4").with("index.html", "b1"));
    run().succeed();
    assert_eq!(stage.last().paths, ["/*"]);
    stage.assert_fresh("the index document is as it was");
}

#[test]
fn what_is_always_invalidated_joins_every_plan_but_an_empty_one() {
    let stage = Stage::new();
    let run = || {
        stage
            .run()
            .set("path-prefix", "/app")
            .set("always-invalidate", "/api/latest")
    };
    stage.upload(&site());
    run().succeed();
    assert_eq!(
        stage.last().paths,
        ["/api/latest", "/app/*"],
        "a first deploy"
    );
    stage.upload(&site().with("a.html", "b4"));
    run().succeed();
    assert_eq!(stage.last().paths, ["/api/latest", "/app/a.html"]);
    run().set("flush", "true").succeed();
    assert_eq!(stage.last().paths, ["/api/latest", "/app/*"], "a flush");
    assert_eq!(run().succeed().report.mode.name(), "unchanged");
    assert_eq!(stage.invalidations().len(), 3);
}

#[test]
fn tags_join_a_flush_too() {
    let config = Config::new().distribution(Distribution::new(DISTRIBUTION).cache_tags());
    let stage = Stage::with(config);
    let run = || stage.run().set("tags-on-change", "feed");
    stage.upload(&site());
    run().succeed();
    assert_eq!(stage.last().paths, ["#feed", "/*"]);
}

#[test]
fn no_wildcard_is_sent_over_what_is_protected() {
    let stage = Stage::new();
    let many = |version: &str| {
        let pages = (0..40).map(|page| format!("blog/{page:02}.html"));
        pages.fold(site(), |site, page| site.with(&page, version))
    };
    let run = || stage.run().set("protect", "/blog/1*");
    stage.upload(&many("a1"));
    stage.run().succeed();
    stage.warm_for(&many("b1"));
    stage.upload(&many("b1"));
    run().set("max-paths", "15").succeed();
    // Without the protection `/blog/*` would do.
    let mut expected = vec!["/blog/0*".to_owned()];
    expected.extend((10..20).map(|page| format!("/blog/{page}.html")));
    expected.extend(["/blog/2*".to_owned(), "/blog/3*".to_owned()]);
    assert_eq!(stage.last().paths, expected);
    stage.assert_fresh("beside what is protected");
}

/// Where a flush can't be `/*`, it is all that is known: the site, what the record has, and what an
/// interrupted run may have left.
#[test]
fn a_flush_beside_something_protected_covers_what_is_gone_and_what_was_never_finished() {
    let stage = Stage::new();
    let all = site().with("died.html", "d1");
    stage.deploy(&site());
    stage.upload(&all);
    stage.warm_for(&all);
    die(&stage, stage.run());
    stage.upload(&site().without("feed.xml"));
    let report = stage
        .run()
        .set("flush", "true")
        .set("protect", "/api/*")
        .succeed()
        .report;
    assert_eq!(
        stage.last().paths,
        [
            "/",
            "/a.html",
            "/died.html",
            "/docs/",
            "/docs/index.html",
            "/docs/other.html",
            "/feed.xml",
            "/index.html",
        ]
    );
    stage.assert_fresh("after a flush beside something protected");
    let [warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings)
    };
    assert!(warning.contains("`protect` has `/api/*`"), "{warning}");
}

/// Every query makes a version of its own, and each has to go.
#[test]
fn with_query_strings_every_version_of_a_path_goes() {
    let stage = with_rules(EdgeRules {
        query_strings: true,
        ..EdgeRules::default()
    });
    let run = || stage.run().set("query-strings", "true");
    stage.upload(&site());
    run().succeed();
    let urls = ["/a.html?v=1", "/docs/?a=b", "/docs/index.html?", "/docs/?"];
    stage.warm(urls);
    stage.upload(&site().with("a.html", "b4").with("docs/index.html", "b2"));
    run().succeed();
    assert_eq!(
        stage.last().paths,
        ["/a.html*", "/docs/", "/docs/?*", "/docs/index.html*"]
    );
    stage.assert_fresh("with query strings");
    assert_eq!(stage.standin.needless(DISTRIBUTION).total, 0);

    // A pattern of the user's covers the path, but not its queries.
    stage.warm(urls);
    stage.upload(&site().with("a.html", "c4").with("docs/index.html", "b2"));
    run().set("on-change", "a.html => /a.html").succeed();
    stage.assert_fresh("with a pattern for the path alone");
}

/// The bare name of a mount is no path below it.
#[test]
fn the_bare_name_of_a_mount_goes_with_its_root_document() {
    let stage = with_rules(EdgeRules {
        path_prefix: "/app".to_owned(),
        bare: true,
        query_strings: true,
        ..EdgeRules::default()
    });
    let run = || {
        stage
            .run()
            .set("path-prefix", "/app")
            .set("aliases", "slash,bare")
            .set("query-strings", "true")
    };
    stage.upload(&site());
    let urls = ["/app", "/app?a", "/app/?a", "/app/docs?a"];
    stage.warm(urls);
    run().succeed();
    assert_eq!(stage.last().paths, ["/app", "/app/*", "/app?*"]);

    stage.warm(urls);
    stage.upload(&site().with("index.html", "b1"));
    run().succeed();
    stage.assert_fresh("after a delta");

    stage.warm(urls);
    stage.upload(&site().with("index.html", "c1"));
    run().set("flush", "true").succeed();
    assert_eq!(stage.last().paths, ["/app", "/app/*", "/app?*"]);
    stage.assert_fresh("after a flush");
}

/// A site that moves twice, the first move unfinished: it may lie at all three places.
#[test]
fn an_unfinished_move_is_invalidated_too() {
    let stage = Stage::new();
    let run = |prefix: &str| stage.run().set("path-prefix", prefix);
    stage.upload(&site());
    run("/one").succeed();
    die(&stage, run("/two"));
    // A flush is what doubt demands, whatever the budget.
    let last = run("/three")
        .set("max-paths", "1")
        .set("max-wildcards", "1");
    last.succeed();
    assert_eq!(stage.last().paths, ["/one/*", "/three/*", "/two/*"]);
}

/// What is known to lie at the old place is named, around what is protected there.
#[test]
fn what_is_protected_at_the_old_place_stays_and_is_said_to() {
    let stage = Stage::new();
    stage.upload(&site());
    stage.run().set("path-prefix", "/old").succeed();
    let run = stage.run().set("path-prefix", "/new");
    let report = run.set("protect", "/old/api/*").succeed().report;
    let sent = stage.last().paths;
    let mut expected: Vec<_> = site()
        .urls()
        .iter()
        .map(|url| format!("/old{url}"))
        .collect();
    expected.push("/new/*".to_owned());
    expected.sort_unstable();
    assert_eq!(sent, expected);
    let [warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings)
    };
    assert!(
        warning.contains("can't use `/old/*`, because `protect` has `/old/api/*`"),
        "{warning}"
    );
}

/// A flush that was begun is owed by the next deploy, though that one has no reason of its own: a
/// flush on request, and one for a setting that is as it was again.
#[test]
fn a_flush_that_was_not_finished_is_owed() {
    for (input, text) in [("flush", "true"), ("revision", "other headers")] {
        for next in [site(), site().with("a.html", "b4")] {
            let stage = Stage::new();
            stage.deploy(&site());
            stage.warm(["/no-file-of-the-site"]);
            stage.upload(&site().with("feed.xml", "b5"));
            die(&stage, stage.run().set(input, text));
            let report = stage.deploy(&next).report;
            assert_eq!(report.mode.name(), "flush", "{input}");
            assert_eq!(stage.last().paths, ["/*"], "{input}");
            assert_eq!(stage.standin.cached_urls(DISTRIBUTION), [], "{input}");
        }
    }
}

/// The same run again, now as a flush, which is not finished either: the flush is owed.
#[test]
fn a_flush_that_resumes_a_delta_is_owed_too() {
    let stage = Stage::new();
    stage.deploy(&site());
    stage.warm(["/no-file-of-the-site"]);
    stage.upload(&site().with("feed.xml", "b5"));
    die(&stage, stage.run());
    die(&stage, stage.run().set("flush", "true"));
    let report = stage.deploy(&site().with("a.html", "b4")).report;
    assert_eq!(report.mode.name(), "flush");
    assert_eq!(stage.standin.cached_urls(DISTRIBUTION), []);
}
