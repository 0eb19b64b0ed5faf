use super::*;

/// Parses a command line and variables as GitHub's runner or a shell would give them.
fn parse_all(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Inputs, NoInputs> {
    let program = std::iter::once("cloudfront-delta");
    let arguments: Vec<_> = program
        .chain(arguments.iter().copied())
        .map(OsString::from)
        .collect();
    let variables = variables
        .iter()
        .map(|(name, text)| (name.into(), text.into()))
        .collect();
    let read = |path: &Path| match path.to_str() {
        Some("paths.txt") => Ok("/a.html\n\n/docs/*\n".to_owned()),
        Some("batch.json") => Ok(
            r#"{"Paths":{"Quantity":2,"Items":["/b","/a"]},"CallerReference":"cli-example"}"#
                .to_owned(),
        ),
        Some("wrong.json") => Ok(r#"{"Paths":{"Quantity":3,"Items":["/b"]}}"#.to_owned()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    parse(&arguments, &variables, &read)
}

fn good(arguments: &[&str], variables: &[(&str, &str)]) -> Inputs {
    match parse_all(arguments, variables) {
        Ok(inputs) => inputs,
        Err(NoInputs::Bad(failure)) => panic!("{}", failure.what),
        Err(NoInputs::CommandLine(error)) => panic!("{error}"),
    }
}

fn bad(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    match parse_all(arguments, variables) {
        Ok(_) => panic!("{arguments:?} {variables:?} was accepted"),
        Err(NoInputs::Bad(failure)) => failure.what,
        Err(NoInputs::CommandLine(error)) => error.to_string(),
    }
}

fn deploy(inputs: Inputs) -> Deploy {
    match inputs.job {
        Job::Deploy(deploy) => *deploy,
        Job::Explicit(explicit) => panic!("{explicit:?}"),
    }
}

fn list_of(inputs: Inputs) -> Explicit {
    match inputs.job {
        Job::Explicit(explicit) => explicit,
        Job::Deploy(deploy) => panic!("{deploy:?}"),
    }
}

const SITE: [&str; 4] = ["--site", "dist", "--distribution-id", "E1"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SITE.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn both_forms_of_a_variable_and_the_flag_that_beats_them() {
    let hyphens = [
        ("INPUT_SITE", "a"),
        ("INPUT_DISTRIBUTION-ID", "E1"),
        ("INPUT_MAX-PATHS", "7"),
    ];
    assert_eq!(deploy(good(&[], &hyphens)).budget.max_paths, 7);
    let underscores = [
        ("INPUT_SITE", "a"),
        ("INPUT_DISTRIBUTION_ID", "E1"),
        ("INPUT_MAX_PATHS", "8"),
    ];
    assert_eq!(deploy(good(&[], &underscores)).budget.max_paths, 8);
    assert_eq!(
        deploy(good(&["--max-paths", "9"], &underscores))
            .budget
            .max_paths,
        9
    );
}

#[test]
fn an_empty_variable_is_not_given() {
    let inputs = good(&SITE, &[("INPUT_MAX-PATHS", ""), ("INPUT_MAX_PATHS", "12")]);
    assert_eq!(deploy(inputs).budget.max_paths, 12);
    let inputs = good(&SITE, &[("INPUT_MAX-PATHS", " ")]);
    assert_eq!(deploy(inputs).budget.max_paths, 30);
}

#[test]
fn lists_have_lines_or_commas_and_none_empties_them() {
    let inputs = good(
        &["--site", "a"],
        &[("INPUT_DISTRIBUTION-ID", "E1, E2\nE3\n\n,E1")],
    );
    let names: Vec<_> = inputs.targets.iter().map(Target::name).collect();
    assert_eq!(names, ["E1", "E2", "E3"]);
    let inputs = good(
        &with(&["--index-documents", "none", "--aliases", "none"]),
        &[],
    );
    let scope = deploy(inputs).scope;
    assert!(scope.index_documents.is_empty() && scope.aliases.is_empty());
    // A glob may hold a comma, so lines alone separate globs.
    let inputs = good(&SITE, &[("INPUT_EXCLUDE", "**/*.{map,txt}\n*.bak")]);
    assert_eq!(deploy(inputs).scope.exclude, ["**/*.{map,txt}", "*.bak"]);
}

#[test]
fn durations_and_booleans() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("1h 30m", 5400)] {
        let inputs = good(&with(&["--wait-timeout", text]), &[]);
        assert_eq!(inputs.wait.timeout, Duration::from_secs(seconds), "{text}");
    }
    for (text, expected) in [
        ("true", true),
        ("True", true),
        ("TRUE", true),
        ("FALSE", false),
    ] {
        assert_eq!(
            good(&SITE, &[("INPUT_DRY-RUN", text)]).dry_run,
            expected,
            "{text}"
        );
    }
    assert!(good(&with(&["--dry-run"]), &[]).dry_run);
    assert!(!good(&with(&["--dry-run=false"]), &[]).dry_run);
    assert!(good(&with(&["--dry-run", "True"]), &[]).dry_run);
    assert!(good(&with(&["--dry-run", "--wait"]), &[]).dry_run);
}

#[test]
fn every_bad_input_is_said_at_once() {
    let message = bad(
        &[],
        &[
            ("INPUT_MAX-PATHS", "0"),
            ("INPUT_MAX-WILDCARDS", "16"),
            ("INPUT_DRY-RUN", "yes"),
            ("INPUT_COLLAPSE", "sometimes"),
            ("INPUT_WAIT-TIMEOUT", "soon"),
            ("INPUT_DISTRIBUTION-ID", "d1.cloudfront.net"),
            ("INPUT_ALWAYS-INVALIDATE", "no-slash"),
            ("INPUT_ON-CHANGE", "index.html"),
            ("INPUT_EXCLUDE", "a[b"),
            ("INPUT_PATH-PREFIX", "/~me/"),
            ("INPUT_ALIASES", "slash, naked"),
        ],
    );
    for name in [
        "max-paths",
        "max-wildcards",
        "dry-run",
        "collapse",
        "wait-timeout",
        "distribution-id",
        "always-invalidate",
        "on-change",
        "exclude",
        "path-prefix",
        "aliases",
        "site",
    ] {
        assert!(
            message.contains(&format!("`{name}")) || message.contains(&format!("{name}`")),
            "{name}: {message}"
        );
    }
    assert!(message.starts_with("12 bad inputs:"), "{message}");
}

#[test]
fn contradictions() {
    let rows: &[(&[&str], &str)] = &[
        (&["--site", "a"], "`distribution-id`: is required"),
        (
            &["--site", "a", "--distribution-id", "E1", "--paths", "/a"],
            "does not go with `site`",
        ),
        (
            &["--site", "a", "--distribution-id", "E1", "--previous", "b"],
            "with `dry-run: true` only",
        ),
        (
            &["--site", "a", "--distribution-id", "E1", "--widen"],
            "not with `site`",
        ),
        (&["--paths", "/a"], "`distribution-id`: is required"),
        (
            &["--paths", "/a", "--distribution-id", "E1", "--flush"],
            "`flush`: goes with `site`",
        ),
        (
            &[
                "--paths",
                "/a",
                "--distribution-id",
                "E1",
                "--phase",
                "begin",
            ],
            "`phase`: goes with `site`",
        ),
        (
            &[
                "--site",
                "a",
                "--distribution-id",
                "E1",
                "--manifest",
                "s3://bucket",
            ],
            "lacks a key",
        ),
        (
            &[
                "--invalidation-batch",
                "wrong.json",
                "--distribution-id",
                "E1",
            ],
            "says 3, but `Items` has 1",
        ),
        (
            &["--paths-from", "missing.txt", "--distribution-id", "E1"],
            "can't read `missing.txt`",
        ),
        (&["--max-path", "3"], "--max-paths"),
    ];
    for (arguments, expected) in rows {
        let message = bad(arguments, &[]);
        assert!(
            message.contains(expected),
            "{arguments:?}\n said: {message}"
        );
    }
}

#[test]
fn on_github_the_record_has_to_be_named() {
    let message = bad(&SITE, &[("GITHUB_ACTIONS", "true")]);
    assert!(message.contains("manifest: s3://"), "{message}");
    let elsewhere = deploy(good(&SITE, &[]));
    assert_eq!(elsewhere.manifest, Some(Location::default()));
    let trial = good(
        &["--site", "a", "--previous", "b", "--dry-run"],
        &[("GITHUB_ACTIONS", "true")],
    );
    assert_eq!(deploy(trial).manifest, None);
}

#[test]
fn explicit_modes_keep_the_order_given() {
    let inputs = good(
        &[
            "--distribution-id",
            "E1",
            "--paths",
            "/b\n/a/*\n/b",
            "--tags",
            "news,#blog",
        ],
        &[],
    );
    let texts: Vec<_> = list_of(inputs)
        .patterns
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["/b", "/a/*", "#news", "#blog"]);
    let inputs = good(
        &["--distribution-id", "E1", "--paths-from", "paths.txt"],
        &[],
    );
    let texts: Vec<_> = list_of(inputs)
        .patterns
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["/a.html", "/docs/*"]);
    let inputs = good(
        &[
            "--distribution-id",
            "E1",
            "--invalidation-batch",
            "file://batch.json",
        ],
        &[],
    );
    let job = list_of(inputs);
    assert_eq!(job.caller_reference.as_deref(), Some("cli-example"));
    let texts: Vec<_> = job.patterns.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["/b", "/a"]);
}

