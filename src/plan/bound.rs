//! Lower bounds on what a cover costs, by Lagrangian relaxation of both budgets.
//!
//! # The objective as one number
//!
//! Kept paths, patterns and wildcards are weighed so that a sum of weights orders plans as the
//! three numbers do one after the other: with at most B patterns and W wildcards, a wildcard weighs
//! 1, a pattern W + 1, a kept path (W + 1)·(B + 1). All weights are multiplied by [`SCALE`], which
//! gives multipliers a fraction; arithmetic is in `i128` and exact.
//!
//! # The relaxation
//!
//! For prices λ, μ ≥ 0 drop both budgets, and charge λ more for each pattern and μ more for each
//! wildcard. The cheapest cover is then found in one pass from the leaves to the root:
//!
//! ```text
//! open(v) = price of what v itself sends + Σ best(c) over children c     (∞ if v is needed)
//! best(v) = min(open(v), price of the wildcard v)                        (∞ if it is illegal)
//! ```
//!
//! The root's wildcard is left out of this. It is a cover by itself, often the best one, and so
//! cheap in patterns that mixtures of it and a cover far over budget would undercut
//! everything: the bound would be true and useless.
//!
//! A cover within budget pays at most λ·B + μ·W too much, so open(root) − λ·B − μ·W is no greater
//! than what the best of them costs. This holds for all prices; [`Relaxation::new`] looks for those
//! that make it greatest, and keeps the cheapest relaxed cover that is within budget. As a function
//! of the prices the bound is the least of finitely many planes, one for each cover, so it is
//! concave, and each pass yields a plane: the next prices are where the planes seen so far allow
//! most (Kelley's cutting planes). Prices need not be the best ones: they decide how much the
//! search prunes, never what it finds.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "floating point only suggests the next prices; every bound is exact"
)]

use super::Budget;
use super::tree::{NO_PARENT, Node, Tree};

/// Units of an objective's weight.
const SCALE: i128 = 1 << 20;

/// More than any cover costs, even of ten million stale paths without budgets (below 2¹²⁰ in
/// these units). Sums are held down to it, so that they never overflow.
const INFINITE: i128 = 1 << 124;

/// How many pairs of prices are tried at most. Real sites need 5 to 20.
const MAX_TRIALS: usize = 40;

/// What a cover's parts cost: weights of the objective, and multipliers on top of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prices {
    pub(super) kept: i128,
    pub(super) path: i128,
    pub(super) wildcard: i128,
}

impl Prices {
    /// The weights that order plans within `budget` by kept paths, patterns, wildcards.
    pub(super) fn objective(budget: Budget) -> Self {
        let wildcard = SCALE;
        let path = wildcard * (as_price(budget.max_wildcards) + 1);
        let kept = path * (as_price(budget.max_paths) + 1);
        Self {
            kept,
            path,
            wildcard,
        }
    }

    /// The price of a part of a cover.
    pub(super) fn of(&self, kept: u64, paths: u32, wildcards: u32) -> i128 {
        self.kept * i128::from(kept)
            + self.path * i128::from(paths)
            + self.wildcard * i128::from(wildcards)
    }

    /// The price of the wildcard `node` as a part of a cover.
    pub(super) fn of_wildcard(&self, node: &Node) -> i128 {
        if node.is_part() {
            self.of(u64::from(node.kept), 1, 1)
        } else {
            INFINITE
        }
    }

    /// The price of what `node` sends itself if its wildcard is left out.
    pub(super) fn of_own(&self, node: &Node) -> i128 {
        if node.optional {
            self.of(0, node.own_paths, node.own_wildcards)
        } else {
            INFINITE
        }
    }

    /// What a cover that exhausts `budget` pays more at these prices than at `objective`.
    pub(super) fn surcharge(&self, objective: &Self, budget: Budget) -> i128 {
        (self.path - objective.path) * as_price(budget.max_paths)
            + (self.wildcard - objective.wildcard) * as_price(budget.max_wildcards)
    }
}

