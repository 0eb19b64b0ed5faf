//! The exact search: a dynamic programme over the tree of candidates, with bounds.
//!
//! # The recurrence
//!
//! A *state* of a node says what a cover of the paths below it costs: kept paths, patterns,
//! wildcards. The states of a node v are
//!
//! ```text
//! states(v) = { (kept(v), 1, 1) }                        the wildcard v, if it is legal
//!           ∪ own(v) ⊕ states(c₁) ⊕ … ⊕ states(cₘ)       v left out, if no path needs it
//! ```
//!
//! where ⊕ adds each state of one set to each of the other. Every cover is one choice in each of
//! these, because nested wildcards are excluded and the children's paths are disjoint; so the
//! least state of the root within budget is the optimum.
//!
//! # Dominance
//!
//! A state that another one of the same node equals or undercuts in all three numbers is dropped: in
//! any cover the other can stand in its place, and the result is within budget if the first one was
//! and no worse. Strictly better in one number makes the cover strictly better. Equal in all
//! three, the one that covers its first paths more narrowly stays: to compare two covers path by
//! path is to compare their parts in the order of the paths, so a state carries its *rank*
//! among the node's states, sums compare as pairs of ranks, and a node's own wildcard, the broadest
//! cover of all, comes last.
//!
//! # Bounds
//!
//! At any [`Prices`] of the [relaxation](super::bound), a state s of v is part of no cover that
//! costs less than
//!
//! ```text
//! outside(v) + price(s) − λ·B − μ·W,    outside(root) = 0,
//!                                       outside(c) = outside(v) + open(v) − best(c)
//! ```
//!
//! because outside(c) is the least price of everything that is not below c while no node above c is
//! chosen. States for which this exceeds a cutoff are not made, and nodes that are left out in no
//! cover below it are not entered. The cut is strict: a cover that costs as much as the cutoff
//! survives, and with it all that tie with it. The same holds for a sum over some of the children,
//! with best(c) for the others.
//!
//! The search starts with a cutoff just above the lower bound and widens it until a cover is found
//! that costs no more than the cutoff. Nothing cheaper was cut, so that cover is the optimum. It is
//! the same whatever the prices and cutoffs were.
//!
//! # Cost
//!
//! One pass costs O(n) for n nodes and the number of pairs of states looked at. Without bounds a
//! node has at most (W + 1)·(B + 1) states; with them, where the relaxation is tight, a
//! handful, and most nodes none. Memory: 32 bytes a state. If the work limit is reached, the best
//! cover known is returned with the distance of its kept paths from the proven lower bound.
//!
//! # Splits
//!
//! A large folder that is best covered as a whole spoils the bound, because the relaxation may mix
//! "all of it" and "each file by itself" into something no cover can do. So the root's wildcard, a
//! cover by itself, is tried first and then left out of everything; and if the widening takes
//! long, the search branches on the largest wildcard that the bounds leave undecided: covers that
//! choose it (or one above it), and covers that don't. Each half has bounds of its own, which
//! usually settle one half at once. The halves together are all covers, and covers that cost the same are
//! compared path by path, so the result is the same as without splits.

use super::Budget;
use super::bound::{Prices, Relaxation, cheapest, open_prices};
use super::tree::{NO_PARENT, Side, Tree, to_u32};

/// By how much the cutoff exceeds the lower bound at first: this fraction of the distance to the
/// best cover known.
const FIRST_STEP: i128 = 32;

/// How much further the cutoff goes each time that nothing was found.
const WIDENING: i128 = 4;

/// How many pairs of states are looked at before a split is tried: some 10 ms.
const EFFORT_BEFORE_SPLIT: u64 = 1 << 18;

/// How many states a pass may keep: they take 32 bytes each, so at most 256 MiB while their
/// list grows. More is treated as the end of the work limit.
const MAX_STATES: usize = 1 << 22;

/// What the search found.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A cover.
    Found {
        /// The chosen wildcards.
        nodes: Vec<u32>,
        /// Unless it is proven to be the optimum, by how many kept paths it may miss it.
        gap: Option<usize>,
    },
    /// No cover is within budget.
    Infeasible,
}

