//! What a run leaves for the steps after it: outputs, step summary, JSON report, log.

use std::collections::BTreeMap;

use cloudfront_standin::{Config, Fault, FaultKind, Operation};
use serde_json::{Value, json};

use crate::harness::{DISTRIBUTION, Stage};
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("docs/index.html", "a2"),
        ("a.html", "a3"),
        ("b.html", "a4"),
    ])
}

fn site_b() -> Site {
    site_a()
        .with("docs/index.html", "b2")
        .with("new.html", "b5")
        .without("b.html")
}

/// Reads the file of `GITHUB_OUTPUT` as GitHub documents it: `name=value` lines, and values of
/// several lines between delimiters.
fn outputs(stage: &Stage) -> BTreeMap<String, String> {
    let text = stage.read("output");
    let mut lines = text.lines();
    let mut found = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        let (name, value) = match (equals, heredoc) {
            (equals, Some(at)) if equals.is_none_or(|equals| at < equals) => {
                let delimiter = &line[at + 2..];
                let value: Vec<_> = lines
                    .by_ref()
                    .take_while(|line| *line != delimiter)
                    .collect();
                (&line[..at], value.join("\n"))
            }
            (Some(at), _) => (&line[..at], line[at + 1..].to_owned()),
            _ => panic!("not an output: {line:?}"),
        };
        let earlier = found.insert(name.to_owned(), value);
        assert_eq!(earlier, None, "{name} is set twice");
    }
    found
}

#[track_caller]
fn assert_outputs(stage: &Stage, expected: &[(&str, &str)]) {
    let found = outputs(stage);
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn all_outputs_of_a_delta() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    let ended = stage
        .run()
        .on_github()
        .set("report-file", stage.name("out/report.json"))
        .binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let made = stage.last();
    let deploy = stage.record_json()["deploy"].as_str().unwrap().to_owned();
    let paths = r#"["/b.html","/docs/","/docs/index.html","/new.html"]"#;
    assert_outputs(
        &stage,
        &[
            ("invalidated", "true"),
            ("mode", "delta"),
            ("invalidation-id", &made.id),
            ("invalidation-ids", &format!(r#"["{}"]"#, made.id)),
            ("status", "InProgress"),
            ("caller-reference", &made.caller_reference),
            ("paths", paths),
            ("paths-truncated", "false"),
            ("path-count", "4"),
            ("wildcard-count", "0"),
            ("max-cost-usd", "0.02"),
            ("files-added", "1"),
            ("files-modified", "1"),
            ("files-removed", "1"),
            ("paths-stale", "4"),
            ("paths-kept", "3"),
            ("paths-over-invalidated", "0"),
            ("deploy-id", &deploy),
            ("report-file", "out/report.json"),
        ],
    );
}

#[test]
fn all_outputs_where_nothing_changed() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    let deploy = stage.record_json()["deploy"].as_str().unwrap().to_owned();
    assert_eq!(stage.run().on_github().binary().status, Some(0));
    assert_outputs(
        &stage,
        &[
            ("invalidated", "false"),
            ("mode", "unchanged"),
            ("invalidation-id", ""),
            ("invalidation-ids", "[]"),
            ("status", "none"),
            ("caller-reference", ""),
            ("paths", "[]"),
            ("paths-truncated", "false"),
            ("path-count", "0"),
            ("wildcard-count", "0"),
            ("max-cost-usd", "0"),
            ("files-added", "0"),
            ("files-modified", "0"),
            ("files-removed", "0"),
            ("paths-stale", "0"),
            // `/`, `/index.html`, `/docs/`, `/docs/index.html`, `/a.html`, `/b.html`.
            ("paths-kept", "6"),
            ("paths-over-invalidated", "0"),
            ("deploy-id", &deploy),
            ("report-file", ""),
        ],
    );
}

#[test]
fn outputs_of_a_failure_say_what_is_known() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, refuse));
    let ended = stage.run().on_github().binary();
    assert_eq!(ended.status, Some(1));
    let outputs = outputs(&stage);
    for (name, value) in [
        ("invalidated", "false"),
        ("mode", "delta"),
        ("status", "none"),
        ("path-count", "4"),
        ("files-added", "1"),
    ] {
        assert_eq!(outputs[name], value, "{name}");
    }
    let summary = stage.read("step-summary.md");
    assert!(summary.contains("the deploy step failed"), "{summary}");
    assert!(summary.contains("access-denied"), "{summary}");

    // Bad inputs leave outputs too, in a file of their own.
    std::fs::remove_file(stage.file("output")).unwrap();
    assert_eq!(
        stage.run().on_github().set("wait", "maybe").binary().status,
        Some(2)
    );
    let outputs = self::outputs(&stage);
    assert_eq!(
        (&*outputs["mode"], &*outputs["invalidated"]),
        ("unknown", "false")
    );
}

