//! Explicit modes: what the user lists is checked as a whole, sent as given, and no record has a
//! part in it.

use std::io::Write;
use std::process::Stdio;

use cloudfront_standin::{
    Config, Distribution, Fault, FaultKind, Operation, ReferenceConflict, Standin,
};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::{assert_says, explicit, files, outputs, printed, wildcards};
use crate::run::{Ended, Run};
use crate::site::Site;

/// A stage whose distribution has a `CacheTagConfig`.
fn with_tags() -> Stage {
    Stage::with(Config::new().distribution(Distribution::new(DISTRIBUTION).cache_tags()))
}

fn run(stage: &Stage) -> Run<'_> {
    Run::new(stage).set("distribution-id", DISTRIBUTION)
}

/// What a run with bad inputs says; it must have sent nothing.
#[track_caller]
fn refused(stage: &Stage, run: Run<'_>) -> String {
    let ended = run.binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(stage.standin.requests().is_empty(), "nothing was sent");
    ended.stdout
}

#[test]
fn paths_are_sent_as_they_are_given_in_the_order_given_each_once() {
    let stage = Stage::new();
    let given = [
        "/z.html",
        "/a/*",
        "/a.html?b=1",
        "/caf%C3%A9/",
        "/z.html",
        "/",
    ];
    explicit(&stage, &given).succeed();
    let sent = ["/z.html", "/a/*", "/a.html?b=1", "/caf%C3%A9/", "/"];
    assert_eq!(stage.last().paths, sent);
}

/// Flags may be repeated, and take several items like those of the AWS CLI.
#[test]
fn paths_can_be_given_in_each_form_that_people_know() {
    let rows: [&[&str]; 3] = [
        &["--paths", "/a.html", "/b.html"],
        &["--paths", "/a.html", "--paths=/b.html"],
        &["--paths=/a.html\n\n  /b.html  \n"],
    ];
    for arguments in rows {
        let stage = Stage::new();
        let output = run(&stage).command().args(arguments).output().unwrap();
        let ended = Ended::from(output);
        assert_eq!(ended.status, Some(0), "{arguments:?}: {ended:?}");
        assert_eq!(stage.last().paths, ["/a.html", "/b.html"], "{arguments:?}");
    }
    let stage = Stage::new();
    run(&stage)
        .variable("INPUT_PATHS", "/a.html\n/b.html\n")
        .succeed();
    assert_eq!(stage.last().paths, ["/a.html", "/b.html"]);
}

#[test]
fn paths_come_from_a_file_or_from_standard_input() {
    let text = "/b.html\n\n  /a.html  \r\n/b.html\n/c/*";
    let expected = ["/b.html", "/a.html", "/c/*"];

    let stage = Stage::new();
    stage.write("paths.txt", text);
    run(&stage)
        .set("paths-from", stage.name("paths.txt"))
        .succeed();
    assert_eq!(stage.last().paths, expected);

    let stage = Stage::new();
    let mut command = run(&stage).set("paths-from", "-").command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(stage.last().paths, expected);
}

/// What is named twice by different inputs is sent, and paid, once.
#[test]
fn inputs_are_joined_each_item_once() {
    let stage = with_tags();
    stage.write("paths.txt", "/b.html\n/a.html\n");
    let batch = r##"{"Paths":{"Quantity":3,"Items":["/c.html","/a.html","#blog"]}}"##;
    stage.write("batch.json", batch);
    run(&stage)
        .set("paths", "/a.html")
        .set("paths-from", stage.name("paths.txt"))
        .set("invalidation-batch", stage.name("batch.json"))
        .set("tags", "blog,news")
        .succeed();
    assert_eq!(
        stage.last().paths,
        ["/a.html", "/b.html", "/c.html", "#blog", "#news"]
    );
}