/// The search for the best cover of a tree's paths within a budget.
#[derive(Debug)]
pub(super) struct Solver<'t> {
    /// With the decisions of the splits that are being searched.
    tree: Tree<'t>,
    budget: Budget,
    objective: Prices,
    work_left: u64,
    /// See [`EFFORT_BEFORE_SPLIT`].
    effort: u64,
    /// The best cover found so far, and its cost.
    best: Option<(i128, Vec<u32>)>,
}

/// The work limit was reached.
#[derive(Debug)]
struct OutOfWork;

impl<'t> Solver<'t> {
    pub(super) fn new(tree: &Tree<'t>, budget: Budget, work_limit: u64) -> Self {
        // A cover never has more patterns than this; a greater budget would only make the weights
        // of the objective unwieldy.
        let most = tree.most_patterns();
        let budget = Budget {
            max_paths: budget.max_paths.min(most),
            max_wildcards: budget.max_wildcards.min(most),
        };
        Self {
            tree: tree.clone(),
            budget,
            objective: Prices::objective(budget),
            work_left: work_limit,
            effort: EFFORT_BEFORE_SPLIT,
            best: None,
        }
    }

    /// Finds the best cover.
    pub(super) fn solve(mut self) -> Outcome {
        if self.tree.nodes.is_empty() {
            return if self.tree.loose_paths as usize <= self.budget.max_paths {
                Outcome::Found {
                    nodes: Vec::new(),
                    gap: None,
                }
            } else {
                Outcome::Infeasible
            };
        }
        let relaxation = Relaxation::new(&self.tree, self.budget);
        if let Some(root) = self.whole() {
            self.offer(root);
        }
        if self.best.is_none() && relaxation.incumbent.is_none() {
            let Some(cover) = self.any_cover() else {
                return Outcome::Infeasible;
            };
            self.offer(cover);
        }
        let proof = self.explore(&relaxation);
        let Some((cost, nodes)) = self.best else {
            return Outcome::Infeasible;
        };
        // Patterns and wildcards together weigh less than one kept path.
        let kept_above =
            |lower: i128| cost / self.objective.kept - lower.max(0) / self.objective.kept;
        let gap = proof
            .err()
            .map(|OutOfWork| usize::try_from(kept_above(relaxation.lower)).unwrap_or(0));
        Outcome::Found { nodes, gap }
    }

    /// Takes note of a cover within budget if it is the best one so far.
    fn offer(&mut self, nodes: Vec<u32>) {
        let (kept, paths, wildcards) = self.tree.totals(&nodes);
        let cost = self.objective.of(kept, paths, wildcards);
        let is_better = match &self.best {
            None => true,
            Some((least, _)) if cost != *least => cost < *least,
            Some((_, best)) => self.tree.is_narrower(&nodes, best),
        };
        if is_better {
            self.best = Some((cost, nodes));
        }
    }

    /// What the best cover so far costs.
    fn upper(&self) -> i128 {
        self.best.as_ref().map_or(i128::MAX, |(cost, _)| *cost)
    }

    /// Searches all covers that the decisions made so far leave, except for the root's wildcard.
    fn explore(&mut self, relaxation: &Relaxation) -> Result<(), OutOfWork> {
        if let Some((_, prices)) = &relaxation.incumbent {
            self.offer(cheapest(&self.tree, prices));
        }
        if relaxation.lower > self.upper() {
            return Ok(());
        }
        let mut effort = self.effort.min(self.work_left);
        let spared = self.work_left - effort;
        let done = self.widen(relaxation, &mut effort);
        self.work_left = spared + effort;
        if done.is_ok() {
            return Ok(());
        }
        let Some((number, sides)) = self.split(relaxation) else {
            let mut work_left = self.work_left;
            let done = self.widen(relaxation, &mut work_left);
            self.work_left = work_left;
            return done;
        };
        for (side, relaxation) in sides {
            let undecided = self.tree.decide(number, side);
            let done = self.explore(&relaxation);
            self.tree.nodes[number] = undecided;
            done?;
        }
        Ok(())
    }

    /// Searches with one cutoff after the other, until nothing that is left out can be better than
    /// the best cover known.
    fn widen(&mut self, relaxation: &Relaxation, work_left: &mut u64) -> Result<(), OutOfWork> {
        let mut cutoff = relaxation.lower;
        let mut step = (self.upper() - cutoff) / FIRST_STEP + 1;
        loop {
            cutoff = self.upper().min(cutoff + step);
            step *= WIDENING;
            let found = self.pass(relaxation.prices, cutoff).run(work_left)?;
            if let Some((_, nodes)) = found {
                self.offer(nodes);
            }
            // No cover that costs the cutoff or less was missed.
            if self.upper() <= cutoff {
                return Ok(());
            }
        }
    }

