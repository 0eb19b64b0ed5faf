//! Inputs as flags and as variables, and what is said of bad ones.

use std::os::unix::ffi::OsStringExt as _;
use std::process::Stdio;

use cloudfront_delta::inputs::NoInputs;

use crate::harness::Stage;
use crate::kit::{assert_says, outputs, printed};
use crate::run::{Ended, Run};
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
        ("manifest", "s3://", "names no bucket"),
        (
            "manifest",
            "https://example.com/m.json",
            "is neither a file nor `s3://bucket/key`",
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
        ("include", "[", "`include`: `[` is no glob: "),
        ("exclude", "{a", "`exclude`: `{a` is no glob: "),
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
            "`soon` is not a duration such as 90, 90s, 10m or 1h",
        ),
        ("wait-timeout-action", "cry", "none of warn, fail"),
        ("quota-timeout", "-1", "is not a duration"),
        ("wait-timeout", "31days", "is longer than 30 days"),
        ("connect-timeout", "0", "`0` leaves no time at all"),
        ("read-timeout", "0s", "`0s` leaves no time at all"),
        (
            "aliases",
            "none,slash",
            "`none` empties the list, and so it stands alone",
        ),
        ("distribution-id", "none,E1", "so it stands alone"),
        ("tags-on-change", "x*", "cache tags have no wildcards"),
        ("endpoint-url", "https://", "is not the URL of an endpoint"),
        (
            "endpoint-url",
            "http://a b",
            "is not the URL of an endpoint",
        ),
        (
            "endpoint-url",
            "http://x:99999",
            "is not the URL of an endpoint",
        ),
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
        ended.stdout.contains("did you mean `--max-paths`?"),
        "a similar one is shown: {}",
        ended.stdout
    );
}

