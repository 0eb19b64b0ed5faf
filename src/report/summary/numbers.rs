//! The table of numbers.

use std::fmt::{Result, Write as _};

use crate::report::{Mode, PlanReport, Report, count, thousands};

/// Writes the table; its first row is the head, because Markdown knows no table without one.
pub(super) fn numbers(text: &mut String, report: &Report, plan: &PlanReport) -> Result {
    let mut rows = Vec::new();
    files(&mut rows, report);
    if report.mode == Mode::Delta {
        viewer_paths(&mut rows, report, plan);
    }
    if !plan.paths.is_empty() {
        let targets = report.targets.len();
        let each = if targets > 1 && report.planned_paths == plan.path_count * targets {
            format!(", to each of {}", count(targets, "target"))
        } else {
            String::new()
        };
        rows.push(("Paths", paths(plan) + &each));
        rows.push(("Cost", cost(plan)));
    }
    rows.push(("Invalidation", status(report)));
    for (index, (name, value)) in rows.iter().enumerate() {
        writeln!(text, "| {name} | {value} |")?;
        if index == 0 {
            writeln!(text, "|:--|:--|")?;
        }
    }
    writeln!(text)
}

fn files(rows: &mut Vec<(&'static str, String)>, report: &Report) {
    let files = report.files;
    if report.compared {
        let (added, modified, removed) = (files.added, files.modified, files.removed);
        rows.push((
            "Files changed",
            format!(
                "{}: {} added, {} modified, {} removed",
                thousands(files.changed()),
                thousands(added),
                thousands(modified),
                thousands(removed)
            ),
        ));
    } else if files.added > 0 {
        let all = thousands(files.added);
        rows.push((
            "Files",
            format!("{all}, and no previous deploy to compare with"),
        ));
    }
    if files.unsettled > 0 {
        let unsettled = thousands(files.unsettled);
        rows.push((
            "Files of an unfinished run",
            format!("{unsettled}, covered once more"),
        ));
    }
}

fn viewer_paths(rows: &mut Vec<(&'static str, String)>, report: &Report, plan: &PlanReport) {
    // Whether they really were covered is another question when a run fails.
    let covered = if report.error.is_none() {
        ", all of them covered"
    } else {
        ""
    };
    rows.push((
        "Stale viewer paths",
        format!("{}{covered}", thousands(plan.stale)),
    ));
    if plan.kept > 0 {
        let (staying, kept) = (plan.staying(), plan.kept);
        let of = thousands(kept);
        let shown = if staying < kept {
            format!(
                "{} of {of} viewer paths that did not change",
                thousands(staying)
            )
        } else {
            format!("all {of} viewer paths that did not change")
        };
        rows.push(("Stay cached", shown));
    }
    let evicted = thousands(plan.over_invalidated);
    rows.push((
        "Evicted for nothing",
        match (plan.over_invalidated, plan.optimal) {
            (0, _) => evicted,
            (_, true) => format!("{evicted}, the least possible within the budget"),
            (_, false) => format!(
                "{evicted}, at most {} more than needed",
                thousands(plan.gap)
            ),
        },
    ));
    if plan.over_invalidated_by_given > 0 {
        let given = thousands(plan.over_invalidated_by_given);
        rows.push((
            "Evicted as asked",
            format!("{given}, by `always-invalidate` and `on-change`"),
        ));
    }
}

fn paths(plan: &PlanReport) -> String {
    match (plan.path_count, plan.wildcard_count) {
        (paths, 0) => thousands(paths),
        (1, 1) => "1, a wildcard".to_owned(),
        (paths, wildcards) if paths == wildcards => format!("{}, all wildcards", thousands(paths)),
        (paths, wildcards) => format!(
            "{}, {} of them {}",
            thousands(paths),
            thousands(wildcards),
            if wildcards == 1 {
                "a wildcard"
            } else {
                "wildcards"
            }
        ),
    }
}

fn cost(plan: &PlanReport) -> String {
    if plan.max_cost_usd == 0.0 {
        return "nothing: CloudFront had accepted these paths earlier".to_owned();
    }
    format!(
        "at most {} USD, nothing within the 1,000 paths that are free each month",
        plan.max_cost_usd
    )
}

fn status(report: &Report) -> String {
    let (done, all) = (report.targets_done(), report.targets.len());
    match report.status() {
        "none" if report.dry_run => "not sent: this is a dry run".to_owned(),
        "none" if report.error.is_some() && report.progress.in_doubt => {
            "one request was sent and its answer is not known".to_owned()
        }
        "none" if report.error.is_some() => "nothing was sent".to_owned(),
        "none" if report.begin => "not sent yet".to_owned(),
        "none" => "nothing to send".to_owned(),
        _ if done < all && all > 1 => format!("accepted by {done} of {}", count(all, "target")),
        _ if done < all => {
            let requests = report.progress.requests;
            format!(
                "{} of {} accepted",
                report.invalidations.len(),
                count(requests, "request")
            )
        }
        "Completed" => "completed".to_owned(),
        _ => "accepted, in progress".to_owned(),
    }
}
