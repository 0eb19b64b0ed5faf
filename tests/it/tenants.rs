//! Distribution tenants, distributions named by an alternate domain name, and what is said when
//! one of several targets fails.

use cloudfront_standin::{Config, Distribution, Fault, FaultKind, Moment, Operation, Tenant};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::{assert_says, explicit, meanwhile, printed};
use crate::run::Run;
use crate::site::Site;

const TENANT: &str = "dt_2wjDZi3hD1ivOXf6rpZJO1AB";

fn tenants() -> Stage {
    let tenant = Tenant::new(TENANT, DISTRIBUTION).domain("shop.example.com");
    Stage::with(Config::new().distribution(DISTRIBUTION).tenant(tenant))
}

fn of_tenant(stage: &Stage) -> Run<'_> {
    Run::new(stage)
        .set("paths", "/a.html")
        .set("distribution-tenant-id", TENANT)
}

/// The calls are those for tenants, and so is the address of what they make.
#[test]
fn a_tenant_is_invalidated_and_waited_for_by_calls_of_its_own() {
    let stage = tenants();
    let report = of_tenant(&stage).set("wait", "true").succeed().report;
    let made = &report.invalidations[0];
    assert_eq!(
        (made.target.as_str(), made.status.as_str()),
        (TENANT, "Completed")
    );
    let location = format!("/distribution-tenant/{TENANT}/invalidation/{}", made.id);
    assert!(
        made.location.as_ref().unwrap().ends_with(&location),
        "{:?}",
        made.location
    );
    let calls: Vec<_> = stage
        .standin
        .requests()
        .into_iter()
        .map(|request| (request.operation, request.uri))
        .collect();
    let base = format!("/2020-05-31/distribution-tenant/{TENANT}/invalidation");
    assert_eq!(
        calls,
        [
            (
                Operation::CreateInvalidationForDistributionTenant,
                base.clone()
            ),
            (
                Operation::GetInvalidationForDistributionTenant,
                format!("{base}/{}", made.id)
            ),
        ]
    );
    assert_eq!(stage.standin.invalidations(TENANT)[0].paths, ["/a.html"]);
    assert!(
        stage.invalidations().is_empty(),
        "its distribution was not touched"
    );
}

#[test]
fn a_tenant_can_be_named_by_its_arn() {
    let stage = tenants();
    let arn = format!("arn:aws:cloudfront::123456789012:distribution-tenant/{TENANT}");
    of_tenant(&stage)
        .set("distribution-tenant-id", arn)
        .succeed();
    assert_eq!(stage.standin.invalidations(TENANT).len(), 1);
}

/// Deploys go to tenants as they go to distributions, record and all.
#[test]
fn deploys_go_to_a_tenant_too() {
    let stage = tenants();
    let run = || {
        stage
            .run()
            .unset("distribution-id")
            .set("distribution-tenant-id", TENANT)
    };
    let site = Site::of(&[("index.html", "a1"), ("a.html", "a2")]);
    stage.upload_to(TENANT, &site);
    run().succeed();
    stage.standin.warm_all(TENANT, &[]);
    stage.upload_to(TENANT, &site.with("a.html", "b2"));
    run().succeed();
    assert_eq!(stage.standin.stale(TENANT), []);
    assert_eq!(stage.standin.invalidations(TENANT)[1].paths, ["/a.html"]);
    assert_eq!(run().succeed().report.mode.name(), "unchanged");
}

/// A distribution and one of its tenants in one run.
#[test]
fn tenants_go_with_distributions() {
    let stage = tenants();
    let report = of_tenant(&stage)
        .set("distribution-id", DISTRIBUTION)
        .succeed()
        .report;
    let targets: Vec<_> = report
        .invalidations
        .iter()
        .map(|made| made.target.as_str())
        .collect();
    assert_eq!(targets, [DISTRIBUTION, TENANT]);
}

#[test]
fn a_tenant_that_does_not_exist_is_said_to_be_missing() {
    let stage = tenants();
    for (input, id) in [
        ("distribution-tenant-id", "dt_0unknown"),
        // A tenant is no distribution, nor the other way round.
        ("distribution-tenant-id", DISTRIBUTION),
        ("distribution-id", TENANT),
    ] {
        let run = Run::new(&stage).set("paths", "/a.html").set(input, id);
        let error = run.fail("no-such-distribution").report.error.unwrap();
        assert!(error.message.contains(id), "{}", error.message);
        assert!(error.hint.unwrap().contains("check the id"), "{input} {id}");
    }
}

