//! Everything that can go wrong with each call, once and for ever: creating an invalidation, asking
//! for its status, loading the record, writing the intent, committing.
//!
//! Each run ends in time, in success or in an error that says what state things are in, and the
//! state is true. A commit never comes without acceptance. Once the fault is gone, the next run
//! repairs everything and pays nothing twice.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use cloudfront_delta::record::Record;
use cloudfront_standin::{Config, Fault, FaultKind, Gate, Moment, Operation, Standin};
use serde_json::Value;

use crate::death::each;
use crate::harness::{DISTRIBUTION, PATIENCE, Stage};
use crate::homes::BUCKET;
use crate::run::{Ended, Run};
use crate::site::Site;

const KEY: &str = "manifest.json";

/// How long an answer may take in these tests: on a busy machine a good one may well need half of it.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// What is too late for [`READ_TIMEOUT`].
const TOO_LATE: Duration = Duration::from_secs(2);

/// The longest that a run may take here: a call is tried six times with waits of up to 12.4 s in
/// all, each at most [`READ_TIMEOUT`], and a garbled answer to a create is asked for three times. The
/// rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(45);

/// A call that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Create,
    Get,
    Load,
    Intent,
    Commit,
}

/// How often it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Often {
    Once,
    Always,
}

/// How the run ends: none if it succeeds.
type Code = Option<&'static str>;

/// A row: a name, what goes wrong, and how the run ends if it does so once, and always.
type Row = (&'static str, FaultKind, Code, Code);

fn error(status: u16, code: &str) -> FaultKind {
    FaultKind::error(status, code, "says the test")
}

fn slow_body() -> FaultKind {
    FaultKind::SlowBody {
        chunk: 64,
        every: Duration::from_millis(40),
    }
}

const UNAVAILABLE: Code = Some("service-unavailable");

/// What goes wrong alike with every call.
fn everywhere() -> Vec<Row> {
    vec![
        (
            "reset before",
            FaultKind::Reset(Moment::BeforeProcessing),
            None,
            Some("no-network"),
        ),
        ("500", error(500, "InternalError"), None, UNAVAILABLE),
        ("502", error(502, "BadGateway"), None, UNAVAILABLE),
        ("503", error(503, "ServiceUnavailable"), None, UNAVAILABLE),
        ("slow body", slow_body(), None, None),
        (
            "expired token",
            error(403, "ExpiredToken"),
            Some("expired-token"),
            Some("expired-token"),
        ),
        (
            "our clock is off",
            error(403, "RequestTimeTooSkewed"),
            Some("bad-signature"),
            Some("bad-signature"),
        ),
    ]
}

fn rows(call: Call) -> Vec<Row> {
    let mut rows = everywhere();
    let lost = FaultKind::Reset(Moment::AfterProcessing);
    let late = FaultKind::SlowFirstByte(TOO_LATE);
    let after = FaultKind::error_after(500, "InternalError", "says the test");
    let garbled = Some("unexpected-answer");
    rows.extend(match call {
        Call::Create => vec![
            ("reset after", lost, None, Some("no-network")),
            ("500 after", after, None, UNAVAILABLE),
            (
                "throttled",
                FaultKind::throttling(),
                None,
                Some("throttled"),
            ),
            ("slow first byte", late, None, Some("timeout")),
            ("cut body", FaultKind::CutBody, None, garbled),
            // The half that arrives has the id, which is all that matters.
            ("truncated", FaultKind::TruncatedXml, None, None),
            ("wrong document", FaultKind::WrongXml, None, garbled),
            ("no id", FaultKind::WithoutId, None, garbled),
        ],
        // The invalidation is accepted and the deploy remembered, so all that is lost is the wait.
        Call::Get => vec![
            ("reset after", lost, None, Some("wait-timeout")),
            (
                "throttled",
                FaultKind::throttling(),
                None,
                Some("wait-timeout"),
            ),
            ("slow first byte", late, None, Some("wait-timeout")),
            // The half that arrives has the status.
            ("truncated", FaultKind::TruncatedXml, None, None),
            (
                "wrong document",
                FaultKind::WrongXml,
                None,
                Some("wait-timeout"),
            ),
            ("no id", FaultKind::WithoutId, None, None),
        ],
        Call::Load => vec![
            ("reset after", lost, None, Some("no-network")),
            ("throttled", error(503, "SlowDown"), None, Some("throttled")),
            ("slow first byte", late, None, Some("timeout")),
            (
                "cut body",
                FaultKind::CutBody,
                None,
                Some("manifest-unavailable"),
            ),
            // What arrives whole and can't be understood is a record in doubt: a flush.
            ("truncated", FaultKind::TruncatedXml, None, None),
            ("wrong document", FaultKind::WrongXml, None, None),
            (
                "no version",
                FaultKind::Answer {
                    status: 200,
                    content_type: "application/json".to_owned(),
                    body: "{}".to_owned(),
                },
                Some("unexpected-answer"),
                Some("unexpected-answer"),
            ),
        ],
        // A write whose answer never comes is found by looking.
        Call::Intent | Call::Commit => vec![
            ("reset after", lost, None, None),
            ("500 after", after, None, None),
            ("throttled", error(503, "SlowDown"), None, Some("throttled")),
            ("slow first byte", late, None, None),
            ("wrong document", FaultKind::WrongXml, None, None),
        ],
    });
    if call == Call::Get {
        for (_, _, _, always) in &mut rows {
            let passing = always.is_some_and(|code| {
                matches!(code, "no-network" | "service-unavailable" | "bad-signature")
            });
            if passing {
                *always = Some("wait-timeout");
            }
        }
        for (name, _, once, _) in &mut rows {
            // It is asked again, whatever it was.
            if *name == "our clock is off" {
                *once = None;
            }
        }
    }
    rows
}

fn site_a() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("docs/index.html", "a2"),
        ("same.html", "aa"),
    ])
}

