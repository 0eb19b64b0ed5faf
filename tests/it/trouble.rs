//! Trouble that passes: after it, the next run finishes what was begun.

use cloudfront_standin::{Fault, FaultKind, Moment, Operation};

use crate::harness::Stage;
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2")])
}

/// A stage on which A is deployed, everything is cached, and B is uploaded.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.warm_for(&site_a());
    stage.upload(&site_a().with("a.html", "b2"));
    stage
}

#[test]
fn an_answer_that_does_not_come_leaves_doubt_and_the_next_run_pays_nothing_twice() {
    let stage = stage();
    let hang = FaultKind::Hang(Moment::AfterProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang).always());
    let run = stage.run().set("read-timeout", "50ms");
    let error = run.fail("timeout").report.error.unwrap();
    let said = error.state.unwrap();
    assert!(said.contains("answer"), "{said}");
    assert!(said.contains("not known"), "{said}");
    stage.standin.clear_faults();
    let report = stage.run().succeed().report;
    assert!(report.manifest.unwrap().resumed);
    assert_eq!(
        stage.invalidations().len(),
        2,
        "it was accepted at the first attempt"
    );
    stage.assert_fresh("after the doubt");
}

#[test]
fn a_service_that_comes_back_gets_what_it_missed() {
    let stage = stage();
    stage.standin.pause_listening();
    stage.run().fail("no-network");
    stage.standin.resume_listening();
    let report = stage.run().succeed().report;
    assert!(report.manifest.unwrap().resumed);
    stage.assert_fresh("reached again");
}

#[test]
fn a_run_without_credentials_forgets_nothing() {
    let stage = stage();
    let run = stage.run().without_variable("AWS_ACCESS_KEY_ID");
    let ended = run.without_variable("AWS_SECRET_ACCESS_KEY").binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("error[no-credentials]"),
        "{}",
        ended.stdout
    );
    assert_eq!(stage.requests().len(), 1, "that of the first deploy");
    stage.run().succeed();
    stage.assert_fresh("with credentials");
}

#[test]
fn a_record_that_cannot_be_written_stops_the_run_before_anything_is_sent() {
    let stage = stage();
    stage.write("taken", "a file, no directory");
    let run = stage
        .run()
        .set("manifest", stage.name("taken/manifest.json"));
    let error = run.fail("manifest-unavailable").report.error.unwrap();
    assert!(
        error.message.contains("taken/manifest.json"),
        "{}",
        error.message
    );
    assert_eq!(stage.requests().len(), 1, "that of the first deploy");
}