/// More distributions than a page holds; `www.example.com` is on the second one.
fn account() -> Stage {
    let mut config = Config::new();
    for n in 0..150 {
        let name = format!("site-{n}.example.org");
        config = config.distribution(Distribution::new(format!("E{n:03}")).alias(name));
    }
    let config = config
        .distribution(
            Distribution::new("E900WWW")
                .alias("example.com")
                .alias("www.example.com"),
        )
        .distribution(Distribution::new("E901ANY").alias("*.example.com"))
        .distribution(Distribution::new("E902TWIN").alias("twin.example.net"))
        .distribution(Distribution::new("E903TWIN").alias("twin.example.net"));
    Stage::with(config)
}

fn by_alias<'a>(stage: &'a Stage, alias: &str) -> Run<'a> {
    Run::new(stage)
        .set("paths", "/a.html")
        .set("distribution-alias", alias)
}

#[test]
fn a_distribution_is_found_by_its_alternate_domain_name() {
    for (alias, id) in [
        // On the first page and on the second.
        ("site-7.example.org", "E007"),
        ("www.example.com", "E900WWW"),
        ("example.com", "E900WWW"),
        ("WWW.Example.COM", "E900WWW"),
        // A wildcard name stands for what has no name of its own, one label deep.
        ("shop.example.com", "E901ANY"),
        ("*.example.com", "E901ANY"),
    ] {
        let stage = account();
        let outcome = by_alias(&stage, alias).succeed();
        assert_eq!(outcome.report.invalidations[0].target, id, "{alias}");
        let said = format!("{} is {id}", alias.to_lowercase());
        assert_says(&outcome.log, &[&said]);
        let pages = stage.standin.requests_of(Operation::ListDistributions);
        let uris: Vec<_> = pages.iter().map(|page| page.uri.as_str()).collect();
        assert_eq!(uris.len(), 2, "{alias}: {uris:?}");
        assert!(uris[1].contains("Marker=E099"), "{uris:?}");
    }
}

#[test]
fn none_and_several_are_errors_that_say_what_to_do() {
    let stage = account();
    for (alias, message, hint) in [
        (
            "nobody.example.net",
            "no distribution of this account has",
            "list-distributions",
        ),
        // `*` stands for one label.
        (
            "a.b.example.com",
            "no distribution of this account has",
            "list-distributions",
        ),
        (
            "twin.example.net",
            "E902TWIN, E903TWIN",
            "`distribution-id`",
        ),
    ] {
        let error = by_alias(&stage, alias)
            .fail("alias-not-found")
            .report
            .error
            .unwrap();
        assert_says(&error.message, &[message]);
        assert!(error.message.contains(alias), "{}", error.message);
        assert_says(&error.hint.unwrap(), &[hint]);
        assert_eq!(error.state.unwrap(), "nothing was submitted");
    }
    let sent = stage.standin.requests_of(Operation::CreateInvalidation);
    assert!(sent.is_empty());
}

#[test]
fn a_distribution_under_two_names_is_invalidated_once() {
    let stage = account();
    let run = by_alias(&stage, "www.example.com,example.com").set("distribution-id", "E900WWW");
    assert_eq!(run.succeed().report.invalidations.len(), 1);
}

#[test]
fn looking_up_needs_a_permission_that_the_error_names() {
    let stage = account();
    let denied = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::ListDistributions, denied));
    let error = by_alias(&stage, "www.example.com")
        .fail("access-denied")
        .report
        .error
        .unwrap();
    assert_says(&error.message, &["could not look up `www.example.com`"]);
    assert_says(&error.hint.unwrap(), &["`cloudfront:ListDistributions`"]);
}

/// A lookup that meets trouble is tried again like any call.
#[test]
fn looking_up_survives_throttling() {
    let stage = account();
    stage.standin.inject(Fault::new(
        Operation::ListDistributions,
        FaultKind::throttling(),
    ));
    by_alias(&stage, "www.example.com").succeed();
    assert_eq!(stage.standin.pending_faults(), 0);
}

#[test]
fn a_dry_run_does_not_look_up() {
    let stage = account();
    by_alias(&stage, "www.example.com")
        .set("dry-run", "true")
        .succeed();
    assert!(stage.standin.requests().is_empty());
}

const ONE: &str = "E1EXAMPLE";
const TWO: &str = "E2EXAMPLE";
const THREE: &str = "E3EXAMPLE";

fn three() -> Stage {
    Stage::with(
        Config::new()
            .distribution(ONE)
            .distribution(TWO)
            .distribution(THREE),
    )
}

fn to_three(stage: &Stage) -> Run<'_> {
    explicit(stage, &["/a.html"]).set("distribution-id", format!("{ONE},{TWO},{THREE}"))
}

fn fails(stage: &Stage, target: &str, status: u16, code: &str) {
    let kind = FaultKind::error(status, code, "because");
    stage.standin.inject(
        Fault::new(Operation::CreateInvalidation, kind)
            .target(target)
            .always(),
    );
}

