//! The tree of wildcards that can be in a best plan.
//!
//! # Which wildcards matter
//!
//! Take any wildcard of any cover, and the stale paths under it. Lengthening it to their longest
//! common prefix keeps them all under it, covers no kept path more, and touches no protected path
//! more. So only common prefixes of stale paths matter, cut back to where CloudFront can name them
//! and no character is split. A wildcard over a single stale path is worse than that path's own
//! name, if it has one; so of single paths only those matter that have none, each with its longest
//! nameable prefix.
//!
//! Two such prefixes are nested or have no path in common: they are a tree. Its inner nodes have at
//! least two stale paths which part there, so there are fewer of them than stale paths; together
//! with the paths that need a wildcard, at most 2·s nodes for s stale paths.
//!
//! # How it is built
//!
//! In bytewise order the paths below a prefix are neighbours. One pass over the sorted stale paths
//! with a stack of the prefixes that are still open, each longer than the one below it, closes
//! those that the next path does not begin with (as one builds a suffix tree from an array of
//! common prefixes). A node is finished after its children: nodes are numbered in post-order,
//! and all later passes are loops over an array.

use crate::pattern::{char_floor, nameable_len};

use super::candidates::{Name, Selection, below};
use super::given::Settled;

/// The number of the node that has no parent.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// A wildcard that can be in a plan, or, if it is not chosen, what has to be chosen below it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The node above; its number is greater.
    pub(super) parent: u32,
    /// The stale paths under the wildcard, as a range of the sorted list.
    pub(super) first: u32,
    pub(super) end: u32,
    /// The length of the wildcard's prefix, in bytes of any of those paths.
    pub(super) prefix: u32,
    /// How many kept paths the wildcard covers.
    pub(super) kept: u32,
    /// Whether the wildcard touches no protected pattern.
    pub(super) legal: bool,
    /// Whether the wildcard may be left out: no stale path needs it or a shorter one.
    pub(super) optional: bool,
    /// What to send if it is left out, beside what the children need: patterns in all, and
    /// wildcards among them.
    pub(super) own_paths: u32,
    pub(super) own_wildcards: u32,
}

impl Node {
    /// Whether the wildcard can be a part of a cover. The root's cannot: it is the whole of one,
    /// with which the search begins.
    pub(super) fn is_part(&self) -> bool {
        self.legal && self.parent != NO_PARENT
    }
}

/// The candidates of a problem, children before parents. The last node is the root, unless nothing
/// is stale.
#[derive(Debug, Clone)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node>,
    settled: &'a Settled<'a>,
    /// What to send if no wildcard is chosen and the only stale path is no node: 1 or 0 patterns.
    pub(super) loose_paths: u32,
}

/// What is decided of a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It, or one above it, is in the cover.
    Chosen,
    /// It is not in the cover.
    LeftOut,
}

/// A prefix whose last stale path has not been seen yet.
struct Open {
    prefix: usize,
    first: usize,
    /// Whether this is a single path with a name of its own: no node as long as nothing joins it.
    single: bool,
    optional: bool,
    own_paths: u32,
    own_wildcards: u32,
    children: Vec<u32>,
}