    /// A wildcard to branch on: in one half of the covers it, or one above it, is chosen, in the
    /// other it is not. Of those that the bounds leave undecided, the one with most stale paths, if
    /// that helps: one half can be given up, or in both the bound comes halfway up to
    /// the best cover known.
    fn split(&mut self, relaxation: &Relaxation) -> Option<(usize, [(Side, Relaxation); 2])> {
        let number = self
            .pass(relaxation.prices, self.upper())
            .largest_undecided()?;
        let sides = [Side::Chosen, Side::LeftOut].map(|side| {
            let undecided = self.tree.decide(number, side);
            let relaxation = Relaxation::new(&self.tree, self.budget);
            self.tree.nodes[number] = undecided;
            (side, relaxation)
        });
        let upper = self.upper();
        let halfway = relaxation.lower + (upper - relaxation.lower) / 2;
        let helps = sides.iter().any(|(_, side)| side.lower > upper)
            || sides.iter().all(|(_, side)| side.lower >= halfway);
        helps.then_some((number, sides))
    }

    /// The cover that is the root's wildcard alone.
    fn whole(&self) -> Option<Vec<u32>> {
        let root = self.tree.nodes.last()?;
        let allowed = root.legal && self.budget.max_paths > 0 && self.budget.max_wildcards > 0;
        allowed.then(|| vec![place(self.tree.nodes.len() - 1)])
    }

    /// A cover within budget, whatever it evicts, without the root's wildcard.
    fn any_cover(&self) -> Option<Vec<u32>> {
        let prices = Prices {
            kept: 0,
            path: 0,
            wildcard: 0,
        };
        let pass = Pass::new(&self.tree, self.budget, prices, 0, false);
        let mut unlimited = u64::MAX;
        let (_, nodes) = pass.run(&mut unlimited).ok()??;
        Some(nodes)
    }

    /// A pass that finds the best cover within budget if that costs no more than `cutoff`.
    fn pass(&self, prices: Prices, cutoff: i128) -> Pass<'_> {
        let cutoff = cutoff + prices.surcharge(&self.objective, self.budget);
        Pass::new(&self.tree, self.budget, prices, cutoff, true)
    }
}

/// What a cover of the paths below a node costs, and how it is made.
#[derive(Debug, Clone, Copy)]
struct State {
    kept: u64,
    paths: u32,
    wildcards: u32,
    /// Its place among the node's states in the order of covers, narrow before broad.
    rank: u32,
    made: Made,
}

/// How a state is made.
#[derive(Debug, Clone, Copy)]
enum Made {
    /// The node itself is left out; nothing below it yet.
    Own,
    /// Two states together, by their places in the arena.
    Sum(u32, u32),
    /// The node's wildcard.
    Wildcard(u32),
}

/// The best sum of two states for some number of wildcards and patterns. Of equals in kept paths
/// the one with the least ranks is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sum {
    kept: u64,
    ranks: (u32, u32),
    parts: (u32, u32),
}

impl Sum {
    const NONE: Self = Self {
        kept: u64::MAX,
        ranks: (u32::MAX, u32::MAX),
        parts: (u32::MAX, u32::MAX),
    };
}

/// The best sums of two nodes' states, by wildcards and patterns.
#[derive(Debug, Default)]
struct Grid {
    /// For each number of wildcards one cell for each number of patterns; what is not in use is
    /// [`Sum::NONE`].
    cells: Vec<Sum>,
    used: Vec<u32>,
    least_paths: u32,
    columns: u32,
}

impl Grid {
    /// Makes room for up to `most_wildcards`, and patterns from `least_paths` to `most_paths`.
    fn begin(&mut self, most_wildcards: u32, least_paths: u32, most_paths: u32) {
        self.least_paths = least_paths;
        self.columns = most_paths - least_paths + 1;
        let cells = (most_wildcards as usize + 1) * self.columns as usize;
        if self.cells.len() < cells {
            self.cells.resize(cells, Sum::NONE);
        }
    }

