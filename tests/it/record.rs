//! The record: what happens where there is none, where it cannot be read, and where it is older
//! than reality.

use std::time::Duration;

use cloudfront_standin::Config;
use serde_json::{Value, json};

use crate::harness::{DISTRIBUTION, Stage};
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("a.html", "a2"),
        ("b.html", "a3"),
        ("c.html", "a4"),
    ])
}

fn site_b() -> Site {
    site_a().with("a.html", "b2")
}

#[test]
fn a_missing_record_can_be_a_failure() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage
        .run()
        .set("on-missing-manifest", "fail")
        .fail("manifest-missing");
    assert_eq!(stage.requests().len(), 0);
    assert!(!stage.file("manifest.json").exists());

    stage.run().succeed();
    stage.upload(&site_b());
    stage.run().set("on-missing-manifest", "fail").succeed();
}

#[test]
fn a_first_site_can_be_adopted_as_it_is() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage.warm_for(&site_a());
    let report = stage
        .run()
        .set("on-missing-manifest", "adopt")
        .succeed()
        .report;
    assert_eq!(report.mode.name(), "first-deploy");
    assert_eq!(stage.requests().len(), 0);
    let record = stage.record_json();
    assert_eq!(
        (&record["intent"], &record["unsettled"]),
        (&Value::Null, &json!([]))
    );

    stage.upload(&site_b());
    stage.run().set("on-missing-manifest", "adopt").succeed();
    assert_eq!(stage.last().paths, ["/a.html"]);
    stage.assert_fresh("after an adopted baseline");
}

/// A dry run writes nothing.
#[test]
fn a_dry_run_adopts_nothing() {
    let stage = Stage::new();
    stage.upload(&site_a());
    let run = stage.run().set("on-missing-manifest", "adopt");
    run.set("dry-run", "true").succeed();
    assert!(!stage.file("manifest.json").exists());
    assert_eq!(stage.requests().len(), 0);
}

/// Who asks for a flush does not take the caches for good.
#[test]
fn a_flush_is_not_adopted() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage.warm(["/no-file-of-the-site"]);
    let run = stage.run().set("on-missing-manifest", "adopt");
    run.set("flush", "true").succeed();
    assert_eq!(stage.last().paths, ["/*"]);
    assert_eq!(stage.standin.cached_urls(DISTRIBUTION), []);
}

/// A record among the site's files would change with every deploy.
#[test]
fn a_record_within_the_site_is_no_file_of_it() {
    let stage = Stage::new();
    stage.build(&[("index.html", "one")]);
    let run = || {
        stage
            .run()
            .set("site", stage.name("site"))
            .set("manifest", stage.name("site/deploy/manifest.json"))
    };
    run().succeed();
    assert_eq!(run().succeed().report.mode.name(), "unchanged");
    let record: Value = serde_json::from_str(&stage.read("site/deploy/manifest.json")).unwrap();
    let files: Vec<_> = record["files"].as_object().unwrap().keys().collect();
    assert_eq!(files, ["index.html"]);
}

#[test]
fn two_chains_that_adopt_the_same_site_share_no_reference() {
    let stage = Stage::new();
    for _ in 0..2 {
        stage.upload(&site_a());
        std::fs::remove_file(stage.file("manifest.json")).ok();
        stage.run().set("on-missing-manifest", "adopt").succeed();
        stage.warm_for(&site_b());
        stage.deploy(&site_b());
        stage.assert_fresh("a chain of its own");
    }
    assert_eq!(stage.invalidations().len(), 2);
    stage.assert_every_reference_new("two chains");
}

