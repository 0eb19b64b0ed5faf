//! Doubt flushes everything: below the old mount and the new one, under names that the site no
//! longer has, and where `protect` leaves only names to send.

use cloudfront_standin::EdgeRules;

use crate::harness::{DISTRIBUTION, Stage};
use crate::run::{Outcome, Run};
use crate::site::Site;

fn site_a() -> Site {
    Site::of(&[
        ("a.html", "a1"),
        ("docs/index.html", "a2"),
        ("index.html", "a3"),
    ])
}

/// Every file of A has other bytes.
fn site_b() -> Site {
    Site::of(&[
        ("a.html", "b1"),
        ("docs/index.html", "b2"),
        ("index.html", "b3"),
    ])
}

/// A run whose flush can't be one wildcard.
fn guarded(stage: &Stage) -> Run<'_> {
    stage.run().set("protect", "/zz/*")
}

/// Makes the origin serve the site below a prefix, and nothing else.
fn upload_below(stage: &Stage, prefix: &str, site: &Site) {
    stage.upload(site);
    let files: Vec<_> = site
        .contents()
        .map(|(path, text)| (format!("{prefix}{path}"), text))
        .collect();
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()));
    stage.standin.replace_origin(DISTRIBUTION, files);
}

#[test]
fn what_the_site_left_below_its_old_prefix_is_named_where_no_wildcard_may_be() {
    let stage = Stage::new();
    stage.upload(&site_a());
    guarded(&stage).succeed();
    stage.warm_for(&site_a());
    upload_below(&stage, "app/", &site_a());
    guarded(&stage).set("path-prefix", "/app/").succeed();
    stage.assert_fresh("moved");
}

#[test]
fn names_that_the_site_no_longer_has_are_named_too() {
    let stage = Stage::new();
    stage.upload(&site_a());
    guarded(&stage).succeed();
    stage.warm_for(&site_a());
    stage.upload(&site_b());
    guarded(&stage).set("aliases", "none").succeed();
    stage.assert_fresh("without directories");
}

#[test]
fn the_bare_name_of_a_prefix_goes_with_the_alias() {
    let stage = Stage::new();
    let rules = EdgeRules {
        bare: true,
        ..EdgeRules::default()
    };
    stage.standin.set_rules(DISTRIBUTION, rules);
    let mounted = || stage.run().set("path-prefix", "/app/");
    upload_below(&stage, "app/", &site_a());
    mounted().set("aliases", "slash, bare").succeed();
    stage.warm(["/app", "/app/"]);
    upload_below(&stage, "app/", &site_b());
    mounted().set("aliases", "slash").succeed();
    stage.assert_fresh("without the bare name");
}

/// A flush is what doubt demands: it takes what it needs, and says so.
#[test]
fn a_flush_takes_more_than_the_budget_if_it_has_to() {
    let stage = Stage::new();
    let files: Vec<_> = ('a'..='z')
        .flat_map(|letter| [format!("{letter}/1.html"), format!("{letter}/2.html")])
        .collect();
    let files: Vec<_> = files.iter().map(|path| (path.as_str(), "aa")).collect();
    stage.upload(&Site::of(&files));
    let Outcome { report, .. } = stage.run().set("protect", "/b/3.html").succeed();
    // 52 files: each of 22 wildcards stands for two of them, and 8 are named.
    let plan = report.plan.unwrap();
    assert_eq!((plan.path_count, plan.wildcard_count), (30, 22));
    let [_, warning] = &report.warnings[..] else {
        panic!("{:?}", report.warnings)
    };
    assert!(warning.contains("`max-wildcards` 10"), "{warning}");
    assert_eq!(stage.invalidations().len(), 2, "15 wildcards at a time");
}

/// What was uploaded and then could not be planned is covered by whatever is deployed next.
#[test]
fn an_upload_for_which_there_is_no_plan_is_not_forgotten() {
    let stage = Stage::new();
    let tight = || stage.run().set("max-paths", "1").set("max-wildcards", "0");
    stage.deploy(&site_a());
    stage.upload(&site_b());
    tight().fail("no-plan");
    stage.warm_for(&site_b());
    stage.upload(&site_a());
    let reverted = stage.run().succeed();
    assert_eq!(reverted.report.mode.name(), "delta");
    stage.assert_fresh("reverted");
}

/// B's new file is known to the record alone: neither the last deploy nor this one has it.
#[test]
fn a_flush_that_is_resumed_knows_what_was_unsettled_before() {
    let stage = Stage::new();
    stage.upload(&site_a());
    guarded(&stage).succeed();
    let added = site_a().with("new.html", "b4");
    stage.upload(&added);
    guarded(&stage).set("phase", "begin").succeed();
    stage.warm_for(&added);
    // B's upload dies. C has other settings, so it flushes.
    let changed = || guarded(&stage).set("revision", "2");
    stage.upload(&site_a());
    changed().set("phase", "begin").succeed();
    let outcome = changed().succeed();
    assert_eq!(outcome.report.mode.name(), "flush");
    stage.assert_fresh("after C");
}
