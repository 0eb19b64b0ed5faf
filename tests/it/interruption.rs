//! Runs that die between intent and commit, and what the next one makes of it: with the same
//! content, the old one, or a third one.

use cloudfront_standin::{Fault, FaultKind, Gate, Operation};

use crate::harness::{DISTRIBUTION, PATIENCE, Stage};
use crate::site::{Site, site_a, site_b};

/// How a run dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The service refuses the request.
    Refused,
    /// The process is killed, and its request is lost with it.
    KilledBefore,
    /// The process is killed while its request is under way; the request arrives all the same.
    KilledUnderWay,
    /// The process is killed after the service accepted and before it heard of that.
    KilledAfter,
    /// The service accepts, and something on the way turns the answer into an error.
    AnswerLost,
    /// The process dies after the answer and before the commit.
    BeforeCommit,
}

impl Death {
    pub const ALL: [Self; 6] = [
        Self::Refused,
        Self::KilledBefore,
        Self::KilledUnderWay,
        Self::KilledAfter,
        Self::AnswerLost,
        Self::BeforeCommit,
    ];

    /// Whether the service accepted the invalidation.
    pub fn is_after_acceptance(self) -> bool {
        !matches!(self, Self::Refused | Self::KilledBefore)
    }
}

/// Runs what was uploaded, and lets the run die.
#[track_caller]
pub fn die(stage: &Stage, death: Death) {
    let fault = |kind| {
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind));
    };
    match death {
        Death::Refused => {
            fault(FaultKind::error(403, "AccessDenied", "not authorized"));
            stage.run().fail("access-denied");
        }
        Death::AnswerLost => {
            fault(FaultKind::error_after(403, "AccessDenied", "says a proxy"));
            stage.run().fail("access-denied");
        }
        Death::BeforeCommit => {
            let (_, intent) = stage.run_watched(stage.run());
            stage.restore(&intent);
        }
        Death::KilledBefore | Death::KilledUnderWay | Death::KilledAfter => {
            let gate = Gate::new();
            fault(match death {
                Death::KilledAfter => FaultKind::gate_after(&gate),
                _ => FaultKind::gate_before(&gate),
            });
            let accepted = stage.invalidations().len();
            let mut child = stage.run().command().spawn().unwrap();
            assert!(gate.wait_reached(PATIENCE), "the run sends a request");
            child.kill().unwrap();
            let status = child.wait().unwrap();
            assert_eq!(status.code(), None, "the run was killed, it did not end");
            if death == Death::KilledUnderWay {
                gate.release();
                stage.wait_for("the request arrives", || {
                    stage.invalidations().len() > accepted
                });
            } else {
                gate.discard();
            }
        }
    }
    assert_ne!(
        stage.record_json()["intent"],
        serde_json::Value::Null,
        "{death:?}"
    );
}

/// Differs from A and from B, partly in the same files.
fn site_c() -> Site {
    site_a()
        .with("index.html", "c1")
        .with("docs/index.html", "c2")
        .with("news.html", "c5")
}

/// A is deployed, B is uploaded and half of it cached, the run for B dies, and everything is cached
/// in whatever version the edges then have.
fn after_the_death_of_b(death: Death) -> Stage {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage
        .standin
        .warm(DISTRIBUTION, ["/docs/", "/docs/old.html", "/docs/new.html"]);
    stage.upload(&site_b());
    stage.warm_for(&site_c());
    die(&stage, death);
    stage.warm_for(&site_c());
    stage
}

#[test]
fn then_the_same_content_is_finished_and_not_paid_twice() {
    for death in Death::ALL {
        let when = format!("{death:?}, then B");
        let stage = after_the_death_of_b(death);
        let accepted = stage.invalidations().len();
        let report = stage.run().succeed().report;
        assert!(
            report.manifest.expect("there is a record").resumed,
            "{when}"
        );
        stage.assert_fresh(&when);
        let expected = if death.is_after_acceptance() {
            accepted
        } else {
            accepted + 1
        };
        assert_eq!(stage.invalidations().len(), expected, "{when}");
        let calls = if death.is_after_acceptance() { 2 } else { 1 };
        assert_eq!(stage.last().calls, calls, "{when}");
        assert_settled(&stage, &when);
    }
}

#[test]
fn then_the_old_content_covers_what_died() {
    then(&site_a(), "A");
}

#[test]
fn then_other_content_covers_what_died_too() {
    then(&site_c(), "C");
}

