//! What the log says of a plan: what changed, what is sent and why, what that costs.

use crate::plan::Cover;
use crate::report::headline::{advice, headline};
use crate::report::log::Log;
use crate::report::{Mode, PlanReport, Report, count, thousands};

/// The title of the list of paths.
const PATHS: &str = "paths to invalidate";

/// Wildcards that are explained one by one before the rest is only counted. More than the quota of
/// a distribution only come from `collapse: never`.
const EXPLAINED: usize = 20;

/// Paths listed where nothing folds the list, unless more is asked for.
const LISTED: usize = 100;

/// Says what the plan is and why, in a few lines.
pub fn describe_plan(log: &Log, report: &Report) {
    let Some(plan) = &report.plan else { return };
    if let Some(files) = files(report) {
        log.line(&files);
    }
    log.headline(&headline(report));
    // A warning that says so was just printed.
    let said = |reason: &&String| !report.warnings.iter().any(|text| text.contains(*reason));
    if let Some(reason) = report.reason.as_ref().filter(said) {
        log.line(&format!("why: {reason}"));
    }
    let covers = if report.mode == Mode::Delta {
        &*plan.covers
    } else {
        &[]
    };
    // Where the list is folded away, what each wildcard does is said before it.
    if log.folds() {
        for cover in covers.iter().take(EXPLAINED) {
            log.line(&format!("  {cover}"));
            examples(log, cover);
        }
        if let Some(rest) = covers.len().checked_sub(EXPLAINED).filter(|rest| *rest > 0) {
            log.line(&format!("  and {} more", count(rest, "wildcard")));
        }
    }
    if report.mode == Mode::Delta
        && let Some(advice) = advice(plan)
    {
        log.line(&format!("tip: {advice}"));
    }
    log.line(&format!(
        "cost: at most {} USD, nothing within the 1,000 paths that an account has free each month",
        plan.max_cost_usd
    ));
    list(log, plan, covers);
}

/// `23 files changed: 2 added, 20 modified, 1 removed`, or that there is nothing to compare with.
#[must_use]
pub fn files(report: &Report) -> Option<String> {
    let files = report.files;
    if !report.compared {
        let all = count(files.added, "file");
        return (files.added > 0).then(|| format!("{all}, and no previous deploy to compare with"));
    }
    let changed = count(files.changed(), "file");
    let unsettled = match files.unsettled {
        0 => String::new(),
        number => format!(
            ", and {} of a run that was not finished",
            count(number, "file")
        ),
    };
    Some(format!(
        "{changed} changed: {} added, {} modified, {} removed{unsettled}",
        thousands(files.added),
        thousands(files.modified),
        thousands(files.removed)
    ))
}

fn list(log: &Log, plan: &PlanReport, covers: &[Cover]) {
    if plan.paths.is_empty() {
        return;
    }
    if log.folds() {
        return log.group(PATHS, plan.paths.iter().map(String::as_str));
    }
    let shown = if log.is_verbose() { usize::MAX } else { LISTED };
    // Covers are in the order of the paths.
    let mut covers = covers.iter().peekable();
    log.line(&format!("{PATHS}:"));
    for path in plan.paths.iter().take(shown) {
        match covers.next_if(|cover| cover.pattern.as_str() == path) {
            Some(cover) => {
                log.line(&format!("  - {cover}"));
                examples(log, cover);
            }
            None => log.line(&format!("  - {path}")),
        }
    }
    if let Some(rest) = plan.paths.len().checked_sub(shown).filter(|rest| *rest > 0) {
        log.line(&format!(
            "  and {} more, which `--verbose` lists",
            thousands(rest)
        ));
    }
}

/// What a wildcard covers, for those who asked for more.
fn examples(log: &Log, cover: &Cover) {
    for (kind, examples, number) in [
        ("stale", &cover.stale_examples, cover.stale),
        ("kept, evicted", &cover.kept_examples, cover.kept),
    ] {
        for example in examples {
            log.detail(&format!("      {kind}: {example}"));
        }
        if let Some(rest) = number.checked_sub(examples.len()).filter(|rest| *rest > 0) {
            log.detail(&format!("      {kind}: and {} more", thousands(rest)));
        }
    }
}