    fn add(&mut self, wildcards: u32, paths: u32, sum: Sum) {
        let at = wildcards * self.columns + (paths - self.least_paths);
        let cell = &mut self.cells[at as usize];
        if *cell == Sum::NONE {
            self.used.push(at);
        }
        if sum < *cell {
            *cell = sum;
        }
    }

    /// Takes out the sums that no other one equals or undercuts in kept paths, patterns and
    /// wildcards. O(n log n) for n cells in use.
    fn take_undominated(&mut self) -> Vec<(u32, u32, Sum)> {
        self.used.sort_unstable();
        // Of the sums with no more wildcards: the least kept paths for a number of patterns, with
        // patterns going up and kept paths down.
        let mut stairs: Vec<(u32, u64)> = Vec::new();
        let mut sums = Vec::new();
        for at in self.used.drain(..) {
            let sum = std::mem::replace(&mut self.cells[at as usize], Sum::NONE);
            let paths = at % self.columns + self.least_paths;
            let after = stairs.partition_point(|stair| stair.0 <= paths);
            if after > 0 && stairs[after - 1].1 <= sum.kept {
                continue;
            }
            let from = stairs.partition_point(|stair| stair.0 < paths);
            let higher = stairs[from..].partition_point(|stair| stair.1 >= sum.kept);
            stairs.splice(from..from + higher, [(paths, sum.kept)]);
            sums.push((at / self.columns, paths, sum));
        }
        sums
    }
}

/// A node's states, as a range of the arena.
#[derive(Debug, Clone, Copy)]
struct Frontier {
    start: usize,
    end: usize,
    /// The least price of what it covers.
    price: i128,
}

/// One pass of the dynamic programme, with one cutoff.
struct Pass<'t> {
    tree: &'t Tree<'t>,
    budget: Budget,
    prices: Prices,
    cutoff: i128,
    /// Whether kept paths count; if not, any cover within budget is as good as another.
    counts_kept: bool,
    /// See the module's documentation.
    open: Vec<i128>,
    outside: Vec<i128>,
    /// All states, those of a node together.
    arena: Vec<State>,
    /// For the sums of two nodes' states; empty in between.
    grid: Grid,
    /// Of nodes that are left out in some cover below the cutoff: the sums so far.
    frontiers: Vec<Option<Frontier>>,
}

/// The mark of a node that no cover below the cutoff reaches.
const UNREACHED: i128 = i128::MAX;

impl<'t> Pass<'t> {
    fn new(
        tree: &'t Tree<'t>,
        budget: Budget,
        prices: Prices,
        cutoff: i128,
        counts_kept: bool,
    ) -> Self {
        let open = open_prices(tree, &prices);
        let mut pass = Self {
            tree,
            budget,
            prices,
            cutoff,
            counts_kept,
            outside: vec![UNREACHED; tree.nodes.len()],
            open,
            arena: Vec::new(),
            grid: Grid::default(),
            frontiers: vec![None; tree.nodes.len()],
        };
        for (number, node) in tree.nodes.iter().enumerate().rev() {
            if node.parent == NO_PARENT {
                pass.outside[number] = 0;
            } else if pass.is_entered(node.parent as usize) {
                let parent = node.parent as usize;
                pass.outside[number] = pass.outside[parent] + pass.open[parent] - pass.best(number);
            }
        }
        pass
    }

    fn best(&self, number: usize) -> i128 {
        let node = &self.tree.nodes[number];
        self.open[number].min(self.prices.of_wildcard(node))
    }

    /// Whether a cover below the cutoff can leave out the node's wildcard and all above it.
    fn is_entered(&self, number: usize) -> bool {
        let outside = self.outside[number];
        outside != UNREACHED && outside + self.open[number] <= self.cutoff
    }

    /// Of the wildcards that some cover below the cutoff chooses and some leaves out, as far as the
    /// bounds can tell, the one with most stale paths.
    fn largest_undecided(&self) -> Option<usize> {
        let undecided = (0..self.tree.nodes.len()).filter(|&number| {
            let price = self.prices.of_wildcard(&self.tree.nodes[number]);
            self.is_entered(number) && self.outside[number] + price <= self.cutoff
        });
        undecided.max_by_key(|&number| {
            let node = &self.tree.nodes[number];
            node.end - node.first
        })
    }

