//! The step summary: GitHub Markdown that a person would show to a colleague.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::github::harmless;
use crate::inputs::SummaryStyle;
use crate::report::log::headline;
use crate::report::{Mode, PlanReport, Report, count, thousands};

/// Paths listed before the rest is only counted: enough for every plan within the default budget.
const LISTED: usize = 100;

/// The longest summary, in bytes: GitHub drops one over 1 MiB, and a comment holds 65,536
/// characters.
const MAX_BYTES: usize = 60_000;

/// Room for what closes a summary that was too long, in bytes.
const CLOSING: usize = 100;

/// The longest name shown in a list, in characters.
const MAX_NAME: usize = 200;

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

fn write(text: &mut String, report: &Report, style: SummaryStyle) -> std::fmt::Result {
    let (mark, title) = title(report);
    writeln!(text, "### {mark} CloudFront: {title}\n")?;
    if let Some(error) = &report.error {
        writeln!(text, "> [!CAUTION]")?;
        for line in error.message.lines() {
            writeln!(text, "> {}", escape(line))?;
        }
        writeln!(text)?;
        if let Some(state) = &error.state {
            writeln!(text, "**State:** {}\n", escape(state))?;
        }
        if let Some(hint) = &error.hint {
            writeln!(text, "**What to do:** {}\n", escape(hint))?;
        }
        writeln!(text, "<sub>error code `{}`</sub>\n", error.code)?;
    }
    if let Some(reason) = &report.reason {
        writeln!(text, "{}\n", escape(&sentence(reason)))?;
    }
    for warning in &report.warnings {
        writeln!(text, "> [!WARNING]\n> {}\n", escape(&sentence(warning)))?;
    }
    let Some(plan) = &report.plan else {
        return Ok(());
    };
    if report.mode == Mode::Unchanged {
        return Ok(());
    }
    numbers(text, report, plan)?;
    if style == SummaryStyle::Compact {
        return Ok(());
    }
    paths(text, report, plan)?;
    if report.mode == Mode::Delta && plan.kept > 0 {
        pie(text, plan)?;
        curve(text, plan)?;
    }
    invalidations(text, report)
}

fn title(report: &Report) -> (&'static str, String) {
    let headline = headline(report);
    match (&report.error, report.dry_run, report.mode) {
        (Some(_), ..) => ("❌", "the deploy step failed".to_owned()),
        (None, true, Mode::Unchanged) => ("🧪", "dry run, nothing would be invalidated".to_owned()),
        (None, true, Mode::Unknown) => ("🧪", "dry run, would invalidate everything".to_owned()),
        (None, true, _) => ("🧪", format!("dry run, {headline}")),
        (None, false, Mode::Unchanged) => ("💤", headline),
        (None, false, Mode::FirstDeploy) => ("🚀", format!("first deploy, {headline}")),
        (None, false, Mode::Flush) => ("🧹", headline),
        (None, false, Mode::Unknown) => ("❔", headline),
        (None, false, Mode::Delta | Mode::Explicit) => ("✅", headline),
    }
}

fn numbers(text: &mut String, report: &Report, plan: &PlanReport) -> std::fmt::Result {
    let files = report.files;
    let status = match report.status() {
        "none" if report.dry_run => "not sent",
        "none" => "nothing sent",
        "Completed" => "completed",
        _ => "accepted, in progress",
    };
    writeln!(text, "| | |\n|:--|--:|")?;
    if report.mode != Mode::Explicit {
        let (added, modified, removed) = (files.added, files.modified, files.removed);
        writeln!(
            text,
            "| Files added, modified, removed | {} · {} · {} |",
            thousands(added),
            thousands(modified),
            thousands(removed)
        )?;
        if files.unsettled > 0 {
            writeln!(
                text,
                "| Files of an unfinished run | {} |",
                thousands(files.unsettled)
            )?;
        }
        if report.mode == Mode::Delta {
            writeln!(text, "| Viewer paths stale | {} |", thousands(plan.stale))?;
            writeln!(
                text,
                "| Viewer paths kept in cache | {} of {} |",
                thousands(
                    plan.kept
                        .saturating_sub(plan.over_invalidated + plan.over_invalidated_by_given)
                ),
                thousands(plan.kept)
            )?;
            let proof = if plan.optimal {
                "the least possible"
            } else {
                "not proven least"
            };
            writeln!(
                text,
                "| Evicted for nothing | {} ({proof}) |",
                thousands(plan.over_invalidated)
            )?;
            if plan.over_invalidated_by_given > 0 {
                writeln!(
                    text,
                    "| Evicted by `always-invalidate`, `on-change` | {} |",
                    thousands(plan.over_invalidated_by_given)
                )?;
            }
        }
    }
    writeln!(
        text,
        "| Paths sent (wildcards) | {} ({}) |",
        thousands(plan.path_count),
        plan.wildcard_count
    )?;
    writeln!(text, "| Cost at most | {} USD |", plan.max_cost_usd)?;
    writeln!(text, "| Invalidation | {status} |\n")
}

