//! Each face of the summary as a snapshot, and what no summary may be.

use super::*;
use crate::failure::{Code, Failure};
use crate::pattern::{Pattern, Widen};
use crate::plan::Cover;
use crate::report::{
    ErrorReport, FileCounts, InvalidationReport, ManifestReport, Mode, PlanReport, Progress,
    TargetReport, TradeoffReport,
};

fn delta() -> Report {
    let paths = ["/about.html", "/blog/*", "/caf%C3%A9.html"];
    Report {
        mode: Mode::Delta,
        files: FileCounts {
            added: 1,
            modified: 1_212,
            removed: 0,
            unsettled: 2,
        },
        plan: Some(PlanReport {
            paths: paths.iter().map(ToString::to_string).collect(),
            path_count: 3,
            wildcard_count: 1,
            stale: 1_214,
            kept: 340,
            over_invalidated: 12,
            over_invalidated_by_given: 0,
            optimal: true,
            gap: 0,
            max_cost_usd: 0.015,
            tradeoff: vec![
                TradeoffReport {
                    paths: 1,
                    over_invalidated: 340,
                },
                TradeoffReport {
                    paths: 3,
                    over_invalidated: 12,
                },
                TradeoffReport {
                    paths: 15,
                    over_invalidated: 0,
                },
            ],
            covers: vec![Cover {
                pattern: Pattern::parse("/blog/*", Widen::No).unwrap(),
                stale: 1_212,
                kept: 12,
                stale_examples: vec!["/blog/".into()],
                kept_examples: vec!["/blog/rss.xml".into()],
            }],
        }),
        invalidations: vec![InvalidationReport {
            target: "E1EXAMPLE".into(),
            id: "I2EXAMPLE".into(),
            status: "InProgress".into(),
            caller_reference: "cfd1-0".into(),
            create_time: "2026-01-02T03:04:05Z".into(),
            location: None,
            path_count: 3,
            reused: false,
        }],
        manifest: Some(ManifestReport {
            location: "s3://records/E1EXAMPLE/manifest.json".into(),
            deploy: Some("0123456789abcdef".into()),
            resumed: false,
            committed: true,
        }),
        compared: true,
        targets: vec![target("E1EXAMPLE")],
        ..Report::default()
    }
}

fn target(name: &str) -> TargetReport {
    TargetReport {
        name: name.to_owned(),
        requests: 1,
    }
}

/// A delta that has not come to its end.
fn unfinished() -> Report {
    let manifest = delta().manifest.map(|manifest| ManifestReport {
        committed: false,
        ..manifest
    });
    Report {
        manifest,
        progress: Progress {
            intent: true,
            requests: 1,
            ..Progress::default()
        },
        ..delta()
    }
}

fn denied(state: &str) -> ErrorReport {
    let what = "could not invalidate `E2EXAMPLE`: AccessDenied: no";
    let failure =
        Failure::new(Code::AccessDenied, what).hint("allow `cloudfront:CreateInvalidation`");
    ErrorReport::of(&failure, Some(state.into()))
}

fn everything(mode: Mode) -> Report {
    Report {
        mode,
        plan: Some(PlanReport {
            paths: vec!["/*".into()],
            path_count: 1,
            wildcard_count: 1,
            stale: 800,
            optimal: true,
            max_cost_usd: 0.005,
            ..PlanReport::default()
        }),
        ..delta()
    }
}

fn assert_faces(rows: &[(&str, Report)]) {
    for (name, report) in rows {
        insta::assert_snapshot!(*name, summary(report, SummaryStyle::Full));
    }
}

#[test]
fn faces() {
    let rows = [
        ("delta", delta()),
        (
            "dry-run",
            Report {
                dry_run: true,
                invalidations: vec![],
                manifest: None,
                ..delta()
            },
        ),
        (
            "given",
            Report {
                plan: delta().plan.map(|plan| PlanReport {
                    over_invalidated: 0,
                    over_invalidated_by_given: 12,
                    ..plan
                }),
                ..delta()
            },
        ),
        (
            "first-deploy",
            Report {
                files: FileCounts {
                    added: 150,
                    ..FileCounts::default()
                },
                compared: false,
                reason: Some("there is no record of a previous deploy".into()),
                ..everything(Mode::FirstDeploy)
            },
        ),
        (
            "adopted",
            Report {
                mode: Mode::FirstDeploy,
                plan: Some(PlanReport::default()),
                files: FileCounts {
                    added: 150,
                    ..FileCounts::default()
                },
                invalidations: vec![],
                ..delta()
            },
        ),
        (
            "flush",
            Report {
                reason: Some("`revision` has changed since the previous deploy".into()),
                ..everything(Mode::Flush)
            },
        ),
        (
            "unchanged",
            Report {
                mode: Mode::Unchanged,
                invalidations: vec![],
                waited: Some("Completed"),
                ..delta()
            },
        ),
        (
            "listing",
            Report {
                mode: Mode::Unchanged,
                reason: Some("only the listing was asked for".into()),
                ..Report::default()
            },
        ),
        (
            "explicit",
            Report {
                mode: Mode::Explicit,
                manifest: None,
                compared: false,
                files: FileCounts::default(),
                ..delta()
            },
        ),
    ];
    assert_faces(&rows);
    insta::assert_snapshot!("compact", summary(&delta(), SummaryStyle::Compact));
    assert_eq!(summary(&delta(), SummaryStyle::None), "");
}