#[test]
fn a_record_that_cannot_be_read_invalidates_everything_with_a_warning() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    let good = stage.record();
    let rows = [
        ("nothing", String::new()),
        ("no JSON", "<html>".to_owned()),
        ("cut off", good[..good.len() / 2].to_owned()),
        (
            "another version",
            good.replacen(r#"{"version":1"#, r#"{"version":2"#, 1),
        ),
        (
            "an unknown field",
            good.replacen(r#"{"version":1"#, r#"{"colour":1,"version":1"#, 1),
        ),
        ("another hash", good.replacen("blake3", "sha256", 1)),
        ("a missing field", good.replacen(r#""intent":null,"#, "", 1)),
        (
            "a field twice",
            good.replacen(r#""intent":null,"#, r#""intent":null,"intent":null,"#, 1),
        ),
        (
            "a file twice",
            good.replacen(
                r#""files":{"#,
                r#""files":{"a.html":{"digest":"00","size":1},"#,
                1,
            ),
        ),
        ("a digest in capitals", good.replacen("a20000", "A20000", 1)),
        (
            "a path that leaves the site",
            good.replacen("a.html", "../a.html", 1),
        ),
    ];
    for (what, bad) in rows {
        assert_ne!(bad, good, "{what}");
        stage.restore(&bad);
        stage.upload(&site_b());
        stage.warm_for(&site_b());
        stage.standin.warm(DISTRIBUTION, ["/unknown.html"]);
        stage
            .run()
            .set("on-missing-manifest", "fail")
            .fail("manifest-unreadable");
        assert_eq!(
            stage.record(),
            bad,
            "{what}: a failure leaves the record alone"
        );

        let adopting = stage.run().set("on-missing-manifest", "adopt").succeed();
        assert_eq!(
            adopting.report.mode.name(),
            "flush",
            "{what}: it is never adopted over"
        );
        assert_eq!(stage.last().paths, ["/*"], "{what}");
        assert_eq!(
            adopting.report.warnings.len(),
            1,
            "{what}: {:?}",
            adopting.report.warnings
        );
        assert_eq!(
            stage.run().succeed().report.mode.name(),
            "unchanged",
            "{what}: it is mended"
        );
    }
    stage.assert_every_reference_new("after each");
}

#[test]
fn a_record_that_is_older_than_reality_is_found_out_by_a_reused_answer() {
    let stage = Stage::with(Config::new().distribution(DISTRIBUTION).manual_clock());
    stage.deploy(&site_a());
    let old = stage.record();
    stage.deploy(&site_b());
    let site_c = site_b().with("c.html", "c4");
    stage.deploy(&site_c);
    stage.warm_for(&site_c);
    stage.standin.advance_clock(Duration::from_mins(1));

    // The record of A is restored, and B is deployed again: the id is the one of B's first deploy,
    // whose invalidation is long over. What C left in the caches is in no difference.
    stage.restore(&old);
    stage.upload(&site_b());
    let accepted = stage.invalidations().len();
    let outcome = stage.run().succeed();
    stage.assert_fresh("an old record");
    assert_eq!(outcome.report.mode.name(), "flush");
    assert_eq!(stage.invalidations().len(), accepted + 1);
    assert_eq!(stage.last().paths, ["/*"]);
    let [warning] = &outcome.report.warnings[..] else {
        panic!("{:?}", outcome.report.warnings)
    };
    assert!(
        warning.contains("the record is older than reality"),
        "{warning}"
    );
    let reported: Vec<_> = outcome
        .report
        .invalidations
        .iter()
        .map(|made| &made.id)
        .collect();
    assert_eq!(reported, [&stage.last().id], "what counts is the new one");

    // The chain is a fresh one: what the lost deploys used is never met again.
    stage.warm_for(&site_c);
    stage.deploy(&site_c);
    stage.assert_fresh("the chain goes on");
    assert_eq!(stage.last().calls, 1);
    assert_eq!(stage.last().paths, ["/c.html"]);

    // The same record restored once more: this flush is another one.
    stage.standin.advance_clock(Duration::from_mins(1));
    stage.warm_for(&site_c);
    stage.restore(&old);
    let accepted = stage.invalidations().len();
    stage.deploy(&site_b());
    stage.assert_fresh("an old record for the second time");
    assert_eq!(stage.invalidations().len(), accepted + 1);
    assert_eq!(stage.last().paths, ["/*"]);
}

#[test]
fn an_answer_made_within_the_run_is_no_reason_for_doubt() {
    // The service's clock is far ahead of this machine's; only the difference of its own times
    // counts. `CreateTime` has been seen up to a second before `Date`.
    for (skew, create_time_skew) in [(0, -1), (240, 0), (-240, -1), (0, 2)] {
        let stage = Stage::new();
        stage.standin.set_clock_skew(skew);
        stage.standin.set_create_time_skew(create_time_skew);
        stage.deploy(&site_a());
        let outcome = stage.deploy(&site_b());
        assert_eq!(
            outcome.report.mode.name(),
            "delta",
            "{skew}, {create_time_skew}"
        );
        assert_eq!(outcome.report.warnings, Vec::<String>::new());
        assert_eq!(stage.invalidations().len(), 2);
    }
}

#[test]
fn the_record_remembers_what_was_accepted() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.deploy(&site_b());
    let (made, record) = (stage.last(), stage.record_json());
    let submitted = &record["submitted"][0];
    assert_eq!(submitted["target"], DISTRIBUTION);
    assert_eq!(submitted["id"], made.id);
    assert_eq!(submitted["caller_reference"], made.caller_reference);
    assert_eq!(submitted["path_count"], 1);
    assert_eq!(record["targets"], json!([DISTRIBUTION]));
    let keys: Vec<_> = record
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "version",
        "hash",
        "deploy",
        "scope",
        "targets",
        "submitted",
        "intent",
        "unsettled",
        "files",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    // As a listing, the files are the site's.
    let files = serde_json::to_string(&record["files"]).unwrap();
    let site: Value = serde_json::from_str(&site_b().listing()).unwrap();
    assert_eq!(files, serde_json::to_string(&site["files"]).unwrap());
}

#[test]
fn a_record_whose_name_ends_in_gz_is_gzip() {
    let stage = Stage::new();
    let run = || stage.run().set("manifest", stage.name("records/m.json.gz"));
    stage.upload(&site_a());
    run().succeed();
    let bytes = std::fs::read(stage.file("records/m.json.gz")).unwrap();
    assert_eq!(bytes[..2], [0x1f, 0x8b]);
    stage.upload(&site_b());
    run().succeed();
    assert_eq!(stage.last().paths, ["/a.html"]);
}

#[test]
fn a_record_in_a_directory_is_named_by_target_and_prefix() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage
        .run()
        .set("manifest", stage.name("records") + "/")
        .succeed();
    assert!(stage.file("records/E1EXAMPLE/manifest.json").exists());
    let run = stage
        .run()
        .set("manifest", stage.name("records") + "/")
        .set("path-prefix", "/docs");
    run.succeed();
    assert!(stage.file("records/E1EXAMPLE/docs/manifest.json").exists());
}
