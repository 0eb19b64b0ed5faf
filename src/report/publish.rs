//! Where the report goes: the runner's files, and files that the user names.

use std::path::{Path, PathBuf};

use crate::failure::{Code, Failure};
use crate::github::{self, Github};
use crate::inputs::Reporting;
use crate::owner;
use crate::report::log::Log;
use crate::report::outputs::outputs;
use crate::report::summary::summary;
use crate::report::{ErrorReport, Report};

/// Writes JSON report, summaries and outputs; as much of it as can be written. What can't is a
/// failure of the run, unless it failed already: later steps would go on without their outputs.
pub fn publish(github: &Github, reporting: &Reporting, log: &Log, report: &mut Report) {
    let mut problems: Vec<(PathBuf, std::io::Error)> = Vec::new();
    let mut report_file = None;
    if let Some(path) = &reporting.report_file {
        let json = report.to_json().unwrap_or_default();
        match owner::write_file(path, json.as_bytes()) {
            Ok(()) => report_file = Some(relative(path, github.workspace.as_deref())),
            Err(error) => problems.push((path.clone(), error)),
        }
    }
    let text = summary(report, reporting.summary);
    if let Some(path) = &reporting.summary_file
        && let Err(error) = owner::write_file(path, text.as_bytes())
    {
        problems.push((path.clone(), error));
    }
    if let Some(path) = &github.summary
        && !text.is_empty()
        && let Err(error) = github::append(path, &text)
    {
        problems.push((path.clone(), error));
    }
    if let Some(path) = &github.output {
        let delimiter = crate::host::random().map_or_else(|_| "cfd-end".to_owned(), hex::encode);
        let text: String = outputs(report, report_file.as_deref())
            .iter()
            .map(|(name, value)| github::output(name, value, &delimiter))
            .collect();
        if let Err(error) = github::append(path, &text) {
            problems.push((path.clone(), error));
        }
    }
    for (path, error) in problems {
        let what = format!("can't write `{}`: {error}", path.display());
        log.warning(&what);
        if report.error.is_none() {
            let failure = Failure::new(Code::OutputUnwritable, what)
                .hint("check the path and the permissions of its directory");
            report.error = Some(ErrorReport::of(&failure, Some(report.state())));
        }
    }
}

/// The path below the workspace, as later steps on the host see it.
fn relative(path: &Path, workspace: Option<&Path>) -> PathBuf {
    workspace
        .and_then(|workspace| path.strip_prefix(workspace).ok())
        .unwrap_or(path)
        .to_owned()
}
