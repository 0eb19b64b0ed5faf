//! Waiting for completion: until everything is completed, no longer than was asked for, whatever
//! the service answers meanwhile.

use std::time::{Duration, Instant};

use cloudfront_standin::{Completion, Config, Fault, FaultKind, Moment, Operation};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::{assert_says, explicit, meanwhile, outputs, questions, signal};
use crate::run::{Ended, Run};
use crate::site::Site;

/// A stage whose invalidations complete when the test says so.
fn on_demand() -> Stage {
    Stage::with(Config {
        completion: Completion::OnDemand,
        ..Config::new().distribution(DISTRIBUTION)
    })
}

/// A run that waits, long enough for a busy machine.
fn waiting(stage: &Stage) -> Run<'_> {
    explicit(stage, &["/a.html"])
        .set("wait", "true")
        .set("wait-timeout", "60s")
}

fn site_a() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2")])
}

/// A status that is none of the two that are documented.
fn odd_status() -> FaultKind {
    FaultKind::Answer {
        status: 200,
        content_type: "text/xml".to_owned(),
        body: "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I1</Id>\
               <Status>Deferred</Status><CreateTime>2026-01-02T03:04:05Z</CreateTime>\
               <InvalidationBatch><Paths><Quantity>0</Quantity></Paths><CallerReference>r\
               </CallerReference></InvalidationBatch></Invalidation>"
            .to_owned(),
    }
}

#[test]
fn a_run_that_does_not_wait_asks_nothing() {
    let stage = on_demand();
    let report = explicit(&stage, &["/a.html"]).on_github().succeed().report;
    assert_eq!(report.invalidations[0].status, "InProgress");
    assert_eq!(outputs(&stage)["status"], "InProgress");
    assert!(questions(&stage).is_empty());
}

#[test]
fn a_run_that_waits_ends_when_the_invalidation_is_completed() {
    let stage = on_demand();
    let outcome = meanwhile(waiting(&stage).on_github(), || {
        stage.wait_for("three questions", || questions(&stage).len() >= 3);
        stage.standin.complete_all();
    });
    assert_eq!(outcome.report.error, None);
    assert_eq!(outcome.report.invalidations[0].status, "Completed");
    assert_eq!(outputs(&stage)["status"], "Completed");
    assert_says(
        &outcome.log,
        &["waiting for completion, 1m at most", "completed after"],
    );
    // However often it asks, it says so once.
    assert_eq!(outcome.log.matches("waiting").count(), 1, "{}", outcome.log);
}

/// What is completed by the first question needs no second one and no word about waiting.
#[test]
fn what_is_completed_at_once_is_not_waited_for() {
    let stage = Stage::new();
    let outcome = waiting(&stage).succeed();
    assert_eq!(questions(&stage).len(), 1);
    assert!(!outcome.log.contains("waiting"), "{}", outcome.log);
}

#[test]
fn several_invalidations_are_waited_for_until_the_last_is_completed() {
    let stage = Stage::with(Config {
        completion: Completion::OnDemand,
        ..Config::new()
            .distribution("E1EXAMPLE")
            .distribution("E2EXAMPLE")
    });
    let run = waiting(&stage).set("distribution-id", "E1EXAMPLE,E2EXAMPLE");
    let asked_about = |target: &str| {
        let all = questions(&stage);
        all.iter()
            .filter(|question| question.target == target)
            .count()
    };
    let mut when_one_was_completed = 0;
    let outcome = meanwhile(run, || {
        stage.wait_for("both are asked about", || asked_about("E2EXAMPLE") >= 1);
        let one = stage.standin.invalidations("E1EXAMPLE")[0].id.clone();
        assert!(stage.standin.complete(&one));
        // One question may be under way while it completes.
        when_one_was_completed = asked_about("E1EXAMPLE");
        let so_far = asked_about("E2EXAMPLE");
        stage.wait_for("the other is asked about", || {
            asked_about("E2EXAMPLE") >= so_far + 2
        });
        stage.standin.complete_all();
    });
    assert_eq!(outcome.report.error, None);
    assert_eq!(outcome.report.status(), "Completed");
    assert!(
        asked_about("E1EXAMPLE") <= when_one_was_completed + 2,
        "what is completed is not asked about again"
    );
}

