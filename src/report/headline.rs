//! What a run comes down to, in one sentence: the first line of the log's plan and of the summary.

use crate::report::{Mode, PlanReport, Report, count};

/// The sentence, without a full stop.
#[must_use]
pub fn headline(report: &Report) -> String {
    let Some(plan) = &report.plan else {
        return match report.mode {
            Mode::Unchanged => "the listing was written, and nothing else was asked for".to_owned(),
            _ => "the run ended before there was a plan".to_owned(),
        };
    };
    let tense = Tense::of(report);
    match report.mode {
        Mode::Unchanged => {
            "nothing changed since the previous deploy: nothing to invalidate".to_owned()
        }
        Mode::Delta if plan.paths.is_empty() => {
            "no viewer path is stale: nothing to invalidate".to_owned()
        }
        Mode::Delta => delta(plan, tense),
        Mode::Explicit => format!("{}, as given", paths(plan)),
        Mode::FirstDeploy if plan.paths.is_empty() => match tense {
            Tense::Would => "the site would be the baseline from now on".to_owned(),
            Tense::Will => "the site is the baseline once it is uploaded".to_owned(),
            Tense::Does => "the site is the baseline from now on".to_owned(),
        },
        Mode::FirstDeploy | Mode::Flush | Mode::Unknown => {
            format!("{} {} everything", paths(plan), tense.verb("cover", plan))
        }
    }
}

/// What happens to a plan: a dry run only shows it, `phase: begin` leaves it to a later run.
#[derive(Clone, Copy)]
enum Tense {
    Does,
    Will,
    Would,
}

impl Tense {
    fn of(report: &Report) -> Self {
        if report.dry_run {
            Tense::Would
        } else if report.begin {
            Tense::Will
        } else {
            Tense::Does
        }
    }

    fn verb(self, verb: &str, plan: &PlanReport) -> String {
        match self {
            Tense::Would => format!("would {verb}"),
            Tense::Will => format!("will {verb}"),
            Tense::Does if plan.path_count == 1 => format!("{verb}s"),
            Tense::Does => verb.to_owned(),
        }
    }
}

fn delta(plan: &PlanReport, tense: Tense) -> String {
    let (paths, covers) = (paths(plan), tense.verb("cover", plan));
    let stale = count(plan.stale, "stale viewer path");
    // The auxiliary verb is not said twice.
    let evict = match tense {
        Tense::Does => tense.verb("evict", plan),
        Tense::Will | Tense::Would => "evict".to_owned(),
    };
    match plan.evicted_for_nothing() {
        0 => format!("{paths} {covers} {stale} and nothing else"),
        kept => {
            let kept = count(kept, "kept one");
            format!("{paths} {covers} {stale} and {evict} {kept}")
        }
    }
}

/// `10 paths (8 wildcards)`.
fn paths(plan: &PlanReport) -> String {
    match (plan.path_count, plan.wildcard_count) {
        (paths, 0) => count(paths, "path"),
        (paths, wildcards) if paths == wildcards => count(paths, "wildcard"),
        (paths, wildcards) => {
            format!(
                "{} ({})",
                count(paths, "path"),
                count(wildcards, "wildcard")
            )
        }
    }
}