fn as_price(count: usize) -> i128 {
    // A `usize` has at most 64 bits on every platform there is.
    i128::try_from(count).unwrap_or(i128::from(u64::MAX))
}

/// The cheapest cover of the paths below a node.
#[derive(Debug, Clone, Copy, Default)]
struct Relaxed {
    price: i128,
    paths: u64,
    wildcards: u64,
}

/// For each node, the price of the cheapest cover of what is below it that leaves its wildcard out.
pub(super) fn open_prices(tree: &Tree, prices: &Prices) -> Vec<i128> {
    let mut open = vec![0; tree.nodes.len()];
    for (number, node) in tree.nodes.iter().enumerate() {
        open[number] = INFINITE.min(open[number] + prices.of_own(node));
        let best = open[number].min(prices.of_wildcard(node));
        if node.parent != NO_PARENT {
            let parent = &mut open[node.parent as usize];
            *parent = INFINITE.min(*parent + best);
        }
    }
    open
}

/// The cheapest cover at `prices`, budgets and the root's wildcard aside.
fn relax(tree: &Tree, prices: &Prices, open: &mut [Relaxed]) -> Relaxed {
    open.fill(Relaxed::default());
    let mut best = Relaxed::default();
    for (number, node) in tree.nodes.iter().enumerate() {
        best = open[number];
        best.price = INFINITE.min(best.price + prices.of_own(node));
        best.paths += u64::from(node.own_paths);
        best.wildcards += u64::from(node.own_wildcards);
        let wildcard = prices.of_wildcard(node);
        if wildcard <= best.price {
            best = Relaxed {
                price: wildcard,
                paths: 1,
                wildcards: 1,
            };
        }
        if node.parent != NO_PARENT {
            let parent = &mut open[node.parent as usize];
            parent.price = INFINITE.min(parent.price + best.price);
            parent.paths += best.paths;
            parent.wildcards += best.wildcards;
        }
    }
    best
}

/// The wildcards of the cheapest cover at `prices`, as [`relax`] chooses it.
pub(super) fn cheapest(tree: &Tree, prices: &Prices) -> Vec<u32> {
    let open = open_prices(tree, prices);
    let mut chosen = Vec::new();
    let mut inside = vec![false; tree.nodes.len()];
    for (number, node) in tree.nodes.iter().enumerate().rev() {
        if node.parent != NO_PARENT && inside[node.parent as usize] {
            inside[number] = true;
        } else if prices.of_wildcard(node) <= open[number] {
            inside[number] = true;
            chosen.extend(u32::try_from(number));
        }
    }
    chosen
}

/// The best bound found, and the best cover within budget that came up on the way.
#[derive(Debug)]
pub(super) struct Relaxation {
    /// The prices of the best bound.
    pub(super) prices: Prices,
    /// No cover within budget costs less, by the objective's weights.
    pub(super) lower: i128,
    /// What a cover within budget costs, and the prices at which [`cheapest`] gives it.
    pub(super) incumbent: Option<(i128, Prices)>,
}

/// The bound as a function of the two multipliers, for one cover: `cost + λ·paths + μ·wildcards`.
#[derive(Debug, Clone, Copy)]
struct Plane {
    cost: f64,
    /// Patterns over budget; negative if there are fewer.
    paths: f64,
    wildcards: f64,
}

