//! CloudFront's quotas and rates: batches as earlier ones complete, waiting where others fill the
//! quota, trying again where the service asks for it, and paying for nothing twice.

use std::process::Stdio;
use std::time::{Duration, Instant};

use cloudfront_standin::{Completion, Config, Fault, FaultKind, Gate, Operation, Request};

use crate::harness::{DISTRIBUTION, PATIENCE, Stage};
use crate::kit::{assert_says, explicit, files, meanwhile, questions, signal, statuses, wildcards};
use crate::run::{Ended, Run};
use crate::site::Site;

/// As many paths as a large site may change at once.
const MANY: usize = 10_000;

/// A stage whose invalidations complete soon.
fn soon() -> Stage {
    let config = Config::new().distribution(DISTRIBUTION);
    Stage::with(config.complete_after(Duration::from_millis(200)))
}

/// A stage whose invalidations complete when the test says so.
fn on_demand() -> Stage {
    Stage::with(Config {
        completion: Completion::OnDemand,
        ..Config::new().distribution(DISTRIBUTION)
    })
}

/// A site of [`MANY`] files in this version.
fn many(version: &str) -> Site {
    let mut site = Site::default();
    for n in 0..MANY {
        site.insert(&format!("{n:04}.html"), version, 1);
    }
    site
}

/// A deploy that names every changed file.
fn naming(stage: &Stage) -> Run<'_> {
    stage.run().set("collapse", "never").set("aliases", "none")
}

/// How many paths a request has.
fn size(request: &Request) -> usize {
    request.body_text().unwrap().matches("<Path>").count()
}

/// Another job's invalidations, in progress until the test completes them.
fn others(stage: &Stage, paths: &[String]) {
    explicit(stage, paths).succeed();
    stage.standin.clear_requests();
}

/// 10,000 exact paths, invalidations that complete after 0.2 s.
#[test]
fn ten_thousand_paths_go_in_four_batches_and_the_quota_is_never_met() {
    let stage = soon();
    stage.upload(&many("a"));
    naming(&stage).succeed();
    stage.warm([""; 0]);
    stage.upload(&many("b"));
    stage.standin.clear_requests();

    let outcome = naming(&stage).succeed();
    stage.assert_fresh("after all batches");
    let requests = stage.requests();
    assert_eq!(statuses(&requests), [201; 4], "no request was refused");
    let sizes: Vec<_> = requests.iter().map(size).collect();
    assert_eq!(sizes, [3_000, 3_000, 3_000, 1_000]);
    // The first deploy's flush was one path.
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 1 + MANY);
    assert_eq!(outcome.report.invalidations.len(), 4);
    for word in ["TooMany", "quota", "refused"] {
        assert!(!outcome.log.contains(word), "{word}: {}", outcome.log);
    }
    assert_says(
        &outcome.log,
        &["(1 of 4)", "(2 of 4)", "(3 of 4)", "(4 of 4)"],
    );
    stage.assert_every_reference_new("four batches");
    // 0.005 USD a path.
    assert!((outcome.report.plan.unwrap().max_cost_usd - 50.0).abs() < 1e-9);
}

/// A run that is killed in the middle is continued by the next one: what was accepted is asked for
/// again under the same reference, which makes and costs nothing; what is missing is made.
#[test]
fn a_rerun_after_a_kill_makes_only_the_missing_batches() {
    for (lost, calls) in [(true, [2, 2, 1, 1]), (false, [2, 2, 2, 1])] {
        let when = format!("the third request lost: {lost}");
        let stage = soon();
        stage.upload(&many("a"));
        naming(&stage).succeed();
        stage.warm([""; 0]);
        stage.upload(&many("b"));
        let gate = Gate::new();
        let kind = if lost {
            FaultKind::gate_before(&gate)
        } else {
            FaultKind::gate_after(&gate)
        };
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind).skip(2));
        // Nobody reads its list of paths, which is longer than a pipe.
        let mut command = naming(&stage).command();
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        assert!(
            gate.wait_reached(PATIENCE),
            "{when}: a third request is made"
        );
        child.kill().unwrap();
        child.wait().unwrap();
        gate.discard();
        let accepted = stage.invalidations().len();
        assert_eq!(accepted, if lost { 3 } else { 4 }, "{when}");

        // An hour later.
        stage.standin.set_clock_skew(3_600);
        let report = naming(&stage).succeed().report;
        assert!(report.manifest.unwrap().resumed, "{when}");
        stage.assert_fresh(&when);
        let made = stage.invalidations();
        let found: Vec<_> = made[1..].iter().map(|made| made.calls).collect();
        assert_eq!(found, calls, "{when}");
        assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 1 + MANY, "{when}");
        let reused: Vec<_> = report
            .invalidations
            .iter()
            .map(|made| made.reused)
            .collect();
        assert_eq!(reused, calls.map(|calls| calls == 2), "{when}");
        let missing = if lost { 4_000.0 } else { 1_000.0 };
        let cost = report.plan.unwrap().max_cost_usd;
        assert!((cost - missing * 0.005).abs() < 1e-9, "{when}: {cost}");
    }
}

