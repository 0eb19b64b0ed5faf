//! The step summary: GitHub Markdown that a person would show to a colleague.

mod charts;
mod face;
mod markdown;
mod numbers;
mod paths;
mod targets;
#[cfg(test)]
mod tests;

use std::fmt::{Result, Write as _};

use crate::inputs::SummaryStyle;
use crate::report::{ErrorReport, Report};

use face::Face;
use markdown::{block, escape, sentence};

/// The longest summary, in bytes: GitHub drops one over 1 MiB, and a comment holds 65,536
/// characters.
const MAX_BYTES: usize = 60_000;

/// Room for what closes a summary that was too long, in bytes.
const CLOSING: usize = 100;

/// Makes the summary.
#[must_use]
pub fn summary(report: &Report, style: SummaryStyle) -> String {
    let mut text = String::new();
    if style == SummaryStyle::None {
        return text;
    }
    // Writing to a string does not fail.
    let _ = write(&mut text, report, style);
    truncate(&mut text);
    text
}

fn write(text: &mut String, report: &Report, style: SummaryStyle) -> Result {
    let face = Face::of(report);
    writeln!(
        text,
        "### {} CloudFront: {}\n",
        face.mark(),
        face.title(report)
    )?;
    if let Some(error) = &report.error {
        failure(text, error)?;
    }
    if let Some(note) = face.note(report) {
        writeln!(text, "{note}\n")?;
    }
    // A warning that says the reason is enough.
    let said = |reason: &&String| !report.warnings.iter().any(|text| text.contains(*reason));
    if let Some(reason) = report.reason.as_ref().filter(said)
        && face.has_numbers(report)
    {
        writeln!(text, "**Why:** {}\n", escape(reason))?;
    }
    for warning in &report.warnings {
        writeln!(text, "> [!WARNING]\n{}", block(&sentence(warning)))?;
    }
    let Some(plan) = report.plan.as_ref().filter(|_| face.has_numbers(report)) else {
        return Ok(());
    };
    numbers::numbers(text, report, plan)?;
    if face == Face::PartlyAccepted {
        targets::table(text, report)?;
    }
    if style == SummaryStyle::Compact {
        return Ok(());
    }
    paths::paths(text, face, report, plan)?;
    if face.has_charts(report) {
        charts::share(text, plan)?;
        charts::curve(text, plan)?;
    }
    if face != Face::PartlyAccepted {
        targets::folded(text, report)?;
    }
    Ok(())
}

/// The same words as in the log and the annotation.
fn failure(text: &mut String, error: &ErrorReport) -> Result {
    writeln!(text, "> [!CAUTION]\n{}", block(&error.message))?;
    if let Some(state) = &error.state {
        writeln!(text, "**State:** {}\n", escape(state))?;
    }
    if let Some(hint) = &error.hint {
        writeln!(text, "**What to do:** {}\n", escape(hint))?;
    }
    writeln!(text, "<sub>error code `{}`</sub>\n", error.code)
}

fn truncate(text: &mut String) {
    if text.len() <= MAX_BYTES {
        return;
    }
    let mut end = MAX_BYTES - CLOSING;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Whole lines only, so that no table row or element is cut in two.
    let end = text[..end].rfind('\n').map_or(end, |newline| newline + 1);
    text.truncate(end);
    if text.lines().filter(|line| line.starts_with("```")).count() % 2 == 1 {
        text.push_str("```\n");
    }
    if text.matches("<details").count() > text.matches("</details>").count() {
        text.push_str("\n</details>\n");
    }
    text.push_str("\n… cut: the JSON report has everything.\n");
}
