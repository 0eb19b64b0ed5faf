//! The planner's settings, one row a rule, and what it says when nothing fits.

use cloudfront_delta::pattern::{Pattern, Widen};
use cloudfront_delta::plan::{Budget, Collapse, Problem, check, flush, plan, tradeoff};
use cloudfront_delta::viewer::{Aliases, Mount, PathPrefix, ViewerPaths, flush_patterns};

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts
        .iter()
        .map(|text| Pattern::parse(text, Widen::No).unwrap())
        .collect()
}

/// A problem in words, and its answer: the patterns, or the error.
struct Row {
    stale: &'static [&'static str],
    kept: &'static [&'static str],
    given: &'static [&'static str],
    protect: &'static [&'static str],
    query_strings: bool,
    collapse: Collapse,
    budget: (usize, usize),
}

const ROW: Row = Row {
    stale: &[],
    kept: &[],
    given: &[],
    protect: &[],
    query_strings: false,
    collapse: Collapse::OverBudget,
    budget: (30, 10),
};

impl Row {
    fn with<T>(&self, ask: impl FnOnce(&Problem) -> T) -> T {
        let paths = ViewerPaths::new(self.stale.iter().copied(), self.kept.iter().copied());
        ask(&Problem {
            given: &patterns(self.given),
            protect: &patterns(self.protect),
            query_strings: self.query_strings,
            collapse: self.collapse,
            budget: Budget {
                max_paths: self.budget.0,
                max_wildcards: self.budget.1,
            },
            ..Problem::new(&paths)
        })
    }