#[test]
fn faces_of_runs_before_the_upload() {
    let rows = [
        (
            "begun",
            Report {
                begin: true,
                invalidations: vec![],
                targets: vec![],
                ..unfinished()
            },
        ),
        (
            "begun-unchanged",
            Report {
                mode: Mode::Unchanged,
                begin: true,
                invalidations: vec![],
                ..unfinished()
            },
        ),
    ];
    assert_faces(&rows);
}

#[test]
fn faces_of_failures() {
    let rows = [
        (
            "failure",
            Report {
                error: Some(denied("nothing was submitted")),
                invalidations: vec![],
                ..unfinished()
            },
        ),
        (
            "partly-accepted",
            Report {
                error: Some(denied("1 of 2 requests were accepted")),
                targets: vec![target("E1EXAMPLE"), target("E2EXAMPLE")],
                ..unfinished()
            },
        ),
        (
            "failed-afterwards",
            Report {
                error: Some(denied(
                    "the invalidation was accepted and the deploy is remembered",
                )),
                ..delta()
            },
        ),
        (
            "failure-before-a-plan",
            Report {
                error: Some(ErrorReport::of(
                    &Failure::new(Code::SiteEmpty, "the site `dist` has no files"),
                    None,
                )),
                ..Report::default()
            },
        ),
    ];
    assert_faces(&rows);
}

#[test]
fn no_name_is_markdown_or_html() {
    let mut report = delta();
    if let Some(plan) = &mut report.plan {
        plan.paths = vec!["/a`|b</details><script>*x*".into()];
        plan.covers.clear();
    }
    report.warnings = vec!["<img src=x> **bold** [a](b) @everyone `co|de`".into()];
    let text = summary(&report, SummaryStyle::Full);
    for raw in [
        "<script>",
        "<img",
        "**bold**",
        "[a](b)",
        "@everyone",
        "&#64;everyone",
        "a`|b",
    ] {
        assert!(!text.contains(raw), "{raw}\n{text}");
    }
}

#[test]
fn a_long_summary_is_cut_at_a_line_and_closed() {
    let mut report = delta();
    if let Some(plan) = &mut report.plan {
        plan.paths = (0..500)
            .map(|n| format!("/{n}/{}", "x".repeat(190)))
            .collect();
        plan.path_count = 500;
    }
    report.warnings = (0..500)
        .map(|n| format!("warning {n} {}", "é".repeat(100)))
        .collect();
    let text = summary(&report, SummaryStyle::Full);
    // What a comment holds, less a little for those who add a line of their own.
    assert!(text.len() <= 60_000, "{}", text.len());
    assert_eq!(
        text.matches("<details").count(),
        text.matches("</details>").count()
    );
    assert!(
        text.ends_with("the JSON report has everything.\n"),
        "{}",
        &text[text.len() - 200..]
    );
}

/// Everything of a list is one line, whatever its names hold, so neither rows nor folds break.
#[test]
fn no_name_breaks_a_table_or_a_fold() {
    let names = [
        "/a|b",
        "/`",
        "/```",
        "/line\n\nbreak",
        "/\r| x |",
        "/</details></summary>",
        "/\u{2028}|",
        "/x](y)",
        "#tag|`",
    ];
    let mut report = delta();
    let plain = summary(&report, SummaryStyle::Full);
    if let Some(plan) = &mut report.plan {
        plan.paths = names.iter().map(ToString::to_string).collect();
        plan.path_count = names.len();
        plan.covers.clear();
    }
    let text = summary(&report, SummaryStyle::Full);
    let (rows, others): (Vec<_>, Vec<_>) = text.lines().partition(|line| {
        line.ends_with("| itself | |") || line.ends_with("| everything with this tag | |")
    });
    assert_eq!(rows.len(), names.len(), "{text}");
    for row in rows {
        let bars = row.matches('|').count();
        assert_eq!(bars, 4, "three cells: {row}");
        assert!(row.is_ascii() || row.contains('\u{200b}'), "{row}");
    }
    let count = |text: &str, what: &str| text.matches(what).count();
    for what in ["<details", "</details>", "<summary>", "```"] {
        let inside = others.join("\n");
        assert_eq!(
            count(&inside, what),
            count(&plain, what),
            "{what} in {text}"
        );
    }
}

/// Names of any length leave room for what comes after the list.
#[test]
fn a_long_list_is_cut_before_the_other_sections() {
    let mut report = delta();
    let long = |n| format!("/{n}/{}", "\u{1F600}|".repeat(150));
    if let Some(plan) = &mut report.plan {
        plan.paths = (0..100).map(long).collect();
        plan.path_count = 100;
    }
    let text = summary(&report, SummaryStyle::Full);
    assert!(text.contains("\n… and "), "the rest is counted");
    for section in ["```mermaid", "max-paths", "I2EXAMPLE", "remembered in"] {
        assert!(text.contains(section), "{section}");
    }
    assert!(!text.contains("… cut"));
}
