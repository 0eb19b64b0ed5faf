//! Deploy ids and caller references as they come out of whole runs, against the description worked
//! out by hand: SHA-256 over fields, each with its length before it.

use sha2::{Digest as _, Sha256};

use cloudfront_standin::{Config, Fault, FaultKind, Invalidation, Operation};
use serde_json::Value;

use crate::harness::{DISTRIBUTION, Stage};
use crate::site::{Site, site_a, site_b};

const SECOND: &str = "E2EXAMPLE";

/// One field: its length in 8 bytes, and the field.
fn field(bytes: &[u8]) -> Vec<u8> {
    let mut field = u64::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    field.extend(bytes);
    field
}

fn number(number: usize) -> Vec<u8> {
    field(&u64::try_from(number).unwrap().to_be_bytes())
}

fn list(texts: &[String]) -> Vec<u8> {
    let items = texts.iter().flat_map(|text| field(text.as_bytes()));
    number(texts.len()).into_iter().chain(items).collect()
}

fn sha256(fields: &[Vec<u8>]) -> Vec<u8> {
    Sha256::digest(fields.concat()).to_vec()
}

/// The bytes of an id in the record; none of one that is not there.
fn id(text: &Value) -> Vec<u8> {
    text.as_str()
        .map_or_else(Vec::new, |digits| hex::decode(digits).unwrap())
}

/// The reference of a request, given the deploy's id.
fn reference(deploy: &[u8], target: &str, of: (usize, usize), made: &Invalidation) -> String {
    let hash = sha256(&[
        field(b"cloudfront-delta batch 1"),
        field(target.as_bytes()),
        field(deploy),
        number(of.0),
        number(of.1),
        list(&made.paths),
    ]);
    format!("cfd1-{}", &hex::encode(hash)[..40])
}

/// The id of the deploy of a site over a record, with the scope as the next record has it.
fn deploy_id(record: &Value, site: &Site, scope: &str, targets: &[String]) -> Vec<u8> {
    sha256(&[
        field(b"cloudfront-delta deploy 1"),
        field(&id(&record["deploy"])),
        field(&id(&record["intent"]["deploy"])),
        field(blake3::hash(site.listing().as_bytes()).as_bytes()),
        field(scope.as_bytes()),
        list(targets),
    ])
}

/// The text of the scope in a record, as it stands there.
fn scope(record: &str) -> &str {
    let start = record.find(r#""scope":"#).unwrap() + r#""scope":"#.len();
    let end = record[start..].find('}').unwrap();
    &record[start..=start + end]
}

/// Two distributions, two batches for each; then another site whose run dies, and a third one that
/// supersedes it.
#[test]
fn ids_and_references_are_what_the_description_says() {
    let config = Config::new()
        .distribution(DISTRIBUTION)
        .distribution(SECOND);
    let stage = Stage::with(config);
    let targets = [DISTRIBUTION.to_owned(), SECOND.to_owned()];
    let run = || {
        stage
            .run()
            .set("distribution-id", targets.join(","))
            .set("collapse", "never")
            .set("revision", "of the headers")
    };
    let upload = |site: &Site| {
        stage.upload_to(DISTRIBUTION, site);
        stage.upload_to(SECOND, site);
    };
    let many = |version: &str| {
        let names = (0..3_001).map(|number| format!("page-{number:04}.html"));
        names.fold(site_a(), |site, name| site.with(&name, version))
    };
    upload(&many("a1"));
    run().succeed();
    let before = stage.record_json();

    upload(&many("b1"));
    run().succeed();
    let record = stage.record_json();
    let expected = deploy_id(&before, &many("b1"), scope(&stage.record()), &targets);
    assert_eq!(id(&record["deploy"]), expected);
    for target in &targets {
        let made = stage.standin.invalidations(target);
        let batches = &made[1..];
        assert_eq!(batches.len(), 2, "{target}");
        for (index, batch) in batches.iter().enumerate() {
            let expected = reference(&expected, target, (index + 1, 2), batch);
            assert_eq!(batch.caller_reference, expected, "{target}, {index}");
        }
    }

    upload(&site_a());
    let refuse = FaultKind::error(403, "AccessDenied", "not authorized");
    let fault = Fault::new(Operation::CreateInvalidation, refuse);
    stage.standin.inject(fault.always());
    run().fail("access-denied");
    stage.standin.clear_faults();
    let intended = stage.record_json();
    let expected = deploy_id(&record, &site_a(), scope(&stage.record()), &targets);
    assert_eq!(id(&intended["intent"]["deploy"]), expected);

    upload(&site_b());
    run().succeed();
    let expected = deploy_id(&intended, &site_b(), scope(&stage.record()), &targets);
    assert_eq!(id(&stage.record_json()["deploy"]), expected);
}

/// A run that is repeated with a setting that changes the plan alone asks for something else: the
/// service must not be told that it is the same.
#[test]
fn another_plan_for_the_same_deploy_has_another_reference() {
    let stage = Stage::new();
    let pages = |version: &str| {
        let names = (0..40).map(|number| format!("blog/{number:02}.html"));
        names.fold(site_a(), |site, name| site.with(&name, version))
    };
    stage.deploy(&pages("a1"));
    stage.upload(&pages("b1"));
    let answer_lost = FaultKind::error_after(403, "AccessDenied", "says a proxy");
    let fault = Fault::new(Operation::CreateInvalidation, answer_lost);
    stage.standin.inject(fault);
    stage.run().fail("access-denied");
    assert_eq!(stage.last().paths, ["/blog/*"]);

    stage.warm_for(&pages("b1"));
    let report = stage.run().set("collapse", "never").succeed().report;
    assert!(report.manifest.unwrap().resumed);
    assert_eq!(stage.last().paths.len(), 40);
    stage.assert_fresh("after another plan");
    stage.assert_every_reference_new("another plan");
}