impl<'a> Tree<'a> {
    /// O(s·(log k + c)) for s stale and k kept paths of c characters.
    pub(super) fn new(settled: &'a Settled<'a>) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            settled,
            loose_paths: 0,
        };
        let stale = &settled.stale;
        let mut stack: Vec<Open> = Vec::new();
        let mut last = "";
        let mut last_nameable = 0;
        for (at, path) in stale.iter().enumerate() {
            let nameable = nameable_len(path);
            let shared = char_floor(path, common_prefix(last, path))
                .min(nameable)
                .min(last_nameable);
            tree.close_down_to(&mut stack, shared, at);
            tree.open_path(&mut stack, path, at, nameable);
            (last, last_nameable) = (path, nameable);
        }
        let root_prefix = stack.first().map_or(0, |root| root.prefix);
        tree.close_down_to(&mut stack, root_prefix, stale.len());
        if let Some(root) = stack.pop() {
            tree.close(root, None, stale.len());
        }
        tree
    }

    /// Puts the stale path number `at` on the stack, whose top is its longest prefix shared with
    /// the path before it.
    fn open_path(&self, stack: &mut Vec<Open>, path: &str, at: usize, nameable: usize) {
        let name = Name::of(path, self.settled);
        let (own_paths, own_wildcards) = match name {
            Name::Exact => (1, 0),
            Name::Pair { path, queries } => {
                (u32::from(path) + u32::from(queries), u32::from(queries))
            }
            Name::Wildcard(_) => (0, 0),
        };
        let optional = !matches!(name, Name::Wildcard(_));
        match stack.last_mut() {
            // Only a path that cannot be named is no longer than what it shares.
            Some(top) if top.prefix == nameable => top.join(optional, 0, 0),
            _ => stack.push(Open {
                prefix: nameable,
                first: at,
                single: name == Name::Exact,
                optional,
                own_paths,
                own_wildcards,
                children: Vec::new(),
            }),
        }
    }

    /// Closes all prefixes longer than `shared`, so that the top of the stack has this length; the
    /// stale paths up to `end` have been seen.
    fn close_down_to(&mut self, stack: &mut Vec<Open>, shared: usize, end: usize) {
        while let Some(top) = stack.pop_if(|top| top.prefix > shared) {
            if stack.last().is_none_or(|below| below.prefix < shared) {
                stack.push(Open {
                    prefix: shared,
                    first: top.first,
                    single: false,
                    optional: true,
                    own_paths: 0,
                    own_wildcards: 0,
                    children: Vec::new(),
                });
            }
            let below = stack.last_mut();
            self.close(top, below, end);
        }
    }

    /// Makes `done` a node below `parent`, or, if it is a single path, a part of it.
    fn close(&mut self, done: Open, parent: Option<&mut Open>, end: usize) {
        if done.single {
            match parent {
                Some(parent) => parent.join(true, 1, 0),
                None => self.loose_paths = 1,
            }
            return;
        }
        let number = to_u32(self.nodes.len());
        let prefix = &self.settled.stale[done.first][..done.prefix];
        self.nodes.push(Node {
            parent: NO_PARENT,
            first: to_u32(done.first),
            end: to_u32(end),
            prefix: to_u32(done.prefix),
            kept: to_u32(below(&self.settled.kept, prefix).len()),
            legal: !prefix.is_empty() && self.settled.protected.allows(prefix),
            optional: done.optional,
            own_paths: done.own_paths,
            own_wildcards: done.own_wildcards,
        });
        for child in done.children {
            self.nodes[child as usize].parent = number;
        }
        if let Some(parent) = parent {
            parent.join(true, 0, 0);
            parent.children.push(number);
        }
    }

    /// More patterns than this no cover has.
    pub(super) fn most_patterns(&self) -> usize {
        self.settled.stale.len().saturating_mul(2)
    }

    /// Kept paths, patterns and wildcards of the cover whose wildcards are `chosen`.
    pub(super) fn totals(&self, chosen: &[u32]) -> (u64, u32, u32) {
        let mut is_chosen = vec![false; self.nodes.len()];
        for &number in chosen {
            is_chosen[number as usize] = true;
        }
        let (mut kept, mut paths, mut wildcards) = (0, self.loose_paths, 0);
        let mut inside = vec![false; self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate().rev() {
            inside[number] = node.parent != NO_PARENT && inside[node.parent as usize];
            if inside[number] {
                continue;
            }
            if is_chosen[number] {
                inside[number] = true;
                kept += u64::from(node.kept);
                paths += 1;
                wildcards += 1;
            } else {
                paths += node.own_paths;
                wildcards += node.own_wildcards;
            }
        }
        (kept, paths, wildcards)
    }

    /// Leaves only covers on one side of a decision. Returns the node as it was.
    pub(super) fn decide(&mut self, number: usize, side: Side) -> Node {
        let node = &mut self.nodes[number];
        let undecided = node.clone();
        match side {
            Side::Chosen => node.optional = false,
            Side::LeftOut => node.legal = false,
        }
        undecided
    }

    /// Whether, at the first stale path that the covers of the wildcards `one` and `other` treat
    /// differently, `one` has the narrower pattern: the path itself, or the longer wildcard.
    pub(super) fn is_narrower(&self, one: &[u32], other: &[u32]) -> bool {
        let breadths = |chosen: &[u32]| {
            let mut breadths = vec![0; self.settled.stale.len()];
            for &number in chosen {
                let node = &self.nodes[number as usize];
                breadths[node.first as usize..node.end as usize].fill(u32::MAX - node.prefix);
            }
            breadths
        };
        breadths(one) < breadths(other)
    }

    /// The patterns of the cover whose wildcards are `nodes`.
    pub(super) fn select(&self, nodes: &[u32]) -> Selection {
        let mut selection = Selection::default();
        let mut covered = vec![false; self.settled.stale.len()];
        for &number in nodes {
            let node = &self.nodes[number as usize];
            let range = node.first as usize..node.end as usize;
            let first = self.settled.stale[range.start];
            selection.add_wildcard(&first[..node.prefix as usize]);
            selection.kept += node.kept as usize;
            covered[range].fill(true);
        }
        for (path, covered) in self.settled.stale.iter().zip(covered) {
            if !covered {
                selection.add_name(path, Name::of(path, self.settled));
            }
        }
        selection
    }
}

impl Open {
    /// Takes in something that is below it.
    fn join(&mut self, optional: bool, paths: u32, wildcards: u32) {
        self.single = false;
        self.optional &= optional;
        self.own_paths += paths;
        self.own_wildcards += wildcards;
    }
}

/// The length of the longest common prefix, in bytes.
fn common_prefix(a: &str, b: &str) -> usize {
    const STRIDE: usize = 16;
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let strides = a.chunks_exact(STRIDE).zip(b.chunks_exact(STRIDE));
    let same = STRIDE * strides.take_while(|(x, y)| x == y).count();
    let rest = a[same..].iter().zip(&b[same..]);
    same + rest.take_while(|(x, y)| x == y).count()
}

/// A count of paths or bytes. No list that fits into memory has 2³² paths, and no path 2³² bytes
/// that could be named; a greater number would be held down, and so keep its rank.
pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
