//! From a site and its record to the patterns for each target. Pure.

use std::collections::BTreeSet;

use crate::changes::Changes;
use crate::doubt::Doubt;
use crate::failure::{Code, Failure};
use crate::inputs::Deploy;
use crate::listing::Listing;
use crate::pattern::Pattern;
use crate::plan::{
    Budget, Collapse, DEFAULT_WORK_LIMIT, NoPlan, Plan, Problem, TradeoffPoint, check, flush, plan,
    tradeoff,
};
use crate::record::{Record, Scope};
use crate::viewer::{Aliases, Mount, PathPrefix, ViewerPaths, flush_patterns};

/// How many uncovered paths the report of a defect shows.
const SHOWN: usize = 5;

/// The patterns for a deploy.
#[derive(Debug)]
pub struct Planned {
    /// For the targets that have what the record says; the plan to report.
    pub plan: Plan,
    /// What other budgets would buy.
    pub tradeoff: Vec<TradeoffPoint>,
    /// For targets that the record does not know: everything.
    pub flush: Option<Plan>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Plans the difference, or with a doubt everything. `new_targets` says whether some target needs a
/// flush of its own.
///
/// # Errors
/// If no plan is within the budgets, or (a defect) the check finds a stale path that is not
/// covered.
pub fn planned(
    deploy: &Deploy,
    record: &Record,
    site: &Listing,
    changes: &Changes,
    doubt: Option<&Doubt>,
    new_targets: bool,
) -> Result<Planned, Failure> {
    let mut warnings = Vec::new();
    let everything = |warnings: &mut Vec<String>| everything(deploy, record, site, warnings);
    if doubt.is_some() {
        let plan = everything(&mut warnings)?;
        return Ok(Planned {
            plan,
            tradeoff: Vec::new(),
            flush: None,
            warnings,
        });
    }
    let mount = &deploy.mount;
    let paths = ViewerPaths::classify(mount, changes.stale(), changes.kept(), changes.skipped());
    let given = if paths.stale().is_empty() {
        Vec::new()
    } else {
        given(deploy, changes)
    };
    let problem = Problem {
        given: &given,
        ..problem(deploy, &paths, deploy.budget)
    };
    let plan = plan(&problem).map_err(|error| no_plan(&error))?;
    verify(&plan, &paths, mount.query_strings)?;
    // Where nothing is ever collapsed, budgets mean nothing.
    let curve = deploy.collapse != Collapse::Never && !paths.stale().is_empty();
    let tradeoff = if curve {
        tradeoff(&problem).unwrap_or_default()
    } else {
        Vec::new()
    };
    let flush = if new_targets {
        Some(everything(&mut warnings)?)
    } else {
        None
    };
    Ok(Planned {
        plan,
        tradeoff,
        flush,
        warnings,
    })
}

/// The patterns that come first: `always-invalidate`, `on-change` lines whose glob matches a stale
/// file, and tags.
fn given(deploy: &Deploy, changes: &Changes) -> Vec<Pattern> {
    let fired = deploy
        .on_change
        .iter()
        .filter(|line| changes.stale().any(|path| line.glob.is_match(path)))
        .map(|line| &line.pattern);
    deploy
        .always_invalidate
        .iter()
        .chain(fired)
        .chain(&deploy.tags_on_change)
        .cloned()
        .collect()
}

/// A flush: everything below the mount, and below those that the record has other settings for.
fn everything(
    deploy: &Deploy,
    record: &Record,
    site: &Listing,
    warnings: &mut Vec<String>,
) -> Result<Plan, Failure> {
    let unsettled = record.unsettled.paths();
    let remembered = || {
        let files = record.files.iter().map(|(path, _)| path);
        files.chain(unsettled.iter().map(String::as_str))
    };
    let known = site.iter().map(|(path, _)| path).chain(remembered());
    let nothing = std::iter::empty;
    let mut mounts = vec![deploy.mount.clone()];
    let mut paths = ViewerPaths::classify(&deploy.mount, known, nothing(), nothing());
    let intended = record.intent.as_ref().map(|intent| &intent.scope);
    for scope in [Some(&record.scope), intended].into_iter().flatten() {
        let Some(mount) = mount_of(scope).filter(|mount| !mounts.contains(mount)) else {
            continue;
        };
        let there = ViewerPaths::classify(&mount, remembered(), nothing(), nothing());
        let both = paths.stale().iter().chain(there.stale().iter());
        paths = ViewerPaths::new(both, nothing());
        mounts.push(mount);
    }
    let patterns: BTreeSet<_> = mounts.iter().flat_map(flush_patterns).collect();
    let patterns: Vec<_> = patterns.into_iter().collect();
    let mut given = deploy.tags_on_change.clone();
    given.extend(deploy.always_invalidate.iter().cloned());
    // A flush is what doubt demands, and it is one path: no budget is worth stale bytes.
    let least = patterns.len() + given.len();
    let budget = Budget {
        max_paths: deploy.budget.max_paths.max(least),
        max_wildcards: deploy.budget.max_wildcards.max(least),
    };
    let query_strings = mounts.iter().any(|mount| mount.query_strings);
    let problem = Problem {
        given: &given,
        query_strings,
        ..problem(deploy, &paths, budget)
    };
    let planned = match flush(&problem, &patterns) {
        Err(NoPlan::OverBudget {
            least_paths,
            least_wildcards,
            naming,
            ..
        }) => {
            let budget = enough(budget, least_paths, least_wildcards, naming);
            flush(&Problem { budget, ..problem }, &patterns)
        }
        planned => planned,
    };
    let (plan, note) = planned.map_err(|error| no_plan(&error))?;
    let over = plan.path_count() > budget.max_paths || plan.wildcard_count() > budget.max_wildcards;
    warnings.extend(note.map(|note| note.to_string()));
    if over && deploy.collapse != Collapse::Never {
        warnings.push(format!(
            "the flush takes {} paths, {} of them wildcards, though `max-paths` is {} and `max-wildcards` {}: fewer \
             would leave something stale",
            plan.path_count(),
            plan.wildcard_count(),
            deploy.budget.max_paths,
            deploy.budget.max_wildcards
        ));
    }
    verify(&plan, &paths, query_strings)?;
    Ok(plan)
}

/// The least budget that is enough: more wildcards rather than more paths, which cost money. More
/// than CloudFront takes at a time are sent in batches.
fn enough(
    budget: Budget,
    least_paths: Option<usize>,
    least_wildcards: Option<usize>,
    naming: Budget,
) -> Budget {
    match (least_wildcards, least_paths) {
        (Some(max_wildcards), _) => Budget {
            max_wildcards,
            ..budget
        },
        (None, Some(max_paths)) => Budget {
            max_paths,
            ..budget
        },
        (None, None) => naming,
    }
}

fn problem<'a>(deploy: &'a Deploy, paths: &'a ViewerPaths, budget: Budget) -> Problem<'a> {
    Problem {
        paths,
        given: &[],
        protect: &deploy.protect,
        query_strings: deploy.mount.query_strings,
        collapse: deploy.collapse,
        budget,
        work_limit: DEFAULT_WORK_LIMIT,
    }
}

/// How a recorded scope makes viewer paths; `None` if its prefix is none (a record that was edited
/// by hand).
fn mount_of(scope: &Scope) -> Option<Mount> {
    let has = |alias: &str| scope.aliases.iter().any(|name| name == alias);
    Some(Mount {
        prefix: PathPrefix::parse(&scope.path_prefix).ok()?,
        index_documents: scope.index_documents.clone(),
        aliases: Aliases {
            slash: has("slash"),
            bare: has("bare"),
            extensionless: has("extensionless"),
        },
        query_strings: scope.query_strings,
    })
}

/// Promise 1, checked by code that shares nothing with the planner.
fn verify(plan: &Plan, paths: &ViewerPaths, query_strings: bool) -> Result<(), Failure> {
    let stale = paths.stale().iter();
    let uncovered = check::uncovered(&plan.patterns, stale, query_strings);
    if uncovered.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = uncovered.iter().take(SHOWN).map(String::as_str).collect();
    let what = format!(
        "the plan misses {} stale paths, such as {}: this is a defect of this program",
        uncovered.len(),
        shown.join(", ")
    );
    Err(Failure::new(Code::PlanUncovered, what)
        .hint("please report it with the JSON report; `flush: true` gets this deploy through"))
}

fn no_plan(error: &NoPlan) -> Failure {
    Failure::new(Code::NoPlan, error.to_string()).hint(match error {
        NoPlan::OverBudget { .. } => "set what the message says, or `flush: true` once",
        NoPlan::Protected { .. } => "narrow the protected pattern, or rename the file",
        NoPlan::GivenProtected { .. } => {
            "narrow the protected pattern, or the one of `always-invalidate` or `on-change`"
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Widen;

    /// No planner that is right makes such a plan, so no whole run can show that it is refused.
    #[test]
    fn a_plan_that_misses_a_stale_path_is_refused() {
        let paths = ViewerPaths::new(["/a", "/b", "/docs/"], ["/kept"]);
        let patterns = |texts: &[&str]| {
            let parse = |text: &&str| Pattern::parse(text, Widen::No).unwrap();
            texts.iter().map(parse).collect()
        };
        let verify = |texts: &[&str], query_strings| {
            let plan = Plan {
                patterns: patterns(texts),
                ..Plan::default()
            };
            verify(&plan, &paths, query_strings)
        };
        let rows: [(&[&str], bool, Option<&str>); 5] = [
            (&["/a", "/b", "/docs/"], false, None),
            (&["/a*", "/b*", "/docs/", "/docs/?*"], true, None),
            (
                &["/a", "/docs/*"],
                false,
                Some("misses 1 stale paths, such as /b:"),
            ),
            (&["/kept"], false, Some("such as /a, /b, /docs/:")),
            (&["/a*", "/b*", "/docs/"], true, Some("such as /docs/:")),
        ];
        for (texts, query_strings, expected) in rows {
            match (verify(texts, query_strings), expected) {
                (Ok(()), None) => {}
                (Err(failure), Some(expected)) => {
                    assert_eq!(failure.code, Code::PlanUncovered, "{texts:?}");
                    assert!(failure.what.contains(expected), "{}", failure.what);
                }
                (found, _) => panic!("{texts:?}: {found:?}"),
            }
        }
    }
}
