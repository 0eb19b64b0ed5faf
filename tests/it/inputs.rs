//! Inputs as flags and as variables, and what is said of bad ones.

use std::os::unix::ffi::OsStringExt as _;

use cloudfront_delta::inputs::NoInputs;

use crate::harness::Stage;
use crate::run::Run;
use crate::site::Site;

fn site() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2")])
}

/// What is said of the inputs; nothing if they are good.
fn problems(run: &Run<'_>) -> String {
    match run.inputs() {
        Ok(_) => String::new(),
        Err(NoInputs::Bad(failure)) => failure.what,
        Err(NoInputs::CommandLine(error)) => error.to_string(),
    }
}

#[test]
fn every_bad_input_is_named_with_its_reason() {
    let stage = Stage::new();
    for (input, text, expected) in [
        (
            "distribution-id",
            "d111111abcdef8.cloudfront.net",
            "is a domain name",
        ),
        (
            "distribution-id",
            "www.example.com",
            "give it as `distribution-alias`",
        ),
        (
            "distribution-id",
            "arn:aws:s3:::bucket",
            "is not the ARN of a CloudFront distribution",
        ),
        ("distribution-alias", "localhost", "is not a domain name"),
        ("manifest", "s3://bucket", "lacks a key"),
        (
            "manifest",
            "https://example.com/m.json",
            "is neither a file nor s3://bucket/key",
        ),
        ("dry-run", "yes", "`yes` is neither true nor false"),
        ("previous", "old.json", "goes with `dry-run: true` only"),
        ("path-prefix", "/~user/", "`~`"),
        ("path-prefix", "/a//b/", "a part that is empty"),
        (
            "index-documents",
            "docs/index.html",
            "is a path, not a file name",
        ),
        (
            "aliases",
            "slash,bear",
            "`bear` is none of slash, bare, extensionless",
        ),
        ("include", "[", "`include"),
        ("exclude", "{a", "exclude"),
        ("added", "keep", "`keep` is none of invalidate, skip"),
        ("max-paths", "0", "`0` is not a whole number from 1"),
        ("max-paths", "many", "`many` is not a whole number"),
        (
            "max-wildcards",
            "16",
            "`16` is not a whole number from 0 to 15",
        ),
        (
            "collapse",
            "sometimes",
            "none of over-budget, always, never",
        ),
        ("always-invalidate", "feed.xml", "feed.xml"),
        (
            "on-change",
            "index.html -> /*",
            "is not of the form `glob => pattern`",
        ),
        ("on-change", "[ => /*", "on-change"),
        ("protect", "/api/*/x", "/api/*/x"),
        (
            "on-missing-manifest",
            "ignore",
            "none of flush, fail, adopt",
        ),
        ("flush", "1", "`1` is neither true nor false"),
        ("phase", "end", "none of all, begin"),
        ("paths", "/a", "does not go with `site`"),
        ("tags", "blog", "does not go with `site`"),
        ("widen", "true", "goes with `paths`"),
        ("wait", "maybe", "neither true nor false"),
        (
            "wait-timeout",
            "soon",
            "`soon` is not a duration such as 90, 90s or 10m",
        ),
        ("wait-timeout-action", "cry", "none of warn, fail"),
        ("quota-timeout", "-1", "is not a duration"),
        ("summary", "long", "none of full, compact, none"),
        ("allow-empty", "no", "neither true nor false"),
        (
            "endpoint-url",
            "localhost:4566",
            "does not begin with http:// or https://",
        ),
        ("output", "yaml", "none of text, json"),
    ] {
        let found = problems(&stage.run().set(input, text));
        let at = format!("--{input} {text:?}");
        assert!(found.contains(expected), "{at}: {found:?}");
        assert!(found.contains(input), "{at} is not named: {found:?}");
    }
}

#[test]
fn explicit_paths_are_checked_as_cloudfront_reads_them() {
    let stage = Stage::new();
    let explicit = || Run::new(&stage).set("distribution-id", "E1EXAMPLE");
    for (paths, expected) in [
        ("images/a.png", "/images/a.png"),
        ("/a b.html", "/a%20b.html"),
        ("/é.html", "/%C3%A9.html"),
        ("/images/*.gif", "/images/*"),
        ("/~user", "~"),
    ] {
        let found = problems(&explicit().set("paths", paths));
        assert!(
            found.contains(expected),
            "{paths}: the fix is not shown: {found:?}"
        );
    }
    for paths in [
        "/",
        "/*",
        "/a.html",
        "/images/image*",
        "/a%20b.html",
        "/a?b=c",
    ] {
        assert_eq!(problems(&explicit().set("paths", paths)), "", "{paths}");
    }
    let widened = explicit()
        .set("paths", "/images/*.gif\n/images/x.png")
        .set("widen", "true");
    widened.succeed();
    assert_eq!(stage.last().paths, ["/images/*"]);
}