/// Wildcards are counted apart from files: fifteen at a time.
#[test]
fn wildcards_are_held_within_what_is_free() {
    let stage = soon();
    let mut paths = wildcards(31);
    paths.extend(files(20));
    let report = explicit(&stage, &paths).succeed().report;
    assert_eq!(statuses(&stage.requests()), [201; 3]);
    let batches: Vec<(usize, usize)> = stage
        .invalidations()
        .iter()
        .map(|made| {
            let wildcards = made.paths.iter().filter(|path| path.ends_with('*')).count();
            (wildcards, made.paths.len() - wildcards)
        })
        .collect();
    assert_eq!(batches, [(15, 20), (15, 0), (1, 0)]);
    assert_eq!(report.invalidations.len(), 3);
}

/// Without the permission to ask what is in progress, the refusal itself is waited out.
#[test]
fn batches_go_through_without_the_permission_to_ask() {
    let stage = soon();
    let denied = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::GetInvalidation, denied).always());
    explicit(&stage, &wildcards(16)).succeed();
    assert_eq!(questions(&stage).len(), 1);
    assert_eq!(stage.invalidations().len(), 2);
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 16);
}

/// Wildcards of other jobs fill the fifteen: the run waits, says for what and how long, and asks
/// again under the same reference.
#[test]
fn a_quota_that_others_fill_is_waited_out() {
    let stage = on_demand();
    others(&stage, &wildcards(15));
    let run = explicit(&stage, &["/mine/*"]).set("quota-timeout", "2m");
    let outcome = meanwhile(run, || {
        stage.wait_for("two refusals", || statuses(&stage.requests()) == [400, 400]);
        stage.standin.complete_all();
    });
    assert_eq!(outcome.report.error, None);
    assert_eq!(statuses(&stage.requests()), [400, 400, 201]);
    let bodies: Vec<_> = stage.requests().iter().map(|r| r.body.clone()).collect();
    assert_eq!(bodies[0], bodies[2], "the same request");
    assert_says(
        &outcome.log,
        &[
            "E1EXAMPLE: CloudFront's quota of invalidations in progress is full",
            "in-progress wildcard invalidations",
            "waiting for others to complete, 2m at most (`quota-timeout`)",
            "E1EXAMPLE accepted",
        ],
    );
    assert_eq!(outcome.log.matches("waiting").count(), 1, "it says so once");
    assert!(!outcome.report.invalidations[0].reused);
}

