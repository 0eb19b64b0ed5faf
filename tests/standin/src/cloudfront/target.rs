//! What an invalidation is made on: a distribution or a tenant, with its caches and its history.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::config::{Distribution, Tenant};
use crate::edge::Edge;
use crate::pattern;

/// The state of an invalidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Accepted, and counted against the quotas.
    InProgress,
    /// Done.
    Completed,
}

impl Status {
    /// The service's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
        }
    }
}

/// An invalidation that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// Its id.
    pub id: String,
    /// The caller's reference.
    pub caller_reference: String,
    /// Its items, in the order sent.
    pub paths: Vec<String>,
    /// When it was made, by the service's clock.
    pub create_time: SystemTime,
    /// Its state.
    pub status: Status,
    /// How many calls to create it were answered with it; 1 unless its reference was used again.
    pub calls: usize,
    /// Time since the start at which it completes by itself.
    pub(super) due: Option<Duration>,
    /// Whether it clears the caches only then.
    pub(super) evicts_late: bool,
}

/// What a target is.
#[derive(Debug)]
pub(super) enum Kind {
    Distribution(Distribution),
    Tenant(Tenant),
}

/// A distribution or a tenant.
#[derive(Debug)]
pub(crate) struct Target {
    pub(super) kind: Kind,
    pub(crate) edge: Edge,
    pub(crate) invalidations: Vec<Invalidation>,
    pub(super) by_reference: HashMap<String, usize>,
    /// Which invalidations are in progress.
    pending: Vec<usize>,
}

/// How much is in progress.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) files: usize,
    pub(super) wildcards: usize,
}

impl Load {
    pub(super) fn add(&mut self, paths: &[String]) {
        let wildcards = paths
            .iter()
            .filter(|path| pattern::is_wildcard(path))
            .count();
        self.wildcards += wildcards;
        self.files += paths.len() - wildcards;
    }
}

impl From<Distribution> for Target {
    fn from(distribution: Distribution) -> Self {
        let edge = Edge::new(distribution.rules.clone());
        Self::new(Kind::Distribution(distribution), edge)
    }
}

impl From<Tenant> for Target {
    fn from(tenant: Tenant) -> Self {
        let edge = Edge::new(tenant.rules.clone());
        Self::new(Kind::Tenant(tenant), edge)
    }
}

impl Target {
    fn new(kind: Kind, edge: Edge) -> Self {
        Self {
            kind,
            edge,
            invalidations: Vec::new(),
            by_reference: HashMap::new(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        match &self.kind {
            Kind::Distribution(distribution) => &distribution.id,
            Kind::Tenant(tenant) => &tenant.id,
        }
    }

    pub(super) fn cache_tags(&self) -> bool {
        match &self.kind {
            Kind::Distribution(distribution) => distribution.cache_tags,
            Kind::Tenant(tenant) => tenant.cache_tags,
        }
    }

    pub(super) fn distribution(&self) -> Option<&Distribution> {
        match &self.kind {
            Kind::Distribution(distribution) => Some(distribution),
            Kind::Tenant(_) => None,
        }
    }

    pub(super) fn tenant(&self) -> Option<&Tenant> {
        match &self.kind {
            Kind::Distribution(_) => None,
            Kind::Tenant(tenant) => Some(tenant),
        }
    }

    /// What is in progress now.
    pub(super) fn load(&self) -> Load {
        let mut load = Load::default();
        for &at in &self.pending {
            load.add(&self.invalidations[at].paths);
        }
        load
    }

    /// How many paths were accepted, and would have been billed.
    pub(crate) fn billed_paths(&self) -> usize {
        self.invalidations.iter().map(|each| each.paths.len()).sum()
    }

    /// Takes an invalidation in, and clears the caches unless it does that late.
    pub(super) fn accept(&mut self, invalidation: Invalidation) {
        if !invalidation.evicts_late {
            self.edge.invalidate(&invalidation.id, &invalidation.paths);
        }
        let at = self.invalidations.len();
        self.pending.push(at);
        self.by_reference
            .insert(invalidation.caller_reference.clone(), at);
        self.invalidations.push(invalidation);
    }

    /// Completes the invalidations in progress whose time is accepted by `due`.
    pub(crate) fn complete(&mut self, due: impl Fn(Option<Duration>) -> bool) {
        self.complete_where(|invalidation| due(invalidation.due));
    }

    /// Completes the invalidations in progress that are chosen.
    pub(crate) fn complete_where(&mut self, mut chosen: impl FnMut(&Invalidation) -> bool) {
        let Self {
            invalidations,
            pending,
            edge,
            ..
        } = self;
        pending.retain(|&at| {
            let invalidation = &mut invalidations[at];
            if !chosen(invalidation) {
                return true;
            }
            invalidation.status = Status::Completed;
            if invalidation.evicts_late {
                edge.invalidate(&invalidation.id, &invalidation.paths);
            }
            false
        });
    }
}
