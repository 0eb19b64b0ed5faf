//! What a budget would have to be, when no cover is within it.

use super::candidates::Selection;
use super::given::Settled;
use super::tree::{NO_PARENT, Node, Tree};
use super::{Budget, NoPlan, count_wildcards};
use crate::batch::MAX_WILDCARDS_IN_PROGRESS;

/// The error for a `budget` that no cover is within.
pub(super) fn shortage(
    settled: &Settled,
    tree: &Tree,
    naming: &Selection,
    budget: Budget,
) -> NoPlan {
    let given = Budget {
        max_paths: settled.given.len(),
        max_wildcards: count_wildcards(&settled.given),
    };
    let paths_left = budget.max_paths.checked_sub(given.max_paths);
    let wildcards_left = budget.max_wildcards.checked_sub(given.max_wildcards);
    NoPlan::OverBudget {
        budget,
        least_paths: wildcards_left
            .and_then(|limit| least(tree, Scarce::Wildcards, limit))
            .map(|paths| paths + given.max_paths),
        least_wildcards: paths_left
            .and_then(|limit| least(tree, Scarce::Paths, limit))
            .map(|wildcards| wildcards + given.max_wildcards),
        naming: Budget {
            max_paths: naming.patterns.len() + given.max_paths,
            max_wildcards: count_wildcards(&naming.patterns) + given.max_wildcards,
        },
    }
}

/// The text of [`NoPlan::OverBudget`].
pub(super) fn message(
    budget: Budget,
    least_paths: Option<usize>,
    least_wildcards: Option<usize>,
    naming: Budget,
) -> String {
    let Budget {
        max_paths,
        max_wildcards,
    } = budget;
    let mut ways = Vec::new();
    if let Some(least) = least_paths {
        ways.push(format!("`max-paths` {least}"));
    }
    // More can't be set.
    if let Some(least) = least_wildcards.filter(|least| *least <= MAX_WILDCARDS_IN_PROGRESS) {
        ways.push(format!("`max-wildcards` {least}"));
    }
    if ways.is_empty() {
        ways.push(if naming.max_wildcards <= MAX_WILDCARDS_IN_PROGRESS {
            format!(
                "`max-paths` {} with `max-wildcards` {}",
                naming.max_paths, naming.max_wildcards
            )
        } else {
            format!(
                "`collapse: never`, which sends {} paths, {} of them wildcards, in batches,",
                naming.max_paths, naming.max_wildcards
            )
        });
    }
    let ways = ways.join(", or ");
    format!(
        "`max-paths` {max_paths} with `max-wildcards` {max_wildcards} is not enough to cover every stale path; {ways} would be"
    )
}

/// Which of the two budgets is kept to, while the other one is to be as small as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scarce {
    Paths,
    Wildcards,
}

/// The least use of the other budget with at most `limit` of the scarce one, if that is enough.
///
/// A knapsack over the tree: for each node, the least use for each amount of the scarce one, which
/// never exceeds what naming everything below it takes. O(n·limit) for n nodes.
fn least(tree: &Tree, scarce: Scarce, limit: usize) -> Option<usize> {
    let order = |paths: u32, wildcards: u32| match scarce {
        Scarce::Paths => (paths as usize, wildcards as usize),
        Scarce::Wildcards => (wildcards as usize, paths as usize),
    };
    let mut sums: Vec<Option<Uses>> = vec![None; tree.nodes.len()];
    let mut root = Uses::of(order(tree.loose_paths, 0), limit);
    for (number, node) in tree.nodes.iter().enumerate() {
        let own = own_uses(node, order, limit);
        let mut uses = match sums[number].take() {
            Some(children) => own.add(&children, limit),
            None => own,
        };
        if node.legal {
            uses = uses.or(&Uses::of(order(1, 1), limit));
        }
        if node.parent == NO_PARENT {
            root = uses;
            continue;
        }
        let sum = &mut sums[node.parent as usize];
        *sum = Some(match sum.take() {
            Some(others) => others.add(&uses, limit),
            None => uses,
        });
    }
    root.0.iter().filter_map(|use_| *use_).min()
}

fn own_uses(node: &Node, order: impl Fn(u32, u32) -> (usize, usize), limit: usize) -> Uses {
    if node.optional {
        Uses::of(order(node.own_paths, node.own_wildcards), limit)
    } else {
        Uses(Vec::new())
    }
}

/// For each amount of the scarce budget, the least use of the other one.
#[derive(Debug, Clone)]
struct Uses(Vec<Option<usize>>);

impl Uses {
    fn of((scarce, other): (usize, usize), limit: usize) -> Self {
        if scarce > limit {
            return Self(Vec::new());
        }
        let mut uses = vec![None; scarce + 1];
        uses[scarce] = Some(other);
        Self(uses)
    }

    fn add(&self, more: &Self, limit: usize) -> Self {
        if self.0.is_empty() || more.0.is_empty() {
            return Self(Vec::new());
        }
        let length = (self.0.len() + more.0.len() - 1).min(limit.saturating_add(1));
        let mut sum = vec![None; length];
        for (i, a) in self.0.iter().enumerate() {
            for (b, place) in more.0.iter().zip(sum.iter_mut().skip(i)) {
                if let (Some(a), Some(b)) = (a, b) {
                    *place = Some(place.map_or(a + b, |least: usize| least.min(a + b)));
                }
            }
        }
        Self(sum)
    }

    fn or(mut self, other: &Self) -> Self {
        self.0.resize(self.0.len().max(other.0.len()), None);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = [*mine, *theirs].into_iter().flatten().min();
        }
        self
    }
}