/// The service never says which path it does not like, and takes some that match nothing. Every
/// bad path is named before anything is sent, each with its reason and its fix.
#[test]
fn every_bad_path_is_named_with_the_reason_and_the_fix() {
    // Given, reason, fix.
    let rows = [
        ("a.html", "does not begin with `/`", "/a.html"),
        (
            "https://www.example.com/a.html",
            "does not begin with `/`",
            "/a.html",
        ),
        (
            "/images/*.gif",
            "has a `*` before its end, where it is no wildcard",
            "/images/*",
        ),
        (
            "/a b.html",
            "holds ' ', which has to be percent-encoded",
            "/a%20b.html",
        ),
        (
            "/café",
            "holds 'é', which has to be percent-encoded",
            "/caf%C3%A9",
        ),
        ("/a%c3%a9", "whose digits have to be upper-case", "/a%C3%A9"),
        (
            "/a%2Bb",
            "escapes '+' as `%2B`, and so matches nothing",
            "/a+b",
        ),
        (
            "/100%",
            "holds a `%` that two hexadecimal digits do not follow",
            "/100%25",
        ),
        (
            "/~user/",
            "only a wildcard that ends before it can cover the path",
            "/*",
        ),
        (
            "/it%27s",
            "only a wildcard that ends before it can cover the path",
            "/it*",
        ),
        ("/%C3*", "ends inside a percent-encoded character", "/*"),
        (
            "/[id].html",
            "holds '[', which has to be percent-encoded",
            "/%5Bid%5D.html",
        ),
    ];
    let long = format!("/{}", "x".repeat(4_000));
    let mut given: Vec<&str> = rows.iter().map(|row| row.0).collect();
    given.push("/good.html");
    given.push(&long);

    let stage = Stage::new();
    let said = refused(&stage, explicit(&stage, &given));
    assert_says(&said, &["error[bad-inputs]: 13 bad inputs:"]);
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("- `paths`: "))
        .collect();
    assert_eq!(lines.len(), 13, "{said}");
    for ((path, reason, fix), line) in rows.iter().zip(&lines) {
        assert_says(
            line,
            &[&format!("`{path}` "), reason, &format!("write `{fix}`")],
        );
    }
    assert_says(
        lines[12],
        &["/xxx", "has 4001 characters, more than the 4000"],
    );
    assert!(!said.contains("good"), "{said}");

    // The same where they come from a file; and every fix is accepted.
    let stage = Stage::new();
    stage.write("paths.txt", given.join("\n"));
    let said = refused(
        &stage,
        run(&stage).set("paths-from", stage.name("paths.txt")),
    );
    assert_eq!(said.matches("- `paths-from`: ").count(), 13, "{said}");
    let fixes: Vec<_> = rows.iter().map(|row| row.2).collect();
    explicit(&stage, &fixes).succeed();
}

/// What each fix promises: the path it was made from is cleared at the edges. The given form
/// itself, sent by a client that does not look, is refused or clears nothing.
#[test]
fn the_fixes_clear_what_the_given_paths_do_not() {
    let rows = [
        ("/a%2Bb", "/a+b", "a+b"),
        ("/a%c3%a9", "/a%C3%A9", "aé"),
        ("/images/*.gif", "/images/*", "images/x.gif"),
        ("/it%27s", "/it*", "it's"),
    ];
    for (given, fix, site_path) in rows {
        let stage = Stage::new();
        stage
            .standin
            .set_origin_file(DISTRIBUTION, site_path, "old");
        stage.warm([""; 0]);
        stage
            .standin
            .set_origin_file(DISTRIBUTION, site_path, "new");
        invalidate_raw(&stage.standin, given);
        assert_eq!(
            stage.standin.stale(DISTRIBUTION).len(),
            1,
            "{given} clears nothing"
        );
        explicit(&stage, &[fix]).succeed();
        stage.assert_fresh(fix);
    }
}

/// What a client does that sends whatever it is given.
fn invalidate_raw(standin: &Standin, path: &str) {
    standin.with_edge(DISTRIBUTION, |edge| edge.invalidate("I0", [path]));
}

/// Editors of Windows put a mark in front of UTF-8.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let stage = Stage::new();
    stage.write("paths.txt", "\u{feff}/a\r\n/b\r\n");
    run(&stage)
        .set("paths-from", stage.name("paths.txt"))
        .succeed();
    assert_eq!(stage.last().paths, ["/a", "/b"]);
    let batch = r#"{"Paths":{"Quantity":1,"Items":["/c"]}}"#;
    stage.write("batch.json", format!("\u{feff}{batch}"));
    run(&stage)
        .set("invalidation-batch", stage.name("batch.json"))
        .succeed();
    assert_eq!(stage.last().paths, ["/c"]);
}