/// What is missing may only be misspelt.
#[test]
fn beside_bad_inputs_an_unknown_variable_is_told_too() {
    let stage = Stage::new();
    let run = stage.run().unset("site").variable("INPUT_SIET", "public");
    let ended = refused(&stage, &run, &[]);
    assert_says(
        &ended.stdout,
        &[
            "`site`: is required",
            "hint: ",
            "warning: the variable `INPUT_SIET` is no input",
        ],
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

/// Runs the binary with more arguments, which it has to refuse before anything is sent.
#[track_caller]
fn refused(stage: &Stage, run: &Run<'_>, arguments: &[&str]) -> Ended {
    let ended = Ended::from(run.command().args(arguments).output().unwrap());
    assert_eq!(ended.status, Some(2), "{arguments:?}: {ended:?}");
    assert!(stage.standin.requests().is_empty(), "{arguments:?}");
    ended
}

#[test]
fn problems_of_every_kind_come_together() {
    let stage = Stage::new();
    // Arguments, and what is said of each.
    let rows: &[(&[&str], &[&str])] = &[
        (
            &["--include", "{a", "--exclude", "{b", "--exclude", "[z"],
            &[
                "3 bad inputs",
                "`include`: `{a` is no glob",
                "`exclude`: `{b` is no glob",
                "`exclude`: `[z` is no glob",
            ],
        ),
        (
            &[
                "--paths=x",
                "--tags=a b",
                "--paths-from=missing",
                "--max-paths=x",
            ],
            &[
                "`paths`, `paths-from`, `tags`: do not go with `site`",
                "`max-paths`: `x` is not a whole number",
                "`paths`: `x` does not begin with `/`",
                "`paths-from`: can't read `missing`",
                "`tags`: `a b` holds ' '",
            ],
        ),
        (
            &[
                "--nope",
                "3",
                "--max-path=4",
                "stray",
                "--max-wildcards",
                "-1",
                "--quota-timeout",
                "-5",
                "--dry-run",
                "yes",
                "--collapse=never",
                "--collapse=always",
                "--revision",
            ],
            &[
                "8 bad inputs",
                "`--nope`: is no flag of this program",
                "`--max-path`: is no flag of this program; did you mean `--max-paths`?",
                "`stray`: belongs to no flag",
                "`--revision`: lacks a value",
                "`--collapse`: is given 2 times",
                "`dry-run`: `yes` is neither true nor false",
                "`max-wildcards`: `-1` is not a whole number",
                "`quota-timeout`: `-5` is not a duration",
            ],
        ),
        (
            &["--revision", "--wait", "--phase=x"],
            &["`--revision`: lacks a value", "`phase`: `x` is none of"],
        ),
    ];
    for (arguments, expected) in rows {
        let ended = refused(&stage, &stage.run(), arguments);
        assert_says(&ended.stdout, expected);
        assert_eq!(ended.stderr, "", "{arguments:?}");
    }
}

/// What can't be understood as an argument ends as every other bad input does: with annotation,
/// outputs and summary.
#[test]
fn an_unknown_flag_is_reported_as_other_bad_inputs_are() {
    let stage = Stage::new();
    let ended = refused(&stage, &stage.run().on_github(), &["--nope"]);
    assert!(
        ended
            .stdout
            .starts_with("::error title=cloudfront-delta%3A bad-inputs::bad input `--nope`"),
        "{ended:?}"
    );
    let outputs = outputs(&stage);
    assert_eq!(outputs["invalidated"], "false");
    assert_eq!(outputs["mode"], "unknown");
    assert!(stage.read("step-summary.md").contains("bad-inputs"));
}

#[test]
fn bad_inputs_are_reported_where_the_good_ones_say() {
    let stage = Stage::new();
    for bad in ["--max-paths=x", "--nope"] {
        let run = stage
            .run()
            .set("output", "json")
            .set("report-file", stage.name("r.json"));
        let ended = refused(&stage, &run, &[bad]);
        assert_eq!(printed(&ended)["error"]["code"], "bad-inputs", "{bad}");
        assert_eq!(stage.read("r.json"), ended.stdout, "{bad}");
        std::fs::remove_file(stage.file("r.json")).unwrap();
    }
}

#[test]
fn no_argument_begins_a_line_as_a_command_of_the_runner() {
    let stage = Stage::new();
    for argument in [
        "x\n::error::hi",
        "--x\n::error::hi",
        "--max-paths=x\n::error::hi",
    ] {
        for run in [stage.run(), stage.run().on_github()] {
            let ended = refused(&stage, &run, &[argument]);
            let lines = ended.stdout.lines().chain(ended.stderr.lines());
            let commands = lines.filter(|line| line.starts_with("::error::hi"));
            assert_eq!(commands.count(), 0, "{ended:?}");
        }
    }
}

#[test]
fn a_report_that_standard_output_does_not_take_is_a_failure() {
    let stage = Stage::new();
    stage.upload(&site());
    let run = stage.run().set("output", "json").set("dry-run", "true");
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = run.command().stdout(full.unwrap()).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert_says(
        &ended.stderr,
        &["error[output-unwritable]: can't write the report to standard output"],
    );
}

/// Nobody may read the log to its end; the deploy goes on.
#[test]
fn a_log_that_nobody_reads_is_no_failure() {
    let stage = Stage::new();
    stage.upload(&site());
    let mut child = stage
        .run()
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stage.invalidations().len(), 1);
}

#[test]
fn a_given_wildcard_that_touches_a_protected_pattern_is_known_from_the_inputs() {
    let stage = Stage::new();
    let touching: &[(&str, &str, &str)] = &[
        ("always-invalidate", "/*", "/zz/*"),
        ("always-invalidate", "/zz/a/*", "/zz/*"),
        ("always-invalidate", "/zz*", "/zz.html"),
        ("on-change", "feed.xml => /z*", "/zz/*"),
    ];
    for (input, given, protected) in touching {
        let run = stage.run().set("protect", *protected);
        let found = problems(&run.set(input, *given));
        let pattern = given.rsplit("=> ").next().unwrap();
        let expected =
            format!("`{input}`: `{pattern}` touches `{protected}`, from which `protect`");
        assert!(found.contains(&expected), "{found}");
    }
    // No wildcard, or one beside it.
    for given in ["/zz/a.html", "/zy/*", "/zzz.html"] {
        let run = stage.run().set("protect", "/zz/*");
        assert_eq!(
            problems(&run.set("always-invalidate", given)),
            "",
            "{given}"
        );
    }
}

#[test]
fn endpoints_of_the_environment_are_checked_as_the_flag_is() {
    let stage = Stage::new();
    for variable in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_CLOUDFRONT",
        "AWS_ENDPOINT_URL_S3",
    ] {
        let run = stage.run().unset("endpoint-url").variable(variable, "xx");
        let found = problems(&run);
        let expected = format!("`{variable}`: `xx` does not begin with http:// or https://");
        assert!(found.contains(&expected), "{found}");
    }
    for url in ["https://[::1]:4566/x", "http://user:p@host", "http://[::1]"] {
        assert_eq!(problems(&stage.run().set("endpoint-url", url)), "", "{url}");
    }
    // What the flag beats is not looked at.
    let run = stage.run().variable("AWS_ENDPOINT_URL", "xx");
    assert_eq!(problems(&run), "");
}