    #[track_caller]
    fn sends(&self, expected: &[&str]) {
        let plan = self.with(plan).unwrap();
        let found: Vec<&str> = plan.patterns.iter().map(Pattern::as_str).collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn fails(&self, expected: &str) {
        let error = self.with(plan).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn nothing_stale_needs_nothing() {
    Row {
        kept: &["/a"],
        ..ROW
    }
    .sends(&[]);
    Row {
        given: &["/b"],
        ..ROW
    }
    .sends(&["/b"]);
}

#[test]
fn what_cannot_be_named_is_covered_by_a_wildcard_that_ends_before_it() {
    Row {
        stale: &["/a/b%7E1.js"],
        ..ROW
    }
    .sends(&["/a/b*"]);
    Row {
        stale: &["/a/b'.js", "/a/c*"],
        ..ROW
    }
    .sends(&["/a/b*", "/a/c*"]);
    // What that covers is dropped, even though `!` sorts before the escape.
    Row {
        stale: &["/a/b!", "/a/b%7E1.js", "/a/bc%7E"],
        ..ROW
    }
    .sends(&["/a/b*"]);
}

#[test]
fn a_wildcard_never_cuts_a_character() {
    let stale = &["/%C3%A8", "/%C3%A9"];
    Row {
        stale,
        kept: &["/b"],
        budget: (1, 1),
        ..ROW
    }
    .sends(&["/*"]);
    Row {
        stale,
        kept: &["/b"],
        budget: (2, 1),
        ..ROW
    }
    .sends(&["/%C3%A8", "/%C3%A9"]);
}

#[test]
fn a_path_of_more_than_3999_characters_is_covered_by_a_wildcard() {
    let (fits, long) = ("a".repeat(3_998), "a".repeat(3_999));
    for (name, expected) in [(&fits, format!("/{fits}")), (&long, format!("/{fits}*"))] {
        let path = format!("/{name}");
        let paths = ViewerPaths::new([path.as_str()], []);
        let plan = plan(&Problem::new(&paths)).unwrap();
        assert_eq!(plan.patterns[0].as_str(), expected);
    }
}

#[test]
fn a_longer_list_is_collapsed_only_over_budget() {
    let row = Row {
        stale: &["/a/1", "/a/2", "/b"],
        kept: &["/c"],
        ..ROW
    };
    row.sends(&["/a/1", "/a/2", "/b"]);
    Row {
        budget: (2, 1),
        ..row
    }
    .sends(&["/a/*", "/b"]);
    Row {
        collapse: Collapse::Always,
        ..row
    }
    .sends(&["/a/*", "/b"]);
    Row {
        collapse: Collapse::Never,
        budget: (1, 0),
        ..row
    }
    .sends(&["/a/1", "/a/2", "/b"]);
}

#[test]
fn given_patterns_come_first() {
    let row = Row {
        stale: &["/a/1", "/a/2", "/b"],
        kept: &["/a/3"],
        given: &["/a/*"],
        ..ROW
    };
    row.sends(&["/a/*", "/b"]);
    let plan = row.with(plan).unwrap();
    assert_eq!(
        (plan.over_invalidated, plan.over_invalidated_by_given),
        (0, 1)
    );
    assert_eq!((plan.stale, plan.kept), (3, 1));
    // They are deducted from the budget, and none that is redundant is sent.
    Row { budget: (1, 1), ..row }
        .fails("`max-paths` 1 with `max-wildcards` 1 is not enough to cover every stale path; `max-paths` 2 would be");
    Row {
        given: &["/a/*", "/a/1", "/a/b/*", "/a/*"],
        ..row
    }
    .sends(&["/a/*", "/b"]);
    Row {
        given: &["/a/9"],
        collapse: Collapse::Always,
        ..row
    }
    .sends(&["/a/1", "/a/2", "/a/9", "/b"]);
    Row {
        given: &["/a/9"],
        kept: &["/c"],
        collapse: Collapse::Always,
        ..row
    }
    .sends(&["/a/*", "/b"]);
}

#[test]
fn no_wildcard_touches_what_is_protected() {
    let row = Row {
        stale: &["/a/1", "/a/2", "/b"],
        budget: (2, 2),
        ..ROW
    };
    Row {
        protect: &["/b*"],
        ..row
    }
    .sends(&["/a/*", "/b"]);
    let message = "`max-paths` 2 with `max-wildcards` 2 is not enough to cover every stale path; `max-paths` 3 would be";
    Row {
        protect: &["/a/x"],
        ..row
    }
    .fails(message);
    Row {
        protect: &["/a/*"],
        ..row
    }
    .fails(message);
    Row {
        protect: &["/a*"],
        ..row
    }
    .fails(message);
    Row { stale: &["/api/%7Ex"], protect: &["/api/*"], ..ROW }
        .fails("`/api/%7Ex` can only be covered by the wildcard `/api/*` or a shorter one, and `protect` has `/api/*`, which that would touch");
    Row {
        given: &["/*"],
        protect: &["/api/*"],
        ..ROW
    }
    .fails("the pattern `/*` would touch `/api/*`, which `protect` has");
}

#[test]
fn with_query_strings_each_path_needs_a_wildcard() {
    let row = Row {
        query_strings: true,
        kept: &["/c"],
        ..ROW
    };
    Row {
        stale: &["/a.html"],
        ..row
    }
    .sends(&["/a.html*"]);
    Row {
        stale: &["/docs/"],
        kept: &["/docs/a"],
        ..row
    }
    .sends(&["/docs/", "/docs/?*"]);
    Row {
        stale: &["/docs/", "/docs/index.html"],
        kept: &["/docs/a"],
        ..row
    }
    .sends(&["/docs/", "/docs/?*", "/docs/index.html*"]);
    Row {
        stale: &["/docs/", "/docs/index.html"],
        collapse: Collapse::Always,
        ..row
    }
    .sends(&["/docs/*"]);
    // A given exact path clears one version only; the pair lacks only its other half then.
    Row {
        stale: &["/docs/"],
        kept: &["/docs/a"],
        given: &["/docs/"],
        budget: (2, 1),
        ..row
    }
    .sends(&["/docs/", "/docs/?*"]);
    Row {
        stale: &["/a.html"],
        given: &["/a.html"],
        ..row
    }
    .sends(&["/a.html*"]);
}

#[test]
fn an_error_names_both_ways_out() {
    Row { stale: &["/a%7E", "/b%7E", "/c"], kept: &["/d"], protect: &["/x"], budget: (3, 1), ..ROW }
        .fails("`max-paths` 3 with `max-wildcards` 1 is not enough to cover every stale path; `max-wildcards` 2 would be");
    Row { stale: &["/a", "/b"], budget: (1, 0), ..ROW }
        .fails("`max-paths` 1 with `max-wildcards` 0 is not enough to cover every stale path; `max-paths` 2, or `max-wildcards` 1 would be");
    Row { stale: &["/a%7E", "/b", "/c"], protect: &["/x"], budget: (1, 0), ..ROW }
        .fails("`max-paths` 1 with `max-wildcards` 0 is not enough to cover every stale path; `max-paths` 3 with `max-wildcards` 1 would be");
}

fn flushed(row: &Row, mount: &Mount) -> (Vec<String>, usize, Option<String>) {
    row.with(|problem| {
        let (plan, note) = flush(problem, &flush_patterns(mount)).unwrap();
        let texts = plan
            .patterns
            .iter()
            .map(|p| p.as_str().to_owned())
            .collect();
        (
            texts,
            plan.over_invalidated,
            note.map(|note| note.to_string()),
        )
    })
}

#[test]
fn a_flush_covers_everything_below_the_prefix() {
    let row = Row {
        stale: &["/app/a"],
        kept: &["/app/b", "/app/c"],
        ..ROW
    };
    let mut mount = Mount {
        prefix: PathPrefix::parse("app").unwrap(),
        ..Mount::default()
    };
    assert_eq!(flushed(&row, &mount), (vec!["/app/*".to_owned()], 2, None));
    mount.aliases = Aliases {
        bare: true,
        ..Aliases::default()
    };
    assert_eq!(flushed(&row, &mount).0, ["/app", "/app/*"]);
    mount.query_strings = true;
    assert_eq!(flushed(&row, &mount).0, ["/app", "/app/*", "/app?*"]);
    let given = Row {
        given: &["/app/x", "/other"],
        ..row
    };
    assert_eq!(flushed(&given, &Mount::default()).0, ["/*"]);
}

#[test]
fn a_flush_with_something_protected_covers_all_known_paths() {
    let row = Row {
        stale: &["/a/1"],
        kept: &["/a/2", "/api/known", "/b"],
        protect: &["/api/*"],
        ..ROW
    };
    let (sent, evicted, note) = flushed(
        &Row {
            budget: (3, 10),
            ..row
        },
        &Mount::default(),
    );
    assert_eq!(sent, ["/a/*", "/api/known", "/b"]);
    assert_eq!(evicted, 3);
    assert_eq!(
        note.unwrap(),
        "the flush can't use `/*`, because `protect` has `/api/*`; it covers all known paths of the site instead",
    );
    let (sent, _, note) = flushed(
        &Row {
            protect: &[],
            budget: (4, 0),
            ..row
        },
        &Mount::default(),
    );
    assert_eq!(sent, ["/a/1", "/a/2", "/api/known", "/b"]);
    assert!(note.unwrap().contains("exceeds the budget"));
}

#[test]
fn the_check_finds_what_a_plan_misses() {
    let check = |sent: &[&str], query_strings| {
        let stale = ["/a", "/a/b", "/b/", "/~"].into_iter();
        check::uncovered(&patterns(sent), stale, query_strings)
    };
    assert_eq!(check(&["/*"], true), Vec::<String>::new());
    assert_eq!(check(&["/a", "/a/*", "/b/"], false), ["/~"]);
    assert_eq!(check(&["/a*", "/a/c*", "/b/"], false), ["/~"]);
    assert_eq!(check(&["/a", "/a/*", "/b/", "/b/?*"], true), ["/a", "/~"]);
    assert_eq!(check(&[], false).len(), 4);
    let touched = |sent: &[&str], protect: &[&str]| {
        check::touched(&patterns(sent), &patterns(protect)).is_some()
    };
    assert!(touched(&["/x", "/a*"], &["/api/*"]));
    assert!(touched(&["/api/v1/*"], &["/api/*"]));
    assert!(touched(&["/a*"], &["/api"]));
    assert!(!touched(&["/api/v1", "/apis*"], &["/api/*"]));
}

#[test]
fn a_plan_that_ran_out_of_work_says_so_and_is_within_its_gap() {
    // Forty folders, each of which saves and evicts a different number.
    let in_folders = |kind: &str, count: &dyn Fn(u32) -> u32| -> Vec<String> {
        let in_folder = |folder: u32| (0..count(folder)).map(move |n| (folder, n));
        let named = (10..50).flat_map(in_folder);
        named
            .map(|(folder, n)| format!("/{folder}/{kind}{n}"))
            .collect()
    };
    let stale = in_folders("x", &|folder| folder * 7 % 11 + 2);
    let kept = in_folders("xx", &|folder| folder * 13 % 17 + 1);
    let paths = ViewerPaths::new(
        stale.iter().map(String::as_str),
        kept.iter().map(String::as_str),
    );
    let full = Problem {
        budget: Budget {
            max_paths: 200,
            max_wildcards: 10,
        },
        ..Problem::new(&paths)
    };
    let best = plan(&full).unwrap();
    assert!(best.optimal);
    let short = Problem {
        work_limit: 20,
        ..full
    };
    let plan = plan(&short).unwrap();
    assert!(!plan.optimal);
    assert!(plan.path_count() <= 200 && plan.wildcard_count() <= 10);
    assert!(plan.over_invalidated >= best.over_invalidated);
    assert!(plan.over_invalidated - plan.gap <= best.over_invalidated);
    assert_eq!(
        check::uncovered(&plan.patterns, paths.stale().iter(), false),
        Vec::<String>::new()
    );
}

#[test]
fn every_point_of_the_curve_is_the_optimum_for_its_number_of_patterns() {
    let stale: Vec<String> = (0..60)
        .map(|n: u32| format!("/{:03}", n * n % 997))
        .collect();
    let kept: Vec<String> = (0..333)
        .map(|n: u32| format!("/{:03}", n * 3 + 1))
        .collect();
    let paths = ViewerPaths::new(
        stale.iter().map(String::as_str),
        kept.iter().map(String::as_str),
    );
    let problem = Problem {
        collapse: Collapse::Always,
        ..Problem::new(&paths)
    };
    let curve = tradeoff(&problem).unwrap();
    assert!(curve.len() > 5, "{curve:?}");
    for pair in curve.windows(2) {
        assert!(pair[0].paths < pair[1].paths);
        assert!(pair[0].over_invalidated > pair[1].over_invalidated);
    }
    for point in curve {
        let budget = Budget {
            max_paths: point.paths,
            ..problem.budget
        };
        let plan = plan(&Problem { budget, ..problem }).unwrap();
        assert_eq!(
            (plan.path_count(), plan.over_invalidated),
            (point.paths, point.over_invalidated),
        );
    }
}
