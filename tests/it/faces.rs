//! What a person sees of each kind of run: the same words in log, annotation and summary, and a
//! JSON report with the same fields however the run went.

use cloudfront_standin::{Completion, Config, Fault, FaultKind, Operation};
use serde_json::{Value, json};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::assert_says;
use crate::run::Run;
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2"), ("b.html", "a3")])
}

fn site_b() -> Site {
    site_a().with("a.html", "b2")
}

/// A stage where `site_a` is deployed and `site_b` uploaded.
fn changed() -> Stage {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    stage
}

fn deny(stage: &Stage) {
    let denied = FaultKind::error(403, "AccessDenied", "User is not authorized: #1 <b> 50%");
    let fault = Fault::new(Operation::CreateInvalidation, denied);
    stage.standin.inject(fault.always());
}

/// A run with two targets of which the second does not exist.
fn two(stage: &Stage) -> Run<'_> {
    let both = format!("{DISTRIBUTION},E404EXAMPLE");
    stage.run().set("distribution-id", both)
}

/// The text that the summary shows: its HTML undone, its invisible spaces gone.
fn shown(markdown: &str) -> String {
    let mut text = markdown.replace("<code>", "`").replace("</code>", "`");
    text = text.replace("<br>", "\n").replace("\u{200b}", "");
    for (entity, c) in [("&lt;", "<"), ("&gt;", ">")] {
        text = text.replace(entity, c);
    }
    for c in "*_[]#@~\\!`$|".chars() {
        text = text.replace(&format!("&#{};", u32::from(c)), &c.to_string());
    }
    text.replace("&amp;", "&")
}

/// The message of the only error annotation, as the runner decodes it.
#[track_caller]
fn annotation(stdout: &str) -> (String, String) {
    let lines: Vec<_> = stdout
        .lines()
        .filter(|line| line.starts_with("::error "))
        .collect();
    let [line] = lines[..] else {
        panic!("one error: {stdout}");
    };
    let (title, text) = line
        .trim_start_matches("::error title=")
        .split_once("::")
        .unwrap();
    let decode = |text: &str| {
        let text = text
            .replace("%0A", "\n")
            .replace("%0D", "\r")
            .replace("%3A", ":");
        text.replace("%2C", ",").replace("%25", "%")
    };
    (decode(title), decode(text))
}

#[test]
fn log_annotation_summary_and_report_say_the_same_of_a_failure() {
    type Case = (&'static str, fn(&Stage) -> Run<'_>);
    let cases: [Case; 5] = [
        ("access-denied", |stage| {
            deny(stage);
            stage.run()
        }),
        ("no-such-distribution", |stage| two(stage)),
        ("bad-inputs", |stage| {
            stage.run().set("max-paths", "0").set("wait", "perhaps")
        }),
        ("bad-inputs", |stage| stage.run().unset("manifest")),
        ("site-empty", |stage| {
            stage.write("empty/.keep", "");
            let run = stage.run().set("site", stage.name("empty"));
            run.set("exclude", "**")
        }),
    ];
    for (code, case) in cases {
        let stage = changed();
        let ended = case(&stage)
            .on_github()
            .set("report-file", stage.name("report.json"))
            .binary();
        assert!(ended.status != Some(0), "{code}: {ended:?}");
        let report: Value = serde_json::from_str(&stage.read("report.json")).unwrap();
        let error = &report["error"];
        assert_eq!(error["code"], code);
        let (title, annotation) = annotation(&ended.stdout);
        assert_eq!(title, format!("cloudfront-delta: {code}"));
        let summary = shown(&stage.read("step-summary.md"));
        assert!(
            summary.contains(&format!("error code `{code}`")),
            "{summary}"
        );
        for part in ["message", "state", "hint"] {
            let Some(text) = error[part].as_str() else {
                continue;
            };
            assert!(annotation.contains(text), "{code}: {part} in {annotation}");
            // Line by line: a quotation has marks of its own.
            for line in text.lines() {
                assert!(summary.contains(line.trim()), "{code}: {line} in {summary}");
            }
        }
        assert!(error["hint"].is_string(), "{code} says what to do");

        // Elsewhere than on GitHub the log has the same lines.
        if code == "access-denied" {
            let ended = stage.run().binary();
            let message = error["message"].as_str().unwrap();
            let told = message.split(" (request id").next().unwrap();
            assert!(ended.stdout.contains(told), "{}", ended.stdout);
            assert_says(
                &ended.stdout,
                &["error[access-denied]: ", "state: ", "hint: "],
            );
        }
    }
}

