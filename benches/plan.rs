//! How long planning takes: the deploys of real sites, and made-up sites of up to a million viewer
//! paths. `benches/README.md` has the figures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "it shares modules with the tests and reads files"
)]

use std::hint::black_box;
use std::time::Duration;

use cloudfront_delta::plan::{Budget, Problem, plan, tradeoff};
use cloudfront_delta::viewer::ViewerPaths;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "../tests/it/plan_synthetic.rs"]
mod plan_synthetic;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/plan_traces.rs"]
mod plan_traces;

use plan_synthetic::{SHAPES, Shape, site, viewer_paths};
use plan_traces::{SITES, Trace};

/// Patterns and wildcards.
const BUDGETS: [(usize, usize); 3] = [(30, 10), (100, 10), (1000, 15)];

fn problem(paths: &ViewerPaths, (max_paths, max_wildcards): (usize, usize)) -> Problem<'_> {
    Problem {
        budget: Budget {
            max_paths,
            max_wildcards,
        },
        ..Problem::new(paths)
    }
}

/// All deploys of a site one after the other.
fn traces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trace");
    group.sample_size(10);
    for site in SITES {
        let deploys: Vec<ViewerPaths> = Trace::read(site).deploys().collect();
        for budget in BUDGETS {
            let id = BenchmarkId::new(site, format!("{}-{}", budget.0, budget.1));
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    for paths in &deploys {
                        black_box(plan(&problem(paths, budget)).is_ok());
                    }
                });
            });
        }
    }
    group.finish();
}

/// A million viewer paths, a tenth of them stale.
fn million(criterion: &mut Criterion) {
    const PATHS: u64 = 1_000_000;
    let mut group = criterion.benchmark_group("million");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    for shape in SHAPES {
        let files = site(shape, PATHS);
        group.bench_function(
            BenchmarkId::new("classify", format!("{shape:?}")),
            |bencher| {
                bencher.iter(|| viewer_paths(&files));
            },
        );
        let paths = viewer_paths(&files);
        for budget in BUDGETS {
            let id = format!("{shape:?}/{}-{}", budget.0, budget.1);
            group.bench_function(BenchmarkId::new("plan", id), |bencher| {
                bencher.iter(|| plan(&problem(&paths, budget)).is_ok());
            });
        }
        group.bench_function(
            BenchmarkId::new("tradeoff", format!("{shape:?}")),
            |bencher| {
                bencher.iter(|| tradeoff(&problem(&paths, BUDGETS[0])).is_ok());
            },
        );
    }
    group.finish();
}

/// From ten thousand to a million viewer paths, from the lists of files to the plan.
fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    for paths in [10_000, 30_000, 100_000, 300_000, 1_000_000] {
        let files = site(Shape::Scattered, paths);
        group.throughput(Throughput::Elements(paths));
        group.bench_function(BenchmarkId::from_parameter(paths), |bencher| {
            bencher.iter(|| plan(&problem(&viewer_paths(&files), BUDGETS[0])).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, traces, million, growth);
criterion_main!(benches);
