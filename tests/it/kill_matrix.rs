//! The release binary, killed or asked to end at every point that matters, and then three ways to go
//! on: with the same content, the previous one, a third one. Viewers keep asking for everything all
//! the while.
//!
//! After each way nothing is stale, nothing was billed twice, no old invalidation was taken for a
//! new one, and the record can be read.

use std::io::{BufRead as _, BufReader, Read as _};

use cloudfront_delta::record::{Record, Unsettled};
use cloudfront_standin::Operation;

use crate::death::{Call, Ground, Point, SECOND, Signal, TARGETS, each, end_at};
use crate::harness::DISTRIBUTION;
use crate::homes::Kind;
use crate::run::Run;
use crate::site::{Site, site_a, site_b};

/// What surrounds the run that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The upload, then the run, which dies.
    All,
    /// `phase: begin`, which dies. The job ends with it, so nothing is uploaded.
    InBegin,
    /// `phase: begin`, the upload, then the run, which dies.
    AfterBegin,
}

/// What is deployed next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Same,
    Previous,
    Third,
}

impl Next {
    const ALL: [Self; 3] = [Self::Same, Self::Previous, Self::Third];
}

/// How far the run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// The record is as it was.
    Nowhere,
    /// The record holds the intent, however many requests were accepted.
    ToTheIntent,
    /// The record remembers the deploy.
    ToTheCommit,
}
use Came::{Nowhere, ToTheCommit, ToTheIntent};

