//! The planner against a brute force that tries every cover, on small adversarial sites.
//!
//! The brute force shares nothing with the planner: it encodes characters itself, looks at *every*
//! prefix of every stale path rather than at common ones, and enumerates covers path by path.

use std::collections::BTreeSet;

use cloudfront_delta::pattern::{Pattern, Widen};
use cloudfront_delta::plan::{Budget, Collapse, NoPlan, Plan, Problem, check, plan};
use cloudfront_delta::viewer::ViewerPaths;
use proptest::prelude::*;

/// A viewer path as its encoded characters, the leading slash among them.
type Path = Vec<String>;

/// The alphabet: separators, characters that cannot be named, escapes, multi-byte characters that
/// share their first bytes, and characters that sort before `%`, `*` and `/`.
const ALPHABET: [&str; 13] = [
    "a",
    "b",
    "/",
    "%7E",
    "'",
    "*",
    "%25",
    "%C3%A9",
    "%C3%A8",
    "%E6%BC%A2",
    "%E6%BC%A3",
    "!",
    "-",
];
const UNNAMEABLE: [&str; 3] = ["%7E", "'", "*"];

fn text(path: &[String]) -> String {
    path.concat()
}

fn is_nameable(path: &[String]) -> bool {
    !path.iter().any(|c| UNNAMEABLE.contains(&c.as_str()))
}

/// A small problem, with the sets as the planner must understand them.
#[derive(Debug, Clone)]
struct Case {
    stale: Vec<Path>,
    kept: Vec<Path>,
    given: Vec<String>,
    protect: Vec<String>,
    query_strings: bool,
    max_paths: usize,
    max_wildcards: usize,
}

/// What decides between covers, least first: kept paths, patterns, wildcards; then path by path
/// how it is covered: 0 by itself, otherwise by a wildcard, the longer the less.
type Rank = (usize, usize, usize, Vec<isize>);

struct Brute<'a> {
    case: &'a Case,
    /// Sorted.
    stale: Vec<&'a Path>,
    kept: Vec<String>,
    given_exact: BTreeSet<&'a str>,
    given_prefixes: Vec<&'a str>,
    max_paths: usize,
    max_wildcards: usize,
    best: Option<(Rank, BTreeSet<String>)>,
}

fn touches(prefix: &str, protect: &[String]) -> bool {
    protect
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(other) => other.starts_with(prefix) || prefix.starts_with(other),
            None => pattern.starts_with(prefix),
        })
}

impl<'a> Brute<'a> {
    /// The best cover's rank and patterns (without the given ones); nothing if there is none.
    fn solve(case: &'a Case) -> Option<(Rank, BTreeSet<String>)> {
        let given: BTreeSet<&str> = case.given.iter().map(String::as_str).collect();
        let is_under_another = |pattern: &str| {
            given.iter().any(|other| {
                *other != pattern
                    && other
                        .strip_suffix('*')
                        .is_some_and(|prefix| pattern.starts_with(prefix))
            })
        };
        let given: Vec<&str> = given
            .iter()
            .copied()
            .filter(|p| !is_under_another(p))
            .collect();
        let given_prefixes: Vec<&str> = given.iter().filter_map(|p| p.strip_suffix('*')).collect();
        let given_exact: BTreeSet<&str> = given
            .iter()
            .copied()
            .filter(|p| !p.ends_with('*'))
            .collect();
        let begins = |path: &str| given_prefixes.iter().any(|prefix| path.starts_with(prefix));
        let evicted = |path: &str| begins(path) || given_exact.contains(path);
        let mut stale: Vec<&Path> = case
            .stale
            .iter()
            .filter(|path| {
                let path = text(path);
                let done = if case.query_strings {
                    evicted(&path) && begins(&format!("{path}?"))
                } else {
                    evicted(&path)
                };
                !done
            })
            .collect();
        stale.sort_by_key(|path| text(path));
        let kept = case
            .kept
            .iter()
            .map(|p| text(p))
            .filter(|p| !evicted(p))
            .collect();
        let mut brute = Brute {
            case,
            stale,
            kept,
            max_paths: case.max_paths.checked_sub(given.len())?,
            max_wildcards: case.max_wildcards.checked_sub(given_prefixes.len())?,
            given_exact,
            given_prefixes,
            best: None,
        };
        brute.extend(0, &mut BTreeSet::new(), &mut Vec::new());
        brute.best
    }