#[test]
fn bad_inputs_are_reported_wherever_the_good_ones_say() {
    let stage = Stage::new();
    let bad = || stage.run().set("wait", "perhaps");
    let ended = bad()
        .set("report-file", stage.name("report.json"))
        .set("summary-file", stage.name("summary.md"))
        .set("output", "json")
        .binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert_eq!(ended.stdout, stage.read("report.json"));
    assert_report(&ended.stdout);
    assert!(ended.stderr.contains("`perhaps` is neither true nor false"));
    assert!(stage.read("summary.md").contains("bad-inputs"));

    // One of those that say how to report may be the bad one.
    let ended = bad().set("summary", "long").set("output", "xml").binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert_says(
        &ended.stdout,
        &["3 bad inputs", "`wait`", "`summary`", "`output`"],
    );
}

#[test]
fn a_target_that_refuses_beside_one_that_accepts_is_named() {
    let stage = changed();
    let ended = two(&stage).on_github().binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let summary = stage.read("step-summary.md");
    let id = &stage.last().id;
    assert_says(
        &summary,
        &[
            "the deploy step failed, 1 of 2 targets accepted the invalidation",
            "accepted by 1 of 2 targets",
            &format!("| `{DISTRIBUTION}` | `{id}` | ✅ accepted, in progress |"),
            "| `E404EXAMPLE` | | ❌ not accepted |",
        ],
    );
    assert!(!summary.contains("```mermaid"), "no chart beside a failure");
}

#[test]
fn a_failure_after_the_work_says_that_the_work_is_done() {
    let stage = Stage::with(Config {
        completion: Completion::OnDemand,
        ..Config::new().distribution(DISTRIBUTION)
    });
    stage.upload(&site_a());
    let ended = stage
        .run()
        .on_github()
        .set("wait", "true")
        .set("wait-timeout", "0s")
        .set("wait-timeout-action", "fail")
        .binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let title = "⚠️ CloudFront: the deploy step failed, but the invalidation was accepted";
    assert_says(&stage.read("step-summary.md"), &[title, "wait-timeout"]);
}

#[test]
fn a_run_before_the_upload_says_that_nothing_is_sent_yet() {
    let stage = changed();
    let begin = stage.run().on_github().set("phase", "begin");
    let ended = begin.binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let words = "1 path will cover 1 stale viewer path and nothing else";
    assert_says(&ended.stdout, &[words, "upload now, then run again"]);
    assert_says(
        &stage.read("step-summary.md"),
        &[
            &format!("### 📝 CloudFront: intent recorded, {words}"),
            "Nothing is sent yet. Upload now, then run again without `phase: begin`.",
            "| Invalidation | not sent yet |",
            "1 path to be sent after the upload",
        ],
    );
}

#[test]
fn adopting_is_told_as_done_only_if_it_is() {
    let stage = Stage::new();
    stage.upload(&site_a());
    let adopt = || {
        let run = stage.run().set("on-missing-manifest", "adopt");
        run.set("summary-file", stage.name("summary.md"))
    };
    let ended = adopt().set("dry-run", "true").binary();
    assert!(
        ended.stdout.contains("would be adopted"),
        "{}",
        ended.stdout
    );
    assert!(!stage.file("manifest.json").exists());
    assert!(stage.read("summary.md").contains("would be the baseline"));
    let ended = adopt().binary();
    assert!(ended.stdout.contains("was adopted"), "{}", ended.stdout);
    assert_says(
        &stage.read("summary.md"),
        &["📌 CloudFront: the site is the baseline"],
    );
}

/// A wildcard is explained in one line: in the list where it is open, before it where it is folded.
#[test]
fn each_wildcard_is_explained_once() {
    let stage = Stage::new();
    let names = ["x/1.html", "x/2.html", "x/3.html", "y.html"];
    let site = |version: &str| {
        let site = Site::of(&[("x/4.html", "aa"), ("index.html", "aa")]);
        names
            .iter()
            .fold(site, |site, name| site.with(name, version))
    };
    stage.deploy(&site("1"));
    stage.upload(&site("2"));
    let run = || stage.run().set("dry-run", "true").set("max-paths", "2");
    let line = "/x/* covers 3 stale paths and evicts 1 kept one, /x/4.html\n";
    let tip = "tip: with `max-paths: 4` no kept path would be evicted\n";

    let plain = run().binary().stdout;
    assert_says(
        &plain,
        &[tip, "paths to invalidate:\n  - ", line, "  - /y.html\n"],
    );
    assert_eq!(plain.matches("/x/*").count(), 1, "{plain}");

    let github = run().on_github().binary().stdout;
    let group = "::group::paths to invalidate\n  - /x/*\n  - /y.html\n::endgroup::\n";
    assert_says(&github, &[&format!("  {line}"), tip, group]);

    let verbose = run().set("verbose", "true").binary().stdout;
    assert_says(
        &verbose,
        &[
            line,
            "stale: /x/1.html\n",
            "kept, evicted: /x/4.html\n",
            "  - /y.html\n",
        ],
    );
}