#[test]
fn what_is_missing_is_named() {
    let stage = Stage::new();
    for (input, expected) in [
        ("site", "`site`: is required"),
        ("distribution-id", "`distribution-id`: is required"),
    ] {
        let found = problems(&stage.run().unset(input));
        assert!(found.contains(expected), "{found}");
    }
    let found = problems(&stage.run().unset("manifest").on_github());
    assert!(
        found.contains("`manifest`: is required on GitHub"),
        "{found}"
    );
    assert!(
        found.contains("\n    manifest: s3://"),
        "lines to paste: {found}"
    );
    assert_eq!(
        problems(&stage.run().unset("manifest")),
        "",
        "elsewhere it has a default"
    );
}

#[test]
fn all_bad_inputs_come_in_one_error_with_exit_status_2() {
    let stage = Stage::new();
    stage.upload(&site());
    let run = || {
        stage
            .run()
            .on_github()
            .unset("manifest")
            .set("max-paths", "lots")
            .set("aliases", "bear")
            .set("wait", "maybe")
            .variable("INPUT_COLLAPSE", "sometimes")
    };
    let ended = run().binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    let errors: Vec<_> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with("::error"))
        .collect();
    let [error] = &errors[..] else {
        panic!("{}", ended.stdout)
    };
    assert!(
        error.starts_with("::error title=cloudfront-delta%3A bad-inputs::5 bad inputs:"),
        "{error}"
    );
    for input in ["manifest", "max-paths", "aliases", "wait", "collapse"] {
        assert!(error.contains(&format!("`{input}`")), "{input}: {error}");
    }
    assert_eq!(stage.standin.requests().len(), 0);
    assert!(!stage.file("manifest.json").exists());
    assert!(stage.read("step-summary.md").contains("bad inputs"));
}

#[test]
fn variables_of_both_forms_and_flags_say_the_same_and_a_flag_beats_a_variable() {
    let stage = Stage::new();
    stage.upload(&site());
    let planned = |run: Run<'_>| run.set("dry-run", "true").succeed().report.reason;
    let by_variables = |one: &str, other: &str| {
        let run = Run::new(&stage)
            .variable("INPUT_SITE", stage.name("site.json"))
            .variable("INPUT_MANIFEST", stage.name("manifest.json"))
            .variable(&format!("INPUT_DISTRIBUTION{one}ID"), "E1EXAMPLE")
            .variable(&format!("INPUT_PATH{other}PREFIX"), "/app");
        run.set("dry-run", "true")
            .succeed()
            .report
            .plan
            .unwrap()
            .paths
    };
    for (one, other) in [("-", "-"), ("_", "_"), ("-", "_")] {
        assert_eq!(by_variables(one, other), ["/app/*"], "{one}{other}");
    }
    let run = stage
        .run()
        .variable("INPUT_PATH-PREFIX", "/app")
        .set("path-prefix", "/docs");
    let report = run.set("dry-run", "true").succeed().report;
    assert_eq!(
        report.plan.unwrap().paths,
        ["/docs/*"],
        "a flag beats a variable"
    );

    // An empty variable is not given; nor is one of blanks.
    for empty in ["", "  "] {
        let run = stage
            .run()
            .variable("INPUT_MAX-PATHS", empty)
            .variable("INPUT_WAIT", empty);
        assert_eq!(planned(run), planned(stage.run()));
    }
}

#[test]
fn an_unknown_variable_is_a_warning_and_an_unknown_flag_an_error() {
    let stage = Stage::new();
    stage.upload(&site());
    let outcome = stage.run().variable("INPUT_MAX-PATH", "8").succeed();
    let [warning] = &outcome.report.warnings[..] else {
        panic!("{:?}", outcome.report.warnings)
    };
    assert!(warning.contains("`INPUT_MAX-PATH`"), "{warning}");

    let ended = stage.run().set("max-path", "8").binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("--max-paths"),
        "a similar one is shown: {}",
        ended.stderr
    );
}

#[test]
fn a_variable_that_is_not_utf8_is_named() {
    let stage = Stage::new();
    let text = std::ffi::OsString::from_vec(b"caf\xe9".to_vec());
    let found = problems(&stage.run().variable("INPUT_REVISION", text));
    assert!(
        found.contains("`INPUT_REVISION`: the text is not UTF-8"),
        "{found}"
    );
}

#[test]
fn lists_take_lines_and_commas_and_none_empties_them() {
    let stage = Stage::new();
    stage.upload(&site());
    for (aliases, expected) in [
        ("none", 1),
        ("slash", 2),
        ("slash, bare,extensionless", 2),
        ("slash\nbare", 2),
    ] {
        let site = Site::of(&[("index.html", "a1")]);
        stage.write("before.json", site.listing());
        stage.write("after.json", site.with("index.html", "b1").listing());
        let run = Run::new(&stage)
            .set("previous", stage.name("before.json"))
            .set("site", stage.name("after.json"))
            .set("dry-run", "true")
            .set("aliases", aliases);
        // The root has `/` and `/index.html`; it has no bare form.
        assert_eq!(
            run.succeed().report.plan.unwrap().path_count,
            expected,
            "{aliases:?}"
        );
    }
}

#[test]
fn help_and_version_are_no_failure() {
    for (flag, expected) in [
        ("--help", "--distribution-id"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cloudfront-delta"))
            .arg(flag)
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{flag}");
        assert!(
            String::from_utf8(output.stdout).unwrap().contains(expected),
            "{flag}"
        );
    }
}
