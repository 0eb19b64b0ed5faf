//! Any sequence of deploys and deaths: whatever happened before, a run that succeeds leaves nothing
//! stale, and no deploy is answered by an invalidation that was made for another.

use proptest::prelude::*;

use crate::harness::{DISTRIBUTION, Stage};
use crate::interruption::{Death, die};
use crate::site::Site;

/// What one deploy of a sequence does.
#[derive(Clone, Debug)]
struct Step {
    site: Site,
    death: Option<Death>,
    /// Which of [`PATHS`] viewers ask for before the upload, and after it.
    viewed_before: u8,
    viewed_after: u8,
}

const PATHS: [&str; 6] = [
    "index.html",
    "a.html",
    "docs/index.html",
    "docs/b~c.html",
    "docs/d e.html",
    "x/y/z.js",
];

fn urls(mask: u8) -> impl Iterator<Item = String> {
    let chosen = PATHS
        .iter()
        .enumerate()
        .filter(move |(bit, _)| mask >> bit & 1 == 1);
    chosen.flat_map(|(_, path)| Site::of(&[(path, "0")]).urls())
}

/// Few paths and few versions, so that content often returns.
fn site() -> impl Strategy<Value = Site> {
    proptest::collection::vec(prop_oneof![Just(""), Just("a1"), Just("b2")], PATHS.len()).prop_map(
        |versions| {
            let files = PATHS
                .iter()
                .zip(versions)
                .filter(|(_, version)| !version.is_empty());
            // One file is always there, because a site without files is refused.
            files.fold(
                Site::of(&[("robots.txt", "01")]),
                |site, (path, version)| site.with(path, version),
            )
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let death = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(&Death::ALL[..]).prop_map(Some),
    ];
    (site(), death, any::<u8>(), any::<u8>()).prop_map(
        |(site, death, viewed_before, viewed_after)| Step {
            site,
            death,
            viewed_before,
            viewed_after,
        },
    )
}

fn play(steps: &[Step]) -> Result<(), TestCaseError> {
    let stage = Stage::new();
    for (number, step) in steps.iter().enumerate() {
        stage.standin.warm(DISTRIBUTION, urls(step.viewed_before));
        stage.upload(&step.site);
        stage.standin.warm(DISTRIBUTION, urls(step.viewed_after));
        let would_send = sends(&stage);
        match step.death {
            Some(death) if would_send => die(&stage, death),
            _ => {
                let before = stage.invalidations();
                let report = stage.run().succeed().report;
                let left = stage.standin.stale(DISTRIBUTION);
                prop_assert_eq!(left, Vec::new(), "after step {}", number);
                let resumed = report.manifest.is_some_and(|manifest| manifest.resumed);
                for made in &before {
                    let after = stage.invalidations();
                    let after = after.iter().find(|other| other.id == made.id).unwrap();
                    let answered_again = after.calls > made.calls;
                    prop_assert!(!answered_again || resumed, "step {} got {:?}", number, made);
                }
            }
        }
    }
    Ok(())
}

/// Whether a run would send anything.
fn sends(stage: &Stage) -> bool {
    let report = stage.run().set("dry-run", "true").succeed().report;
    report.plan.is_some_and(|plan| plan.path_count > 0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn leaves_nothing_stale_behind_a_run_that_succeeds(steps in prop::collection::vec(step(), 2..9)) {
        play(&steps)?;
    }
}