#[test]
fn when_time_is_over_the_run_warns_and_succeeds() {
    let stage = on_demand();
    stage.upload(&site_a());
    let run = stage
        .run()
        .on_github()
        .set("wait", "true")
        .set("wait-timeout", "1s");
    let started = Instant::now();
    let outcome = run.succeed();
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    let warning = "the invalidation is not completed after 1s; CloudFront has accepted it";
    assert!(
        outcome.report.warnings[0].contains(warning),
        "{:?}",
        outcome.report.warnings
    );
    assert!(
        outcome
            .log
            .contains("::warning title=cloudfront-delta::the invalidation")
    );
    assert_eq!(outcome.report.invalidations[0].status, "InProgress");
    assert_eq!(outputs(&stage)["status"], "InProgress");
    assert!(
        outcome.report.manifest.unwrap().committed,
        "it can't be lost"
    );
}

#[test]
fn or_fails_if_it_is_told_to_and_the_deploy_is_remembered_all_the_same() {
    let stage = on_demand();
    stage.upload(&site_a());
    let run = || {
        let run = stage.run().set("wait", "true").set("wait-timeout", "1");
        run.set("wait-timeout-action", "fail")
    };
    let ended = run().binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert_says(
        &ended.stdout,
        &[
            "error[wait-timeout]: the invalidation is not completed after 1s",
            "state: the invalidation was accepted and the deploy is remembered",
            "hint: CloudFront has accepted it and goes on; raise `wait-timeout`",
        ],
    );
    assert_eq!(stage.record_json()["intent"], serde_json::Value::Null);
    // Waiting again is all that is left to do.
    let error = run().fail("wait-timeout").report;
    assert_eq!(error.mode.name(), "unchanged");
    assert_eq!(stage.requests().len(), 1);
}

/// The last question is asked when time is over, not a whole interval before: what completes within
/// `wait-timeout` counts as completed.
#[test]
fn time_is_used_up() {
    let stage = Stage::with(
        Config::new()
            .distribution(DISTRIBUTION)
            .complete_after(Duration::from_millis(1_900)),
    );
    let report = waiting(&stage).set("wait-timeout", "2s").succeed().report;
    assert_eq!(report.status(), "Completed", "{:?}", report.warnings);
}

#[test]
fn trouble_on_the_way_does_not_end_the_wait() {
    for kind in [
        FaultKind::throttling(),
        FaultKind::error(503, "ServiceUnavailable", "try again"),
        FaultKind::error(400, "SomethingNew", "never heard of it"),
        FaultKind::Reset(Moment::BeforeProcessing),
        FaultKind::CloseAfterHeader,
        FaultKind::CutBody,
        FaultKind::TruncatedXml,
        FaultKind::WrongXml,
    ] {
        let when = format!("{kind:?}");
        let stage = Stage::new();
        stage
            .standin
            .inject(Fault::new(Operation::GetInvalidation, kind));
        let report = waiting(&stage).succeed().report;
        assert_eq!(stage.standin.pending_faults(), 0, "{when}");
        assert_eq!(report.status(), "Completed", "{when}");
        assert_eq!(report.warnings, [""; 0], "{when}");
    }
}

/// A question that is never answered does not make the wait longer.
#[test]
fn a_question_without_an_answer_does_not_lengthen_the_wait() {
    let stage = Stage::new();
    let hang = FaultKind::Hang(Moment::BeforeProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, hang).always());
    let started = Instant::now();
    let report = waiting(&stage).set("wait-timeout", "1s").succeed().report;
    // An answer alone may take 30 s by `read-timeout`.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(report.status(), "InProgress");
    assert!(
        report.warnings[0].contains("not completed after 1s"),
        "{:?}",
        report.warnings
    );
}