    /// The best state of the root, and its wildcards.
    fn run(mut self, work_left: &mut u64) -> Result<Option<(State, Vec<u32>)>, OutOfWork> {
        let mut last = Frontier {
            start: 0,
            end: 0,
            price: 0,
        };
        for number in 0..self.tree.nodes.len() {
            if self.outside[number] == UNREACHED {
                continue;
            }
            last = self.finish(number);
            let parent = self.tree.nodes[number].parent;
            if parent != NO_PARENT {
                self.add_child(parent as usize, last, work_left)?;
            }
        }
        // The root comes last.
        let states = &self.arena[last.start..last.end];
        let best = states
            .iter()
            .min_by_key(|state| (state.kept, state.paths, state.wildcards));
        Ok(best.map(|state| (*state, self.wildcards_of(*state))))
    }

    /// The states of a node whose children have all been added.
    fn finish(&mut self, number: usize) -> Frontier {
        let mut frontier = if self.is_entered(number) {
            self.begin(number)
        } else {
            let end = self.arena.len();
            Frontier {
                start: end,
                end,
                price: 0,
            }
        };
        frontier.price = self.best(number);
        let node = &self.tree.nodes[number];
        let price = self.prices.of_wildcard(node);
        let allowed = node.is_part()
            && self.outside[number] + price <= self.cutoff
            && self.budget.max_paths > 0
            && self.budget.max_wildcards > 0;
        if !allowed {
            return frontier;
        }
        let kept = if self.counts_kept {
            u64::from(node.kept)
        } else {
            0
        };
        let states = &self.arena[frontier.start..frontier.end];
        // The last child was added just before: the node's states are the arena's last.
        debug_assert_eq!(frontier.end, self.arena.len());
        let beaten = |s: &State| s.kept <= kept && s.paths <= 1 && s.wildcards <= 1;
        if states.iter().any(beaten) {
            return frontier;
        }
        let broadest = states.iter().map(|s| s.rank + 1).max().unwrap_or(0);
        let mut at = frontier.start;
        for index in frontier.start..frontier.end {
            let state = self.arena[index];
            if state.kept < kept || state.paths < 1 || state.wildcards < 1 {
                self.arena[at] = state;
                at += 1;
            }
        }
        self.arena.truncate(at);
        self.arena.push(State {
            kept,
            paths: 1,
            wildcards: 1,
            rank: broadest,
            made: Made::Wildcard(u32::try_from(number).unwrap_or(u32::MAX)),
        });
        frontier.end = self.arena.len();
        frontier
    }

    /// The sums so far of a node that is left out.
    fn begin(&mut self, number: usize) -> Frontier {
        if let Some(frontier) = self.frontiers[number] {
            return frontier;
        }
        let node = &self.tree.nodes[number];
        let start = self.arena.len();
        if self.is_within(node.own_paths, node.own_wildcards) {
            self.arena.push(State {
                kept: 0,
                paths: node.own_paths,
                wildcards: node.own_wildcards,
                rank: 0,
                made: Made::Own,
            });
        }
        Frontier {
            start,
            end: self.arena.len(),
            price: self.prices.of_own(node),
        }
    }

    fn is_within(&self, paths: u32, wildcards: u32) -> bool {
        paths as usize <= self.budget.max_paths && wildcards as usize <= self.budget.max_wildcards
    }

    /// Adds a child's states to the sums of its parent.
    fn add_child(
        &mut self,
        parent: usize,
        child: Frontier,
        work_left: &mut u64,
    ) -> Result<(), OutOfWork> {
        let sums = self.begin(parent);
        let price = sums.price + child.price;
        // What the sum may cost, after all that is still to come at its least.
        let allowance = self.cutoff - (self.outside[parent] + self.open[parent] - price);
        let by_price = |range: Frontier| {
            let mut priced: Vec<(i128, usize)> = (range.start..range.end)
                .map(|at| (self.price_of(&self.arena[at]), at))
                .collect();
            priced.sort_unstable();
            priced
        };
        let (left, right) = (by_price(sums), by_price(child));
        let mut grid = std::mem::take(&mut self.grid);
        self.begin_grid(&mut grid, sums, child);
        for (left_price, left_at) in left {
            let mut tried = 0;
            for &(right_price, right_at) in &right {
                if left_price + right_price > allowance {
                    break;
                }
                tried += 1;
                let (a, b) = (&self.arena[left_at], &self.arena[right_at]);
                let (wildcards, paths) = (a.wildcards + b.wildcards, a.paths + b.paths);
                if self.is_within(paths, wildcards) {
                    let sum = Sum {
                        kept: a.kept + b.kept,
                        ranks: (a.rank, b.rank),
                        parts: (place(left_at), place(right_at)),
                    };
                    grid.add(wildcards, paths, sum);
                }
            }
            if tried == 0 {
                break;
            }
            *work_left = work_left.checked_sub(tried).ok_or(OutOfWork)?;
        }
        let mut gathered = grid.take_undominated();
        self.grid = grid;
        gathered.sort_unstable_by_key(|(_, _, sum)| sum.ranks);
        let start = self.arena.len();
        let ranked = gathered.into_iter().zip(0..);
        self.arena
            .extend(ranked.map(|((wildcards, paths, sum), rank)| State {
                kept: sum.kept,
                paths,
                wildcards,
                rank,
                made: Made::Sum(sum.parts.0, sum.parts.1),
            }));
        if self.arena.len() > MAX_STATES {
            return Err(OutOfWork);
        }
        self.frontiers[parent] = Some(Frontier {
            start,
            end: self.arena.len(),
            price,
        });
        Ok(())
    }

