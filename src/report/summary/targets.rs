//! Which target accepted what.

use std::fmt::{Result, Write as _};

use crate::cloudfront::COMPLETED;
use crate::report::{InvalidationReport, Report, TargetReport, thousands};

use super::markdown::code;

/// Invalidations listed before the rest is only counted.
const LISTED: usize = 100;

/// Writes the invalidations, folded, and what remembers them.
pub(super) fn folded(text: &mut String, report: &Report) -> Result {
    if report.invalidations.is_empty() {
        return Ok(());
    }
    writeln!(text, "<details><summary>Invalidations</summary>\n")?;
    table(text, report)?;
    if let Some(manifest) = report
        .manifest
        .as_ref()
        .filter(|manifest| manifest.committed)
    {
        let deploy = manifest.deploy.as_deref().unwrap_or_default();
        writeln!(
            text,
            "Deploy {}, remembered in {}.\n",
            code(deploy.get(..12).unwrap_or(deploy)),
            code(&manifest.location)
        )?;
    }
    writeln!(text, "</details>\n")
}

/// Writes a row for each invalidation, and one for each target that still lacks some.
pub(super) fn table(text: &mut String, report: &Report) -> Result {
    writeln!(
        text,
        "| Target | Invalidation | Status | Paths | Made |\n|:--|:--|:--|--:|:--|"
    )?;
    for made in report.invalidations.iter().take(LISTED) {
        accepted(text, made)?;
    }
    let rest = report.invalidations.len().saturating_sub(LISTED);
    let lacking = report.targets.iter().take(LISTED);
    for target in lacking {
        lacks(text, report, target)?;
    }
    if rest > 0 {
        writeln!(text, "\n… and {} more", thousands(rest))?;
    }
    writeln!(text)
}

fn accepted(text: &mut String, made: &InvalidationReport) -> Result {
    let status = if made.status == COMPLETED {
        "✅ completed"
    } else {
        "✅ accepted, in progress"
    };
    let again = if made.reused {
        ", earlier: nothing to pay"
    } else {
        ""
    };
    writeln!(
        text,
        "| {} | {} | {status} | {} | {}{again} |",
        code(&made.target),
        code(&made.id),
        thousands(made.path_count),
        seconds(&made.create_time),
    )
}

fn lacks(text: &mut String, report: &Report, target: &TargetReport) -> Result {
    let accepted = report.accepted_by(&target.name);
    let missing = target.requests.saturating_sub(accepted);
    if missing == 0 {
        return Ok(());
    }
    let what = match (accepted, missing) {
        (0, _) => "❌ not accepted".to_owned(),
        (_, missing) => format!("❌ {missing} of {} requests not accepted", target.requests),
    };
    writeln!(text, "| {} | | {what} | | |", code(&target.name))
}

/// `2026-01-02 03:04:05 UTC` of `2026-01-02T03:04:05.678Z`.
fn seconds(time: &str) -> String {
    match time.split_once('T') {
        Some((day, clock)) if time.ends_with('Z') => {
            let clock: String = clock
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == ':')
                .collect();
            format!("{day} {clock} UTC")
        }
        _ => time.to_owned(),
    }
}
