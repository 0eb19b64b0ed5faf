//! The outputs that later steps read.

use std::path::Path;

use crate::report::{FileCounts, Mode, Report};

/// The names of all outputs, in the order of `action.yml` and the README, with their meaning.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("invalidated", "true if CloudFront accepted a request"),
    (
        "mode",
        "first-deploy, delta, flush, unchanged, explicit or unknown",
    ),
    (
        "invalidation-id",
        "Id of the invalidation; empty if there are several",
    ),
    ("invalidation-ids", "JSON array of all ids"),
    ("status", "Completed, InProgress or none"),
    (
        "caller-reference",
        "Caller reference of the invalidation; empty if there are several",
    ),
    (
        "paths",
        "JSON array of the paths as sent; empty if over 64 KiB",
    ),
    (
        "paths-truncated",
        "true if paths was too long and left empty",
    ),
    ("path-count", "How many paths the plan has"),
    ("wildcard-count", "How many of them are wildcards"),
    (
        "max-cost-usd",
        "What all targets cost at most, at the price past the free allowance",
    ),
    ("files-added", "Files that are new"),
    ("files-modified", "Files that changed"),
    ("files-removed", "Files that are gone"),
    ("paths-stale", "Viewer paths that may be cached stale"),
    ("paths-kept", "Viewer paths that need not be evicted"),
    (
        "paths-over-invalidated",
        "Kept viewer paths that are evicted all the same",
    ),
    ("deploy-id", "Identity of this deploy in the chain"),
    (
        "report-file",
        "Path of the JSON report, relative to the workspace",
    ),
];

/// The longest `paths` that is given, in bytes: outputs of a whole job may take 1 MB together.
const MAX_PATHS: usize = 64 * 1024;

/// The value of each output, as far as it is known, in the order of [`OUTPUTS`].
#[must_use]
pub fn outputs(report: &Report, report_file: Option<&Path>) -> Vec<(&'static str, String)> {
    let ids: Vec<_> = report
        .invalidations
        .iter()
        .map(|made| made.id.as_str())
        .collect();
    let only = |text: fn(&crate::report::InvalidationReport) -> &str| match report
        .invalidations
        .as_slice()
    {
        [made] => text(made).to_owned(),
        _ => String::new(),
    };
    // A run may fail after it has compared and before it has a plan; a dry run may have a plan
    // though it could not compare.
    let compared = report.mode != Mode::Unknown;
    let counted = compared || report.files != FileCounts::default();
    let planned = compared || report.plan.is_some();
    let given = |known: bool, text: String| if known { text } else { String::new() };
    let number = |known, number: usize| given(known, number.to_string());
    let plan = report.plan.clone().unwrap_or_default();
    let paths = json(&plan.paths);
    let truncated = paths.len() > MAX_PATHS;
    let values = [
        report.invalidated().to_string(),
        report.mode.name().to_owned(),
        only(|made| &made.id),
        json(&ids),
        report.status().to_owned(),
        only(|made| &made.caller_reference),
        if truncated { String::new() } else { paths },
        truncated.to_string(),
        number(planned, plan.path_count),
        number(planned, plan.wildcard_count),
        given(planned, plan.max_cost_usd.to_string()),
        number(counted, report.files.added),
        number(counted, report.files.modified),
        number(counted, report.files.removed),
        number(compared, plan.stale),
        number(compared, plan.kept),
        number(compared, plan.evicted_for_nothing()),
        report
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.deploy.clone())
            .unwrap_or_default(),
        report_file
            .map(|path| path.display().to_string())
            .unwrap_or_default(),
    ];
    OUTPUTS.iter().map(|(name, _)| *name).zip(values).collect()
}

/// Strings never fail to become JSON.
fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::PlanReport;

    fn value(report: &Report, name: &str) -> String {
        outputs(report, None)
            .into_iter()
            .find(|(other, _)| *other == name)
            .unwrap()
            .1
    }

    #[test]
    fn a_long_list_of_paths_is_left_out_and_said_to_be() {
        let path = format!("/{}", "x".repeat(70_000));
        let plan = PlanReport {
            paths: vec![path],
            path_count: 1,
            ..PlanReport::default()
        };
        let report = Report {
            plan: Some(plan),
            mode: Mode::Delta,
            ..Report::default()
        };
        assert_eq!(value(&report, "paths"), "");
        assert_eq!(value(&report, "paths-truncated"), "true");
        assert_eq!(value(&report, "path-count"), "1");
    }

    #[test]
    fn what_is_not_known_is_empty() {
        let report = Report::default();
        assert_eq!(value(&report, "invalidated"), "false");
        assert_eq!(value(&report, "mode"), "unknown");
        assert_eq!(value(&report, "path-count"), "");
        assert_eq!(value(&report, "invalidation-ids"), "[]");
        assert_eq!(value(&report, "status"), "none");
    }

    #[test]
    fn what_is_known_without_a_plan_or_without_a_comparison_is_given() {
        let files = FileCounts {
            added: 3,
            ..FileCounts::default()
        };
        let no_plan = Report {
            files,
            ..Report::default()
        };
        let plan = PlanReport {
            path_count: 1,
            ..PlanReport::default()
        };
        let no_record = Report {
            plan: Some(plan),
            ..Report::default()
        };
        let rows = [
            (
                &no_plan,
                [
                    ("files-added", "3"),
                    ("files-removed", "0"),
                    ("path-count", ""),
                    ("paths-stale", ""),
                ],
            ),
            (
                &no_record,
                [
                    ("files-added", ""),
                    ("paths-stale", ""),
                    ("path-count", "1"),
                    ("paths-kept", ""),
                ],
            ),
        ];
        for (report, expected) in rows {
            for (name, text) in expected {
                assert_eq!(value(report, name), text, "{name}");
            }
        }
    }
}
