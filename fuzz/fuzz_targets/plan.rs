//! Plans of small sites: what the planner finds passes the check that shares nothing with it, stays
//! within the budget, and touches nothing that is protected.
#![no_main]

use cloudfront_delta::pattern::{Pattern, Widen};
use cloudfront_delta::plan::{Budget, Collapse, Problem, check, plan};
use cloudfront_delta::viewer::{Mount, ViewerPaths};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    |input: (Vec<String>, Vec<String>, Option<String>, u8, u8, bool)| {
        let (stale, kept, protect, max_paths, max_wildcards, query_strings) = input;
        if stale.len() + kept.len() > 64 {
            return;
        }
        let is_file = |path: &&String| cloudfront_delta::listing::check_site_path(path).is_ok();
        let files = |paths: &[String]| paths.iter().filter(is_file).cloned().collect::<Vec<_>>();
        let (stale, kept) = (files(&stale), files(&kept));
        let paths = ViewerPaths::classify(
            &Mount::default(),
            stale.iter().map(String::as_str),
            kept.iter().map(String::as_str),
            std::iter::empty(),
        );
        let protect: Vec<_> = protect
            .and_then(|text| Pattern::parse(&text, Widen::No).ok())
            .into_iter()
            .collect();
        let budget = Budget {
            max_paths: usize::from(max_paths % 12),
            max_wildcards: usize::from(max_wildcards % 16),
        };
        let problem = Problem {
            protect: &protect,
            query_strings,
            collapse: Collapse::Always,
            budget,
            ..Problem::new(&paths)
        };
        let Ok(plan) = plan(&problem) else { return };
        let uncovered = check::uncovered(&plan.patterns, paths.stale().iter(), query_strings);
        assert_eq!(uncovered, [""; 0]);
        assert!(plan.path_count() <= budget.max_paths);
        assert!(plan.wildcard_count() <= budget.max_wildcards);
        assert!(plan.optimal);
        assert_eq!(check::touched(&plan.patterns, &protect), None);
    }
);