    /// Makes room for the sums of two nodes' states.
    fn begin_grid(&self, grid: &mut Grid, left: Frontier, right: Frontier) {
        let range_of = |frontier: Frontier| {
            let states = &self.arena[frontier.start..frontier.end];
            states.iter().fold((0, u32::MAX, 0), |range, state| {
                (
                    state.wildcards.max(range.0),
                    state.paths.min(range.1),
                    state.paths.max(range.2),
                )
            })
        };
        let (left, right) = (range_of(left), range_of(right));
        let most_wildcards = (left.0 + right.0).min(to_u32(self.budget.max_wildcards));
        let least_paths = left.1.saturating_add(right.1);
        let most_paths = (left.2 + right.2).min(to_u32(self.budget.max_paths));
        if least_paths <= most_paths {
            grid.begin(most_wildcards, least_paths, most_paths);
        }
    }

    fn price_of(&self, state: &State) -> i128 {
        self.prices.of(state.kept, state.paths, state.wildcards)
    }

    /// The wildcards that a state stands for.
    fn wildcards_of(&self, state: State) -> Vec<u32> {
        let mut wildcards = Vec::new();
        let mut stack = vec![state];
        while let Some(state) = stack.pop() {
            match state.made {
                Made::Own => {}
                Made::Sum(left, right) => {
                    stack.extend([self.arena[left as usize], self.arena[right as usize]]);
                }
                Made::Wildcard(node) => wildcards.push(node),
            }
        }
        wildcards
    }
}

/// A place in the arena, or a node's number. [`MAX_STATES`] and memory keep both below 2³².
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::given::Settled;
    use crate::plan::{Collapse, Problem};
    use crate::viewer::ViewerPaths;

    /// The chosen wildcards, when a split is tried after `effort` pairs of states.
    fn chosen(paths: &ViewerPaths, budget: Budget, effort: u64) -> Vec<u32> {
        let problem = Problem {
            collapse: Collapse::Always,
            ..Problem::new(paths)
        };
        let settled = Settled::new(&problem).unwrap();
        let tree = Tree::new(&settled);
        let mut solver = Solver::new(&tree, budget, u64::MAX);
        solver.effort = effort;
        match solver.solve() {
            Outcome::Found { mut nodes, gap } => {
                assert_eq!(gap, None);
                nodes.sort_unstable();
                nodes
            }
            Outcome::Infeasible => Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 500,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// Splits are for large sites, which no brute force can judge; so they are tried here where
        /// the search gets by without them, and must not change what it finds.
        #[test]
        fn splits_change_nothing(
            stale in prop::collection::btree_set("/[ab]{1,6}", 1..50),
            kept in prop::collection::btree_set("/[ab]{1,6}", 0..60),
            max_paths in 1..12_usize,
            max_wildcards in 1..6_usize,
            effort in 0..20_u64,
        ) {
            let paths = ViewerPaths::new(
                stale.iter().map(String::as_str),
                kept.iter().map(String::as_str),
            );
            let budget = Budget { max_paths, max_wildcards };
            prop_assert_eq!(
                chosen(&paths, budget, effort),
                chosen(&paths, budget, u64::MAX),
            );
        }
    }
}