/// The bound of the wait: the last request is made when `quota-timeout` is over, and then the run
/// says what it waited for and what was and was not accepted.
#[test]
fn a_quota_that_stays_full_ends_the_run_and_says_what_was_accepted() {
    let stage = on_demand();
    let mut paths = wildcards(17);
    paths.push("/a.html".to_owned());
    let started = Instant::now();
    let ended = explicit(&stage, &paths).set("quota-timeout", "2s").binary();
    let took = started.elapsed();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(took >= Duration::from_secs(2), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(stage.invalidations().len(), 1);
    assert_says(
        &ended.stdout,
        &[
            "waiting until",
            "because CloudFront takes 3,000 files and 15 wildcards at a time",
            "2 paths were not accepted",
            "- /0015/*",
            "- /0016/*",
            "error[too-many-in-progress]: could not invalidate `E1EXAMPLE`, though it was tried for 2s",
            "TooManyInvalidationsInProgress",
            "16 of 18 paths were accepted",
            "state: 1 of 2 requests were accepted",
            "hint:",
            "`quota-timeout`",
            "give it the paths alone that were not accepted",
        ],
    );
    assert!(
        !ended.stdout.contains("- /a.html\n  - /0015"),
        "what was accepted is not listed"
    );
}

/// The time for the quota is used up: a refusal in the middle of it is not the end.
#[test]
fn the_time_for_the_quota_is_used_up() {
    let stage = Stage::with(
        Config::new()
            .distribution(DISTRIBUTION)
            .complete_after(Duration::from_millis(1_900)),
    );
    others(&stage, &wildcards(15));
    // The waits between the requests would be 1 s and 1.5 s.
    explicit(&stage, &["/mine/*"])
        .set("quota-timeout", "2s")
        .succeed();
}

#[test]
fn no_time_for_the_quota_means_one_request() {
    let stage = on_demand();
    others(&stage, &wildcards(15));
    explicit(&stage, &["/mine/*"])
        .set("quota-timeout", "0")
        .fail("too-many-in-progress");
    assert_eq!(statuses(&stage.requests()), [400]);
}

/// A deploy whose quota stayed full is finished by the next run; the batches that were accepted are
/// not made again.
#[test]
fn the_next_run_continues_where_the_quota_stopped_the_last_one() {
    let stage = on_demand();
    stage.upload(&many("a"));
    naming(&stage).succeed();
    stage.standin.complete_all();
    stage.warm([""; 0]);
    stage.upload(&many("b"));
    let failed = naming(&stage)
        .set("quota-timeout", "1s")
        .fail("too-many-in-progress");
    let error = failed.report.error.unwrap();
    assert_says(
        &error.state.unwrap(),
        &[
            "1 of 4 requests were accepted",
            "the next run finishes it",
            "nothing is paid twice",
        ],
    );
    stage.standin.complete_all();
    stage
        .standin
        .set_completion(Completion::After(Duration::ZERO));
    naming(&stage).succeed();
    stage.assert_fresh("after the second run");
    let calls: Vec<_> = stage.invalidations()[1..]
        .iter()
        .map(|made| made.calls)
        .collect();
    assert_eq!(calls, [2, 1, 1, 1]);
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 1 + MANY);
}

#[test]
fn throttling_and_server_errors_are_tried_again_under_the_same_reference() {
    let stage = Stage::new();
    for kind in [
        FaultKind::throttling(),
        FaultKind::error_after(503, "ServiceUnavailable", "try again"),
        FaultKind::error(429, "TooManyRequestsException", "slow down"),
        FaultKind::error_after(500, "InternalError", "try again"),
    ] {
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind));
    }
    let report = explicit(&stage, &["/a.html"]).succeed().report;
    assert_eq!(stage.standin.pending_faults(), 0);
    assert_eq!(
        stage.invalidations().len(),
        1,
        "two of the failed calls had been accepted"
    );
    assert_eq!(stage.last().calls, 3);
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), 1);
    assert!(!report.invalidations[0].reused, "it was made by this run");
}

#[test]
fn a_signal_ends_the_wait_for_the_quota_and_the_run_says_what_was_accepted() {
    let stage = on_demand();
    let run = explicit(&stage, &wildcards(16));
    let child = run.command().spawn().unwrap();
    stage.wait_for("it waits for its first batch", || {
        !questions(&stage).is_empty()
    });
    let at = Instant::now();
    signal(&child, "TERM");
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert!(at.elapsed() < Duration::from_secs(5), "{:?}", at.elapsed());
    assert_eq!(ended.status, Some(1));
    assert_says(
        &ended.stdout,
        &[
            "1 path was not accepted",
            "- /0015/*",
            "error[interrupted]",
            "state: 1 of 2 requests were accepted",
        ],
    );
    assert_eq!(stage.invalidations().len(), 1);
}