#[test]
fn a_long_list_is_cut_where_nothing_folds_it() {
    let stage = Stage::new();
    let many = |version: &str| {
        let names = (0..150).map(|page| format!("{page:03}.html"));
        names.fold(site_a(), |site, name| site.with(&name, version))
    };
    stage.deploy(&many("1"));
    stage.upload(&many("2"));
    let run = || stage.run().set("dry-run", "true").set("collapse", "never");
    let plain = run().binary().stdout;
    assert_says(
        &plain,
        &["  - /099.html\n  and 50 more, which `--verbose` lists\n"],
    );
    assert!(!plain.contains("/100.html"), "{plain}");
    let whole = "  - /149.html\n";
    assert_says(&run().set("verbose", "true").binary().stdout, &[whole]);
    // The runner folds it, and keeps it for whoever asks later.
    assert_says(&run().on_github().binary().stdout, &[whole]);
}

/// What a field may hold, as the documentation of the format says.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    TextOrNull,
    Whole,
    Money,
    Flag,
}

#[track_caller]
fn assert_fields(object: &Value, fields: &[(&str, Kind)]) {
    let mut found: Vec<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{object}");
    for (name, kind) in fields {
        let value = &object[name];
        let fits = match kind {
            Kind::Text => value.is_string(),
            Kind::TextOrNull => value.is_string() || value.is_null(),
            Kind::Whole => value.is_u64(),
            Kind::Money => value.is_f64(),
            Kind::Flag => value.is_boolean(),
        };
        assert!(fits, "{name} in {object}");
    }
}

/// A report of version 1: each object has all of its fields and no other, of their types.
#[track_caller]
fn assert_report(text: &str) -> Value {
    use Kind::{Flag, Money, Text, TextOrNull, Whole};
    let report: Value = serde_json::from_str(text).unwrap();
    let mut top = report.as_object().unwrap().clone();
    let mut part = |name: &str| {
        top.remove(name)
            .unwrap_or_else(|| panic!("{name} in {text}"))
    };
    let counts = [
        ("added", Whole),
        ("modified", Whole),
        ("removed", Whole),
        ("unsettled", Whole),
    ];
    assert_fields(&part("files"), &counts);
    let plan = part("plan");
    if !plan.is_null() {
        let mut plan = plan.as_object().unwrap().clone();
        let paths = plan.remove("paths").unwrap();
        assert!(
            paths.as_array().unwrap().iter().all(Value::is_string),
            "{text}"
        );
        for point in plan.remove("tradeoff").unwrap().as_array().unwrap() {
            assert_fields(point, &[("paths", Whole), ("over_invalidated", Whole)]);
        }
        assert_fields(
            &Value::Object(plan),
            &[
                ("path_count", Whole),
                ("wildcard_count", Whole),
                ("stale", Whole),
                ("kept", Whole),
                ("over_invalidated", Whole),
                ("over_invalidated_by_given", Whole),
                ("optimal", Flag),
                ("gap", Whole),
                ("max_cost_usd", Money),
            ],
        );
    }
    for made in part("invalidations").as_array().unwrap() {
        let texts = ["target", "id", "status", "caller_reference", "create_time"];
        let mut fields: Vec<_> = texts.iter().map(|name| (*name, Text)).collect();
        fields.extend([
            ("location", TextOrNull),
            ("path_count", Whole),
            ("reused", Flag),
        ]);
        assert_fields(made, &fields);
    }
    let manifest = part("manifest");
    if !manifest.is_null() {
        let fields = [
            ("location", Text),
            ("deploy", TextOrNull),
            ("resumed", Flag),
            ("committed", Flag),
        ];
        assert_fields(&manifest, &fields);
    }
    let error = part("error");
    if !error.is_null() {
        let fields = [
            ("code", Text),
            ("message", Text),
            ("hint", TextOrNull),
            ("state", TextOrNull),
        ];
        assert_fields(&error, &fields);
    }
    let rest = [
        ("version", Whole),
        ("dry_run", Flag),
        ("mode", Text),
        ("reason", TextOrNull),
    ];
    assert_fields(&Value::Object(top), &rest);
    report
}

