//! The handle by which a test holds the stand-in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::cloudfront::{Invalidation, Target};
use crate::config::{
    Bucket, Completion, Config, Distribution, EvictionTime, Quotas, ReferenceConflict, Tenant,
};
use crate::edge::{Edge, EdgeRules, Eviction, Needless, StaleView, View};
use crate::faults::Fault;
use crate::operation::Operation;
use crate::requests::Request;
use crate::s3::{BucketState, Object};
use crate::server::{Server, Shared};
use crate::world::World;

/// A running stand-in. Clones are the same one; it stops when the last is dropped.
///
/// Methods that take a `target` take the id of a distribution or of a distribution tenant, and
/// panic if there is none of that id, because the test is then wrong.
#[derive(Debug, Clone)]
pub struct Standin {
    shared: Arc<Shared>,
    server: Arc<Server>,
}

/// Life and surroundings.
impl Standin {
    /// Starts a stand-in on a thread of its own.
    ///
    /// # Panics
    /// If it cannot listen; [`try_start`](Self::try_start) gives the error instead.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a configuration is made for one start"
    )]
    pub fn start(config: Config) -> Self {
        match Self::try_start(&config) {
            Ok(standin) => standin,
            Err(error) => panic!("the stand-in cannot listen on {}: {error}", config.listen),
        }
    }

    /// Starts a stand-in on a thread of its own.
    ///
    /// # Errors
    /// If it cannot listen where it should.
    pub fn try_start(config: &Config) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(config)?);
        let server = Server::start(config.listen, shared.clone())?;
        Ok(Self {
            shared,
            server: Arc::new(server),
        })
    }

    /// The URL of both services, without a slash at the end.
    pub fn endpoint(&self) -> String {
        #[cfg(feature = "tls")]
        if self.shared.tls().is_some() {
            return format!("https://{}", self.address());
        }
        format!("http://{}", self.address())
    }

    /// The certificate of the authority that vouches for the HTTPS server, as PEM; none if it
    /// serves plain HTTP.
    #[cfg(feature = "tls")]
    pub fn authority(&self) -> Option<String> {
        Some(self.shared.tls()?.authority().to_owned())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Refuses connections from now on and drops those there are. The port stays reserved.
    ///
    /// # Panics
    /// If the operating system does not let go of the port.
    pub fn pause_listening(&self) {
        self.server.pause().expect("the port can be held");
    }

    /// Takes connections again, on the same port.
    ///
    /// # Panics
    /// If the operating system does not give the port back.
    pub fn resume_listening(&self) {
        self.server
            .resume()
            .expect("the held port can be listened on");
    }

    /// The time by the service's clock, as in `Date`.
    pub fn now(&self) -> SystemTime {
        self.shared.world().clock.now()
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// If the clock is not a [`manual`](Config::manual_clock) one.
    pub fn advance_clock(&self, by: Duration) {
        let mut world = self.shared.world();
        assert!(world.clock.advance(by), "the clock is not a manual one");
        world.settle();
    }

    /// Sets by how many seconds the service's clock is ahead of (or, negative, behind) the
    /// machine's. It shows in `Date` and in `CreateTime`.
    pub fn set_clock_skew(&self, seconds: i64) {
        self.shared.world().clock.skew = seconds;
    }

    /// Sets by how many seconds `CreateTime` is ahead of (or, negative, behind) `Date`.
    pub fn set_create_time_skew(&self, seconds: i64) {
        self.shared.world().clock.create_time_skew = seconds;
    }
}

/// The account: what exists, and by which limits.
impl Standin {
    /// Adds a distribution; one of the same id is replaced, with its caches and its history.
    pub fn add_distribution(&self, distribution: impl Into<Distribution>) {
        self.add(distribution.into().into());
    }

    /// Adds a distribution tenant; one of the same id is replaced.
    pub fn add_tenant(&self, tenant: Tenant) {
        self.add(tenant.into());
    }

    fn add(&self, target: Target) {
        let id = target.id().to_owned();
        self.shared.world().targets.insert(id, target);
    }

    /// Adds a bucket; one of the same name is replaced, with its objects.
    pub fn add_bucket(&self, bucket: impl Into<Bucket>) {
        let bucket = bucket.into();
        let name = bucket.name.clone();
        let state = BucketState::new(bucket);
        self.shared.world().buckets.insert(name, state);
    }

    /// Changes CloudFront's limits.
    pub fn set_quotas(&self, quotas: Quotas) {
        self.shared.world().quotas = quotas;
    }

    /// Changes when invalidations accepted from now on complete.
    pub fn set_completion(&self, completion: Completion) {
        self.shared.world().completion = completion;
    }

    /// Changes when invalidations accepted from now on clear the caches.
    pub fn set_eviction_time(&self, time: EvictionTime) {
        self.shared.world().eviction = time;
    }

    /// Changes what a used caller reference with other paths is answered with.
    pub fn set_reference_conflict(&self, conflict: ReferenceConflict) {
        self.shared.world().reference_conflict = conflict;
    }
}

/// Invalidations.
impl Standin {
    /// The invalidations that a target accepted, the oldest first.
    #[track_caller]
    pub fn invalidations(&self, target: &str) -> Vec<Invalidation> {
        self.with_target(target, |target| target.invalidations.clone())
    }

    /// How many paths a target's invalidations would have been billed for.
    #[track_caller]
    pub fn billed_paths(&self, target: &str) -> usize {
        self.with_target(target, |target| target.billed_paths())
    }

    /// Completes an invalidation now; whether it was in progress.
    pub fn complete(&self, invalidation: &str) -> bool {
        let mut world = self.shared.world();
        world.settle();
        let mut found = false;
        for target in world.targets.values_mut() {
            target.complete_where(|each| {
                let chosen = each.id == invalidation;
                found |= chosen;
                chosen
            });
        }
        found
    }

    /// Completes everything that is in progress.
    pub fn complete_all(&self) {
        let mut world = self.shared.world();
        for target in world.targets.values_mut() {
            target.complete_where(|_| true);
        }
    }
}

/// Edges and origins.
impl Standin {
    /// Works on a target's edges under the lock; for many steps this is quicker than one by one.
    /// The work must not use the handle, which would wait for itself.
    #[track_caller]
    pub fn with_edge<R>(&self, target: &str, work: impl FnOnce(&mut Edge) -> R) -> R {
        self.with_target(target, |target| work(&mut target.edge))
    }

    /// Changes how viewer URLs resolve. The caches stay.
    #[track_caller]
    pub fn set_rules(&self, target: &str, rules: EdgeRules) {
        self.with_edge(target, |edge| edge.set_rules(rules));
    }

    /// Puts a file at a site path (no leading slash) of the origin.
    #[track_caller]
    pub fn set_origin_file(&self, target: &str, site_path: &str, body: impl Into<Bytes>) {
        self.with_edge(target, |edge| edge.set_origin_file(site_path, body));
    }

    /// Removes a file from the origin; whether there was one.
    #[track_caller]
    pub fn remove_origin_file(&self, target: &str, site_path: &str) -> bool {
        self.with_edge(target, |edge| edge.remove_origin_file(site_path))
    }

    /// Makes the origin hold exactly these files.
    #[track_caller]
    pub fn replace_origin<P, B>(&self, target: &str, files: impl IntoIterator<Item = (P, B)>)
    where
        P: AsRef<str>,
        B: Into<Bytes>,
    {
        self.with_edge(target, |edge| edge.replace_origin(files));
    }

    /// Answers a viewer at the edges.
    #[track_caller]
    pub fn view(&self, target: &str, url: &str) -> View {
        self.with_edge(target, |edge| edge.view(url))
    }

    /// Views each URL once.
    #[track_caller]
    pub fn warm<U: AsRef<str>>(&self, target: &str, urls: impl IntoIterator<Item = U>) {
        self.with_edge(target, |edge| edge.warm(urls));
    }

    /// Views every viewer URL of the current origin, and the extra ones.
    #[track_caller]
    pub fn warm_all(&self, target: &str, extra: &[&str]) {
        self.with_edge(target, |edge| edge.warm_all(extra));
    }

    /// Which cached viewer URLs would get something else from the origin now.
    #[track_caller]
    pub fn stale(&self, target: &str) -> Vec<StaleView> {
        self.with_edge(target, |edge| edge.stale())
    }

    /// Evictions of content that was still right.
    #[track_caller]
    pub fn needless(&self, target: &str) -> Needless {
        self.with_edge(target, |edge| edge.needless())
    }

    /// What each invalidation cleared, in the order in which they took effect.
    #[track_caller]
    pub fn evictions(&self, target: &str) -> Vec<Eviction> {
        self.with_edge(target, |edge| edge.evictions().to_vec())
    }

    /// The cache keys that are filled, sorted.
    #[track_caller]
    pub fn cached_urls(&self, target: &str) -> Vec<Arc<str>> {
        self.with_edge(target, |edge| edge.cached_urls())
    }

    #[track_caller]
    fn with_target<R>(&self, target: &str, work: impl FnOnce(&mut Target) -> R) -> R {
        let mut world = self.shared.world();
        world.settle();
        let World { targets, .. } = &mut *world;
        match targets.get_mut(target) {
            Some(target) => work(target),
            None => panic!("there is no distribution or tenant {target}"),
        }
    }
}

/// Objects.
impl Standin {
    /// An object, if there is one.
    pub fn get_object(&self, bucket: &str, key: &str) -> Option<Object> {
        let world = self.shared.world();
        world.buckets.get(bucket)?.objects.get(key).cloned()
    }

    /// Writes an object, whatever was there.
    ///
    /// # Panics
    /// If there is no such bucket.
    #[track_caller]
    pub fn put_object(&self, bucket: &str, key: &str, body: impl Into<Bytes>, content_type: &str) {
        let mut world = self.shared.world();
        let now = world.clock.now();
        match world.buckets.get_mut(bucket) {
            Some(state) => state.put(key, body.into(), content_type, now),
            None => panic!("there is no bucket {bucket}"),
        }
    }

    /// Removes an object; whether there was one.
    pub fn delete_object(&self, bucket: &str, key: &str) -> bool {
        let mut world = self.shared.world();
        let bucket = world.buckets.get_mut(bucket);
        bucket.is_some_and(|bucket| bucket.objects.remove(key).is_some())
    }
}

/// Requests and faults.
impl Standin {
    /// Every request received, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log().all().to_vec()
    }

    /// The requests of one operation, in order of arrival.
    pub fn requests_of(&self, operation: Operation) -> Vec<Request> {
        let log = self.shared.log();
        let all = log.all().iter();
        all.filter(|request| operation.covers(request.operation))
            .cloned()
            .collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log().clear();
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.faults().inject(fault);
    }

    /// Takes all faults back. Calls that wait at a gate go on waiting.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// How many faults have yet to happen; 0 when a test has had all that it asked for.
    pub fn pending_faults(&self) -> usize {
        self.shared.faults().pending()
    }
}
