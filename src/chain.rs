//! The record in its store: loading it, writing an intent, committing, and losing races well.

use crate::failure::{Code, Failure};
use crate::inputs::OnMissing;
use crate::listing::Listing;
use crate::record::{Begun, Deploying, Record, Submitted, Unsettled};
use crate::reference::DeployId;
use crate::store::{Loaded, Location, SaveError, Store, Version};

/// How often a run starts over, commits again or concedes, if others keep changing the record.
/// Each of them gets through with its own deploy in between, so this many lost races in a row mean
/// that something is badly wrong.
pub const MAX_RACES: u32 = 8;

/// What the store knew when it was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// A record.
    Known,
    /// No record: nobody deployed through this program yet.
    Absent,
    /// A record that can't be understood, and why.
    Unreadable(String),
}

/// A record together with where it came from.
#[derive(Debug)]
pub struct Chain {
    store: Store,
    version: Version,
    /// The record: what was loaded, or one that knows nothing.
    pub record: Record,
    /// Whether the record is worth anything.
    pub knowledge: Knowledge,
}

/// How a commit ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Committed {
    /// The record remembers this deploy.
    Done,
    /// Another run superseded this one; its record now knows that our paths are unsettled.
    Superseded,
}

impl Chain {
    /// Loads the record. What can't be understood counts as absent, unless `on_missing` says that
    /// doubt is a failure.
    ///
    /// # Errors
    /// If the store can't be asked, or the record is missing or unreadable and `on_missing` is
    /// `fail`.
    pub async fn load(
        store: Store,
        location: &Location,
        unknown: Record,
        on_missing: OnMissing,
    ) -> Result<Self, Failure> {
        let loaded = store.load().await?;
        let (record, knowledge) = match read(&loaded) {
            None => (unknown, Knowledge::Absent),
            Some(Ok(record)) => (record, Knowledge::Known),
            Some(Err(why)) => (unknown, Knowledge::Unreadable(why)),
        };
        match (&knowledge, on_missing) {
            (Knowledge::Absent, OnMissing::Fail) => {
                return Err(Failure::new(
                    Code::ManifestMissing,
                    format!("there is no record at `{location}`"),
                )
                .hint("check the location; for a first deploy set `on-missing-manifest: flush`"));
            }
            (Knowledge::Unreadable(why), OnMissing::Fail) => {
                return Err(Failure::new(
                    Code::ManifestUnreadable,
                    format!("the record `{location}` can't be read: {why}"),
                )
                .hint("restore it, or set `on-missing-manifest: flush` once to start anew"));
            }
            _ => {}
        }
        Ok(Chain {
            store,
            version: loaded.version,
            record,
            knowledge,
        })
    }

