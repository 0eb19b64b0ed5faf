//! The planner on large made-up sites: it has to come to an end, with proof.

use cloudfront_delta::plan::{Budget, Problem, check, plan};

use crate::plan_synthetic::{SHAPES, site, viewer_paths};

#[test]
fn large_sites_are_planned_to_the_end() {
    for shape in SHAPES {
        let paths = viewer_paths(&site(shape, 30_000));
        for (max_paths, max_wildcards) in [(30, 10), (100, 10), (1_000, 15)] {
            let budget = Budget {
                max_paths,
                max_wildcards,
            };
            let plan = plan(&Problem {
                budget,
                ..Problem::new(&paths)
            })
            .unwrap();
            assert!(plan.optimal, "{shape:?} at {budget:?}");
            assert!(plan.path_count() <= max_paths);
            assert!(plan.wildcard_count() <= max_wildcards);
            let left = check::uncovered(&plan.patterns, paths.stale().iter(), false);
            assert_eq!(left, Vec::<String>::new());
        }
    }
}
