//! The stage of a test: a directory of its own, a stand-in of its own with one distribution, and
//! what the test asks of both.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cloudfront_standin::{
    Config, Fault, FaultKind, Gate, Invalidation, Operation, Request, Standin,
};
use tempfile::TempDir;

use crate::run::{Outcome, Run};
use crate::site::Site;

/// The distribution of every stage.
pub const DISTRIBUTION: &str = "E1EXAMPLE";

/// How long a test waits for what has to happen soon; far more than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A directory and a stand-in of a test's own.
pub struct Stage {
    pub standin: Standin,
    directory: TempDir,
}

impl Stage {
    /// A stage with [`DISTRIBUTION`], nothing cached, nothing deployed.
    pub fn new() -> Self {
        Self::with(Config::new().distribution(DISTRIBUTION))
    }

    /// A stage whose stand-in is configured otherwise.
    pub fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            standin: Standin::start(config),
            directory,
        }
    }

    /// The stage's directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A path in the stage's directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The same as text, for an input.
    pub fn name(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }

    /// Reads a file of the stage's directory.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.file(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Writes a file of the stage's directory.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Makes the origin of [`DISTRIBUTION`] serve the site, and writes its listing to `site.json`.
    pub fn upload(&self, site: &Site) {
        self.upload_to(DISTRIBUTION, site);
    }

    /// The same for another distribution.
    pub fn upload_to(&self, target: &str, site: &Site) {
        self.standin.replace_origin(target, site.contents());
        self.write("site.json", site.listing());
    }

    /// Makes the origin serve these texts, and writes them as files below `site/`.
    pub fn build(&self, files: &[(&str, &str)]) {
        let directory = self.file("site");
        if directory.exists() {
            std::fs::remove_dir_all(&directory).unwrap();
        }
        std::fs::create_dir_all(&directory).unwrap();
        for (path, text) in files {
            self.write(&format!("site/{path}"), text);
        }
        let files = files.iter().map(|(path, text)| (*path, (*text).to_owned()));
        self.standin.replace_origin(DISTRIBUTION, files);
    }

    /// A run that deploys what was uploaded last, with the record `manifest.json`.
    pub fn run(&self) -> Run<'_> {
        Run::new(self)
            .set("site", self.name("site.json"))
            .set("manifest", self.name("manifest.json"))
            .set("distribution-id", DISTRIBUTION)
    }

    /// Uploads the site and deploys it; the run has to succeed.
    #[track_caller]
    pub fn deploy(&self, site: &Site) -> Outcome {
        self.upload(site);
        self.run().succeed()
    }

    /// Lets viewers ask for everything that the origin has, and for these URLs too.
    pub fn warm<U: AsRef<str>>(&self, extra: impl IntoIterator<Item = U>) {
        self.standin
            .with_edge(DISTRIBUTION, |edge| edge.warm_all(extra));
    }

    /// Lets viewers ask for everything that this site and the next one have: what only the next
    /// one has is cached as "not found", as it is when a link is published too early.
    pub fn warm_for(&self, next: &Site) {
        self.warm(next.urls());
    }

    /// The record's bytes.
    #[track_caller]
    pub fn record(&self) -> String {
        self.read("manifest.json")
    }

    /// The record as JSON.
    #[track_caller]
    pub fn record_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.record()).unwrap()
    }

    /// Puts an earlier record back.
    pub fn restore(&self, record: &str) {
        self.write("manifest.json", record);
    }

    /// What the distribution accepted so far.
    pub fn invalidations(&self) -> Vec<Invalidation> {
        self.standin.invalidations(DISTRIBUTION)
    }

    /// What the distribution accepted last.
    #[track_caller]
    pub fn last(&self) -> Invalidation {
        self.invalidations().pop().expect("something was accepted")
    }

    /// Every caller reference that was accepted, in order.
    pub fn references(&self) -> Vec<String> {
        self.invalidations()
            .into_iter()
            .map(|made| made.caller_reference)
            .collect()
    }

    /// The requests for invalidations so far.
    pub fn requests(&self) -> Vec<Request> {
        self.standin.requests_of(Operation::CreateInvalidation)
    }

    /// Waits until something is so, which no call can wait for.
    #[expect(clippy::unused_self, reason = "a test reads: the stage waits for")]
    #[track_caller]
    pub fn wait_for(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// No viewer gets anything but what the origin has.
    #[track_caller]
    pub fn assert_fresh(&self, when: &str) {
        let stale = self.standin.stale(DISTRIBUTION);
        let urls: Vec<_> = stale.iter().map(|view| &view.url).collect();
        assert!(
            stale.is_empty(),
            "{when}: {} URLs are stale: {urls:?}",
            stale.len()
        );
    }

    /// No reference was answered by an invalidation made earlier, and none was used twice.
    #[track_caller]
    pub fn assert_every_reference_new(&self, when: &str) {
        for made in self.invalidations() {
            assert_eq!(
                made.calls, 1,
                "{when}: {} was answered again",
                made.caller_reference
            );
        }
        assert_distinct(&self.references(), when);
    }

    /// Runs, and gives the record as it was when the request reached the service too: after the
    /// intent was written, before the commit.
    #[track_caller]
    pub fn run_watched(&self, run: Run<'_>) -> (Outcome, String) {
        let gate = Gate::new();
        let fault = FaultKind::gate_before(&gate);
        self.standin
            .inject(Fault::new(Operation::CreateInvalidation, fault));
        thread::scope(|scope| {
            let running = scope.spawn(|| run.succeed());
            let reached = gate.wait_reached(PATIENCE);
            let record = reached.then(|| self.record());
            gate.release();
            let outcome = running.join().expect("the run ends");
            (outcome, record.expect("the run sends a request"))
        })
    }
}

/// No two are the same.
#[track_caller]
pub fn assert_distinct(references: &[String], when: &str) {
    let distinct: BTreeSet<_> = references.iter().collect();
    assert_eq!(distinct.len(), references.len(), "{when}: {references:?}");
}
