//! Several distributions, and how they come and go.

use cloudfront_standin::{Config, Fault, FaultKind, Operation};
use serde_json::json;

use crate::harness::Stage;
use crate::site::Site;

const ONE: &str = "E1EXAMPLE";
const TWO: &str = "E2EXAMPLE";

fn site_a() -> Site {
    Site::of(&[("index.html", "a1"), ("a.html", "a2")])
}

fn site_b() -> Site {
    site_a().with("a.html", "b2")
}

fn stage() -> Stage {
    Stage::with(Config::new().distribution(ONE).distribution(TWO))
}

fn upload(stage: &Stage, site: &Site) {
    stage.upload_to(ONE, site);
    stage.upload_to(TWO, site);
}

#[track_caller]
fn assert_fresh(stage: &Stage, when: &str) {
    for target in [ONE, TWO] {
        assert_eq!(stage.standin.stale(target), [], "{target}, {when}");
    }
}

#[test]
fn every_distribution_gets_the_plan_under_a_reference_of_its_own() {
    let stage = stage();
    let run = || stage.run().set("distribution-id", format!("{ONE}, {TWO}"));
    upload(&stage, &site_a());
    run().succeed();
    for target in [ONE, TWO] {
        stage.standin.warm_all(target, &[]);
    }
    upload(&stage, &site_b());
    let report = run().succeed().report;
    assert_fresh(&stage, "after a delta");
    let [one, two] = [ONE, TWO].map(|target| stage.standin.invalidations(target).pop().unwrap());
    assert_eq!(one.paths, ["/a.html"]);
    assert_eq!(two.paths, ["/a.html"]);
    assert_ne!(one.caller_reference, two.caller_reference);
    let targets: Vec<_> = report
        .invalidations
        .iter()
        .map(|made| made.target.as_str())
        .collect();
    assert_eq!(targets, [ONE, TWO]);
    // Two targets, a path each, 0.005 USD a path.
    assert!((report.plan.unwrap().max_cost_usd - 0.01).abs() < 1e-9);
    assert_eq!(stage.record_json()["targets"], json!([ONE, TWO]));

    // The order in which they are named means nothing.
    let report = stage
        .run()
        .set("distribution-id", format!("{TWO}\n{ONE}"))
        .succeed()
        .report;
    assert_eq!(report.mode.name(), "unchanged");
}

#[test]
fn a_new_distribution_gets_everything_invalidated_and_the_others_the_difference() {
    let stage = stage();
    upload(&stage, &site_a());
    stage.run().succeed();
    stage.standin.warm_all(ONE, &[]);
    stage.standin.warm_all(TWO, &["/gone.html"]);
    upload(&stage, &site_b());
    stage
        .run()
        .set("distribution-id", format!("{ONE},{TWO}"))
        .succeed();
    assert_fresh(&stage, "with a new target");
    assert_eq!(
        stage.standin.invalidations(ONE).pop().unwrap().paths,
        ["/a.html"]
    );
    assert_eq!(
        stage.standin.invalidations(TWO).pop().unwrap().paths,
        ["/*"]
    );
}

#[test]
fn a_new_distribution_alone_is_reason_enough() {
    let stage = stage();
    upload(&stage, &site_a());
    stage.run().succeed();
    stage.standin.warm_all(TWO, &["/gone.html"]);
    let report = stage
        .run()
        .set("distribution-id", format!("{ONE},{TWO}"))
        .succeed()
        .report;
    assert_eq!(report.mode.name(), "flush");
    assert_eq!(
        stage.standin.invalidations(ONE).len(),
        1,
        "it has what the record says"
    );
    assert_eq!(
        stage.standin.invalidations(TWO).pop().unwrap().paths,
        ["/*"]
    );
}

/// The run that was to bring in a distribution failed there, and the next one does without it. Nothing
/// is stale, but the intent is not left lying about.
#[test]
fn a_new_distribution_that_is_given_up_leaves_no_intent() {
    let stage = stage();
    upload(&stage, &site_a());
    stage.run().succeed();
    let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, refuse).target(TWO));
    let both = stage.run().set("distribution-id", format!("{ONE},{TWO}"));
    both.fail("access-denied");
    assert_ne!(stage.record_json()["intent"], json!(null));

    stage.run().succeed();
    assert_eq!(stage.record_json()["intent"], json!(null));
    assert_eq!(stage.record_json()["targets"], json!([ONE]));
    assert_eq!(stage.standin.invalidations(ONE).len(), 1);
    assert_eq!(stage.run().succeed().report.mode.name(), "unchanged");
}

#[test]
fn a_distribution_that_is_left_out_is_an_error_with_two_ways_out() {
    let stage = stage();
    upload(&stage, &site_a());
    stage
        .run()
        .set("distribution-id", format!("{ONE},{TWO}"))
        .succeed();
    upload(&stage, &site_b());
    let (record, requests) = (stage.record(), stage.requests().len());
    let error = stage.run().fail("target-dropped").report.error.unwrap();
    assert!(error.message.contains(TWO), "{}", error.message);
    let hint = error.hint.unwrap();
    assert!(hint.contains("`distribution-id` takes several"), "{hint}");
    assert!(hint.contains("its own record"), "{hint}");
    assert_eq!((stage.record(), stage.requests().len()), (record, requests));
}

#[test]
fn one_that_fails_does_not_stop_the_others_and_is_finished_by_the_next_run() {
    let stage = stage();
    let run = || stage.run().set("distribution-id", format!("{ONE},{TWO}"));
    upload(&stage, &site_a());
    run().succeed();
    for target in [ONE, TWO] {
        stage.standin.warm_all(target, &[]);
    }
    upload(&stage, &site_b());
    let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, refuse).target(ONE));
    let error = run().fail("access-denied").report.error.unwrap();
    assert!(error.message.contains(ONE), "{}", error.message);
    assert!(
        error
            .state
            .unwrap()
            .starts_with("1 of 2 requests were accepted")
    );
    assert_eq!(stage.standin.stale(TWO), []);

    let report = run().succeed().report;
    assert_fresh(&stage, "after the second run");
    assert!(report.manifest.unwrap().resumed);
    assert_eq!(stage.standin.invalidations(ONE).len(), 2);
    let two = stage.standin.invalidations(TWO);
    assert_eq!(
        (two.len(), two[1].calls),
        (2, 2),
        "asked again, made once, paid once"
    );
    assert_eq!(stage.standin.billed_paths(TWO), 2);
}

#[test]
fn the_same_distribution_named_twice_is_one() {
    let stage = stage();
    upload(&stage, &site_a());
    let arn = format!("arn:aws:cloudfront::123456789012:distribution/{ONE}");
    stage
        .run()
        .set("distribution-id", format!("{ONE}\n{arn}\n{ONE}"))
        .succeed();
    assert_eq!(stage.invalidations().len(), 1);
}
