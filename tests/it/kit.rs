//! What the tests of CloudFront's calls share: explicit runs, processes, and what both leave.

use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::thread;

use cloudfront_standin::{Operation, Request};
use serde_json::Value;

use crate::harness::{DISTRIBUTION, Stage};
use crate::run::{Ended, Outcome, Run};

/// A run that invalidates these paths of [`DISTRIBUTION`] as they are given.
pub fn explicit<'a, P: AsRef<str>>(stage: &'a Stage, paths: &[P]) -> Run<'a> {
    let paths: Vec<_> = paths.iter().map(AsRef::as_ref).collect();
    Run::new(stage)
        .set("distribution-id", DISTRIBUTION)
        .set("paths", paths.join("\n"))
}

/// `/0000.html`, `/0001.html`, …
pub fn files(number: usize) -> Vec<String> {
    (0..number).map(|n| format!("/{n:04}.html")).collect()
}

/// `/0000/*`, `/0001/*`, …
pub fn wildcards(number: usize) -> Vec<String> {
    (0..number).map(|n| format!("/{n:04}/*")).collect()
}

/// Runs through the library, and does something else meanwhile.
#[track_caller]
pub fn meanwhile(run: Run<'_>, work: impl FnOnce()) -> Outcome {
    thread::scope(|scope| {
        let running = scope.spawn(|| run.here());
        work();
        running.join().expect("the run ends")
    })
}

/// The questions for the status of an invalidation so far.
pub fn questions(stage: &Stage) -> Vec<Request> {
    stage.standin.requests_of(Operation::GetInvalidation)
}

/// What requests were answered with.
pub fn statuses(requests: &[Request]) -> Vec<u16> {
    let answered = requests.iter().filter_map(|request| request.status);
    answered.collect()
}

/// The JSON report of a run with `--output json`.
#[track_caller]
pub fn printed(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ended.stdout, ended.stderr))
}

/// The outputs that a run on GitHub wrote; all of its own have one line.
#[track_caller]
pub fn outputs(stage: &Stage) -> BTreeMap<String, String> {
    let text = stage.read("output");
    let pairs = text.lines().map(|line| line.split_once('=').expect(line));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Sends a signal, such as `TERM`, as a runner does.
#[track_caller]
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("`kill` is there").success());
}

/// Holds the texts, in this order.
#[track_caller]
pub fn assert_says(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("`{part}` is missing (or comes too early) in:\n{text}"));
        rest = &rest[at + part.len()..];
    }
}
