//! Signals: a container's first process has to end within 5 seconds and say what state it leaves.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command};
use std::time::{Duration, Instant};

use cloudfront_standin::{Completion, Fault, FaultKind, Gate, Moment, Operation};

use crate::harness::{PATIENCE, Stage};
use crate::run::{Ended, Run};
use crate::site::Site;

/// How long a run may take after the signal.
const LIMIT: Duration = Duration::from_secs(5);

fn site_a() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2")])
}

fn site_b() -> Site {
    site_a().with("a.html", "b2")
}

/// A stage on which A is deployed and B is uploaded.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    stage.warm(Vec::<String>::new());
    stage
}

fn send(signal: &str, child: &Child) {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

/// Sends the signal, and gives what the run left; it has to end in time.
fn end(signal: &str, child: Child) -> Ended {
    let sent = Instant::now();
    send(signal, &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert!(sent.elapsed() < LIMIT, "it took {:?}", sent.elapsed());
    ended
}

/// Reads the log up to the line that tells of the signal; gives the rest.
fn until_signal(child: &mut Child) -> BufReader<ChildStdout> {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("signal") {
        line.clear();
        assert_ne!(
            stdout.read_line(&mut line).unwrap(),
            0,
            "it says that it was asked to end"
        );
    }
    stdout
}

#[track_caller]
fn assert_interrupted(ended: &Ended, state: &str) {
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("error[interrupted]"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains(state), "{}", ended.stdout);
}

#[test]
fn a_request_that_hangs_is_given_up_and_its_state_is_said() {
    for signal in ["TERM", "INT"] {
        for moment in [Moment::BeforeProcessing, Moment::AfterProcessing] {
            let when = format!("{signal}, {moment:?}");
            let stage = stage();
            let hang = FaultKind::Hang(moment);
            stage
                .standin
                .inject(Fault::new(Operation::CreateInvalidation, hang));
            let child = stage.run().command().spawn().unwrap();
            stage.wait_for("the request arrives", || stage.requests().len() == 2);
            let ended = end(signal, child);
            assert_interrupted(&ended, "one request was sent and its answer is not known");
            assert!(
                ended.stdout.contains("the next run finishes it"),
                "{}",
                ended.stdout
            );

            stage.run().succeed();
            stage.assert_fresh(&when);
            assert_eq!(
                stage.invalidations().len(),
                2,
                "{when}: nothing is paid twice"
            );
        }
    }
}

/// Before the third attempt the SDK waits for 1.2 s at most, which is less than a run has after a
/// signal: so it would be made if attempts went on.
#[test]
fn a_service_that_keeps_failing_is_not_asked_any_longer() {
    let stage = stage();
    let fault = FaultKind::error(503, "ServiceUnavailable", "later");
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, fault).always());
    let mut child = stage.run().command().spawn().unwrap();
    stage.wait_for("it is tried", || stage.requests().len() >= 2);
    send("TERM", &child);
    let mut rest = until_signal(&mut child);
    let asked = stage.requests().len();
    let mut stdout = String::new();
    rest.read_to_string(&mut stdout).unwrap();
    let ended = Ended {
        stdout,
        ..Ended::from(child.wait_with_output().unwrap())
    };
    assert_interrupted(&ended, "its answer is not known");
    let under_way = 1;
    let since = stage.requests().len() - asked;
    assert!(since <= under_way, "{since} more requests: {ended:?}");
    stage.standin.clear_faults();
    stage.run().succeed();
    stage.assert_fresh("afterwards");
}

#[test]
fn waiting_ends_at_once_and_the_deploy_stays_remembered() {
    let stage = stage();
    stage.standin.set_completion(Completion::OnDemand);
    let child = stage.run().set("wait", "true").command().spawn().unwrap();
    let asked = || {
        !stage
            .standin
            .requests_of(Operation::GetInvalidation)
            .is_empty()
    };
    stage.wait_for("the run waits", asked);
    let ended = end("TERM", child);
    assert_interrupted(&ended, "the deploy is remembered");
    let hint = "nothing is left to be done";
    assert!(ended.stdout.contains(hint), "{}", ended.stdout);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");
}

#[test]
fn an_answer_that_comes_in_time_is_committed() {
    let stage = stage();
    let gate = Gate::new();
    stage.standin.inject(Fault::new(
        Operation::CreateInvalidation,
        FaultKind::gate_after(&gate),
    ));
    let mut child = stage.run().command().spawn().unwrap();
    assert!(gate.wait_reached(PATIENCE), "the request arrives");
    send("TERM", &child);
    let mut stdout = until_signal(&mut child);
    gate.release();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("the deploy is remembered"), "{rest}");
    assert_eq!(stage.record_json()["intent"], serde_json::Value::Null);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");
}

#[test]
fn outputs_and_summary_are_written_all_the_same() {
    let stage = stage();
    let hang = FaultKind::Hang(Moment::BeforeProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang));
    let run: Run<'_> = stage
        .run()
        .on_github()
        .set("report-file", stage.name("report.json"));
    let child = run.command().spawn().unwrap();
    stage.wait_for("the request arrives", || stage.requests().len() == 2);
    let ended = end("TERM", child);
    assert_eq!(ended.status, Some(1));
    let report: serde_json::Value = serde_json::from_str(&stage.read("report.json")).unwrap();
    assert_eq!(report["error"]["code"], "interrupted");
    assert_eq!(report["manifest"]["committed"], false);
    assert!(
        stage.read("output").contains("\nmode=delta\n")
            || stage.read("output").contains("mode=delta")
    );
    assert!(stage.read("step-summary.md").contains("interrupted"));
}
