//! File names that are hard to write in a URL, in a log, or in Markdown.

use std::os::unix::fs::symlink;

use crate::harness::{DISTRIBUTION, Stage};
use crate::site::Site;

/// What is sent when a file of this name changes beside others that do not.
#[test]
fn every_name_is_covered_as_cloudfront_takes_it() {
    // Encoding as the developer guide has it (RFC 1738); `~`: aws/aws-sdk issue 525, aws-sdk-js
    // issue 4234; `'`: s3_website sends `%27`, others report a refusal of the raw form.
    let rows: &[(&str, &[&str])] = &[
        ("a.html", &["/a.html"]),
        ("a b.html", &["/a%20b.html"]),
        ("é.html", &["/%C3%A9.html"]),
        ("日本/語.html", &["/%E6%97%A5%E6%9C%AC/%E8%AA%9E.html"]),
        ("😀.html", &["/%F0%9F%98%80.html"]),
        ("e\u{301}.html", &["/e%CC%81.html"]),
        ("a#b.html", &["/a%23b.html"]),
        ("font?kit=abc&v=v22", &["/font%3Fkit=abc&v=v22"]),
        ("100%.html", &["/100%25.html"]),
        ("a%20b.html", &["/a%2520b.html"]),
        ("[x]{y}|z^`.html", &["/%5Bx%5D%7By%7D%7Cz%5E%60.html"]),
        ("a\\b<c>\"d.html", &["/a%5Cb%3Cc%3E%22d.html"]),
        (
            "a+b&c=d;e,f:g@h$i!(j)_-.html",
            &["/a+b&c=d;e,f:g@h$i!(j)_-.html"],
        ),
        (
            "two words/index.html",
            &["/two%20words/", "/two%20words/index.html"],
        ),
        ("tab\tnewline\n.html", &["/tab%09newline%0A.html"]),
        ("x/a~b.html", &["/x/a*"]),
        ("x/it's.html", &["/x/it*"]),
        ("x/a*b.html", &["/x/a*"]),
        ("~user/index.html", &["/*"]),
        ("é~.html", &["/%C3%A9*"]),
    ];
    for (name, expected) in rows {
        let stage = Stage::new();
        let site = Site::of(&[("keep.html", "a1"), ("other/keep.js", "a2")]);
        stage.deploy(&site.clone().with(name, "a3"));
        stage.warm(Vec::<String>::new());
        stage.deploy(&site.clone().with(name, "b3"));
        assert_eq!(stage.last().paths, *expected, "{name:?}");
        stage.assert_fresh(name);

        // Removed, it is gone from the caches too.
        stage.warm(Vec::<String>::new());
        stage.deploy(&site);
        stage.assert_fresh(name);
    }
}

#[test]
fn the_same_names_come_out_of_a_directory() {
    let stage = Stage::new();
    let names = [
        "a b.html",
        "é.html",
        "x/a~b.html",
        "it's.html",
        "w#y?.html",
        "100%.html",
        "x/.well-known/z",
    ];
    let run = || stage.run().set("site", stage.name("site"));
    let build = |text| stage.build(&names.map(|name| (name, text)));
    build("one");
    run().succeed();
    stage.warm(Vec::<String>::new());
    build("two");
    run().succeed();
    let expected = [
        "/%C3%A9.html",
        "/100%25.html",
        "/a%20b.html",
        "/it*",
        "/w%23y%3F.html",
        "/x/.well-known/z",
        "/x/a*",
    ];
    assert_eq!(stage.last().paths, expected);
    stage.assert_fresh("names from a directory");
}

/// Names that would be commands of GitHub's runner if they began a line.
const COMMANDS: [&str; 6] = [
    "::error title=x::gone",
    "a\n::add-mask::a",
    "b\r\n::set-output name=mode::flush",
    "##[error]c",
    "  ::stop-commands::d",
    "e\u{2028}::warning::e",
];

