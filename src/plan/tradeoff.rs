//! What more or fewer patterns would change.

use super::candidates::Selection;
use super::given::Settled;
use super::solve::{Outcome, Solver};
use super::tree::Tree;
use super::{Budget, NoPlan, Problem, naming};

/// The budgets that the curve looks at, beside the chosen one and the length of the naming list.
const BUDGETS: [usize; 13] = [1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 50, 75, 100];

/// The least over-invalidation for a number of patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeoffPoint {
    /// How many patterns the best plan has, the given ones included.
    pub paths: usize,
    /// How many kept paths it evicts, those not counted that the given patterns evict.
    pub over_invalidated: usize,
}

/// The curve of over-invalidation against patterns, with `max_wildcards` as it is.
///
/// Each point is a best plan for some `max_paths`: no plan evicts fewer kept paths with as many
/// patterns, and none as few with fewer patterns. Patterns go up, evictions down. Points that the
/// work limit keeps from being proven are left out; so is what is not within the wildcard budget.
///
/// # Errors
///
/// As [`plan`](super::plan), except that a budget which is too small is no error.
///
/// # Complexity
///
/// That of a plan for each of at most 15 budgets.
pub fn tradeoff(problem: &Problem) -> Result<Vec<TradeoffPoint>, NoPlan> {
    let settled = Settled::new(problem)?;
    let naming = naming::name_all(&settled)?;
    let tree = Tree::new(&settled);
    let most = naming.patterns.len() + settled.given.len();
    let mut budgets = BUDGETS.to_vec();
    budgets.push(problem.budget.max_paths);
    budgets.retain(|&budget| budget < most);
    budgets.push(most);
    budgets.sort_unstable();
    budgets.dedup();
    let mut points: Vec<TradeoffPoint> = Vec::new();
    // From the greatest budget down: a best plan that needs fewer patterns than it may have is also
    // the best one for each budget in between.
    let mut fewest = usize::MAX;
    for max_paths in budgets.into_iter().rev() {
        if max_paths >= fewest {
            continue;
        }
        let budget = Budget {
            max_paths,
            ..problem.budget
        };
        let Some(best) = best_within(&settled, &tree, budget, problem.work_limit) else {
            continue;
        };
        fewest = best.patterns.len() + settled.given.len();
        points.push(TradeoffPoint {
            paths: fewest,
            over_invalidated: best.kept,
        });
    }
    points.reverse();
    Ok(points)
}

fn best_within(
    settled: &Settled,
    tree: &Tree,
    budget: Budget,
    work_limit: u64,
) -> Option<Selection> {
    let left = settled.left_of(budget)?;
    match Solver::new(tree, left, work_limit).solve() {
        Outcome::Found { nodes, gap: None } => Some(tree.select(&nodes)),
        Outcome::Found { .. } | Outcome::Infeasible => None,
    }
}
