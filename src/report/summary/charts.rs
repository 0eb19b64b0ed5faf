//! The charts: what stays cached, and what other budgets would change. In Mermaid's language.
//!
//! Bars with their number in the label, because a site may keep 60,000 paths where 5 are stale.
//! The colours tell the same things apart on GitHub's light and dark pages, and for people who see
//! no difference between red and green.

use std::fmt::{Result, Write as _};

use crate::report::headline::advice;
use crate::report::{PlanReport, TradeoffReport, count, max_cost_usd, thousands};

use super::markdown::escape;

const STAY: &str = "#0969da";
const STALE: &str = "#d4a72c";
const NOTHING: &str = "#cf222e";
const ASKED: &str = "#8250df";
const OTHER: &str = "#8c959f";
const LABEL: &str = "#6e7781";

/// The height of a bar with the room around it, in pixels.
const BAR: usize = 42;

/// A bar: label, value, and which of the chart's colours it has.
struct Bar {
    label: String,
    value: usize,
    colour: usize,
}

/// Writes how many viewer paths stay cached, are stale, and are evicted for nothing.
pub(super) fn share(text: &mut String, plan: &PlanReport) -> Result {
    if plan.kept == 0 {
        return Ok(());
    }
    let mut parts = vec![
        ("stay cached", plan.staying(), STAY),
        ("stale", plan.stale, STALE),
        ("evicted for nothing", plan.over_invalidated, NOTHING),
    ];
    if plan.over_invalidated_by_given > 0 {
        parts.push(("evicted as asked", plan.over_invalidated_by_given, ASKED));
    }
    let colours: Vec<_> = parts.iter().map(|(.., colour)| *colour).collect();
    let bars: Vec<_> = parts
        .iter()
        .enumerate()
        .map(|(colour, (name, value, _))| Bar {
            label: format!("{} {name}", thousands(*value)),
            value: *value,
            colour,
        })
        .collect();
    bar_chart(text, "viewer paths", &colours, &bars)
}

/// Writes what more or fewer paths would change, folded.
pub(super) fn curve(text: &mut String, plan: &PlanReport) -> Result {
    if plan.tradeoff.len() < 2 {
        return Ok(());
    }
    let is_this = |point: &TradeoffReport| {
        point.paths == plan.path_count && point.over_invalidated == plan.over_invalidated
    };
    // What a reader would do about it is said where nothing has to be opened.
    let advice = advice(plan).map(|advice| format!(": {}", escape(&advice)));
    writeln!(
        text,
        "<details><summary>What another <code>max-paths</code> would change{}</summary>\n",
        advice.unwrap_or_default()
    )?;
    let bars: Vec<_> = plan
        .tradeoff
        .iter()
        .map(|point| {
            let this = is_this(point);
            let paths = count(point.paths, "path");
            let here = if this { " (this deploy)" } else { "" };
            Bar {
                label: format!("{paths}{here}: {}", thousands(point.over_invalidated)),
                value: point.over_invalidated,
                colour: usize::from(this),
            }
        })
        .collect();
    bar_chart(text, "evicted for nothing", &[OTHER, NOTHING], &bars)?;
    writeln!(
        text,
        "| Paths sent | Evicted for nothing | USD a target, at most |\n|--:|--:|--:|"
    )?;
    for point in &plan.tradeoff {
        let here = if is_this(point) {
            " ← this deploy"
        } else {
            ""
        };
        writeln!(
            text,
            "| {} | {} | {}{here} |",
            thousands(point.paths),
            thousands(point.over_invalidated),
            max_cost_usd(point.paths)
        )?;
    }
    writeln!(text, "\n</details>\n")
}

/// A chart of horizontal bars. A series has one colour, so each colour is a series, and a bar is
/// zero in all series but its own.
fn bar_chart(text: &mut String, axis: &str, colours: &[&str], bars: &[Bar]) -> Result {
    let height = bars.len() * BAR;
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let labels: Vec<_> = bars
        .iter()
        .map(|bar| format!("\"{}\"", bar.label))
        .collect();
    let nothing = r#""showTick": false, "showAxisLine": false"#;
    writeln!(text, "```mermaid")?;
    writeln!(
        text,
        "%%{{init: {{\"xyChart\": {{\"width\": 700, \"height\": {height}, \"xAxis\": {{{nothing}}}, \
         \"yAxis\": {{{nothing}, \"showLabel\": false, \"showTitle\": false}}}}, \
         \"themeVariables\": {{\"xyChart\": {{\"backgroundColor\": \"transparent\", \
         \"xAxisLabelColor\": \"{LABEL}\", \"plotColorPalette\": \"{}\"}}}}}}}}%%",
        colours.join(", ")
    )?;
    writeln!(text, "xychart-beta horizontal")?;
    writeln!(text, "  x-axis [{}]", labels.join(", "))?;
    writeln!(text, "  y-axis \"{axis}\" 0 --> {most}")?;
    for colour in 0..colours.len() {
        let values: Vec<_> = bars
            .iter()
            .map(|bar| if bar.colour == colour { bar.value } else { 0 }.to_string())
            .collect();
        writeln!(text, "  bar [{}]", values.join(", "))?;
    }
    writeln!(text, "```\n")
}