#[test]
fn several_invalidations_have_no_id_in_the_singular() {
    let stage = Stage::with(
        Config::new()
            .distribution(DISTRIBUTION)
            .distribution("E2EXAMPLE"),
    );
    stage.upload(&site_a());
    let both = format!("{DISTRIBUTION},E2EXAMPLE");
    stage
        .run()
        .set("distribution-id", both)
        .on_github()
        .succeed();
    let outputs = outputs(&stage);
    let ids =
        [DISTRIBUTION, "E2EXAMPLE"].map(|target| stage.standin.invalidations(target)[0].id.clone());
    assert_eq!(
        (&*outputs["invalidation-id"], &*outputs["caller-reference"]),
        ("", "")
    );
    assert_eq!(outputs["invalidation-ids"], json!(ids).to_string());
    // Two targets, one path each.
    assert_eq!(
        (&*outputs["path-count"], &*outputs["max-cost-usd"]),
        ("1", "0.01")
    );
}

#[test]
fn only_ids_hold_the_distribution() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage.run().on_github().succeed();
    for (name, value) in outputs(&stage) {
        assert!(
            !value.contains(DISTRIBUTION),
            "{name}: a masked value would drop it: {value}"
        );
    }
}

/// The keys of an object, in their order.
fn keys(json: &Value) -> Vec<&str> {
    let keys = json
        .as_object()
        .map(|object| object.keys().map(String::as_str));
    keys.map(Iterator::collect).unwrap_or_default()
}

#[test]
fn the_json_report_has_the_fields_of_its_version() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    let run = stage.run().set("report-file", stage.name("report.json"));
    let ended = run.set("output", "json").binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(
        ended.stdout,
        stage.read("report.json"),
        "the same on standard output"
    );
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let made = stage.last();
    let deploy = &stage.record_json()["deploy"];

    // The two fields that the documented example has not: what `always-invalidate` and `on-change`
    // evict, counted apart, and how far the plan may be from the best one.
    let mut plan = report["plan"].clone();
    for more in ["over_invalidated_by_given", "gap"] {
        assert_eq!(
            plan.as_object_mut().unwrap().remove(more),
            Some(json!(0)),
            "{more}"
        );
    }
    let tradeoff = plan.as_object_mut().unwrap().remove("tradeoff").unwrap();
    assert_eq!(
        plan,
        json!({
            "paths": ["/b.html", "/docs/", "/docs/index.html", "/new.html"],
            "path_count": 4, "wildcard_count": 0, "stale": 4, "kept": 3, "over_invalidated": 0,
            "optimal": true, "max_cost_usd": 0.02,
        })
    );
    for point in tradeoff.as_array().unwrap() {
        let mut found = keys(point);
        found.sort_unstable();
        assert_eq!(found, ["over_invalidated", "paths"]);
    }
    let create_time = report["invalidations"][0]["create_time"]
        .as_str()
        .unwrap()
        .to_owned();
    let location = format!(
        "https://cloudfront.amazonaws.com/2020-05-31/distribution/{DISTRIBUTION}/invalidation/{}",
        made.id
    );
    let mut rest = report.clone();
    rest.as_object_mut().unwrap().remove("plan");
    assert_eq!(
        rest,
        json!({
            "version": 1, "dry_run": false, "mode": "delta", "reason": null,
            "files": {"added": 1, "modified": 1, "removed": 1, "unsettled": 0},
            "invalidations": [{
                "target": DISTRIBUTION, "id": made.id, "status": "InProgress",
                "caller_reference": made.caller_reference, "create_time": create_time,
                "location": location, "path_count": 4, "reused": false,
            }],
            "manifest": {
                "location": stage.name("manifest.json"), "deploy": deploy, "resumed": false,
                "committed": true,
            },
            "error": null,
        })
    );
    let accepted = humantime::format_rfc3339_seconds(made.create_time).to_string();
    assert_eq!(
        create_time.get(..19),
        accepted.get(..19),
        "RFC 3339, in UTC"
    );
}

#[test]
fn a_dry_run_needs_no_credentials_changes_nothing_and_plans_what_would_be_sent() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    let (record, requests) = (stage.record(), stage.standin.requests().len());
    let dry = stage
        .run()
        .set("dry-run", "true")
        .set("report-file", stage.name("dry.json"))
        .without_variable("AWS_ACCESS_KEY_ID")
        .without_variable("AWS_SECRET_ACCESS_KEY")
        .on_github()
        .binary();
    assert_eq!(dry.status, Some(0), "{dry:?}");
    assert_eq!(stage.record(), record);
    assert_eq!(
        stage.standin.requests().len(),
        requests,
        "no request of any kind"
    );
    let dry: Value = serde_json::from_str(&stage.read("dry.json")).unwrap();
    assert_eq!(
        (&dry["dry_run"], &dry["mode"]),
        (&json!(true), &json!("delta"))
    );
    assert_eq!(dry["plan"]["max_cost_usd"], json!(0.02));
    assert_eq!(outputs(&stage)["invalidated"], "false");
    assert!(stage.read("step-summary.md").contains("dry run"));

    stage
        .run()
        .set("report-file", stage.name("real.json"))
        .succeed();
    let real: Value = serde_json::from_str(&stage.read("real.json")).unwrap();
    assert_eq!(dry["plan"], real["plan"]);
    assert_eq!(json!(stage.last().paths), real["plan"]["paths"]);
}

