//! The planner against the proven optima of real deploys.
//!
//! `tests/data/optima.json` comes from another solver, which was checked against brute force.

use std::collections::BTreeMap;

use cloudfront_delta::plan::{Budget, Problem, check, plan};

use crate::plan_traces::{SITES, Trace};

/// Deploy, stale viewer paths, patterns, wildcards, over-invalidated paths.
type Row = [usize; 5];

fn optima() -> BTreeMap<String, BTreeMap<String, Vec<Row>>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/optima.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_deploy_of_the_traces_has_the_proven_optimum() {
    let optima = optima();
    assert_eq!(optima.keys().collect::<Vec<_>>(), SITES);
    let mut compared = 0;
    for site in SITES {
        let trace = Trace::read(site);
        let deploys: Vec<_> = trace.deploys().collect();
        for (budget, rows) in &optima[site] {
            let (max_paths, max_wildcards) = budget.split_once('/').unwrap();
            let budget = Budget {
                max_paths: max_paths.parse().unwrap(),
                max_wildcards: max_wildcards.parse().unwrap(),
            };
            assert_eq!(rows.len(), deploys.len(), "{site}");
            for (row, paths) in rows.iter().zip(&deploys) {
                let plan = plan(&Problem {
                    budget,
                    ..Problem::new(paths)
                })
                .unwrap();
                let found = [
                    row[0],
                    plan.stale,
                    plan.path_count(),
                    plan.wildcard_count(),
                    plan.over_invalidated,
                ];
                assert_eq!(found, *row, "{site} at {budget:?}");
                assert!(plan.optimal);
                let left = check::uncovered(&plan.patterns, paths.stale().iter(), false);
                assert_eq!(left, Vec::<String>::new());
                compared += 1;
            }
        }
    }
    // Nine sites, three budgets, 991 deploys.
    assert_eq!(compared, 3 * 991);
}
