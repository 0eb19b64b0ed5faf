//! What the run tells the workflow: one [`Report`], shown as log, outputs, summary and JSON.

pub mod describe;
pub mod headline;
pub mod log;
pub mod outputs;
pub mod publish;
pub mod summary;

use serde::Serialize;

use crate::changes::Changes;
use crate::failure::Failure;
use crate::plan::{Plan, TradeoffPoint};
use crate::record::Submitted;
use crate::submit::Request;

/// The price of a path past the free allowance, in thousandths of a dollar: 0.005 USD, from
/// CloudFront's price list.
const MILLS_PER_PATH: usize = 5;

/// What kind of run it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// There was no committed deploy to compare with.
    FirstDeploy,
    /// The difference to the previous deploy was invalidated.
    Delta,
    /// Everything was invalidated.
    Flush,
    /// Nothing had to be.
    Unchanged,
    /// The user listed what to invalidate.
    Explicit,
    /// The run ended, or could not look, before it knew.
    #[default]
    Unknown,
}

impl Mode {
    /// The mode as outputs name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::FirstDeploy => "first-deploy",
            Mode::Delta => "delta",
            Mode::Flush => "flush",
            Mode::Unchanged => "unchanged",
            Mode::Explicit => "explicit",
            Mode::Unknown => "unknown",
        }
    }
}

/// How many site paths changed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileCounts {
    /// In the current site alone.
    pub added: usize,
    /// In both, different.
    pub modified: usize,
    /// In the previous site alone.
    pub removed: usize,
    /// Stale only because an earlier run did not finish.
    pub unsettled: usize,
}

impl FileCounts {
    /// Counts changes.
    #[must_use]
    pub fn of(changes: &Changes) -> Self {
        FileCounts {
            added: changes.added.len(),
            modified: changes.modified.len(),
            removed: changes.removed.len(),
            unsettled: changes.unsettled.len(),
        }
    }

    /// How many files differ from those of the previous deploy.
    #[must_use]
    pub fn changed(self) -> usize {
        self.added + self.modified + self.removed
    }
}

/// The plan as reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PlanReport {
    /// The patterns as sent, in order.
    pub paths: Vec<String>,
    /// How many there are.
    pub path_count: usize,
    /// How many of them are wildcards.
    pub wildcard_count: usize,
    /// Stale viewer paths.
    pub stale: usize,
    /// Kept viewer paths.
    pub kept: usize,
    /// Kept viewer paths that the plan evicts.
    pub over_invalidated: usize,
    /// Kept viewer paths that `always-invalidate` and `on-change` patterns evict, counted apart.
    pub over_invalidated_by_given: usize,
    /// Whether no plan within the budget evicts less, has fewer patterns, or fewer wildcards.
    pub optimal: bool,
    /// How much better another plan could be at most, in kept paths; 0 if `optimal`.
    pub gap: usize,
    /// What all targets cost at most, at the price past the free allowance.
    pub max_cost_usd: f64,
    /// What other budgets would buy.
    pub tradeoff: Vec<TradeoffReport>,
    /// What each wildcard covers; for log and summary only.
    #[serde(skip)]
    pub covers: Vec<crate::plan::Cover>,
}

/// One point of the trade-off curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TradeoffReport {
    /// Patterns used.
    pub paths: usize,
    /// Kept viewer paths evicted, at least.
    pub over_invalidated: usize,
}

impl PlanReport {
    /// A plan and its curve.
    #[must_use]
    pub fn of(plan: &Plan, tradeoff: &[TradeoffPoint]) -> Self {
        PlanReport {
            paths: plan.patterns.iter().map(ToString::to_string).collect(),
            path_count: plan.path_count(),
            wildcard_count: plan.wildcard_count(),
            stale: plan.stale,
            kept: plan.kept,
            over_invalidated: plan.over_invalidated,
            over_invalidated_by_given: plan.over_invalidated_by_given,
            optimal: plan.optimal,
            gap: plan.gap,
            max_cost_usd: 0.0,
            tradeoff: tradeoff
                .iter()
                .map(|point| TradeoffReport {
                    paths: point.paths,
                    over_invalidated: point.over_invalidated,
                })
                .collect(),
            covers: plan.covers.clone(),
        }
    }

    /// Kept viewer paths that the plan evicts, whoever chose the pattern that does.
    #[must_use]
    pub fn evicted_for_nothing(&self) -> usize {
        self.over_invalidated + self.over_invalidated_by_given
    }