#[test]
fn a_trial_compares_two_listings_or_directories() {
    let stage = Stage::new();
    stage.write("before.json", site_a().listing());
    stage.write("after.json", site_b().listing());
    let trial = || {
        stage
            .run()
            .unset("manifest")
            .unset("distribution-id")
            .set("dry-run", "true")
    };
    let report = trial()
        .set("previous", stage.name("before.json"))
        .set("site", stage.name("after.json"))
        .succeed()
        .report;
    assert_eq!(
        report.plan.unwrap().paths,
        ["/b.html", "/docs/", "/docs/index.html", "/new.html"]
    );
    assert!(!stage.file("manifest.json").exists());
    assert!(!stage.file(".cloudfront-delta").exists());

    stage.write("one/a.html", "one");
    stage.write("two/a.html", "two");
    let report = trial()
        .set("previous", stage.name("one"))
        .set("site", stage.name("two"))
        .succeed()
        .report;
    assert_eq!(report.plan.unwrap().paths, ["/a.html"]);
    assert_eq!(stage.standin.requests().len(), 0);
}

#[test]
fn a_written_listing_stands_for_its_directory() {
    let stage = Stage::new();
    stage.build(&[("index.html", "one"), ("docs/é.html", "two")]);
    let list = stage.run().unset("manifest").unset("distribution-id");
    list.set("site", stage.name("site"))
        .set("write-listing", stage.name("l.json"))
        .succeed();
    let listing: Value = serde_json::from_str(&stage.read("l.json")).unwrap();
    assert_eq!(keys(&listing["files"]), ["docs/é.html", "index.html"]);
    assert_eq!(listing["files"]["index.html"]["size"], 3);

    stage.run().set("site", stage.name("site")).succeed();
    let report = stage
        .run()
        .set("site", stage.name("l.json"))
        .succeed()
        .report;
    assert_eq!(report.mode.name(), "unchanged");
}

#[test]
fn the_log_of_a_delta_reads_well() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    let ended = stage.run().binary();
    let mut rest = ended.stdout.as_str();
    for expected in [
        "3 files changed: 1 added, 1 modified, 1 removed\n",
        "4 paths cover 4 stale viewer paths",
        "  - /b.html\n  - /docs/\n  - /docs/index.html\n  - /new.html\n",
        &format!("{DISTRIBUTION} accepted {} with 4 paths\n", stage.last().id),
        "the deploy is remembered\n",
    ] {
        let at = rest.find(expected);
        let at = at.unwrap_or_else(|| panic!("{expected:?} does not follow in {}", ended.stdout));
        rest = &rest[at + expected.len()..];
    }
    assert_eq!(rest, "", "that is the end");
    assert!(
        ended.stdout.lines().count() <= 12,
        "a few lines: {}",
        ended.stdout
    );
    assert_eq!(ended.stderr, "");
}

#[test]
fn quiet_says_nothing_and_json_leaves_standard_output_to_the_report() {
    let stage = Stage::new();
    stage.upload(&site_a());
    let ended = stage.run().set("quiet", "true").binary();
    assert_eq!(
        (ended.status, &*ended.stdout, &*ended.stderr),
        (Some(0), "", "")
    );
    stage.upload(&site_b());
    let ended = stage.run().set("output", "json").binary();
    assert!(
        ended.stderr.contains("4 paths cover 4 stale viewer paths"),
        "{}",
        ended.stderr
    );
    assert!(
        serde_json::from_str::<Value>(&ended.stdout).is_ok(),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_file_that_cannot_be_written_fails_the_run_after_its_work() {
    let stage = Stage::new();
    stage.upload(&site_a());
    stage.write("taken", "a file, no directory");
    let outcome = stage
        .run()
        .set("report-file", stage.name("taken/report.json"))
        .here();
    let error = outcome.report.error.unwrap();
    assert_eq!(error.code, "output-unwritable");
    assert!(error.state.unwrap().contains("the deploy is remembered"));
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");
}

#[test]
fn many_paths_are_left_out_of_the_outputs_and_of_nothing_else() {
    let stage = Stage::new();
    let many = |version: &str| {
        let names = (0..2_000).map(|page| format!("blog/{page:04}-{}.html", "x".repeat(40)));
        names.fold(site_a(), |site, name| site.with(&name, version))
    };
    stage.deploy(&many("a9"));
    stage.upload(&many("b9"));
    let run = stage.run().set("collapse", "never").on_github();
    run.set("report-file", stage.name("report.json")).succeed();
    let outputs = outputs(&stage);
    assert_eq!(
        (&*outputs["paths"], &*outputs["paths-truncated"]),
        ("", "true")
    );
    assert_eq!(outputs["path-count"], "2000");
    let report: Value = serde_json::from_str(&stage.read("report.json")).unwrap();
    assert_eq!(report["plan"]["paths"].as_array().unwrap().len(), 2_000);
    assert!(
        stage.read("step-summary.md").len() < 65_536,
        "as long as a comment may be"
    );
}