/// Tags are case-insensitive, and each costs.
#[test]
fn a_tag_is_sent_once_in_the_spelling_that_comes_first() {
    let stage = with_tags();
    stage.write(
        "batch.json",
        r##"{"Paths":{"Quantity":2,"Items":["#News","/A"]}}"##,
    );
    run(&stage)
        .set("paths", "/a")
        .set("invalidation-batch", stage.name("batch.json"))
        .set("tags", "a,A,#news,b")
        .succeed();
    assert_eq!(stage.last().paths, ["/a", "#News", "/A", "#a", "#b"]);

    let deploy = stage.run().set("tags-on-change", "a,#B,b");
    stage.upload(&Site::of(&[("index.html", "a1")]));
    assert_eq!(stage.run().succeed().report.mode.name(), "first-deploy");
    stage.upload(&Site::of(&[("index.html", "a1"), ("n.html", "c1")]));
    deploy.succeed();
    assert_eq!(stage.last().paths, ["#B", "#a", "/n.html"]);
}

#[test]
fn a_comma_before_a_slash_is_a_warning() {
    let stage = Stage::new();
    let outcome = explicit(&stage, &["/a,/b*"]).succeed();
    assert_says(
        &outcome.log,
        &["warning: `paths`: `/a,/b*` is taken as one path that holds a comma"],
    );
    assert_eq!(stage.last().paths, ["/a,/b*"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let stage = Stage::new();
    let said = refused(
        &stage,
        run(&stage).set("paths-from", stage.name("nothing.txt")),
    );
    assert_says(
        &said,
        &["`paths-from`: can't read `", "nothing.txt`", "No such file"],
    );
    stage.write("empty.txt", "\n\n");
    let said = refused(
        &stage,
        run(&stage).set("paths-from", stage.name("empty.txt")),
    );
    assert_says(&said, &["`paths-from`: names nothing to invalidate"]);
    stage.write("bytes.txt", b"/\xff\n");
    let said = refused(
        &stage,
        run(&stage).set("paths-from", stage.name("bytes.txt")),
    );
    assert_says(&said, &["`paths-from`: can't read", "UTF-8"]);
}

#[test]
fn widening_turns_a_useless_path_into_the_narrowest_wildcard() {
    let stage = Stage::new();
    let given = [
        "/images/*.gif",
        "/images/a.jpg",
        "/v/*/x",
        "/b.html",
        "/images/*",
    ];
    explicit(&stage, &given).set("widen", "true").succeed();
    assert_eq!(stage.last().paths, ["/images/*", "/v/*", "/b.html"]);
}

/// Without `widen` nothing is dropped, though a wildcard beside it covers it.
#[test]
fn what_is_given_is_sent_even_where_a_wildcard_covers_it() {
    let stage = Stage::new();
    explicit(&stage, &["/a/*", "/a/b.html"]).succeed();
    assert_eq!(stage.last().paths, ["/a/*", "/a/b.html"]);
}

#[test]
fn tags_are_sent_with_their_sign_and_clear_what_carries_them() {
    let stage = with_tags();
    stage.standin.with_edge(DISTRIBUTION, |edge| {
        edge.set_tagged_origin_file("one.html", "old", &["blog"]);
        edge.set_tagged_origin_file("two.html", "old", &["news:2026/01"]);
        edge.set_tagged_origin_file("three.html", "same", &["other"]);
        edge.warm_all([""; 0]);
        edge.set_tagged_origin_file("one.html", "new", &["blog"]);
        edge.set_tagged_origin_file("two.html", "new", &["news:2026/01"]);
    });
    // Commas or lines, with `#` or without.
    run(&stage)
        .set("tags", "blog, #news:2026/01\n#blog")
        .succeed();
    assert_eq!(stage.last().paths, ["#blog", "#news:2026/01"]);
    stage.assert_fresh("after tags");
    assert_eq!(stage.standin.needless(DISTRIBUTION).total, 0);
}

#[test]
fn every_bad_tag_is_named() {
    let stage = with_tags();
    let long = "x".repeat(257);
    let given = format!("good\nein tag\ntäg\n#\n{long}\nx*");
    let said = refused(&stage, run(&stage).set("tags", given));
    assert_says(
        &said,
        &[
            "5 bad inputs",
            "`tags`: `ein tag` holds ' ', which a cache tag cannot hold",
            "`tags`: `täg` holds 'ä', which a cache tag cannot hold",
            "`tags`: `#` is empty",
            "has 257 characters, more than the 256 of a cache tag",
            "`tags`: `x*` holds a `*`, but cache tags have no wildcards",
        ],
    );
    // One character less is the longest there is.
    run(&stage).set("tags", &long[1..]).succeed();
}

/// A distribution without cache tags refuses them, and the hint says so.
#[test]
fn tags_need_a_distribution_that_has_them() {
    let stage = Stage::new();
    let error = run(&stage)
        .set("tags", "blog")
        .fail("invalid-argument")
        .report
        .error
        .unwrap();
    assert_says(&error.hint.unwrap(), &["cache tags"]);
}

#[test]
fn tags_on_change_join_a_delta_and_nothing_else() {
    let stage = with_tags();
    let site = Site::of(&[("index.html", "a1"), ("a.html", "a2")]);
    let deploy = || stage.run().set("tags-on-change", "#feed, list");
    stage.upload(&site);
    deploy().succeed();
    assert_eq!(deploy().succeed().report.mode.name(), "unchanged");
    assert_eq!(
        stage.invalidations().len(),
        1,
        "an unchanged run sends no tag"
    );

    stage.standin.with_edge(DISTRIBUTION, |edge| {
        edge.set_tagged_origin_file("feed.xml", "old", &["feed"]);
        edge.warm_all([""; 0]);
        edge.set_tagged_origin_file("feed.xml", "new", &["feed"]);
    });
    let next = site.with("a.html", "b2");
    stage.standin.set_origin_file(DISTRIBUTION, "a.html", "b2");
    stage.write("site.json", next.listing());
    let report = deploy().succeed().report;
    assert_eq!(report.mode.name(), "delta");
    assert_eq!(stage.last().paths, ["#feed", "#list", "/a.html"]);
    assert_eq!(report.plan.unwrap().wildcard_count, 0);
    stage.assert_fresh("after a delta with tags");

    let said = refused_tags_on_change(&stage);
    assert_says(
        &said,
        &["`tags-on-change`: goes with `site`, not with `paths`"],
    );
}

fn refused_tags_on_change(stage: &Stage) -> String {
    let ended = explicit(stage, &["/a"])
        .set("tags-on-change", "feed")
        .binary();
    assert_eq!(ended.status, Some(2));
    ended.stdout
}

/// The AWS CLI's file, with and without its `file://`.
#[test]
fn an_invalidation_batch_is_the_aws_cli_s_file() {
    let json =
        r#"{"Paths": {"Quantity": 2, "Items": ["/b.html", "/a/*"]}, "CallerReference": "mine"}"#;
    for scheme in ["", "file://"] {
        let stage = Stage::new();
        stage.write("inv-batch.json", json);
        let name = format!("{scheme}{}", stage.name("inv-batch.json"));
        let report = run(&stage).set("invalidation-batch", name).succeed().report;
        assert_eq!(stage.last().paths, ["/b.html", "/a/*"]);
        assert_eq!(stage.last().caller_reference, "mine");
        assert_eq!(report.invalidations[0].caller_reference, "mine");
    }
    // The flag beats the file.
    let stage = Stage::new();
    stage.write("inv-batch.json", json);
    run(&stage)
        .set("invalidation-batch", stage.name("inv-batch.json"))
        .set("caller-reference", "yours")
        .succeed();
    assert_eq!(stage.last().caller_reference, "yours");
}

#[test]
fn a_bad_invalidation_batch_is_refused() {
    for (json, message) in [
        ("{", "is not the AWS CLI's JSON"),
        (r#"{"CallerReference": "x"}"#, "missing field `Paths`"),
        (
            r#"{"Paths": {"Quantity": 3, "Items": ["/a"]}, "CallerReference": "x"}"#,
            "`Quantity` says 3, but `Items` has 1",
        ),
        (
            r#"{"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReferenz": "x"}"#,
            "unknown field `CallerReferenz`",
        ),
        (
            r#"{"Paths": {"Quantity": 1, "Items": ["a"]}, "CallerReference": "x"}"#,
            "`a` does not begin with `/`; write `/a`",
        ),
        (
            r#"{"Paths": {"Quantity": 0, "Items": []}, "CallerReference": "x"}"#,
            "names nothing to invalidate",
        ),
    ] {
        let stage = Stage::new();
        stage.write("inv-batch.json", json);
        let said = refused(
            &stage,
            run(&stage).set("invalidation-batch", stage.name("inv-batch.json")),
        );
        assert_says(&said, &["`invalidation-batch`: ", message]);
    }
}

#[test]
fn a_caller_reference_goes_with_one_batch() {
    let stage = Stage::new();
    let referring = |paths: &[String]| explicit(&stage, paths).set("caller-reference", "mine");
    for paths in [wildcards(16), files(3_001)] {
        let said = refused(&stage, referring(&paths));
        assert_says(
            &said,
            &["`caller-reference`: goes with one batch only: at most 3,000 files and 15 wildcards"],
        );
    }
    let long = "r".repeat(129);
    let said = refused(
        &stage,
        explicit(&stage, &["/a"]).set("caller-reference", &long),
    );
    assert_says(
        &said,
        &["`caller-reference`: is longer than 128 characters"],
    );

    explicit(&stage, &["/a"])
        .set("caller-reference", &long[1..])
        .succeed();
    referring(&wildcards(15)).succeed();
    assert_eq!(stage.last().caller_reference, "mine");
}

/// Every run is an order of its own; what the SDK repeats within it is not.
#[test]
fn a_reference_is_fresh_for_each_run_and_stable_within_it() {
    let stage = Stage::new();
    for _ in 0..3 {
        let lost = FaultKind::error_after(503, "ServiceUnavailable", "try again");
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, lost));
        explicit(&stage, &["/a.html"]).succeed();
    }
    let calls: Vec<_> = stage
        .invalidations()
        .iter()
        .map(|made| made.calls)
        .collect();
    assert_eq!(calls, [2, 2, 2]);
    crate::harness::assert_distinct(&stage.references(), "three runs");
    for reference in stage.references() {
        let digits = reference.strip_prefix("cfd1-").expect("our prefix");
        assert!(digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}

/// The service returns the invalidation that the same reference made a day ago: the run says so,
/// and counts no cost. By how much the machine's clock is off does not matter.
#[test]
fn a_reused_reference_is_recognised_by_the_service_s_clock() {
    for skew in [-86_400, 0, 86_400] {
        let stage = Stage::new();
        stage.standin.set_clock_skew(skew);
        let run = || explicit(&stage, &["/a.html", "/b.html"]).set("caller-reference", "mine");
        let first = run().succeed().report;
        assert!(!first.invalidations[0].reused, "{skew}: it is new");
        assert!((first.plan.unwrap().max_cost_usd - 0.01).abs() < 1e-9);
        // At once, it can't be told from one of this run, and does not have to be.
        let again = run().succeed().report;
        assert_eq!(
            again.invalidations[0].id, first.invalidations[0].id,
            "{skew}"
        );

        stage.standin.set_clock_skew(skew + 86_400);
        let ended = run().set("output", "json").on_github().binary();
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let report = printed(&ended);
        let made = &report["invalidations"][0];
        assert_eq!(made["reused"], true, "{skew}");
        assert_eq!(made["id"], first.invalidations[0].id.as_str());
        assert_eq!(report["plan"]["max_cost_usd"], 0.0, "{skew}");
        assert_says(
            &ended.stderr,
            &["E1EXAMPLE had accepted earlier, nothing to pay: I"],
        );
        let outputs = outputs(&stage);
        assert_eq!(outputs["max-cost-usd"], "0");
        assert_eq!(outputs["caller-reference"], "mine");
        assert_eq!(stage.invalidations().len(), 1);
        assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 2);
    }
}

/// Clocks of servers of one service may differ by a second; a call may take long.
#[test]
fn a_new_invalidation_is_not_taken_for_a_reused_one() {
    let stage = Stage::new();
    for skew in [-1, 1, 60] {
        stage.standin.set_create_time_skew(skew);
        let report = explicit(&stage, &["/a.html"]).succeed().report;
        assert!(!report.invalidations[0].reused, "{skew}");
    }
    stage.standin.set_create_time_skew(0);
    let slow = FaultKind::SlowFirstByte(std::time::Duration::from_secs(4));
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, slow));
    let report = explicit(&stage, &["/a.html"]).succeed().report;
    assert!(
        !report.invalidations[0].reused,
        "the call itself took four seconds"
    );
}