/// Changes `/docs/` and `/docs/index.html`.
fn site_b() -> Site {
    site_a().with("docs/index.html", "b2")
}

/// A has been deployed and cached, B is uploaded. CloudFront and S3 are two servers, so that one can
/// be out of reach alone.
struct Ground {
    stage: Stage,
    s3: Standin,
}

impl Ground {
    fn new() -> Self {
        let ground = Self {
            stage: Stage::new(),
            s3: Standin::start(Config::new().bucket(BUCKET)),
        };
        ground.stage.upload(&site_a());
        ground.run().succeed();
        ground.stage.warm_for(&site_b());
        ground.stage.upload(&site_b());
        ground
    }

    fn run(&self) -> Run<'_> {
        self.stage
            .run()
            .set("manifest", format!("s3://{BUCKET}/{KEY}"))
            .variable("AWS_ENDPOINT_URL_S3", self.s3.endpoint())
            .set("connect-timeout", "2s")
    }

    /// The run that meets the fault. It waits for completion, so that every call is made.
    fn faulty_run(&self) -> Run<'_> {
        self.run()
            .set("read-timeout", format!("{}ms", READ_TIMEOUT.as_millis()))
            .set("output", "json")
            .set("wait", "true")
            .set("wait-timeout", "6s")
            .set("wait-timeout-action", "fail")
    }

    fn bytes(&self) -> Vec<u8> {
        self.s3
            .get_object(BUCKET, KEY)
            .unwrap()
            .body
            .as_ref()
            .to_vec()
    }

    fn inject(&self, call: Call, kind: &FaultKind, often: Often) {
        let (standin, operation, skip) = match call {
            Call::Create => (&self.stage.standin, Operation::CreateInvalidation, 0),
            Call::Get => (&self.stage.standin, Operation::GetInvalidation, 0),
            Call::Load => (&self.s3, Operation::GetObject, 0),
            Call::Intent => (&self.s3, Operation::PutObject, 0),
            Call::Commit => (&self.s3, Operation::PutObject, 1),
        };
        let fault = Fault::new(operation, kind.clone()).skip(skip);
        standin.inject(if often == Often::Always {
            fault.always()
        } else {
            fault
        });
    }

    /// The run has ended; whether it did well, by what the world outside says.
    fn judge(&self, when: &str, ended: &Ended, took: Duration, expected: Code) {
        assert!(took < LIMIT, "{when}: took {took:?}");
        let said = format!("{}\n{}", ended.stdout, ended.stderr);
        assert!(!said.contains("panicked"), "{when}: {said}");
        let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
        let code = report["error"]["code"].as_str();
        assert_eq!(code, expected, "{when}: {said}");
        assert_eq!(
            ended.status,
            Some(i32::from(code.is_some())),
            "{when}: {said}"
        );

        let record = Record::from_json(&self.bytes()).expect("a record that can be read");
        let accepted = self.stage.invalidations().len() - 1;
        let committed = record.intent.is_none()
            && record
                .files
                .get("docs/index.html")
                .is_some_and(|file| file.digest.to_string().starts_with("b2"));
        if committed {
            assert!(accepted > 0, "{when}: committed, but nothing was accepted");
            self.stage.assert_fresh(when);
        }
        if code.is_none() {
            assert!(committed, "{when}: success without a commit: {said}");
            return;
        }
        let state = report["error"]["state"].as_str().expect("the state");
        let says = |text: &str| state.contains(text);
        assert!(
            !report["error"]["message"].as_str().unwrap().is_empty(),
            "{when}"
        );
        // What it says is so. A write whose answer never came is the only thing it can't know.
        assert_eq!(
            says("the deploy is remembered"),
            committed,
            "{when}: {state}"
        );
        if says("nothing was submitted") {
            assert_eq!(accepted, 0, "{when}: {state}");
        }
        if says("requests were accepted") && !says("not known") {
            assert!(accepted > 0, "{when}: {state}");
        }
        if says("the record is as it was") {
            assert!(record.intent.is_none() && !committed, "{when}: {state}");
        }
        assert_eq!(report["manifest"]["committed"], committed, "{when}");
    }

    /// Nothing goes wrong any more.
    fn repair(&self, when: &str, flushed: bool) {
        self.stage.warm_for(&site_b());
        self.run().succeed();
        self.stage.assert_fresh(when);
        let billed = self.stage.standin.billed_paths(DISTRIBUTION);
        if !flushed {
            assert_eq!(billed, 3, "{when}: the first flush, and two paths once");
        }
        let report = self.run().succeed().report;
        assert_eq!(report.mode.name(), "unchanged", "{when}");
        assert_eq!(
            self.stage.standin.billed_paths(DISTRIBUTION),
            billed,
            "{when}"
        );
    }
}