/// What other settings would change for the better, if any would.
#[must_use]
pub fn advice(plan: &PlanReport) -> Option<String> {
    let best = plan.tradeoff.last()?;
    if plan.over_invalidated == 0 {
        let fewer = plan
            .tradeoff
            .iter()
            .find(|point| point.over_invalidated == 0 && point.paths < plan.path_count)?;
        return Some(format!(
            "with `collapse: always` {} instead of {} would do, and evict no more",
            count(fewer.paths, "path"),
            plan.path_count
        ));
    }
    if best.over_invalidated >= plan.over_invalidated {
        return None;
    }
    let kept = match best.over_invalidated {
        0 => "no kept path".to_owned(),
        rest => format!(
            "{rest} instead of {}",
            count(plan.over_invalidated, "kept path")
        ),
    };
    Some(format!(
        "with `max-paths: {}` {kept} would be evicted",
        best.paths
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::TradeoffReport;

    fn plan(paths: usize, wildcards: usize, stale: usize, kept: usize) -> PlanReport {
        PlanReport {
            paths: vec!["/".into(); paths],
            path_count: paths,
            wildcard_count: wildcards,
            stale,
            over_invalidated: kept,
            ..PlanReport::default()
        }
    }

    fn said(mode: Mode, dry_run: bool, begin: bool, plan: PlanReport) -> String {
        headline(&Report {
            mode,
            dry_run,
            begin,
            plan: Some(plan),
            ..Report::default()
        })
    }

    #[test]
    fn sentences() {
        use Mode::{Delta, Explicit, FirstDeploy, Flush, Unchanged};
        let rows = [
            (
                Delta,
                false,
                false,
                plan(4, 0, 4, 0),
                "4 paths cover 4 stale viewer paths and nothing else",
            ),
            (
                Delta,
                false,
                false,
                plan(1, 1, 1, 1),
                "1 wildcard covers 1 stale viewer path and evicts 1 kept one",
            ),
            (
                Delta,
                false,
                false,
                plan(10, 8, 1_036, 1_040),
                "10 paths (8 wildcards) cover 1,036 stale viewer paths and evict 1,040 kept ones",
            ),
            (
                Delta,
                true,
                false,
                plan(1, 1, 2, 3),
                "1 wildcard would cover 2 stale viewer paths and evict 3 kept ones",
            ),
            (
                Delta,
                false,
                true,
                plan(2, 0, 2, 0),
                "2 paths will cover 2 stale viewer paths and nothing else",
            ),
            (
                Delta,
                false,
                false,
                plan(0, 0, 0, 0),
                "no viewer path is stale: nothing to invalidate",
            ),
            (
                Flush,
                false,
                false,
                plan(1, 1, 9, 0),
                "1 wildcard covers everything",
            ),
            (
                FirstDeploy,
                true,
                false,
                plan(2, 2, 9, 0),
                "2 wildcards would cover everything",
            ),
            (
                FirstDeploy,
                false,
                false,
                plan(0, 0, 0, 0),
                "the site is the baseline from now on",
            ),
            (
                FirstDeploy,
                true,
                false,
                plan(0, 0, 0, 0),
                "the site would be the baseline from now on",
            ),
            (
                Unchanged,
                false,
                false,
                plan(0, 0, 0, 0),
                "nothing changed since the previous deploy: nothing to invalidate",
            ),
            (
                Explicit,
                false,
                false,
                plan(2, 1, 0, 0),
                "2 paths (1 wildcard), as given",
            ),
        ];
        for (mode, dry_run, begin, plan, expected) in rows {
            assert_eq!(said(mode, dry_run, begin, plan), expected);
        }
    }

    /// Points of the curve; paths and evictions of the plan; the advice.
    type Row<'a> = (&'a [(usize, usize)], usize, usize, Option<&'a str>);

    #[test]
    fn advice_is_given_where_other_settings_are_better() {
        let curve = |points: &[(usize, usize)], paths, kept| {
            let tradeoff = points
                .iter()
                .map(|&(paths, over_invalidated)| TradeoffReport {
                    paths,
                    over_invalidated,
                });
            advice(&PlanReport {
                tradeoff: tradeoff.collect(),
                ..plan(paths, 1, 9, kept)
            })
        };
        let rows: [Row<'_>; 5] = [
            (
                &[(1, 90), (10, 40), (17, 0)],
                10,
                40,
                Some("with `max-paths: 17` no kept path would be evicted"),
            ),
            (
                &[(1, 90), (10, 40), (50, 3)],
                10,
                40,
                Some("with `max-paths: 50` 3 instead of 40 kept paths would be evicted"),
            ),
            (
                &[(1, 90), (15, 0)],
                17,
                0,
                Some("with `collapse: always` 15 paths instead of 17 would do, and evict no more"),
            ),
            (&[(1, 90), (17, 0)], 17, 0, None),
            (&[], 17, 4, None),
        ];
        for (points, paths, kept, expected) in rows {
            assert_eq!(curve(points, paths, kept).as_deref(), expected);
        }
    }
}