    /// Kept viewer paths that stay cached.
    #[must_use]
    pub fn staying(&self) -> usize {
        self.kept.saturating_sub(self.evicted_for_nothing())
    }
}

/// What paths cost at most, in dollars.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "far fewer paths than 2^52")]
pub fn max_cost_usd(paths: usize) -> f64 {
    (paths * MILLS_PER_PATH) as f64 / 1000.0
}

/// An accepted invalidation as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvalidationReport {
    /// The distribution or tenant.
    pub target: String,
    /// The invalidation's id.
    pub id: String,
    /// `InProgress` or `Completed`, as last seen.
    pub status: String,
    /// The caller reference that was sent.
    pub caller_reference: String,
    /// When CloudFront made it, RFC 3339.
    pub create_time: String,
    /// Its address.
    pub location: Option<String>,
    /// How many paths it has.
    pub path_count: usize,
    /// Whether CloudFront returned one that was made before this run; it costs nothing again.
    pub reused: bool,
}

impl InvalidationReport {
    /// An invalidation of the record's, of which nobody asked yet how it fares.
    #[must_use]
    pub fn of_record(made: &Submitted) -> Self {
        InvalidationReport {
            target: made.target.clone(),
            id: made.id.clone(),
            status: "InProgress".to_owned(),
            caller_reference: made.caller_reference.clone(),
            create_time: made.create_time.clone(),
            location: None,
            path_count: made.path_count,
            reused: true,
        }
    }

    /// What the record keeps of it.
    #[must_use]
    pub fn to_submitted(&self) -> Submitted {
        Submitted {
            target: self.target.clone(),
            id: self.id.clone(),
            caller_reference: self.caller_reference.clone(),
            create_time: self.create_time.clone(),
            path_count: self.path_count,
        }
    }
}

/// What became of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ManifestReport {
    /// Where it is.
    pub location: String,
    /// The deploy id of this run, or of the last one if nothing changed.
    pub deploy: Option<String>,
    /// Whether an interrupted run was continued.
    pub resumed: bool,
    /// Whether this run's deploy is what the record now remembers.
    pub committed: bool,
}

/// A failure as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorReport {
    /// The stable code.
    pub code: &'static str,
    /// What happened, with causes.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// What was submitted, what was remembered.
    pub state: Option<String>,
    #[serde(skip)]
    exit_status: u8,
}

impl ErrorReport {
    /// The failure, with the state that the pipeline knows.
    #[must_use]
    pub fn of(failure: &Failure, state: Option<String>) -> Self {
        ErrorReport {
            code: failure.code.name(),
            message: failure.chain(),
            hint: failure.hint.clone(),
            state: failure.state.clone().or(state),
            exit_status: failure.code.exit_status(),
        }
    }
}

/// Everything that a run tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    version: ReportVersion,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// What kind of run it was.
    pub mode: Mode,
    /// Why everything was invalidated, or why nothing.
    pub reason: Option<String>,
    /// How many site paths changed.
    pub files: FileCounts,
    /// The plan, once there is one.
    pub plan: Option<PlanReport>,
    /// What CloudFront accepted.
    pub invalidations: Vec<InvalidationReport>,
    /// What became of the record; explicit runs have none.
    pub manifest: Option<ManifestReport>,
    /// Why the run failed.
    pub error: Option<ErrorReport>,
    /// What the user should know though nothing failed.
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// Whether the run was only to record what is about to change: `phase: begin`.
    #[serde(skip)]
    pub begin: bool,
    /// Whether there was a previous deploy to compare with.
    #[serde(skip)]
    pub compared: bool,
    /// What is to be submitted, target by target; empty until that is known.
    #[serde(skip)]
    pub targets: Vec<TargetReport>,
    /// How far submission got.
    #[serde(skip)]
    pub progress: Progress,
    /// Paths of the plan, all targets together: what it costs if nothing is reused.
    #[serde(skip)]
    pub planned_paths: usize,
    /// The status of the recorded invalidations that an unchanged run waited for.
    #[serde(skip)]
    pub waited: Option<&'static str>,
}

/// Format version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ReportVersion;

impl Serialize for ReportVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

/// A target that a run submits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetReport {
    /// The distribution or tenant.
    pub name: String,
    /// How many requests its plan takes.
    pub requests: usize,
}