/// Each line that the runner would take for a command.
fn commands(text: &str) -> Vec<&str> {
    let lines = text.split(['\n', '\r']);
    lines
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}

#[test]
fn no_name_is_a_command_to_the_runner() {
    let stage = Stage::new();
    let site = Site::of(&[("index.html", "a1")]);
    let with_names = |version: &str| {
        COMMANDS.iter().fold(site.clone(), |site, name| {
            site.with(&format!("{name}.html"), version)
        })
    };
    stage.deploy(&with_names("a2"));
    stage.upload(&with_names("b2"));
    let ended = stage.run().set("verbose", "true").on_github().binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let found = commands(&ended.stdout);
    let [group, end] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(
        group.starts_with("::group::") && *end == "::endgroup::",
        "{found:?}"
    );
    assert_eq!(
        commands(&ended.stderr),
        Vec::<&str>::new(),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stdout.contains("%3A") || ended.stdout.contains("::error"),
        "the names are shown"
    );
}

#[test]
fn no_name_in_an_error_is_a_command_to_the_runner() {
    for name in COMMANDS {
        let stage = Stage::new();
        stage.build(&[("index.html", "x")]);
        symlink("nowhere", stage.file("site").join(name)).unwrap();
        let run = || stage.run().set("site", stage.name("site"));
        let on_github = run().on_github().binary();
        assert_eq!(on_github.status, Some(1), "{name:?}");
        let found = commands(&on_github.stdout);
        let [error] = &found[..] else {
            panic!("{name:?}: {found:?}")
        };
        assert!(
            error.starts_with("::error title=cloudfront-delta%3A broken-link::"),
            "{error}"
        );

        let elsewhere = run().binary();
        let (stdout, stderr) = (commands(&elsewhere.stdout), commands(&elsewhere.stderr));
        assert_eq!((stdout, stderr), (vec![], vec![]), "{name:?}");
    }
}

#[test]
fn no_name_is_markdown_in_the_summary() {
    let stage = Stage::new();
    let names = [
        "<img src=x>",
        "`code`",
        "a|b",
        "[link](mailto:x@y)",
        "**bold**",
        "@octocat",
        "$x^2$",
    ];
    let site = |version: &str| {
        names
            .iter()
            .fold(Site::of(&[("index.html", "a1")]), |site, name| {
                site.with(name, version)
            })
    };
    stage.deploy(&site("a2"));
    stage.upload(&site("b2"));
    stage
        .run()
        .set("summary-file", stage.name("summary.md"))
        .succeed();
    let summary = stage.read("summary.md");
    for markup in ["<img", "`code`", "[link](", "**bold", "@octocat", "$x"] {
        assert!(!summary.contains(markup), "{markup}: {summary}");
    }
    // Every row of a table has the cells of its head: a bar in a name begins none.
    for table in summary.split("\n\n").filter(|block| block.starts_with('|')) {
        let cells: Vec<_> = table.lines().map(|row| row.matches('|').count()).collect();
        assert!(cells.iter().all(|count| *count == cells[0]), "{table}");
    }
}

#[test]
fn a_path_too_long_to_be_named_is_covered_by_a_wildcard() {
    let stage = Stage::new();
    // 500 times "é/" are 3,500 characters encoded; the name takes it over 4,000.
    let long = format!("{}{}.html", "é/".repeat(500), "x".repeat(600));
    let site = Site::of(&[("index.html", "a1")]);
    stage.deploy(&site.clone().with(&long, "a2"));
    stage.warm(Vec::<String>::new());
    stage.deploy(&site.with(&long, "b2"));
    let paths = stage.last().paths;
    let [path] = &paths[..] else {
        panic!("{paths:?}")
    };
    assert!(
        path.ends_with('*') && path.len() <= 4_000,
        "{} characters",
        path.len()
    );
    assert_eq!(stage.standin.needless(DISTRIBUTION).total, 0);
    stage.assert_fresh("a long name");
}