/// A reference that was used with other paths, in both forms that the service has for it.
#[test]
fn a_reference_that_was_used_with_other_paths_is_an_error_of_its_own() {
    for conflict in [
        ReferenceConflict::InvalidArgument,
        ReferenceConflict::InvalidationBatchAlreadyExists,
    ] {
        let stage = Stage::new();
        stage.standin.set_reference_conflict(conflict);
        explicit(&stage, &["/a.html"])
            .set("caller-reference", "mine")
            .succeed();
        let failed = explicit(&stage, &["/b.html"]).set("caller-reference", "mine");
        let error = failed.fail("reference-taken").report.error.unwrap();
        assert_says(
            &error.hint.unwrap(),
            &["choose another `--caller-reference`"],
        );
    }
}

/// A record is neither needed, nor read, nor written.
#[test]
fn explicit_runs_leave_the_record_alone() {
    let stage = Stage::with(Config::new().distribution(DISTRIBUTION).bucket("records"));
    let site = Site::of(&[("index.html", "a1")]);
    stage.deploy(&site);
    let record = stage.record();
    let report = explicit(&stage, &["/a.html"]).succeed().report;
    assert_eq!(report.manifest, None);
    assert_eq!(report.mode.name(), "explicit");
    assert_eq!(stage.record(), record);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");

    stage.standin.clear_requests();
    explicit(&stage, &["/a.html"]).on_github().succeed();
    let asked: Vec<_> = stage
        .standin
        .requests()
        .iter()
        .map(|r| r.operation)
        .collect();
    assert_eq!(asked, [Operation::CreateInvalidation]);
}