impl TargetReport {
    /// The targets of these requests, in their order; those of one target follow one another.
    #[must_use]
    pub fn of(requests: &[Request]) -> Vec<Self> {
        let of_target = requests.chunk_by(|a, b| a.target == b.target);
        of_target
            .map(|requests| TargetReport {
                name: requests[0].target.name().to_owned(),
                requests: requests.len(),
            })
            .collect()
    }
}

/// How far a run got: what a person has to know when it ends early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether the record says that this run was going to change things.
    pub intent: bool,
    /// Requests that the run has to make, all targets together.
    pub requests: usize,
    /// Whether a request was sent whose answer never came.
    pub in_doubt: bool,
    /// Whether the record is being written: a run that ends now can't know if it was.
    pub writing: bool,
}

impl Report {
    /// The report of a run that failed before it began.
    #[must_use]
    pub fn of_failure(failure: &Failure) -> Self {
        Report {
            error: Some(ErrorReport::of(failure, None)),
            ..Report::default()
        }
    }

    /// The exit status: 0 done or nothing to do, 1 failed, 2 bad inputs.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        self.error.as_ref().map_or(0, |error| error.exit_status)
    }

    /// Whether a request was accepted, or an earlier one was found to have been.
    #[must_use]
    pub fn invalidated(&self) -> bool {
        !self.invalidations.is_empty()
    }

    /// How many of a target's requests were accepted.
    #[must_use]
    pub fn accepted_by(&self, target: &str) -> usize {
        let made = self.invalidations.iter();
        made.filter(|made| made.target == target).count()
    }

    /// How many targets accepted all that is for them.
    #[must_use]
    pub fn targets_done(&self) -> usize {
        let done = |target: &&TargetReport| self.accepted_by(&target.name) >= target.requests;
        self.targets.iter().filter(done).count()
    }

    /// Whether the record holds this run's deploy.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.manifest
            .as_ref()
            .is_some_and(|manifest| manifest.committed)
    }

    /// Whether CloudFront returned an invalidation that was made before this run.
    #[must_use]
    pub fn any_reused(&self) -> bool {
        self.invalidations.iter().any(|made| made.reused)
    }

    /// `Completed` if every invalidation is, `InProgress` if one is not, `none` without any.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.invalidations.is_empty() {
            self.waited.unwrap_or("none")
        } else if self
            .invalidations
            .iter()
            .all(|invalidation| invalidation.status == crate::cloudfront::COMPLETED)
        {
            "Completed"
        } else {
            "InProgress"
        }
    }

    /// What state things are in, in one sentence for a person whose run ended early.
    #[must_use]
    pub fn state(&self) -> String {
        let accepted = self.invalidations.len();
        let requests = self.progress.requests;
        if self.is_committed() {
            return "the invalidation was accepted and the deploy is remembered".to_owned();
        }
        let submitted = match (accepted, self.progress.in_doubt) {
            (0, false) => "nothing was submitted".to_owned(),
            (0, true) => "one request was sent and its answer is not known".to_owned(),
            (_, false) => format!("{accepted} of {requests} requests were accepted"),
            (_, true) => format!(
                "{accepted} of {requests} requests were accepted, the answer to one is not known"
            ),
        };
        let next = if self.manifest.is_none() {
            ""
        } else if self.progress.writing {
            ", and whether the record was written is not known: the next run finds out, and nothing is paid twice"
        } else if self.progress.intent {
            ", the deploy is not remembered as done: the next run finishes it, and nothing is paid twice"
        } else {
            ", the record is as it was"
        };
        format!("{submitted}{next}")
    }

    /// The canonical JSON report, with a final newline.
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut json = serde_json::to_string(self)?;
        json.push('\n');
        Ok(json)
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// `12,345`.
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let rows = [
            (0, "0 paths"),
            (1, "1 path"),
            (999, "999 paths"),
            (1000, "1,000 paths"),
        ];
        for (number, expected) in rows {
            assert_eq!(count(number, "path"), expected);
        }
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn cost_of_paths() {
        // 0.005 USD each.
        assert_eq!(serde_json::to_string(&max_cost_usd(2)).unwrap(), "0.01");
        assert_eq!(serde_json::to_string(&max_cost_usd(1)).unwrap(), "0.005");
        assert_eq!(serde_json::to_string(&max_cost_usd(1000)).unwrap(), "5.0");
    }
}