#[test]
fn what_looks_wrong_and_may_be_meant_is_a_warning() {
    let stage = Stage::new();
    let rows: &[(&str, &str, &[&str])] = &[
        (
            "always-invalidate",
            "/a,/b*",
            &[
                "`always-invalidate`: `/a,/b*` is taken as one path",
                "one a line",
            ],
        ),
        ("protect", "/a,/b*", &["`protect`: `/a,/b*`"]),
        (
            "path-prefix",
            "/do%20cs",
            &[
                "`path-prefix`: `/do%20cs` is taken as it is",
                "`%20` in it is sent as `%2520`",
            ],
        ),
    ];
    for (input, text, expected) in rows {
        let inputs = stage.run().set(input, *text).inputs().unwrap();
        let [warning] = &inputs.warnings[..] else {
            panic!("{:?}", inputs.warnings)
        };
        assert_says(warning, expected);
    }
    for (input, text) in [("always-invalidate", "/a,b"), ("path-prefix", "/100%/a%2x")] {
        let inputs = stage.run().set(input, text).inputs().unwrap();
        assert_eq!(inputs.warnings, [""; 0], "{text}");
    }
    // It stands in log and report.
    stage.upload(&site());
    let outcome = stage.run().set("protect", "/x,/y").succeed();
    assert_says(&outcome.log, &["warning: `protect`: `/x,/y`"]);
    let warnings = outcome.report.warnings;
    assert!(
        warnings.iter().any(|warning| warning.contains("`/x,/y`")),
        "{warnings:?}"
    );
}

#[test]
fn what_a_run_has_no_use_for_is_refused() {
    let stage = Stage::new();
    let explicit = || {
        Run::new(&stage)
            .set("distribution-id", "E1EXAMPLE")
            .set("paths", "/a")
    };
    for (input, text) in [
        ("manifest", "m.json"),
        ("max-paths", "3"),
        // By a flag, the default is given too.
        ("max-paths", "30"),
        ("aliases", "bare"),
        ("revision", "1"),
        ("allow-empty", "true"),
        ("protect", "/api/*"),
    ] {
        let found = problems(&explicit().set(input, text));
        let expected = format!("`{input}`: goes with `site`, not with `paths`");
        assert!(found.contains(&expected), "{found}");
    }
    // Runners set defaults as variables; a switch that is off asks for nothing.
    let run = explicit()
        .variable("INPUT_MAX-PATHS", "30")
        .variable("INPUT_COLLAPSE", "over-budget")
        .set("flush", "false");
    assert_eq!(problems(&run), "");

    let trial = stage
        .run()
        .set("previous", "old.json")
        .set("dry-run", "true");
    let found = problems(&trial);
    assert!(
        found.contains("`manifest`: does not go with `previous`"),
        "{found}"
    );
}

/// After the upload that `begin` announces, the site would be taken for what caches hold.
#[test]
fn a_site_is_not_adopted_around_an_upload() {
    let stage = Stage::new();
    let adopting = stage.run().set("on-missing-manifest", "adopt");
    let found = problems(&adopting.set("phase", "begin"));
    assert!(
        found.contains("`on-missing-manifest`: `adopt` does not go with `phase: begin`"),
        "{found}"
    );
}

#[test]
fn a_list_of_targets_that_is_emptied_names_none() {
    let stage = Stage::new();
    let found = problems(&stage.run().set("distribution-id", "none"));
    assert!(found.contains("`distribution-id`: is required"), "{found}");
}

#[test]
fn a_listing_that_is_none_is_said_to_be_so() {
    let stage = Stage::new();
    // `printf '{}' | gzip -n`.
    let packed = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0,
    ];
    let rows: &[(&str, &[u8], &str, &str)] = &[
        (
            "array.json",
            b"[]",
            "a listing is a JSON object",
            "--write-listing",
        ),
        (
            "page.html",
            b"<html>",
            "a listing is a JSON object",
            "--write-listing",
        ),
        (
            "packed.json",
            &packed,
            "it is gzip, but its name does not say so",
            "end in `.gz`",
        ),
        (
            "plain.json.gz",
            b"{}",
            "its name says gzip, and it is none",
            "take `.gz` off the name",
        ),
        (
            "cut.json.gz",
            &packed[..12],
            "is not a valid listing",
            "write it again with `--write-listing`",
        ),
    ];
    for (name, bytes, message, hint) in rows {
        stage.write(name, bytes);
        let run = stage.run().set("site", stage.name(name));
        let error = run.fail("listing-invalid").report.error.unwrap();
        assert_says(&error.message, &[message]);
        assert_says(&error.hint.unwrap(), &[hint]);
    }
}

#[test]
fn what_is_missing_is_named_by_the_input_that_names_it() {
    let stage = Stage::new();
    stage.upload(&site());
    let trial = || Run::new(&stage).set("dry-run", "true");
    let rows = [
        ("site", trial().set("site", "missing").set("previous", ".")),
        (
            "previous",
            trial()
                .set("site", stage.name("site.json"))
                .set("previous", "missing"),
        ),
    ];
    for (input, run) in rows {
        let error = run.fail("site-unreadable").report.error.unwrap();
        let expected = format!("can't read `missing`, which `{input}` names");
        assert_says(&error.message, &[&expected]);
        assert_says(&error.hint.unwrap(), &[&format!("`{input}` is ")]);
    }
}
