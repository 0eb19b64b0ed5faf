//! Runs that meet: twins, and deploys that overtake one another.

use std::thread;

use cloudfront_standin::{Config, Fault, FaultKind, Gate, Operation};

use crate::harness::{DISTRIBUTION, PATIENCE, Stage};
use crate::run::{Outcome, Run};
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[
        ("index.html", "a1"),
        ("a.html", "a2"),
        ("b.html", "a3"),
        ("c.html", "a4"),
    ])
}

fn site_b() -> Site {
    site_a().with("a.html", "b2")
}

fn site_c() -> Site {
    site_a().with("b.html", "c3")
}

/// A run of the site in a listing of its own, so that another upload does not change it.
fn run_of<'a>(stage: &'a Stage, name: &str, site: &Site) -> Run<'a> {
    stage.write(name, site.listing());
    stage.run().set("site", stage.name(name))
}

#[test]
fn a_run_that_was_overtaken_hands_its_paths_to_the_next_deploy() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.warm_for(&site_b());
    let gate = Gate::new();
    stage.standin.inject(Fault::new(
        Operation::CreateInvalidation,
        FaultKind::gate_before(&gate),
    ));
    let slow = run_of(&stage, "b.json", &site_b());
    let outcome = thread::scope(|scope| {
        stage.upload(&site_b());
        let slow = scope.spawn(|| slow.succeed());
        assert!(gate.wait_reached(PATIENCE), "B sends its request");
        // C overtakes: uploaded, submitted and committed while B waits for its answer.
        stage.upload(&site_c());
        stage.warm_for(&site_b());
        run_of(&stage, "c.json", &site_c()).succeed();
        stage.assert_fresh("after C");
        // Late in its upload, B lays a file of its own over C's.
        stage.standin.set_origin_file(DISTRIBUTION, "a.html", "b2");
        stage.warm_for(&site_b());
        gate.release();
        slow.join().expect("B ends")
    });
    assert!(!outcome.report.manifest.unwrap().committed);
    let [warning] = &outcome.report.warnings[..] else {
        panic!("{:?}", outcome.report.warnings)
    };
    assert!(warning.contains("`concurrency` group"), "{warning}");

    stage.upload(&site_c());
    stage.run().succeed();
    assert!(
        stage.last().paths.contains(&"/a.html".to_owned()),
        "{:?}",
        stage.last().paths
    );
    stage.assert_fresh("after the next deploy");
    stage.assert_every_reference_new("overtaken");
}

/// By the time B ends, C has superseded it and D has come after C in peace: D settled what C had left
/// open. What B laid over both is known to nobody but B, which hands it on.
#[test]
fn a_run_that_was_overtaken_twice_hands_its_paths_on_too() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    let gate = Gate::new();
    let fault = FaultKind::gate_before(&gate);
    let fault = Fault::new(Operation::CreateInvalidation, fault);
    stage.standin.inject(fault);
    let slow = run_of(&stage, "b.json", &site_b());
    let site_d = site_c().with("c.html", "d4");
    thread::scope(|scope| {
        stage.upload(&site_b());
        let slow = scope.spawn(|| slow.succeed());
        assert!(gate.wait_reached(PATIENCE), "B sends its request");
        for (name, site) in [("c.json", site_c()), ("d.json", site_d.clone())] {
            stage.upload(&site);
            run_of(&stage, name, &site).succeed();
        }
        assert_eq!(stage.record_json()["unsettled"], serde_json::json!([]));
        stage.standin.set_origin_file(DISTRIBUTION, "a.html", "b2");
        gate.release();
        let outcome = slow.join().expect("B ends");
        assert!(!outcome.report.manifest.unwrap().committed);
    });
    // After B's own invalidation its file is cached, and then it is overwritten.
    stage.warm_for(&site_b());
    stage.upload(&site_d);
    stage.run().succeed();
    assert_eq!(stage.last().paths, ["/a.html"]);
    stage.assert_fresh("after the next deploy");
}

#[test]
fn twins_make_one_invalidation_and_both_succeed() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.upload(&site_b());
    stage.warm_for(&site_b());
    let gate = Gate::new();
    let fault = Fault::new(Operation::CreateInvalidation, FaultKind::gate_before(&gate));
    stage.standin.inject(fault.times(2));
    thread::scope(|scope| {
        let twins = [(); 2].map(|()| scope.spawn(|| stage.run().succeed()));
        assert!(gate.wait_reached_by(2, PATIENCE), "both send their request");
        gate.release();
        for twin in twins {
            twin.join().expect("both succeed");
        }
    });
    stage.assert_fresh("after twins");
    assert_eq!(stage.invalidations().len(), 2);
    assert_eq!(stage.last().calls, 2);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");
}