/// A row: the flow, the point, how far the run has come there, and what it says about that when it
/// is asked to end there.
type Row = (Flow, Point, Came, &'static str);

const E1: Call = Call::create(DISTRIBUTION);
const E2: Call = Call::create(SECOND);

const NOTHING: &str = "nothing was submitted, the record is as it was";
const UNKNOWN: &str = "one request was sent and its answer is not known";
const HALF: &str = "1 of 2 requests were accepted, the answer to one is not known";

const MAYBE_BEGUN: &str = "nothing was submitted, and whether the record was written is not known";
const MAYBE_DONE: &str =
    "2 of 2 requests were accepted, and whether the record was written is not known";

/// Points in the requests: the same for every home.
const IN_REQUESTS: [Row; 9] = [
    (Flow::All, Point::Before(E1), ToTheIntent, UNKNOWN),
    (Flow::All, Point::UnderWay(E1), ToTheIntent, UNKNOWN),
    (Flow::All, Point::After(E1), ToTheIntent, UNKNOWN),
    (Flow::All, Point::Before(E2), ToTheIntent, HALF),
    (Flow::All, Point::UnderWay(E2), ToTheIntent, HALF),
    (Flow::All, Point::After(E2), ToTheIntent, HALF),
    (Flow::AfterBegin, Point::Before(E1), ToTheIntent, UNKNOWN),
    (Flow::AfterBegin, Point::After(E1), ToTheIntent, UNKNOWN),
    (Flow::AfterBegin, Point::Before(E2), ToTheIntent, HALF),
];

/// Points at S3: load, intent, commit.
const AT_S3: [Row; 13] = [
    (Flow::All, Point::Before(Call::LOAD), Nowhere, NOTHING),
    (Flow::All, Point::Before(Call::SAVE), Nowhere, MAYBE_BEGUN),
    (
        Flow::All,
        Point::UnderWay(Call::SAVE),
        ToTheIntent,
        MAYBE_BEGUN,
    ),
    (
        Flow::All,
        Point::After(Call::SAVE),
        ToTheIntent,
        MAYBE_BEGUN,
    ),
    (
        Flow::All,
        Point::Before(Call::SAVE.after(1)),
        ToTheIntent,
        MAYBE_DONE,
    ),
    (
        Flow::All,
        Point::UnderWay(Call::SAVE.after(1)),
        ToTheCommit,
        MAYBE_DONE,
    ),
    (
        Flow::All,
        Point::After(Call::SAVE.after(1)),
        ToTheCommit,
        MAYBE_DONE,
    ),
    (Flow::InBegin, Point::Before(Call::LOAD), Nowhere, NOTHING),
    (
        Flow::InBegin,
        Point::Before(Call::SAVE),
        Nowhere,
        MAYBE_BEGUN,
    ),
    (
        Flow::InBegin,
        Point::After(Call::SAVE),
        ToTheIntent,
        MAYBE_BEGUN,
    ),
    (
        Flow::AfterBegin,
        Point::Before(Call::LOAD),
        ToTheIntent,
        NOTHING,
    ),
    (
        Flow::AfterBegin,
        Point::Before(Call::SAVE),
        ToTheIntent,
        MAYBE_DONE,
    ),
    (
        Flow::AfterBegin,
        Point::After(Call::SAVE),
        ToTheCommit,
        MAYBE_DONE,
    ),
];

/// Points at the local file, before the system call happens. An intent and a commit each take the
/// lock, write another file, sync it, rename it, and sync the directory.
const AT_THE_FILE: [(Flow, Point, Came); 20] = [
    (Flow::All, Point::Syscall("openat", 1), Nowhere),
    (Flow::All, Point::Syscall("flock", 1), Nowhere),
    (Flow::All, Point::Syscall("write", 1), Nowhere),
    (Flow::All, Point::Syscall("fsync", 1), Nowhere),
    (Flow::All, Point::Syscall("rename", 1), Nowhere),
    (Flow::All, Point::Syscall("fsync", 2), ToTheIntent),
    (Flow::All, Point::Syscall("flock", 2), ToTheIntent),
    (Flow::All, Point::Syscall("write", 2), ToTheIntent),
    (Flow::All, Point::Syscall("fsync", 3), ToTheIntent),
    (Flow::All, Point::Syscall("rename", 2), ToTheIntent),
    (Flow::All, Point::Syscall("fsync", 4), ToTheCommit),
    (Flow::InBegin, Point::Syscall("openat", 1), Nowhere),
    (Flow::InBegin, Point::Syscall("write", 1), Nowhere),
    (Flow::InBegin, Point::Syscall("rename", 1), Nowhere),
    (Flow::InBegin, Point::Syscall("fsync", 2), ToTheIntent),
    (Flow::AfterBegin, Point::Syscall("openat", 1), ToTheIntent),
    (Flow::AfterBegin, Point::Syscall("flock", 1), ToTheIntent),
    (Flow::AfterBegin, Point::Syscall("fsync", 1), ToTheIntent),
    (Flow::AfterBegin, Point::Syscall("rename", 1), ToTheIntent),
    (Flow::AfterBegin, Point::Syscall("fsync", 2), ToTheCommit),
];

/// What changes from A to B: `/docs/`, `/docs/index.html`, `/docs/new.html`, `/docs/old.html`.
const B_PATHS: usize = 4;

/// Differs from A and from B, partly in the same files.
fn site_c() -> Site {
    site_a()
        .with("index.html", "c1")
        .with("docs/index.html", "c2")
        .with("news.html", "c5")
}

/// A is deployed and cached; the run for B ends at the point; then it goes on.
fn check(when: &str, kind: Kind, row: &Row, next: Next, signal: Signal) {
    let (flow, point, came, says) = *row;
    let sites = [&site_a(), &site_b(), &site_c()];
    let ground = Ground::new(kind, &TARGETS);
    ground.upload(&site_a());
    ground.warm(&sites);
    ground.run().succeed();
    assert_eq!(
        ground.billed(),
        [1, 1],
        "{when}: the first deploy is a flush"
    );
    ground.warm(&sites);
    let before = ground.record(when).expect("a record");

    let run = match flow {
        Flow::All => {
            ground.upload(&site_b());
            ground.run()
        }
        Flow::InBegin => {
            ground.build(&site_b());
            ground.run().set("phase", "begin")
        }
        Flow::AfterBegin => {
            ground.build(&site_b());
            ground.run().set("phase", "begin").succeed();
            ground.upload(&site_b());
            ground.run()
        }
    };
    ground.warm(&sites);
    let ended = end_at(&ground, &run, point, signal);
    if signal == Signal::Kill {
        assert_eq!(
            ended.status, None,
            "{when}: killed, not ended: {}",
            ended.stdout
        );
    } else if !says.is_empty() {
        assert_eq!(ended.status, Some(1), "{when}: {}", ended.stdout);
        let log = format!("{}{}", ended.stdout, ended.stderr);
        assert!(log.contains(says), "{when}: {log}");
        assert!(log.contains("interrupted by a signal"), "{when}: {log}");
    }
    if signal == Signal::Kill || !says.is_empty() {
        assert_came(when, &ground, &before, came);
    }
    ground.warm(&sites);
    go_on(when, &ground, next, B_PATHS, &sites);
}

/// The record is what the point says.
#[track_caller]
fn assert_came(when: &str, ground: &Ground, before: &Record, came: Came) {
    let record = ground.record(when).expect("a record");
    match came {
        Nowhere => assert_eq!(record, *before, "{when}"),
        ToTheIntent => {
            assert!(record.intent.is_some(), "{when}: {record:?}");
            assert_eq!(record.files, before.files, "{when}");
            assert_ne!(record.unsettled, Unsettled::default(), "{when}");
        }
        ToTheCommit => {
            assert!(record.intent.is_none(), "{when}: {record:?}");
            assert_ne!(record.deploy, before.deploy, "{when}");
        }
    }
}

/// Deploys the next site until there is nothing left to do.
fn go_on(when: &str, ground: &Ground, next: Next, paths: usize, sites: &[&Site; 3]) {
    let [previous, same, third] = sites;
    let calls = ground.calls();
    let billed = ground.billed();
    let site = match next {
        Next::Same => same,
        Next::Previous => previous,
        Next::Third => third,
    };
    ground.upload(site);
    ground.warm(sites);
    ground.run().succeed();
    ground.assert_fresh(when);
    if next == Next::Same {
        // Whatever was accepted before: the flush at first, and the plan once.
        for (target, billed) in TARGETS.iter().zip(ground.billed()) {
            assert_eq!(billed, 1 + paths, "{when}: billed at {target}");
        }
    } else {
        // What another deploy made was not asked for again.
        for (before, after) in calls.iter().zip(ground.calls()) {
            assert_eq!(after[..before.len()], before[..], "{when}");
        }
        for (before, after) in billed.iter().zip(ground.billed()) {
            assert!(
                after - before <= 2 * paths + 4,
                "{when}: {before}, then {after}"
            );
        }
    }
    // A run that was superseded may be slow instead of dead, so the next one covers it once more.
    for _ in 0..2 {
        ground.warm(sites);
        ground.run().succeed();
        ground.assert_fresh(when);
    }
    let record = ground.bytes();
    let report = ground.run().succeed().report;
    assert_eq!(report.mode.name(), "unchanged", "{when}");
    assert_eq!(
        ground.bytes(),
        record,
        "{when}: an unchanged run writes nothing"
    );
    ground.record(when).expect("a record");
}

/// Every row with every way to go on. What a run that began with the upload did before its intent is
/// not known to the next one, so there only the same content can be right: `begin` is for the rest.
fn matrix(kind: Kind, rows: &[Row], signal: Signal) {
    let mut cells = Vec::new();
    for row in rows {
        let (flow, point, came, _) = *row;
        for next in Next::ALL {
            let unknown = flow == Flow::All && came == Nowhere && next != Next::Same;
            if !unknown {
                let name = format!("{kind:?}, {signal:?}, {flow:?}, {point:?}, then {next:?}");
                cells.push((name, (*row, next)));
            }
        }
    }
    each(cells, |when, (row, next)| {
        check(when, kind, row, *next, signal);
    });
}

fn file_rows() -> Vec<Row> {
    let quiet = |(flow, point, came)| (flow, point, came, "");
    AT_THE_FILE.into_iter().map(quiet).collect()
}

#[test]
fn killed_with_a_local_record() {
    matrix(Kind::File, &IN_REQUESTS, Signal::Kill);
}

#[test]
fn killed_while_the_local_record_is_written() {
    matrix(Kind::File, &file_rows(), Signal::Kill);
}

#[test]
fn killed_with_a_record_on_s3() {
    matrix(Kind::Standin, &IN_REQUESTS, Signal::Kill);
    matrix(Kind::Standin, &AT_S3, Signal::Kill);
}

#[test]
fn killed_with_a_record_on_moto() {
    matrix(Kind::Moto, &IN_REQUESTS, Signal::Kill);
}

/// Asked to end: within five seconds, with the state on the log, and the next run goes on.
#[test]
fn asked_to_end_with_a_local_record() {
    matrix(Kind::File, &IN_REQUESTS, Signal::Term);
}

#[test]
fn asked_to_end_while_the_local_record_is_written() {
    matrix(Kind::File, &file_rows(), Signal::Term);
}

#[test]
fn asked_to_end_with_a_record_on_s3() {
    matrix(Kind::Standin, &IN_REQUESTS, Signal::Term);
    matrix(Kind::Standin, &AT_S3, Signal::Term);
}

/// Many pages, all of which B and C change: a plan of two batches.
fn many(version: &str) -> Site {
    let names = (0..3_200).map(|number| format!("page-{number:04}.html"));
    names.fold(Site::default(), |site, name| site.with(&name, version))
}

/// Killed between two batches of one distribution, and around each of them.
#[test]
fn killed_between_batches() {
    let create = Call::new(Operation::CreateInvalidation);
    let points = [
        Point::After(create),
        Point::Before(create.after(1)),
        Point::After(create.after(1)),
    ];
    let mut rows = Vec::new();
    for point in points {
        for next in Next::ALL {
            rows.push((format!("{point:?}, then {next:?}"), (point, next)));
        }
    }
    each(rows, |when, (point, next)| {
        let sites = [&many("aa"), &many("bb"), &many("cc")];
        let ground = Ground::new(Kind::File, &TARGETS[..1]);
        let run = || -> Run<'_> { ground.run().set("collapse", "never") };
        ground.upload(sites[0]);
        run().succeed();
        ground.warm(&sites[..1]);
        ground.upload(sites[1]);
        let ended = end_at(&ground, &run(), *point, Signal::Kill);
        assert_eq!(ended.status, None, "{when}");
        ground.warm(&sites[..1]);
        let (calls, billed) = (ground.calls(), ground.billed());
        ground.upload(
            sites[match next {
                Next::Same => 1,
                Next::Previous => 0,
                Next::Third => 2,
            }],
        );
        ground.warm(&sites[..1]);
        run().succeed();
        ground.assert_fresh(when);
        if *next == Next::Same {
            assert_eq!(ground.billed(), [1 + 3_200], "{when}");
        } else {
            let first = &calls[0];
            assert_eq!(ground.calls()[0][..first.len()], first[..], "{when}");
            assert_eq!(ground.billed()[0], billed[0] + 3_200, "{when}");
        }
    });
}

/// What `begin` is for: without it, what a run uploaded before it wrote its intent is stale after
/// the previous content is deployed again. With it (`Flow::AfterBegin` above) it never is.
#[test]
fn without_begin_an_upload_that_died_before_its_intent_is_not_known() {
    let ground = Ground::new(Kind::File, &TARGETS[..1]);
    let sites = [&site_a(), &site_b()];
    ground.upload(&site_a());
    ground.run().succeed();
    ground.upload(&site_b());
    ground.warm(&sites);
    end_at(
        &ground,
        &ground.run(),
        Point::Syscall("rename", 1),
        Signal::Kill,
    );
    ground.upload(&site_a());
    let report = ground.run().succeed().report;
    assert_eq!(report.mode.name(), "unchanged");
    let stale = ground.stage.standin.stale(DISTRIBUTION);
    let urls: Vec<_> = stale.iter().map(|view| view.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "/docs/",
            "/docs/index.html",
            "/docs/new.html",
            "/docs/old.html"
        ]
    );
    // The README's remedy.
    ground.run().set("flush", "true").succeed();
    ground.assert_fresh("after a flush");
}