    /// Tries every way to cover the stale paths from number `at` on.
    fn extend(&mut self, at: usize, patterns: &mut BTreeSet<String>, how: &mut Vec<isize>) {
        let Some(path) = self.stale.get(at).copied() else {
            self.judge(patterns, how);
            return;
        };
        let whole = text(path);
        let over = patterns.iter().find_map(|pattern| {
            let prefix = pattern.strip_suffix('*')?;
            whole.starts_with(prefix).then_some(prefix.len())
        });
        if let Some(length) = over {
            how.push(-length.cast_signed());
            self.extend(at + 1, patterns, how);
            how.pop();
            return;
        }
        for end in 1..=path.len() {
            let prefix = text(&path[..end]);
            if is_nameable(&path[..end]) && !touches(&prefix, &self.case.protect) {
                self.with(
                    at,
                    vec![format!("{prefix}*")],
                    -prefix.len().cast_signed(),
                    patterns,
                    how,
                );
            }
        }
        if !is_nameable(path) {
            return;
        }
        if !self.case.query_strings {
            self.with(at, vec![whole], isize::MIN, patterns, how);
        } else if whole.ends_with('/') && !touches(&format!("{whole}?"), &self.case.protect) {
            let mut pair = Vec::new();
            if !self.given_exact.contains(whole.as_str()) {
                pair.push(whole.clone());
            }
            if !self.given_prefixes.contains(&format!("{whole}?").as_str()) {
                pair.push(format!("{whole}?*"));
            }
            self.with(at, pair, isize::MIN, patterns, how);
        }
    }

    fn with(
        &mut self,
        at: usize,
        add: Vec<String>,
        rank: isize,
        patterns: &mut BTreeSet<String>,
        how: &mut Vec<isize>,
    ) {
        let new: Vec<String> = add.into_iter().filter(|p| !patterns.contains(p)).collect();
        if patterns.len() + new.len() <= self.max_paths {
            patterns.extend(new.iter().cloned());
            how.push(rank);
            self.extend(at + 1, patterns, how);
            how.pop();
            for pattern in &new {
                patterns.remove(pattern);
            }
        }
    }

    fn judge(&mut self, patterns: &BTreeSet<String>, how: &[isize]) {
        let prefixes: Vec<&str> = patterns
            .iter()
            .filter_map(|p| p.strip_suffix('*'))
            .collect();
        if prefixes.len() > self.max_wildcards {
            return;
        }
        let is_hit = |path: &&String| prefixes.iter().any(|prefix| path.starts_with(prefix));
        let kept = self.kept.iter().filter(is_hit).count();
        let rank = (kept, patterns.len(), prefixes.len(), how.to_vec());
        if self.best.as_ref().is_none_or(|(best, _)| rank < *best) {
            self.best = Some((rank, patterns.clone()));
        }
    }
}

fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts
        .iter()
        .map(|text| Pattern::parse(text, Widen::No).unwrap())
        .collect()
}

fn solve(case: &Case, collapse: Collapse) -> Result<Plan, NoPlan> {
    let stale: Vec<String> = case.stale.iter().map(|path| text(path)).collect();
    let kept: Vec<String> = case.kept.iter().map(|path| text(path)).collect();
    let paths = ViewerPaths::new(
        stale.iter().map(String::as_str),
        kept.iter().map(String::as_str),
    );
    plan(&Problem {
        given: &patterns(&case.given),
        protect: &patterns(&case.protect),
        query_strings: case.query_strings,
        collapse,
        budget: Budget {
            max_paths: case.max_paths,
            max_wildcards: case.max_wildcards,
        },
        ..Problem::new(&paths)
    })
}

/// The given patterns and the chosen ones, without what a wildcard among them covers.
fn joined(given: &[String], chosen: &BTreeSet<String>) -> Vec<String> {
    let all: BTreeSet<&String> = given.iter().chain(chosen).collect();
    let is_covered = |pattern: &str| {
        all.iter().any(|other| {
            *other != pattern
                && other
                    .strip_suffix('*')
                    .is_some_and(|prefix| pattern.starts_with(prefix))
        })
    };
    all.iter()
        .filter(|p| !is_covered(p))
        .map(|p| (*p).clone())
        .collect()
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.patterns
        .iter()
        .map(|p| p.as_str().to_owned())
        .collect()
}

/// Holds the planner's answer to the brute force's.
fn compare(case: &Case) -> Result<(), TestCaseError> {
    let expected = Brute::solve(case);
    let found = solve(case, Collapse::Always);
    match (expected, found) {
        (Some((rank, chosen)), Ok(plan)) => {
            prop_assert!(plan.optimal);
            prop_assert_eq!(plan.over_invalidated, rank.0, "{:?}", plan);
            prop_assert_eq!(
                texts(&plan),
                joined(&case.given, &chosen),
                "rank {:?}",
                rank
            );
            let stale: Vec<String> = case.stale.iter().map(|path| text(path)).collect();
            let left = check::uncovered(
                &plan.patterns,
                stale.iter().map(String::as_str),
                case.query_strings,
            );
            prop_assert_eq!(left, Vec::<String>::new());
            let protect = patterns(&case.protect);
            prop_assert_eq!(check::touched(&plan.patterns, &protect), None);
        }
        (None, Err(error)) => hold_to_its_word(case, &error)?,
        (expected, found) => prop_assert!(false, "expected {expected:?}, found {found:?}"),
    }
    Ok(())
}