#[test]
fn what_went_wrong_while_waiting_is_said_when_time_is_over() {
    let stage = Stage::new();
    let odd = FaultKind::error(400, "SomethingNew", "never heard of it");
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, odd).always());
    let report = waiting(&stage).set("wait-timeout", "1s").succeed().report;
    assert!(
        report.warnings[0].contains("SomethingNew: never heard of it"),
        "{:?}",
        report.warnings
    );
}

#[test]
fn an_unknown_status_is_not_done() {
    let stage = Stage::new();
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, odd_status()).times(2));
    let report = waiting(&stage).succeed().report;
    assert_eq!(report.status(), "Completed");
    assert_eq!(questions(&stage).len(), 3);

    let stage = Stage::new();
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, odd_status()).always());
    let run = waiting(&stage).on_github().set("wait-timeout", "1s");
    let report = run.succeed().report;
    assert_eq!(
        report.invalidations[0].status, "Deferred",
        "as the service has it"
    );
    assert_eq!(outputs(&stage)["status"], "InProgress");
    assert_eq!(report.warnings.len(), 1);
}

#[test]
fn an_unchanged_run_waits_for_what_the_last_one_submitted() {
    let stage = on_demand();
    stage.deploy(&site_a());
    let record = stage.record();
    let run = stage
        .run()
        .on_github()
        .set("wait", "true")
        .set("wait-timeout", "60s");
    let outcome = meanwhile(run, || {
        stage.wait_for("two questions", || questions(&stage).len() >= 2);
        stage.standin.complete_all();
    });
    assert_eq!(outcome.report.error, None);
    assert_eq!(outcome.report.mode.name(), "unchanged");
    assert_says(&outcome.log, &["waiting for completion", "completed after"]);
    let outputs = outputs(&stage);
    assert_eq!(outputs["status"], "Completed");
    assert_eq!(outputs["invalidated"], "false");
    assert_eq!(outputs["max-cost-usd"], "0");
    assert_eq!(stage.requests().len(), 1, "nothing is submitted");
    assert_eq!(stage.record(), record, "nothing is written");
    let asked = questions(&stage).pop().unwrap();
    assert_eq!(asked.invalidation_id, Some(stage.last().id));
}

#[test]
fn an_unchanged_run_does_not_wait_longer_than_it_is_told_either() {
    let stage = on_demand();
    stage.deploy(&site_a());
    let run = || stage.run().set("wait", "true").set("wait-timeout", "1s");
    let report = run().succeed().report;
    assert_eq!(report.status(), "InProgress");
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    run()
        .set("wait-timeout-action", "fail")
        .fail("wait-timeout");
}

/// Without the permission to ask there is nothing to wait for: the run says so at once.
#[test]
fn without_the_permission_to_ask_the_run_says_which_one_it_needs() {
    let stage = on_demand();
    let denied = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, denied).always());
    let report = waiting(&stage).succeed().report;
    assert!(
        report.warnings[0].contains("`cloudfront:GetInvalidation`"),
        "{:?}",
        report.warnings
    );
    assert_eq!(report.status(), "InProgress");
    assert_eq!(questions(&stage).len(), 1);
    let failed = waiting(&stage)
        .set("wait-timeout-action", "fail")
        .fail("access-denied");
    let error = failed.report.error.unwrap();
    assert!(error.hint.unwrap().contains("`cloudfront:GetInvalidation`"));
}

#[test]
fn a_signal_ends_the_wait_and_the_run_says_that_all_is_done() {
    for name in ["INT", "TERM"] {
        let stage = on_demand();
        stage.upload(&site_a());
        let child = stage.run().set("wait", "true").command().spawn().unwrap();
        stage.wait_for("a question", || !questions(&stage).is_empty());
        let at = Instant::now();
        signal(&child, name);
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert!(
            at.elapsed() < Duration::from_secs(5),
            "{name}: {:?}",
            at.elapsed()
        );
        assert_eq!(ended.status, Some(1), "{name}");
        assert_says(
            &ended.stdout,
            &[
                "error[interrupted]",
                "state: the invalidation was accepted and the deploy is remembered",
            ],
        );
        assert_eq!(
            stage.record_json()["intent"],
            serde_json::Value::Null,
            "{name}"
        );
    }
}