/// The PowerShell example of AWS's documentation: CloudFront takes a `*` inside a path and matches
/// nothing with it.
#[test]
fn widening_drops_what_the_wider_patterns_cover() {
    let paths = "/images/*.gif\n/images/image1.jpg\n/videos/*.mp4";
    let inputs = good(
        &["--distribution-id", "E1", "--paths", paths, "--widen"],
        &[],
    );
    let texts: Vec<_> = list_of(inputs)
        .patterns
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["/images/*", "/videos/*"]);
    let message = bad(&["--distribution-id", "E1", "--paths", paths], &[]);
    assert!(
        message.contains("/images/*.gif") && message.contains("/images/*"),
        "{message}"
    );
}

#[test]
fn misspelt_variables_are_warned_about() {
    let inputs = good(&SITE, &[("INPUT_MAX_PATH", "3")]);
    assert_eq!(
        inputs.warnings,
        ["the variable `INPUT_MAX_PATH` is no input of this program"]
    );
}

/// Whoever adds an input decides whether an explicit run has a use for it.
#[test]
fn every_input_is_for_one_kind_of_run_or_for_both() {
    let both = [
        "distribution-id",
        "distribution-tenant-id",
        "distribution-alias",
        "dry-run",
        "wait",
        "wait-timeout",
        "wait-timeout-action",
        "quota-timeout",
        "report-file",
        "summary-file",
        "summary",
        "output",
        "verbose",
        "quiet",
        "endpoint-url",
        "profile",
        "region",
        "ca-bundle",
        "connect-timeout",
        "read-timeout",
    ];
    let explicit = EXPLICIT.iter().chain(&["widen", "caller-reference"]);
    let mut known: Vec<_> = both
        .iter()
        .chain(explicit)
        .chain(&explicit::DEPLOY_ONLY)
        .chain(&["site"])
        .collect();
    known.sort_unstable();
    let mut inputs: Vec<_> = INPUTS.iter().map(|input| &input.name).collect();
    inputs.sort_unstable();
    assert_eq!(known, inputs);
}

#[test]
fn every_input_is_read() {
    // An input that is accepted and ignored would be a lie: each name stands in the code that
    // reads values, besides the table.
    let code = [
        include_str!("mod.rs"),
        include_str!("deploy.rs"),
        include_str!("explicit.rs"),
    ]
    .concat();
    for input in INPUTS {
        assert!(
            code.contains(&format!("\"{}\"", input.name)),
            "{} is never read",
            input.name
        );
    }
}