/// More patterns than any of these problems can need.
const MANY: usize = 40;

/// Whether what an error offers is enough, and the least that is.
fn hold_to_its_word(case: &Case, error: &NoPlan) -> Result<(), TestCaseError> {
    let feasible = |max_paths: usize, max_wildcards: usize| {
        let other = Case {
            max_paths,
            max_wildcards,
            ..case.clone()
        };
        Brute::solve(&other).is_some()
    };
    match error {
        NoPlan::OverBudget {
            least_paths,
            least_wildcards,
            naming,
            ..
        } => {
            let paths = (0..MANY).find(|&paths| feasible(paths, case.max_wildcards));
            prop_assert_eq!(*least_paths, paths, "paths: {}", error);
            let wildcards = (0..MANY).find(|&wildcards| feasible(case.max_paths, wildcards));
            prop_assert_eq!(*least_wildcards, wildcards, "wildcards: {}", error);
            prop_assert!(feasible(naming.max_paths, naming.max_wildcards));
        }
        NoPlan::Protected {
            path,
            wildcard,
            protected,
        } => {
            prop_assert!(!feasible(MANY, MANY), "{error}");
            let protect = [protected.as_str().to_owned()];
            let prefix = wildcard.as_str().strip_suffix('*').unwrap();
            prop_assert!(touches(prefix, &protect) && path.starts_with(prefix));
        }
        NoPlan::GivenProtected { .. } => prop_assert!(false, "{error}"),
    }
    Ok(())
}

fn path() -> impl Strategy<Value = Path> {
    let part = prop_oneof![
        3 => prop::sample::select(vec!["a", "b", "/"]),
        2 => prop::sample::select(ALPHABET.to_vec()),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| {
        let mut path = vec!["/".to_owned()];
        path.extend(parts.into_iter().map(str::to_owned));
        path
    })
}

fn sites() -> impl Strategy<Value = (Vec<Path>, Vec<Path>)> {
    (
        prop::collection::btree_set(path(), 0..8),
        prop::collection::btree_set(path(), 0..14),
    )
        .prop_map(|(stale, kept)| {
            let kept = kept
                .into_iter()
                .filter(|path| !stale.contains(path))
                .collect();
            (stale.into_iter().collect(), kept)
        })
}

/// A nameable prefix with a `*`, or a nameable path.
fn pattern() -> impl Strategy<Value = String> {
    (path(), any::<bool>()).prop_map(|(path, wildcard)| {
        let nameable: Path = path
            .into_iter()
            .take_while(|c| is_nameable(std::slice::from_ref(c)))
            .collect();
        format!("{}{}", text(&nameable), if wildcard { "*" } else { "" })
    })
}

fn plain_case() -> impl Strategy<Value = Case> {
    (sites(), 0..7_usize, 0..4_usize).prop_map(|((stale, kept), max_paths, max_wildcards)| Case {
        stale,
        kept,
        given: Vec::new(),
        protect: Vec::new(),
        query_strings: false,
        max_paths,
        max_wildcards,
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    (
        plain_case(),
        prop::collection::vec(pattern(), 0..3),
        prop::collection::vec(pattern(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(case, given, protect, query_strings)| {
            let given = given
                .into_iter()
                .filter(|p| {
                    p.strip_suffix('*')
                        .is_none_or(|prefix| !touches(prefix, &protect))
                })
                .collect();
            Case {
                given,
                protect,
                query_strings,
                ..case
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_is_the_best_of_all_covers(case in plain_case()) {
        compare(&case)?;
    }

    #[test]
    fn so_it_is_with_every_setting(case in any_case()) {
        compare(&case)?;
    }

    #[test]
    fn so_it_is_with_query_strings(case in plain_case()) {
        compare(&Case { query_strings: true, ..case })?;
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        (case, other) in any_case().prop_flat_map(|case| {
            let shuffled = (
                Just(case.stale.clone()).prop_shuffle(),
                Just(case.kept.clone()).prop_shuffle(),
                Just(case.given.clone()).prop_shuffle(),
                Just(case.protect.clone()).prop_shuffle(),
            );
            let with = case.clone();
            let shuffled = shuffled.prop_map(move |(stale, kept, given, protect)| Case {
                stale, kept, given, protect, ..with.clone()
            });
            (Just(case), shuffled)
        })
    ) {
        let (one, two) = (solve(&case, Collapse::Always), solve(&other, Collapse::Always));
        prop_assert_eq!(one.map(|plan| plan.patterns).ok(), two.map(|plan| plan.patterns).ok());
    }
}
