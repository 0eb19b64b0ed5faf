//! Everything the services know, under one lock.

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::cloudfront::Target;
use crate::config::{Completion, Config, EvictionTime, Quotas, ReferenceConflict};
use crate::s3::BucketState;

/// What the services know.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) targets: BTreeMap<String, Target>,
    pub(crate) buckets: BTreeMap<String, BucketState>,
    pub(crate) quotas: Quotas,
    pub(crate) completion: Completion,
    pub(crate) eviction: EvictionTime,
    pub(crate) reference_conflict: ReferenceConflict,
    pub(crate) accept_apostrophe: bool,
    ids: u64,
}

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let distributions = config.distributions.iter().cloned().map(Target::from);
        let tenants = config.tenants.iter().cloned().map(Target::from);
        let targets = distributions
            .chain(tenants)
            .map(|target| (target.id().to_owned(), target))
            .collect();
        let buckets = config
            .buckets
            .iter()
            .map(|bucket| (bucket.name.clone(), BucketState::new(bucket.clone())))
            .collect();
        Self {
            clock: Clock::new(config.manual_clock),
            targets,
            buckets,
            quotas: config.quotas,
            completion: config.completion,
            eviction: config.eviction,
            reference_conflict: config.reference_conflict,
            accept_apostrophe: config.accept_apostrophe,
            ids: 0,
        }
    }

    /// Lets what is due happen: invalidations complete, and clear caches if they do that then.
    pub(crate) fn settle(&mut self) {
        let now = self.clock.elapsed();
        for target in self.targets.values_mut() {
            target.complete(|due| due.is_some_and(|due| due <= now));
        }
    }

    /// A new number, scrambled so that ids neither look alike nor depend on chance.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.ids += 1;
        scramble(self.ids)
    }
}

/// The finaliser of SplitMix64: distinct inputs give distinct outputs.
pub(crate) fn scramble(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