/// The last answer is there when the signal comes: the commit is owed, and made.
#[test]
fn a_commit_that_is_owed_is_made_after_a_signal() {
    for kind in [Kind::File, Kind::Standin] {
        let ground = Ground::new(kind, &TARGETS[..1]);
        ground.upload(&site_a());
        ground.run().succeed();
        ground.upload(&site_b());
        let gate = cloudfront_standin::Gate::new();
        let fault = cloudfront_standin::FaultKind::gate_after(&gate);
        let fault = cloudfront_standin::Fault::new(Operation::CreateInvalidation, fault);
        ground.stage.standin.inject(fault);
        let mut child = ground.run().command().spawn().unwrap();
        assert!(gate.wait_reached(crate::harness::PATIENCE));
        crate::death::terminate(child.id());
        let said = rest_after_the_signal(&mut child, &gate);
        assert!(child.wait().unwrap().success(), "{kind:?}: {said}");
        assert!(said.contains("the deploy is remembered"), "{said}");
        let record = ground.record("committed").unwrap();
        assert!(record.intent.is_none(), "{kind:?}");
        assert!(record.files.get("docs/new.html").is_some(), "{kind:?}");
    }
}

/// The signal comes while the record is being loaded, and the answer after it: nothing is sent, but
/// the upload is written down, so that deploying the previous content again finds what is stale.
#[test]
fn a_run_that_was_asked_to_end_before_its_intent_writes_it_all_the_same() {
    let ground = Ground::new(Kind::Standin, &TARGETS[..1]);
    ground.upload(&site_a());
    ground.run().succeed();
    ground.upload(&site_b());
    let calls = ground.calls();
    let gate = cloudfront_standin::Gate::new();
    let fault = cloudfront_standin::FaultKind::gate_after(&gate);
    let fault = cloudfront_standin::Fault::new(Operation::GetObject, fault);
    ground.stage.standin.inject(fault);
    let mut child = ground.run().command().spawn().unwrap();
    assert!(gate.wait_reached(crate::harness::PATIENCE));
    crate::death::terminate(child.id());
    let said = rest_after_the_signal(&mut child, &gate);
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(
        said.contains("nothing was submitted, the deploy is not"),
        "{said}"
    );
    assert_eq!(ground.calls(), calls);
    assert!(ground.record("the intent").unwrap().intent.is_some());
    ground.warm(&[&site_a(), &site_b()]);
    ground.upload(&site_a());
    ground.run().succeed();
    ground.assert_fresh("reverted");
}

/// Lets the answer go once the run has heard the signal (on a busy machine the answer could be first),
/// and gives all that the run says.
fn rest_after_the_signal(
    child: &mut std::process::Child,
    gate: &cloudfront_standin::Gate,
) -> String {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("a signal asks this run to end") {
        let read = stdout.read_line(&mut said).unwrap();
        assert_ne!(read, 0, "{said}");
    }
    gate.release();
    stdout.read_to_string(&mut said).unwrap();
    said
}