/// Another deploy than the one that died: it leaves nothing stale and gets an answer of its own,
/// and so does the one after it.
fn then(next: &Site, name: &str) {
    for death in Death::ALL {
        let when = format!("{death:?}, then {name}");
        let stage = after_the_death_of_b(death);
        let accepted = stage.invalidations().len();
        stage.upload(next);
        stage.warm_for(&site_b());
        let outdated = stage.standin.stale(DISTRIBUTION);
        assert!(!outdated.is_empty(), "{when}: there is something to clear");
        let report = stage.run().succeed().report;
        assert!(
            !report.manifest.expect("there is a record").resumed,
            "{when}"
        );
        stage.assert_fresh(&when);
        assert_eq!(stage.invalidations().len(), accepted + 1, "{when}");

        // Nobody knows whether the run that died was dead or slow, so its paths are covered by one
        // deploy more.
        stage.warm_for(&site_b());
        let report = stage.run().succeed().report;
        assert!(report.files.unsettled > 0, "{when}: {:?}", report.files);
        assert_eq!(
            stage.invalidations().len(),
            accepted + 2,
            "{when}, once more"
        );
        assert_settled(&stage, &when);

        stage.warm_for(&site_b());
        stage.deploy(&site_b());
        stage.assert_fresh(&format!("{when}, then B at last"));
        stage.assert_every_reference_new(&when);
    }
}

/// Nothing is owed: the next run sends nothing and writes nothing.
#[track_caller]
fn assert_settled(stage: &Stage, when: &str) {
    let (record, requests) = (stage.record(), stage.requests().len());
    let report = stage.run().succeed().report;
    assert_eq!(report.mode.name(), "unchanged", "{when}");
    assert_eq!(stage.requests().len(), requests, "{when}");
    assert_eq!(stage.record(), record, "{when}");
}

#[test]
fn a_first_deploy_that_died_is_finished_or_started_over() {
    for death in Death::ALL {
        let stage = Stage::new();
        stage.upload(&site_a());
        stage.warm_for(&site_b());
        die(&stage, death);
        stage.warm_for(&site_b());
        let accepted = stage.invalidations().len();
        let report = stage.run().succeed().report;
        assert_eq!(report.mode.name(), "first-deploy", "{death:?}, then A");
        stage.assert_fresh(&format!("{death:?}, then A"));
        let expected = if death.is_after_acceptance() {
            accepted
        } else {
            1
        };
        assert_eq!(stage.invalidations().len(), expected, "{death:?}");

        let stage = Stage::new();
        stage.upload(&site_a());
        stage.warm_for(&site_b());
        die(&stage, death);
        stage.warm_for(&site_b());
        stage.upload(&site_b());
        stage.run().succeed();
        stage.assert_fresh(&format!("{death:?}, then B"));
        stage.assert_every_reference_new(&format!("{death:?}, then B"));
        assert_eq!(stage.last().paths, ["/*"], "{death:?}");
    }
}

#[test]
fn a_chain_that_returns_to_its_content_makes_new_references_whatever_dies_in_between() {
    for death in Death::ALL {
        let stage = Stage::new();
        let sites = [site_a(), site_b(), site_a(), site_b(), site_a(), site_b()];
        for (turn, site) in sites.iter().enumerate() {
            stage.warm_for(&site_b());
            stage.upload(site);
            stage.warm_for(&site_a());
            // Every other run dies, and is not repeated.
            if turn % 2 == 1 {
                die(&stage, death);
            } else {
                stage.run().succeed();
                stage.assert_fresh(&format!("{death:?}, turn {turn}"));
            }
        }
        stage.assert_every_reference_new(&format!("{death:?}"));
    }
}

/// B, C and B again, none of which is ever finished: the second B is not the first one, because C came
/// in between.
#[test]
fn content_that_returns_among_runs_that_all_die_makes_new_references_too() {
    for death in Death::ALL {
        let when = format!("{death:?}");
        let stage = Stage::new();
        stage.deploy(&site_a());
        for site in [site_b(), site_c(), site_b(), site_c()] {
            stage.upload(&site);
            stage.warm_for(&site_b());
            die(&stage, death);
        }
        stage.assert_every_reference_new(&when);
        stage.upload(&site_b());
        stage.run().succeed();
        stage.assert_fresh(&when);
        stage.assert_every_reference_new(&when);
    }
}

#[test]
fn a_lost_connection_is_tried_again_under_the_same_reference() {
    for kind in [
        FaultKind::Reset(cloudfront_standin::Moment::BeforeProcessing),
        FaultKind::Reset(cloudfront_standin::Moment::AfterProcessing),
        FaultKind::error(503, "ServiceUnavailable", "try again"),
        FaultKind::error_after(500, "InternalError", "try again"),
        FaultKind::throttling(),
        FaultKind::CutBody,
        FaultKind::CloseAfterHeader,
        FaultKind::TruncatedXml,
        FaultKind::WrongXml,
        FaultKind::WithoutId,
    ] {
        let when = format!("{kind:?}");
        let stage = Stage::new();
        stage.deploy(&site_a());
        stage.upload(&site_b());
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind));
        let report = stage.run().succeed().report;
        assert_eq!(stage.standin.pending_faults(), 0, "{when}");
        let [made] = &report.invalidations[..] else {
            panic!("{when}: {report:?}")
        };
        assert_eq!(stage.invalidations().len(), 2, "{when}");
        assert_eq!(made.id, stage.last().id, "{when}");
        assert!(!made.reused, "{when}: it was made by this run");
        assert_eq!(report.mode.name(), "delta", "{when}");
    }
}
