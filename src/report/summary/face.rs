//! The face of a summary: what kind of news it is.

use crate::cloudfront::COMPLETED;
use crate::report::headline::headline;
use crate::report::{Mode, Report, count, thousands};

use super::markdown::code;

/// What a reader should see first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// The run failed before everything was accepted by any target.
    Failed,
    /// It failed after some targets had accepted everything.
    PartlyAccepted,
    /// It failed when its work was done: while it waited, or wrote its outputs.
    FailedAfterwards,
    /// A dry run.
    DryRun,
    /// The intent is recorded, or would be if there were one: nothing is to be sent yet.
    Begun,
    /// Only the listing was written.
    Listing,
    /// Nothing had to be invalidated.
    Unchanged,
    /// The site was taken for what caches hold.
    Adopted,
    /// The first deploy.
    First,
    /// Everything was invalidated.
    Flushed,
    /// The difference, or what the user listed, was.
    Invalidated,
    /// None of this.
    Unknown,
}

impl Face {
    /// The face of a report.
    pub(super) fn of(report: &Report) -> Self {
        if report.error.is_some() {
            return match report.targets_done() {
                _ if report.is_committed() => Face::FailedAfterwards,
                0 => Face::Failed,
                done if done == report.targets.len() => Face::FailedAfterwards,
                _ => Face::PartlyAccepted,
            };
        }
        let empty = report
            .plan
            .as_ref()
            .is_none_or(|plan| plan.paths.is_empty());
        match report.mode {
            _ if report.dry_run => Face::DryRun,
            Mode::Unchanged if report.plan.is_none() => Face::Listing,
            Mode::Unchanged if !report.progress.intent => Face::Unchanged,
            _ if report.begin => Face::Begun,
            Mode::Unchanged => Face::Unchanged,
            Mode::FirstDeploy if empty => Face::Adopted,
            Mode::FirstDeploy => Face::First,
            Mode::Flush => Face::Flushed,
            Mode::Delta | Mode::Explicit => Face::Invalidated,
            Mode::Unknown => Face::Unknown,
        }
    }

    /// The sign before the title.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Face::Failed => "❌",
            Face::PartlyAccepted | Face::FailedAfterwards => "⚠️",
            Face::DryRun => "🧪",
            Face::Begun => "📝",
            Face::Listing => "📄",
            Face::Unchanged => "💤",
            Face::Adopted => "📌",
            Face::First => "🚀",
            Face::Flushed => "🧹",
            Face::Invalidated => "✅",
            Face::Unknown => "❔",
        }
    }

    /// The title, without a full stop.
    pub(super) fn title(self, report: &Report) -> String {
        let headline = headline(report);
        match self {
            Face::Failed => "the deploy step failed".to_owned(),
            Face::PartlyAccepted => format!(
                "the deploy step failed, {} of {} accepted the invalidation",
                report.targets_done(),
                count(report.targets.len(), "target")
            ),
            Face::FailedAfterwards => {
                "the deploy step failed, but the invalidation was accepted".to_owned()
            }
            Face::DryRun => match report.mode {
                Mode::Unchanged => "dry run, nothing would be invalidated".to_owned(),
                _ => format!("dry run, {headline}"),
            },
            Face::Begun if report.progress.intent => format!("intent recorded, {headline}"),
            Face::First => format!("first deploy, {headline}"),
            _ => headline,
        }
    }

    /// What the reader has to know beside title and numbers, as Markdown.
    pub(super) fn note(self, report: &Report) -> Option<String> {
        match self {
            Face::Begun if report.progress.intent => Some(
                "> [!NOTE]\n> Nothing is sent yet. Upload now, then run again without `phase: begin`."
                    .to_owned(),
            ),
            Face::Unchanged => Some(unchanged(report)),
            Face::Adopted => Some(format!(
                "{} {} taken for what caches hold. From the next deploy on, what changed is invalidated.",
                thousands(report.files.added),
                if report.files.added == 1 { "file is" } else { "files are" },
            )),
            _ => None,
        }
    }

    /// Whether there is anything to count.
    pub(super) fn has_numbers(self, report: &Report) -> bool {
        report.mode != Mode::Unchanged && self != Face::Adopted
    }

    /// Whether charts help: nobody wants one beside a failure.
    pub(super) fn has_charts(self, report: &Report) -> bool {
        let delta = report.mode == Mode::Delta;
        delta && matches!(self, Face::Invalidated | Face::DryRun | Face::Begun)
    }
}

/// What an unchanged site means for caches.
fn unchanged(report: &Report) -> String {
    let kept = report.plan.as_ref().map_or(0, |plan| plan.kept);
    let record = report.manifest.as_ref().map(|manifest| {
        let location = code(&manifest.location);
        format!(", as {location} remembers them")
    });
    let waited = report.waited.map(|status| {
        let what = if status == COMPLETED {
            "completed"
        } else {
            "still in progress"
        };
        format!(" The invalidation of the previous deploy is {what}.")
    });
    format!(
        "{} stay cached{}.{}",
        count(kept, "viewer path"),
        record.unwrap_or_default(),
        waited.unwrap_or_default()
    )
}