    /// Writes down what the run is going to change, `uploading` being true if that is before the
    /// upload. `Ok(None)` if the record changed since it was loaded: start over.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn begin(
        &mut self,
        deploying: &Deploying,
        stale: Unsettled,
        uploading: bool,
    ) -> Result<Option<Begun>, Failure> {
        let random = crate::host::random().map_err(no_randomness)?;
        let begun = self
            .record
            .begin(deploying, stale, uploading, random)
            .map_err(not_json)?;
        if begun.changed && !self.save().await? {
            return Ok(None);
        }
        Ok(Some(begun))
    }

    /// Starts the chain anew, because reality turned out to be ahead of the record.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn begin_anew(&mut self, deploying: &Deploying) -> Result<Option<Begun>, Failure> {
        let random = crate::host::random().map_err(no_randomness)?;
        let begun = self
            .record
            .begin_anew(deploying, random)
            .map_err(not_json)?;
        Ok(self.save().await?.then_some(begun))
    }

    /// Takes the site as it is for the baseline. False if someone else wrote a record meanwhile.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn adopt(&mut self, deploying: Deploying, files: Listing) -> Result<bool, Failure> {
        let random = crate::host::random().map_err(no_randomness)?;
        self.record = Record::adopted(deploying, files, random);
        self.save().await
    }

    /// Remembers the deploy, every target having accepted it. If the record changed meanwhile, the
    /// loser's paths become unsettled in the winner's record.
    ///
    /// # Errors
    /// If the store fails, or others keep winning.
    pub async fn commit(
        &mut self,
        deploy: DeployId,
        deploying: &Deploying,
        files: Listing,
        submitted: &[Submitted],
    ) -> Result<Committed, Failure> {
        let ours = self.record.unsettled.clone();
        self.record
            .commit(deploy, deploying.clone(), &ours, files, submitted.to_vec());
        let mut superseded = false;
        let mut mine = Listing::default();
        for _ in 0..MAX_RACES {
            if self.save().await? {
                return Ok(if superseded {
                    Committed::Superseded
                } else {
                    Committed::Done
                });
            }
            if !superseded {
                mine = std::mem::take(&mut self.record.files);
            }
            let loaded = self.store.load().await?;
            self.version = loaded.version.clone();
            self.record = match read(&loaded) {
                Some(Ok(record)) => record,
                Some(Err(why)) => {
                    return Err(lost(&format!("what is there now can't be read: {why}")));
                }
                None => return Err(lost("it was deleted while this run was under way")),
            };
            if self.record.deploy == Some(deploy) {
                // Our write succeeded and its answer was lost, or a twin of this run committed the
                // same deploy; then we still count as being under way.
                if self.record.finish(deploying).announced {
                    continue;
                }
                return Ok(Committed::Done);
            }
            let still_ours = self
                .record
                .intent
                .as_ref()
                .is_some_and(|intent| intent.deploy == deploy);
            if still_ours && !superseded {
                // A twin has added paths to our intent.
                let files = std::mem::take(&mut mine);
                self.record
                    .commit(deploy, deploying.clone(), &ours, files, submitted.to_vec());
                continue;
            }
            superseded = true;
            if !self.record.concede(deploying, ours.clone()) {
                return Ok(Committed::Superseded);
            }
        }
        Err(Chain::too_many_races())
    }

    /// The failure of a run that lost every race. The winner's record stays as it is.
    #[must_use]
    pub fn too_many_races() -> Failure {
        let what =
            format!("other runs changed the record {MAX_RACES} times while this one tried to");
        Failure::new(Code::ManifestConflict, what).hint(CONCURRENCY)
    }

    /// Saves the record. False if it is no longer the version that was loaded.
    async fn save(&mut self) -> Result<bool, Failure> {
        let bytes = self.record.to_json().map_err(not_json)?;
        match self.store.save(bytes, &self.version).await {
            Ok(version) => {
                self.version = version;
                Ok(true)
            }
            Err(SaveError::Conflict) => Ok(false),
            Err(SaveError::Failed(failure)) => Err(*failure),
        }
    }
}

/// What to tell those whose runs meet.
pub const CONCURRENCY: &str = "let one deploy of a distribution run at a time: give the job a `concurrency` group \
     with `cancel-in-progress: false`";

fn read(loaded: &Loaded) -> Option<Result<Record, String>> {
    let bytes = match loaded.bytes.as_ref()? {
        Ok(bytes) => bytes,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(Record::from_json(bytes).map_err(|error| error.to_string()))
}

fn lost(why: &str) -> Failure {
    Failure::new(
        Code::ManifestConflict,
        format!("the record could not be committed: {why}"),
    )
    .hint(
        "the next run finds no usable record and invalidates everything, so nothing stale is left",
    )
}

fn not_json(error: serde_json::Error) -> Failure {
    Failure::new(Code::ManifestUnavailable, "the record could not be made").because(error)
}

fn no_randomness(error: std::io::Error) -> Failure {
    Failure::new(
        Code::ManifestUnavailable,
        "the system gives no random bytes",
    )
    .because(error)
}