#[test]
fn the_report_has_its_fields_however_the_run_went() {
    let stage = Stage::new();
    let report = |run: Run<'_>| assert_report(&run.set("output", "json").binary().stdout);
    let is = |report: &Value, mode: &str, plan: bool, manifest: bool, error: bool| {
        assert_eq!(report["mode"], mode, "{report}");
        let found = ["plan", "manifest", "error"].map(|name| !report[name].is_null());
        assert_eq!(found, [plan, manifest, error], "{report}");
    };
    stage.upload(&site_a());
    let adopted = stage.run().set("manifest", stage.name("adopted.json"));
    let adopted = report(adopted.set("on-missing-manifest", "adopt"));
    is(&adopted, "first-deploy", true, true, false);
    assert_eq!(adopted["manifest"]["committed"], true);
    is(&report(stage.run()), "first-deploy", true, true, false);
    is(&report(stage.run()), "unchanged", true, true, false);
    is(
        &report(stage.run().set("flush", "true")),
        "flush",
        true,
        true,
        false,
    );
    stage.upload(&site_b());
    is(
        &report(stage.run().set("dry-run", "true")),
        "delta",
        true,
        true,
        false,
    );
    let begun = report(stage.run().set("phase", "begin"));
    is(&begun, "delta", true, true, false);
    assert_eq!(begun["manifest"]["committed"], false);
    assert_eq!(begun["invalidations"], json!([]));
    let resumed = report(stage.run());
    is(&resumed, "delta", true, true, false);
    assert_eq!(resumed["manifest"]["resumed"], true);
    let explicit = Run::new(&stage)
        .set("distribution-id", DISTRIBUTION)
        .set("paths", "/a.html");
    is(&report(explicit), "explicit", true, false, false);
    let unread = stage
        .run()
        .set("manifest", "s3://nowhere/x")
        .set("dry-run", "true");
    is(&report(unread), "unknown", true, true, false);
    let trial = stage
        .run()
        .unset("manifest")
        .unset("distribution-id")
        .set("dry-run", "true");
    is(
        &report(trial.set("previous", stage.name("site.json"))),
        "unchanged",
        true,
        false,
        false,
    );
    let listing = stage.run().unset("manifest").unset("distribution-id");
    let listing = listing.set("write-listing", stage.name("l.json"));
    is(&report(listing), "unchanged", false, false, false);
    stage.upload(&site_a());
    let partly = report(two(&stage));
    is(&partly, "delta", true, true, true);
    assert_eq!(partly["invalidations"].as_array().unwrap().len(), 1);
    is(
        &report(stage.run().set("wait", "x")),
        "unknown",
        false,
        false,
        true,
    );
    let gone = stage.run().set("site", stage.name("no such directory"));
    is(&report(gone), "unknown", false, false, true);
}

/// The outputs are there however the run went, each name once.
#[test]
fn outputs_are_written_however_the_run_went() {
    type Case = (&'static str, fn(&Stage) -> Run<'_>);
    let cases: [Case; 6] = [
        ("done", |stage| stage.run()),
        ("begun", |stage| stage.run().set("phase", "begin")),
        ("refused", |stage| {
            deny(stage);
            stage.run()
        }),
        ("bad inputs", |stage| stage.run().set("wait", "x")),
        ("no site", |stage| {
            stage.run().set("site", stage.name("gone"))
        }),
        ("no plan", |stage| {
            stage.upload(&site_b().with("b.html", "b3"));
            stage.run().set("max-paths", "1").set("max-wildcards", "0")
        }),
    ];
    let names: Vec<_> = cloudfront_delta::report::outputs::OUTPUTS
        .iter()
        .map(|(name, _)| *name)
        .collect();
    for (what, case) in cases {
        let stage = changed();
        case(&stage).on_github().binary();
        let text = stage.read("output");
        let found: Vec<_> = text
            .lines()
            .map(|line| line.split('=').next().unwrap())
            .collect();
        assert_eq!(found, names, "{what}");
        if what == "no plan" {
            assert_says(
                &text,
                &["mode=unknown\n", "path-count=\n", "files-modified=2\n"],
            );
        }
    }
}