#[test]
fn explicit_modes_do_not_go_with_a_site_or_with_what_is_for_sites() {
    let stage = Stage::new();
    let said = refused(&stage, explicit(&stage, &["/a"]).set("site", "public"));
    assert_says(&said, &["`paths`: does not go with `site`"]);
    for (name, value) in [
        ("protect", "/api/*"),
        ("on-change", "*.html => /*"),
        ("always-invalidate", "/feed.xml"),
        ("flush", "true"),
        ("phase", "begin"),
        ("collapse", "never"),
        ("include", "*.html"),
    ] {
        let said = refused(&stage, explicit(&stage, &["/a"]).set(name, value));
        assert_says(
            &said,
            &[&format!("`{name}`: goes with `site`, not with `paths`")],
        );
    }
    let said = refused(&stage, Run::new(&stage).set("paths", "/a"));
    assert_says(&said, &["`distribution-id`: is required"]);
}

#[test]
fn a_dry_run_checks_and_sends_nothing() {
    let stage = Stage::new();
    let ended = explicit(&stage, &["/a.html", "/b/*"])
        .unset("distribution-id")
        .without_variable("AWS_ACCESS_KEY_ID")
        .without_variable("AWS_SECRET_ACCESS_KEY")
        .set("dry-run", "true")
        .set("output", "json")
        .binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let report = printed(&ended);
    assert_eq!(
        report["plan"]["paths"],
        serde_json::json!(["/a.html", "/b/*"])
    );
    assert_eq!(report["plan"]["wildcard_count"], 1);
    assert_eq!(report["invalidations"], serde_json::json!([]));
    assert!(stage.standin.requests().is_empty());
    // What a real run would refuse, a dry one does too.
    refused(&stage, explicit(&stage, &["a.html"]).set("dry-run", "true"));
}