/// Exit status, report and log say which distribution failed, and which were invalidated.
#[test]
fn one_that_fails_is_named_and_so_are_those_that_did_not() {
    let stage = three();
    fails(&stage, TWO, 403, "AccessDenied");
    let ended = to_three(&stage).set("output", "json").binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let report = printed(&ended);
    assert_eq!(report["error"]["code"], "access-denied");
    let message = report["error"]["message"].as_str().unwrap();
    assert_says(
        message,
        &["could not invalidate `E2EXAMPLE`", "AccessDenied: because"],
    );
    assert_eq!(report["error"]["state"], "2 of 3 requests were accepted");
    // An explicit run has no record: for those that accepted, another one would be a new order.
    let hint = report["error"]["hint"].as_str().unwrap();
    assert_says(
        hint,
        &[
            "`cloudfront:CreateInvalidation`",
            "name E2EXAMPLE alone then",
        ],
    );
    let accepted = report["invalidations"].as_array().unwrap();
    let accepted: Vec<_> = accepted
        .iter()
        .map(|made| made["target"].as_str().unwrap())
        .collect();
    assert_eq!(accepted, [ONE, THREE]);
    assert_says(
        &ended.stderr,
        &[
            "E1EXAMPLE accepted",
            "E3EXAMPLE accepted",
            "error[access-denied]",
            "`E2EXAMPLE`",
        ],
    );
}

#[test]
fn several_that_fail_are_all_named() {
    let stage = three();
    fails(&stage, ONE, 403, "AccessDenied");
    fails(&stage, THREE, 400, "InvalidArgument");
    let error = to_three(&stage)
        .fail("several-targets")
        .report
        .error
        .unwrap();
    assert_says(
        &error.message,
        &[
            "2 of 3 targets failed",
            "E1EXAMPLE: ",
            "AccessDenied",
            "E3EXAMPLE: ",
            "InvalidArgument",
        ],
    );
    assert_eq!(error.state.unwrap(), "1 of 3 requests were accepted");

    // The same reason everywhere has the code and the hint of that reason.
    let stage = three();
    fails(&stage, ONE, 403, "AccessDenied");
    fails(&stage, TWO, 403, "AccessDenied");
    let error = to_three(&stage).fail("access-denied").report.error.unwrap();
    assert_says(&error.message, &["2 of 3 targets failed", ONE, TWO]);
    assert_says(&error.hint.unwrap(), &["`cloudfront:CreateInvalidation`"]);
}

/// A request whose answer never came stays in doubt, whatever happens to the targets after it.
#[test]
fn a_request_in_doubt_is_said_to_be_though_another_target_failed_later() {
    let stage = three();
    let lost = FaultKind::Hang(Moment::AfterProcessing);
    let fault = Fault::new(Operation::CreateInvalidation, lost).target(ONE);
    stage.standin.inject(fault.always());
    fails(&stage, TWO, 403, "AccessDenied");
    let run = to_three(&stage).set("read-timeout", "100ms");
    let error = run.fail("several-targets").report.error.unwrap();
    assert_says(
        &error.state.unwrap(),
        &[
            "1 of 3 requests were accepted",
            "the answer to one is not known",
        ],
    );
}

/// A distribution whose quota is full delays the others, and no more than that.
#[test]
fn a_full_quota_of_one_does_not_keep_the_others_from_being_invalidated() {
    let stage = three();
    fails(&stage, ONE, 400, "TooManyInvalidationsInProgress");
    let run = to_three(&stage).set("quota-timeout", "1s");
    let failed = run.fail("too-many-in-progress").report;
    let accepted: Vec<_> = failed
        .invalidations
        .iter()
        .map(|made| made.target.as_str())
        .collect();
    assert_eq!(accepted, [TWO, THREE]);
}

/// What is accepted is on its way at once: a long wait for one target's quota does not hide it.
#[test]
fn the_log_tells_of_each_target_when_it_happens() {
    let stage = three();
    fails(&stage, TWO, 400, "TooManyInvalidationsInProgress");
    let run = to_three(&stage).set("quota-timeout", "60s");
    let outcome = meanwhile(run, || {
        stage.wait_for("the second is refused", || {
            stage.requests().iter().any(|request| request.target == TWO)
        });
        stage.standin.clear_faults();
    });
    assert_eq!(outcome.report.error, None);
    assert_says(
        &outcome.log,
        &[
            "E1EXAMPLE accepted",
            "E2EXAMPLE: CloudFront's quota",
            "E2EXAMPLE accepted",
            "E3EXAMPLE accepted",
        ],
    );
}
