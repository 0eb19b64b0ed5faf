//! What a stand-in starts with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::edge::EdgeRules;

/// What a stand-in starts with. The default has no distribution and no bucket, listens on a free
/// port of 127.0.0.1, and completes every invalidation at once.
#[derive(Debug, Clone)]
#[cfg_attr(
    feature = "tls",
    expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")
)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The account's distributions.
    pub distributions: Vec<Distribution>,
    /// The account's distribution tenants.
    pub tenants: Vec<Tenant>,
    /// The account's buckets.
    pub buckets: Vec<Bucket>,
    /// CloudFront's limits.
    pub quotas: Quotas,
    /// When an accepted invalidation is `Completed`.
    pub completion: Completion,
    /// When an accepted invalidation clears the caches.
    pub eviction: EvictionTime,
    /// What a used caller reference with other paths is answered with.
    pub reference_conflict: ReferenceConflict,
    /// Whether a raw `'` in a path is accepted. Reports differ; by default it is not.
    pub accept_apostrophe: bool,
    /// Whether time passes only by [`Standin::advance_clock`](crate::Standin::advance_clock).
    pub manual_clock: bool,
    /// Whether calls without an `Authorization` header are refused.
    pub require_authorization: bool,
    /// Whether to serve HTTPS, with a certificate made at the start
    /// ([`Standin::authority`](crate::Standin::authority)).
    #[cfg(feature = "tls")]
    pub tls: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            distributions: Vec::new(),
            tenants: Vec::new(),
            buckets: Vec::new(),
            quotas: Quotas::default(),
            completion: Completion::After(Duration::ZERO),
            eviction: EvictionTime::Acceptance,
            reference_conflict: ReferenceConflict::InvalidArgument,
            accept_apostrophe: false,
            manual_clock: false,
            require_authorization: false,
            #[cfg(feature = "tls")]
            tls: false,
        }
    }
}

impl Config {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a distribution, given as [`Distribution`] or as its id alone.
    #[must_use]
    pub fn distribution(mut self, distribution: impl Into<Distribution>) -> Self {
        self.distributions.push(distribution.into());
        self
    }

    /// Adds a distribution tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenants.push(tenant);
        self
    }

    /// Adds a bucket, given as [`Bucket`] or as its name alone.
    #[must_use]
    pub fn bucket(mut self, bucket: impl Into<Bucket>) -> Self {
        self.buckets.push(bucket.into());
        self
    }

    /// Completes invalidations this long after they are accepted.
    #[must_use]
    pub fn complete_after(mut self, delay: Duration) -> Self {
        self.completion = Completion::After(delay);
        self
    }

    /// Lets time pass only by [`Standin::advance_clock`](crate::Standin::advance_clock).
    #[must_use]
    pub fn manual_clock(mut self) -> Self {
        self.manual_clock = true;
        self
    }
}

/// A distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Its id, such as `E1EXAMPLE`.
    pub id: String,
    /// Its alternate domain names.
    pub aliases: Vec<String>,
    /// Whether it has a `CacheTagConfig`, without which tags are refused.
    pub cache_tags: bool,
    /// How viewer URLs resolve to files of its origin.
    pub rules: EdgeRules,
}

impl Distribution {
    /// A distribution without alternate domain names.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            aliases: Vec::new(),
            cache_tags: false,
            rules: EdgeRules::default(),
        }
    }

    /// Adds an alternate domain name.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Allows invalidation by tag.
    #[must_use]
    pub fn cache_tags(mut self) -> Self {
        self.cache_tags = true;
        self
    }

    /// Sets how viewer URLs resolve.
    #[must_use]
    pub fn rules(mut self, rules: EdgeRules) -> Self {
        self.rules = rules;
        self
    }
}

impl From<&str> for Distribution {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// A tenant of a multi-tenant distribution, with an origin and caches of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id, such as `dt_2wjDZi3hD1ivOXf6rpZJO1AB`.
    pub id: String,
    /// The id of the distribution whose tenant it is.
    pub distribution: String,
    /// Its domains.
    pub domains: Vec<String>,
    /// Whether the distribution has a `CacheTagConfig`.
    pub cache_tags: bool,
    /// How viewer URLs resolve to files of its origin.
    pub rules: EdgeRules,
}

impl Tenant {
    /// A tenant without domains.
    pub fn new(id: impl Into<String>, distribution: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            distribution: distribution.into(),
            domains: Vec::new(),
            cache_tags: false,
            rules: EdgeRules::default(),
        }
    }

    /// Adds a domain.
    #[must_use]
    pub fn domain(mut self, name: impl Into<String>) -> Self {
        self.domains.push(name.into());
        self
    }

    /// Sets how viewer URLs resolve.
    #[must_use]
    pub fn rules(mut self, rules: EdgeRules) -> Self {
        self.rules = rules;
        self
    }
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The region it lives in.
    pub region: String,
    /// Whether the caller has `s3:ListBucket`. Without it a missing key is answered with 403.
    pub may_list: bool,
    /// What a request signed for another region is answered with.
    pub wrong_region: WrongRegion,
}

impl Bucket {
    /// A bucket in `us-east-1` whose keys the caller may list.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            region: "us-east-1".to_owned(),
            may_list: true,
            wrong_region: WrongRegion::Serve,
        }
    }

    /// Moves the bucket to a region and refuses requests signed for another one.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>, wrong_region: WrongRegion) -> Self {
        self.region = region.into();
        self.wrong_region = wrong_region;
        self
    }

    /// Takes `s3:ListBucket` away.
    #[must_use]
    pub fn without_list(mut self) -> Self {
        self.may_list = false;
        self
    }
}

impl From<&str> for Bucket {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// What S3 answers to a request that is signed for a region in which the bucket is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongRegion {
    /// As if nothing were wrong, as S3-compatible servers do.
    Serve,
    /// 301 `PermanentRedirect`, with the right region in `x-amz-bucket-region`.
    PermanentRedirect,
    /// 400 `AuthorizationHeaderMalformed`, with the right region in the document and the header.
    AuthorizationHeaderMalformed,
}

/// CloudFront's limits. The defaults are those of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Files named singly (tags are counted with them) in progress per distribution: 3,000.
    pub files_in_progress: usize,
    /// Wildcards in progress per distribution, counted apart: 15.
    pub wildcards_in_progress: usize,
    /// Items of one request, above which it is `BatchTooLarge`: 3,000.
    pub items_per_request: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            files_in_progress: 3_000,
            wildcards_in_progress: 15,
            items_per_request: 3_000,
        }
    }
}

/// When an accepted invalidation is `Completed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// This long after it was accepted. The answer to its creation says `InProgress` even for zero.
    After(Duration),
    /// When [`Standin::complete`](crate::Standin::complete) or
    /// [`complete_all`](crate::Standin::complete_all) says so.
    OnDemand,
}

/// When an accepted invalidation clears the caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvictionTime {
    /// At once.
    Acceptance,
    /// When it completes, and no sooner.
    Completion,
}

/// What a used caller reference with other paths is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceConflict {
    /// 400 `InvalidArgument` with a message about the caller reference: the live service.
    InvalidArgument,
    /// 409 `InvalidationBatchAlreadyExists`: the API reference.
    InvalidationBatchAlreadyExists,
}