impl Relaxation {
    /// Looks for the prices of the greatest bound; O(nodes) for each of [`MAX_TRIALS`].
    pub(super) fn new(tree: &Tree, budget: Budget) -> Self {
        let objective = Prices::objective(budget);
        let most_kept = tree.nodes.iter().map(|node| node.kept).max().unwrap_or(0);
        // No pattern saved and no wildcard saved can be worth more than all kept paths.
        let ceiling = objective.kept * (i128::from(most_kept) + 1);
        let mut open = vec![Relaxed::default(); tree.nodes.len()];
        let mut relaxation = Self {
            prices: objective,
            lower: i128::MIN,
            incumbent: None,
        };
        let mut planes = Vec::new();
        let mut multipliers = (0, 0);
        for _ in 0..MAX_TRIALS {
            let prices = Prices {
                path: objective.path + multipliers.0,
                wildcard: objective.wildcard + multipliers.1,
                ..objective
            };
            let cover = relax(tree, &prices, &mut open);
            let bound = cover.price - prices.surcharge(&objective, budget);
            if bound > relaxation.lower {
                relaxation.lower = bound;
                relaxation.prices = prices;
            }
            let paths = i128::from(cover.paths) - as_price(budget.max_paths);
            let wildcards = i128::from(cover.wildcards) - as_price(budget.max_wildcards);
            let cost = bound - paths * multipliers.0 - wildcards * multipliers.1;
            let within = cover.price < INFINITE && paths <= 0 && wildcards <= 0;
            if within && relaxation.incumbent.is_none_or(|(best, _)| cost < best) {
                relaxation.incumbent = Some((cost, prices));
            }
            // At the weights alone the cheapest cover is the best one; and if there is none at
            // these prices, there is none.
            if (within && multipliers == (0, 0)) || cover.price >= INFINITE {
                break;
            }
            planes.push(Plane {
                cost: cost as f64,
                paths: paths as f64,
                wildcards: wildcards as f64,
            });
            let (promised, at) = highest_point(&planes, ceiling as f64);
            if promised - relaxation.lower as f64 <= objective.wildcard as f64 / 2.0 {
                break;
            }
            let next = (at.0.round() as i128, at.1.round() as i128);
            if next == multipliers {
                break;
            }
            multipliers = next;
        }
        relaxation
    }
}

/// The greatest height that all `planes` allow over the square of multipliers from 0 to `ceiling`,
/// and where that is. The place is one where three of the planes and the square's sides meet, so
/// all of them are tried: O(n⁴) for n planes, of which there are at most [`MAX_TRIALS`].
fn highest_point(planes: &[Plane], ceiling: f64) -> (f64, (f64, f64)) {
    // Rows (a, b, c, d) of a·λ + b·μ + c·height = d.
    let mut rows: Vec<[f64; 4]> = planes
        .iter()
        .map(|plane| [-plane.paths, -plane.wildcards, 1.0, plane.cost])
        .collect();
    rows.extend([
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, ceiling],
        [0.0, 1.0, 0.0, ceiling],
    ]);
    let mut highest = (f64::NEG_INFINITY, (0.0, 0.0));
    for (i, x) in rows.iter().enumerate() {
        for (j, y) in rows[..i].iter().enumerate() {
            for z in &rows[..j] {
                let Some((lambda, mu)) = meet(x, y, z) else {
                    continue;
                };
                let inside = 0.0..=ceiling;
                if !inside.contains(&lambda) || !inside.contains(&mu) {
                    continue;
                }
                let height = planes
                    .iter()
                    .map(|p| p.cost + lambda * p.paths + mu * p.wildcards)
                    .fold(f64::INFINITY, f64::min);
                if height > highest.0 {
                    highest = (height, (lambda, mu));
                }
            }
        }
    }
    highest
}

/// Where three planes meet (Cramer's rule), if that is one point.
fn meet(x: &[f64; 4], y: &[f64; 4], z: &[f64; 4]) -> Option<(f64, f64)> {
    let determinant = |a: usize, b: usize, c: usize| {
        x[a] * (y[b] * z[c] - y[c] * z[b]) - x[b] * (y[a] * z[c] - y[c] * z[a])
            + x[c] * (y[a] * z[b] - y[b] * z[a])
    };
    let whole = determinant(0, 1, 2);
    let lambda = determinant(3, 1, 2) / whole;
    let mu = determinant(0, 3, 2) / whole;
    (lambda.is_finite() && mu.is_finite()).then_some((lambda, mu))
}