/// B and a twin of it that is to flush: the twin writes down under B's own intent that there is more to
/// cover, and then fails. Gives what B told.
fn beside_a_twin_that_flushes(stage: &Stage) -> Outcome {
    stage.deploy(&site_a());
    stage.warm(["/no-file-of-the-site"]);
    stage.upload(&site_b());
    let gate = Gate::new();
    let fault = FaultKind::gate_before(&gate);
    let fault = Fault::new(Operation::CreateInvalidation, fault);
    stage.standin.inject(fault);
    thread::scope(|scope| {
        let slow = scope.spawn(|| stage.run().succeed());
        assert!(gate.wait_reached(PATIENCE), "B sends its request");
        let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
        let fault = Fault::new(Operation::CreateInvalidation, refuse);
        stage.standin.inject(fault);
        stage.run().set("flush", "true").fail("access-denied");
        assert_eq!(stage.record_json()["unsettled"], "all");
        gate.release();
        slow.join().expect("B ends")
    })
}

#[test]
fn a_twin_that_has_more_to_cover_is_no_reason_not_to_commit() {
    let stage = Stage::new();
    let report = beside_a_twin_that_flushes(&stage).report;
    assert!(report.manifest.unwrap().committed);
    assert_eq!(report.warnings, [""; 0]);
    let record = stage.record_json();
    assert_eq!(record["intent"], serde_json::Value::Null);
    let files: serde_json::Value = serde_json::from_str(&site_b().listing()).unwrap();
    assert_eq!(record["files"], files["files"]);
}

#[test]
fn the_flush_of_a_twin_that_failed_is_owed_though_the_other_one_committed() {
    let stage = Stage::new();
    beside_a_twin_that_flushes(&stage);
    stage.run().succeed();
    assert_eq!(stage.last().paths, ["/*"]);
    assert_eq!(stage.standin.cached_urls(DISTRIBUTION), []);
}

#[test]
fn many_deploys_at_once_lose_nothing() {
    let stage = Stage::new();
    stage.deploy(&site_a());
    stage.warm_for(&site_a());
    let sites: Vec<Site> = (0..6)
        .map(|turn| {
            site_a()
                .with("a.html", &format!("{turn:02}"))
                .with("c.html", "c4")
        })
        .collect();
    // Each uploads its own version of one file; the last one that is served is any of them.
    thread::scope(|scope| {
        for (turn, site) in sites.iter().enumerate() {
            let run = run_of(&stage, &format!("{turn}.json"), site);
            let stage = &stage;
            scope.spawn(move || {
                stage.standin.replace_origin(DISTRIBUTION, site.contents());
                stage.warm(["/"]);
                run.succeed();
            });
        }
    });
    stage.assert_every_reference_new("at once");
    // One quiet deploy afterwards covers whatever they left to one another.
    stage.warm(Vec::<String>::new());
    stage.upload(&site_b());
    stage.run().succeed();
    stage.assert_fresh("after the rush");
}

#[test]
fn an_intent_that_loses_the_race_for_the_record_starts_over() {
    let config = Config::new().distribution(DISTRIBUTION).bucket("records");
    let stage = Stage::with(config);
    let run = |name: &str, site: &Site| {
        run_of(&stage, name, site).set("manifest", "s3://records/manifest.json")
    };
    stage.upload(&site_a());
    run("a.json", &site_a()).succeed();
    stage.warm_for(&site_a());
    let gate = Gate::new();
    stage.standin.inject(Fault::new(
        Operation::PutObject,
        FaultKind::gate_before(&gate),
    ));
    let slow = run("b.json", &site_b());
    let outcome = thread::scope(|scope| {
        let slow = scope.spawn(|| slow.succeed());
        assert!(gate.wait_reached(PATIENCE), "B writes its intent");
        stage.upload(&site_c());
        run("c.json", &site_c()).succeed();
        stage.warm_for(&site_a());
        stage.upload(&site_b());
        gate.release();
        slow.join().expect("B ends")
    });
    // Against C, not against A: both files differ.
    let paths = outcome.report.plan.unwrap().paths;
    assert_eq!(paths, ["/a.html", "/b.html"]);
    assert!(outcome.report.manifest.unwrap().committed);
    stage.assert_fresh("after B");
    stage.assert_every_reference_new("started over");
}