/// Lets the process end by itself; one that hangs is killed and the test fails.
#[track_caller]
fn end(when: &str, mut child: Child) -> (Ended, Duration) {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > LIMIT {
            child.kill().unwrap();
            let ended = Ended::from(child.wait_with_output().unwrap());
            panic!("{when}: hangs: {ended:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let took = started.elapsed();
    (Ended::from(child.wait_with_output().unwrap()), took)
}

fn matrix(call: Call) {
    let mut cells = Vec::new();
    for (name, kind, once, always) in rows(call) {
        for (often, expected) in [(Often::Once, once), (Often::Always, always)] {
            let name = format!("{call:?}, {name}, {often:?}");
            cells.push((name, (kind.clone(), often, expected)));
        }
    }
    each(cells, |when, (kind, often, expected)| {
        let ground = Ground::new();
        ground.inject(call, kind, *often);
        let (ended, took) = end(when, ground.faulty_run().command().spawn().unwrap());
        if *often == Often::Once {
            let left = ground.s3.pending_faults() + ground.stage.standin.pending_faults();
            assert_eq!(left, 0, "{when}: the fault happened: {ended:?}");
        }
        println!("{when}: {took:.1?}");
        ground.judge(when, &ended, took, *expected);
        ground.s3.clear_faults();
        ground.stage.standin.clear_faults();
        let doubtful =
            call == Call::Load && matches!(kind, FaultKind::TruncatedXml | FaultKind::WrongXml);
        ground.repair(when, doubtful);
    });
}

#[test]
fn creating() {
    matrix(Call::Create);
}

#[test]
fn asking() {
    matrix(Call::Get);
}

#[test]
fn loading() {
    matrix(Call::Load);
}

#[test]
fn writing_the_intent() {
    matrix(Call::Intent);
}

#[test]
fn committing() {
    matrix(Call::Commit);
}

/// Connections are refused: by CloudFront, by S3 from the start, and by S3 when the commit is due.
#[test]
fn refused_connections() {
    let cells = [Call::Create, Call::Load, Call::Commit].map(|call| (format!("{call:?}"), call));
    each(cells.into(), |when, call| {
        let ground = Ground::new();
        let gate = Gate::new();
        let server = match call {
            Call::Create => &ground.stage.standin,
            _ => &ground.s3,
        };
        if *call == Call::Commit {
            let fault = Fault::new(Operation::CreateInvalidation, FaultKind::gate_after(&gate));
            ground.stage.standin.inject(fault);
        } else {
            server.pause_listening();
        }
        // The gate holds the answer for longer than other answers may take.
        let run = ground.faulty_run().set("read-timeout", "20s");
        let child = run.command().spawn().unwrap();
        if *call == Call::Commit {
            assert!(gate.wait_reached(PATIENCE), "{when}");
            server.pause_listening();
            gate.release();
        }
        let (ended, took) = end(when, child);
        println!("refused, {when}: {took:.1?}");
        server.resume_listening();
        ground.judge(when, &ended, took, Some("no-network"));
        ground.repair(when, false);
    });
}

/// Bodies that never end, and answers that never come: each call gives up.
#[test]
fn a_body_that_stands_still_is_given_up() {
    let stalled = FaultKind::SlowBody {
        chunk: 8,
        every: Duration::from_hours(1),
    };
    let calls = [
        Call::Create,
        Call::Get,
        Call::Load,
        Call::Intent,
        Call::Commit,
    ];
    let rows = calls.map(|call| (format!("{call:?}, stalled body"), call));
    each(rows.into(), |when, call| {
        let ground = Ground::new();
        ground.inject(*call, &stalled, Often::Once);
        let (ended, took) = end(when, ground.faulty_run().command().spawn().unwrap());
        println!("{when}: {took:.1?}");
        ground.judge(when, &ended, took, None);
        ground.s3.clear_faults();
        ground.stage.standin.clear_faults();
        ground.repair(when, false);
    });
}

/// The service's clock ten minutes off, and the times that it gives to invalidations: nothing
/// depends on this machine's clock, and where an answer looks old, everything is invalidated.
#[test]
fn clocks_that_are_off() {
    for (clock, create_time) in [(600, 0), (-600, 0), (0, 600), (0, -600), (600, -600)] {
        let when = format!("clock {clock} s, create time {create_time} s");
        let ground = Ground::new();
        let standin = &ground.stage.standin;
        standin.set_clock_skew(clock);
        standin.set_create_time_skew(create_time);
        let (ended, took) = end(&when, ground.faulty_run().command().spawn().unwrap());
        ground.judge(&when, &ended, took, None);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let mode = if create_time < 0 { "flush" } else { "delta" };
        assert_eq!(report["mode"], mode, "{when}: {report}");
        standin.set_clock_skew(0);
        standin.set_create_time_skew(0);
        ground.repair(&when, create_time < 0);
    }
}
