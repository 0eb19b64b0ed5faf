//! The paths as sent, with what each covers.

use std::fmt::{Result, Write as _};

use crate::plan::Cover;
use crate::report::{Mode, PlanReport, Report, count, thousands};

use super::face::Face;
use super::markdown::code;

/// Paths listed before the rest is only counted: enough for every plan within the default budget.
const LISTED: usize = 100;

/// Bytes of the list after which the rest is only counted, so that names of any length leave room
/// for the other sections.
const MAX_LIST: usize = 30_000;

/// A list of so many paths is not folded.
const OPEN: usize = 10;

/// Writes the list, folded if it is long or beside the point.
pub(super) fn paths(text: &mut String, face: Face, report: &Report, plan: &PlanReport) -> Result {
    if plan.paths.is_empty() {
        return Ok(());
    }
    let what = match face {
        Face::DryRun => "that would be sent",
        Face::Begun => "to be sent after the upload",
        Face::Failed if !report.invalidated() => "planned, none of them sent",
        Face::Failed | Face::PartlyAccepted => "planned",
        _ => "as sent",
    };
    let failed = report.error.is_some();
    let open = if plan.path_count <= OPEN && !failed {
        " open"
    } else {
        ""
    };
    writeln!(
        text,
        "<details{open}><summary>{} {what}</summary>\n",
        count(plan.path_count, "path")
    )?;
    let start = text.len();
    let is_delta = report.mode == Mode::Delta;
    if is_delta {
        writeln!(text, "| Path | Covers | Also evicts |\n|:--|:--|:--|")?;
    }
    // Covers are in the order of the paths.
    let mut covers = plan.covers.iter().peekable();
    let mut listed = 0;
    for path in plan.paths.iter().take(LISTED) {
        if text.len() - start > MAX_LIST {
            break;
        }
        listed += 1;
        let cover = covers.next_if(|cover| cover.pattern.as_str() == path);
        if is_delta {
            row(text, path, cover)?;
        } else {
            writeln!(text, "- {}", code(path))?;
        }
    }
    let rest = plan.path_count.saturating_sub(listed);
    if rest > 0 {
        writeln!(text, "\n… and {} more", thousands(rest))?;
    }
    writeln!(text, "\n</details>\n")
}

fn row(text: &mut String, path: &str, cover: Option<&Cover>) -> Result {
    let path_shown = code(path);
    let Some(cover) = cover else {
        let what = if path.starts_with('#') {
            "everything with this tag"
        } else {
            "itself"
        };
        return writeln!(text, "| {path_shown} | {what} | |");
    };
    let stale = count(cover.stale, "stale path");
    let evicted = match cover.kept_examples.first() {
        Some(example) if cover.kept == 1 => format!("1: {}", code(example)),
        Some(example) => format!("{}, such as {}", thousands(cover.kept), code(example)),
        None => "nothing".to_owned(),
    };
    writeln!(text, "| {path_shown} | {stale} | {evicted} |")
}