/// A list as long as a large site is checked in a moment.
#[test]
fn a_long_list_is_checked_in_a_moment() {
    let stage = Stage::new();
    let paths: Vec<_> = (0..100_000)
        .map(|n| format!("/a/rather/long/directory/{n}.html"))
        .collect();
    stage.write("paths.txt", paths.join("\n"));
    let started = std::time::Instant::now();
    let run = run(&stage)
        .set("paths-from", stage.name("paths.txt"))
        .set("dry-run", "true");
    let report = run.succeed().report;
    assert_eq!(report.plan.unwrap().path_count, 100_000);
    // Comparing each with all others takes a minute.
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

/// An explicit run that failed is not continued by the next one: its references are its own. What
/// it says must not promise otherwise.
#[test]
fn a_failed_explicit_run_does_not_promise_that_the_next_one_continues_it() {
    let stage = Stage::new();
    let hang = FaultKind::Hang(cloudfront_standin::Moment::AfterProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang).always());
    let run = explicit(&stage, &["/a.html"]).set("read-timeout", "100ms");
    let error = run.fail("timeout").report.error.unwrap();
    let reference = stage.last().caller_reference;
    let hint = error.hint.unwrap();
    assert_says(
        &error.state.unwrap(),
        &["one request was sent and its answer is not known"],
    );
    assert!(!hint.contains("nothing is paid twice"), "{hint}");
    assert_says(&hint, &["--caller-reference", &reference]);

    // What the hint says does help.
    stage.standin.clear_faults();
    explicit(&stage, &["/a.html"])
        .set("caller-reference", &reference)
        .succeed();
    assert_eq!(stage.invalidations().len(), 1);
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 1);
}
