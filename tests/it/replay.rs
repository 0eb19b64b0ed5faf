//! Real deploy histories, every deploy through the pipeline, with every cache warm before each.

use std::collections::BTreeMap;

use crate::harness::{DISTRIBUTION, Stage, assert_distinct};
use crate::history::history;
use crate::site::Site;

/// Deploy, stale viewer paths, patterns, wildcards, over-invalidated paths.
type Row = [usize; 5];

/// The proven optima at the default budget, from another solver.
fn optima(name: &str) -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/optima.json");
    let text = std::fs::read_to_string(path).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, Vec<Row>>> =
        serde_json::from_str(&text).unwrap();
    all.get_mut(name).unwrap().remove("30/10").unwrap()
}

/// Every deploy of a site: nothing stale is left, nothing is evicted beyond the proven least, the
/// same run repeated from its intent makes no second invalidation, and no reference ever returns.
fn replay(name: &str) {
    let stage = Stage::new();
    let history = history(name);
    let optima = optima(name);
    assert_eq!(optima.len(), history.len() - 1, "{name}");
    let mut needless = 0;
    for (deploy, site) in history.iter().enumerate() {
        let when = format!("{name}, deploy {deploy}");
        stage.warm_for(site);
        stage.upload(site);
        if deploy > 0 {
            // The edges see the same difference as the solver did, before anything is done.
            let outdated = stage.standin.stale(DISTRIBUTION).len();
            assert_eq!(outdated, optima[deploy - 1][1], "{when}");
        }
        let (outcome, intent) = stage.run_watched(stage.run());
        stage.assert_fresh(&when);
        assert_eq!(stage.invalidations().len(), deploy + 1, "{when}");

        let made = stage.last();
        let evicted_for_nothing = stage.standin.needless(DISTRIBUTION).total - needless;
        needless += evicted_for_nothing;
        if deploy == 0 {
            assert_eq!(made.paths, ["/*"], "{when}");
        } else {
            let wildcards = made.paths.iter().filter(|path| path.ends_with('*')).count();
            let [_, _, paths, best_wildcards, least] = optima[deploy - 1];
            let found = (made.paths.len(), wildcards, evicted_for_nothing);
            assert_eq!(found, (paths, best_wildcards, least), "{when}");
        }
        let plan = outcome.report.plan.expect("there is a plan");
        assert_eq!(plan.paths, made.paths, "{when}");

        resume(&stage, &intent, &when);
    }
    assert_distinct(&stage.references(), name);
}

/// The run is repeated from the record as it was before the commit.
fn resume(stage: &Stage, intent: &str, when: &str) {
    let committed = stage.record();
    assert_ne!(committed, intent, "{when}: the intent is not the commit");
    let (made, billed) = (
        stage.invalidations(),
        stage.standin.billed_paths(DISTRIBUTION),
    );
    stage.restore(intent);
    let again = stage.run().succeed().report;
    assert!(again.manifest.expect("there is a record").resumed, "{when}");
    assert_eq!(
        stage.invalidations().len(),
        made.len(),
        "{when}: a second invalidation"
    );
    assert_eq!(stage.standin.billed_paths(DISTRIBUTION), billed, "{when}");
    assert_eq!(
        stage.last().calls,
        2,
        "{when}: the same request was sent again"
    );
    assert_eq!(
        stage.record(),
        committed,
        "{when}: the same deploy is remembered"
    );
    stage.assert_fresh(when);
}

/// Two sites by turns, as often as given: each deploy has a reference of its own.
fn by_turns(name: &str, one: &Site, other: &Site) {
    let stage = Stage::new();
    let sites = [one, other, one, other, one, other];
    for (turn, site) in sites.iter().enumerate() {
        let when = format!("{name}, turn {turn}");
        stage.warm_for(site);
        stage.deploy(site);
        stage.assert_fresh(&when);
        assert_eq!(stage.invalidations().len(), turn + 1, "{when}");
    }
    stage.assert_every_reference_new(name);
}

macro_rules! sites {
    ($($test:ident: $name:literal,)+) => {$(
        mod $test {
            #[test]
            fn nothing_stale_after_any_deploy_and_nothing_paid_twice() {
                super::replay($name);
            }

            #[test]
            fn content_that_returns_gets_a_new_reference() {
                let history = super::history($name);
                super::by_turns($name, &history[1], &history[2]);
            }
        }
    )+};
}

sites! {
    book_ja: "book-ja",
    drf: "drf",
    element: "element",
    wsgzao_blog: "wsgzao-blog",
}
