//! Replays the deploy histories of real sites, and prints how many invalidation paths each way of
//! planning needs and how many unchanged paths it evicts.
//!
//! ```text
//! cargo run --release --example replay            # all nine sites
//! cargo run --release --example replay -- drf     # one of them
//! ```
//!
//! The first table counts an index document under both of its names, as the product does by
//! default. The second one counts it once, as its directory, because that is what s3deploy does;
//! there our plan has as many paths as s3deploy may use, 8.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "it shares modules with the tests, reads files and prints"
)]

use std::collections::BTreeSet;

use cloudfront_delta::pattern::encode;
use cloudfront_delta::plan::{Budget, Collapse, Problem, plan};
use cloudfront_delta::viewer::ViewerPaths;

#[path = "../tests/it/plan_s3deploy.rs"]
mod plan_s3deploy;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/plan_traces.rs"]
mod plan_traces;

use plan_traces::{Deploy, SITES, Trace};

/// Paths sent and unchanged paths evicted, summed over deploys.
#[derive(Default, Clone, Copy)]
struct Total {
    paths: usize,
    evicted: usize,
}

impl Total {
    fn add(&mut self, paths: usize, evicted: usize) {
        self.paths += paths;
        self.evicted += evicted;
    }
}

const BOTH_NAMES: [&str; 5] = ["exact list", "/*", "plan 8/8", "plan 30/10", "plan 100/10"];
const BUDGETS: [(usize, usize); 3] = [(8, 8), (30, 10), (100, 10)];
const ONE_NAME: [&str; 2] = ["s3deploy", "plan 8/8"];

fn main() -> anyhow::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let sites = || {
        SITES
            .into_iter()
            .filter(|site| wanted.is_empty() || wanted.iter().any(|wanted| wanted == site))
    };
    anyhow::ensure!(
        sites().next().is_some(),
        "the sites are {}",
        SITES.join(", ")
    );
    print_table(
        "An index document under both names",
        &BOTH_NAMES,
        sites(),
        |deploy, totals| {
            let paths = deploy.viewer_paths(&cloudfront_delta::viewer::Mount::default());
            let (stale, kept) = (paths.stale().len(), paths.kept().len());
            totals[0].add(stale, 0);
            if stale > 0 {
                totals[1].add(1, kept);
            }
            for (total, budget) in totals[2..].iter_mut().zip(BUDGETS) {
                add_plan(total, &paths, budget)?;
            }
            Ok(())
        },
    )?;
    print_table(
        "An index document as its directory",
        &ONE_NAME,
        sites(),
        |deploy, totals| {
            let (paths, evicted) = plan_s3deploy::replay(deploy);
            totals[0].add(paths, evicted);
            let encoded = |files: &BTreeSet<String>| -> Vec<String> {
                let names = files.iter().map(|file| plan_s3deploy::single_name(file));
                names.map(|name| encode(&name)).collect()
            };
            let (stale, kept) = (encoded(&deploy.stale), encoded(&deploy.kept));
            let paths = ViewerPaths::new(
                stale.iter().map(String::as_str),
                kept.iter().map(String::as_str),
            );
            add_plan(&mut totals[1], &paths, BUDGETS[0])
        },
    )
}

fn add_plan(
    total: &mut Total,
    paths: &ViewerPaths,
    (max_paths, max_wildcards): (usize, usize),
) -> anyhow::Result<()> {
    let plan = plan(&Problem {
        budget: Budget {
            max_paths,
            max_wildcards,
        },
        collapse: Collapse::OverBudget,
        ..Problem::new(paths)
    })?;
    total.add(plan.path_count(), plan.over_invalidated);
    Ok(())
}

/// Prints, for each site and for all, what `add` adds up for each of the columns.
fn print_table<'a>(
    title: &str,
    columns: &[&str],
    sites: impl Iterator<Item = &'a str>,
    add: impl Fn(&Deploy, &mut [Total]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    println!("{title}: paths sent / unchanged paths evicted\n");
    print!("{:<15}{:>8}", "site", "deploys");
    for column in columns {
        print!("{column:>19}");
    }
    println!();
    let mut sums = vec![Total::default(); columns.len()];
    let mut deploys_in_all = 0;
    for site in sites {
        let mut totals = vec![Total::default(); columns.len()];
        let mut deploys = 0;
        for deploy in Trace::read(site).changed_files() {
            add(&deploy, &mut totals)?;
            deploys += 1;
        }
        print_row(site, deploys, &totals);
        deploys_in_all += deploys;
        for (sum, total) in sums.iter_mut().zip(totals) {
            sum.add(total.paths, total.evicted);
        }
    }
    print_row("all", deploys_in_all, &sums);
    println!();
    Ok(())
}

fn print_row(name: &str, deploys: usize, totals: &[Total]) {
    print!("{name:<15}{deploys:>8}");
    for total in totals {
        print!("{:>19}", format!("{} / {}", total.paths, total.evicted));
    }
    println!();
}