fn paths(text: &mut String, report: &Report, plan: &PlanReport) -> std::fmt::Result {
    if plan.paths.is_empty() {
        return Ok(());
    }
    let what = match (report.dry_run, report.invalidated()) {
        (true, _) => "that would be sent",
        (false, true) => "as sent",
        (false, false) => "planned, none of them sent",
    };
    let open = if plan.path_count <= 10 { " open" } else { "" };
    writeln!(
        text,
        "<details{open}><summary>{} {what}</summary>\n",
        count(plan.path_count, "path")
    )?;
    writeln!(
        text,
        "| Path | Covers | Evicts for nothing |\n|:--|--:|--:|"
    )?;
    for path in plan.paths.iter().take(LISTED) {
        let cover = plan
            .covers
            .iter()
            .find(|cover| cover.pattern.as_str() == path);
        match cover.filter(|_| report.mode == Mode::Delta) {
            Some(cover) => {
                let evicted = match cover.kept_examples.first() {
                    Some(example) => {
                        format!("{}, such as {}", thousands(cover.kept), code(example))
                    }
                    None => "0".to_owned(),
                };
                let stale = count(cover.stale, "stale path");
                writeln!(text, "| {} | {stale} | {evicted} |", code(path))?;
            }
            None if path.ends_with('*') => {
                writeln!(text, "| {} | everything below | |", code(path))?;
            }
            None => writeln!(text, "| {} | itself | 0 |", code(path))?,
        }
    }
    if let Some(rest) = plan.path_count.checked_sub(LISTED).filter(|rest| *rest > 0) {
        writeln!(text, "\n… and {} more", thousands(rest))?;
    }
    writeln!(text, "\n</details>\n")
}

fn pie(text: &mut String, plan: &PlanReport) -> std::fmt::Result {
    let evicted = plan.over_invalidated + plan.over_invalidated_by_given;
    writeln!(text, "```mermaid\npie showData title Viewer paths")?;
    for (label, number) in [
        ("stay cached", plan.kept.saturating_sub(evicted)),
        ("stale, evicted", plan.stale),
        ("evicted for nothing", evicted),
    ] {
        if number > 0 {
            writeln!(text, "  \"{label}\" : {number}")?;
        }
    }
    writeln!(text, "```\n")
}

fn curve(text: &mut String, plan: &PlanReport) -> std::fmt::Result {
    if plan.tradeoff.len() < 2 {
        return Ok(());
    }
    let axis: Vec<_> = plan
        .tradeoff
        .iter()
        .map(|point| format!("\"{}\"", point.paths))
        .collect();
    let values: Vec<_> = plan
        .tradeoff
        .iter()
        .map(|point| point.over_invalidated.to_string())
        .collect();
    writeln!(
        text,
        "<details><summary>What another <code>max-paths</code> would change</summary>\n"
    )?;
    writeln!(
        text,
        "```mermaid\nxychart-beta\n  title \"Kept paths evicted, by number of paths sent\""
    )?;
    writeln!(text, "  x-axis \"paths sent\" [{}]", axis.join(", "))?;
    writeln!(text, "  y-axis \"kept paths evicted\"")?;
    writeln!(text, "  bar [{}]\n```\n", values.join(", "))?;
    writeln!(text, "| Paths sent | Evicted for nothing |\n|--:|--:|")?;
    for point in &plan.tradeoff {
        let here = if point.paths == plan.path_count {
            " ← this deploy"
        } else {
            ""
        };
        writeln!(
            text,
            "| {} | {}{here} |",
            thousands(point.paths),
            thousands(point.over_invalidated)
        )?;
    }
    writeln!(text, "\n</details>\n")
}

fn invalidations(text: &mut String, report: &Report) -> std::fmt::Result {
    if report.invalidations.is_empty() {
        return Ok(());
    }
    writeln!(text, "<details><summary>Invalidations</summary>\n")?;
    writeln!(
        text,
        "| Target | Id | Status | Paths | Made |\n|:--|:--|:--|--:|:--|"
    )?;
    for made in report.invalidations.iter().take(LISTED) {
        let again = if made.reused {
            ", earlier: nothing to pay"
        } else {
            ""
        };
        writeln!(
            text,
            "| {} | {} | {} | {} | {}{again} |",
            code(&made.target),
            code(&made.id),
            made.status,
            thousands(made.path_count),
            made.create_time
        )?;
    }
    if let Some(manifest) = report
        .manifest
        .as_ref()
        .filter(|manifest| manifest.committed)
    {
        let deploy = manifest.deploy.as_deref().unwrap_or_default();
        writeln!(
            text,
            "\nDeploy {}, remembered in {}.",
            code(deploy.get(..12).unwrap_or(deploy)),
            code(&manifest.location)
        )?;
    }
    writeln!(text, "\n</details>\n")
}

/// A name as code in Markdown, whatever it holds: no back quote ends it, no bar ends its cell.
fn code(name: &str) -> String {
    let mut shown: String = name.chars().take(MAX_NAME).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    let shown = harmless(&shown);
    // Between back quotes everything is itself but these; viewer paths hold neither.
    if !shown.contains(['`', '|']) {
        return format!("`{shown}`");
    }
    format!("<code>{}</code>", html(&shown).replace('|', "&#124;"))
}

/// Text that must not become Markdown or HTML, but may hold `code`.
fn escape(text: &str) -> String {
    let mut shown = String::new();
    for (index, part) in harmless(text).split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(shown, "<code>{}</code>", html(part));
        } else {
            shown.push_str(&html(part));
        }
    }
    shown
}

fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            // Everything that could begin Markdown, a mention or a link.
            '*' | '_' | '[' | ']' | '#' | '@' | '~' | '\\' | '!' | '`' | '$' => {
                let _ = write!(shown, "&#{};", u32::from(c));
            }
            _ => shown.push(c),
        }
    }
    shown
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
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
