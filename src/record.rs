//! The record: what is remembered between deploys, and how it changes.
//!
//! Everything here is pure: a transition takes a record and returns a record. The pipeline loads
//! and saves them; a save is conditional on the version that was loaded, so two runs never both
//! apply a transition to the same state.
//!
//! ```text
//! absent ──begin──▶ intent ──commit──▶ committed ──begin──▶ intent ──commit──▶ committed
//!                     │  ▲                                    │
//!                     │  └──────resume (same site)────────────┤
//!                     └──────────supersede (another site)─────┘
//! ```
//!
//! The invariant: every site path that an edge may hold in a version other than that of `files` is
//! in `unsettled`. So the stale paths of any next deploy are the difference to `files` and
//! `unsettled`, whatever was interrupted in between.
//!
//! # Deploys that overlap
//!
//! If two uploads overlap, either may lie over the other, file by file, and no record can tell. So a
//! deploy that meets another one which is not known to be over is *entangled* with it, and so is that
//! one. The commit of an entangled deploy leaves `unsettled` as it is: the next deploy covers those
//! paths once more.
//!
//! A deploy that was met stays [`Unfinished`] until its run comes, which may be never: it may be dead.
//! So the first commit of another site *overtakes* it: later deploys are not entangled with it any
//! more, but if its run comes after all, that run still is.
//!
//! That is enough for any number of deploys that overlap in any order, as long as each announces
//! itself before it uploads (`phase: begin`), with one exception, which no rule that comes to an end
//! can exclude: a job that goes on uploading after it was overtaken, and then dies, leaves the same
//! record as one that was dead from the start.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::changes::Added;
use crate::listing::{Hash, Listing, ListingId, Version1};
use crate::reference::{DeployId, deploy_id};

/// The settings that decide what a viewer path is. If they change, paths may be stale that no
/// difference between files shows, so a changed scope flushes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Where the site is mounted, with a slash at both ends.
    pub path_prefix: String,
    /// File names that stand for their directory.
    pub index_documents: Vec<String>,
    /// Which further names files have: any of `slash`, `bare`, `extensionless`.
    pub aliases: Vec<String>,
    /// Whether the cache key holds query strings.
    pub query_strings: bool,
    /// The globs of files that belong to the site; none means all.
    pub include: Vec<String>,
    /// The globs of files that do not.
    pub exclude: Vec<String>,
    /// What becomes of added files.
    pub added: Added,
    /// Free text of the user's, for what no digest shows.
    pub revision: String,
}

impl Scope {
    /// The canonical text that a deploy id hashes.
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The names of the settings in which two scopes differ, as inputs call them.
    #[must_use]
    pub fn differences(&self, other: &Scope) -> Vec<&'static str> {
        let rows = [
            ("path-prefix", self.path_prefix != other.path_prefix),
            (
                "index-documents",
                self.index_documents != other.index_documents,
            ),
            ("aliases", self.aliases != other.aliases),
            ("query-strings", self.query_strings != other.query_strings),
            ("include", self.include != other.include),
            ("exclude", self.exclude != other.exclude),
            ("added", self.added != other.added),
            ("revision", self.revision != other.revision),
        ];
        rows.iter()
            .filter(|(_, differs)| *differs)
            .map(|(name, _)| *name)
            .collect()
    }
}

/// The site paths that edges may hold in versions other than those of the record's `files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// Any path: nothing is known of what the edges hold.
    All,
    /// These.
    Paths(BTreeSet<String>),
}

impl Default for Unsettled {
    fn default() -> Self {
        Unsettled::Paths(BTreeSet::new())
    }
}

impl Unsettled {
    /// Whether nothing is unsettled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Unsettled::Paths(paths) if paths.is_empty())
    }

    /// The paths that are named; none for `All`, where naming means nothing.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<String> {
        match self {
            Unsettled::All => BTreeSet::new(),
            Unsettled::Paths(paths) => paths.clone(),
        }
    }

    /// What is left once `covered` was covered.
    pub fn settle(&mut self, covered: &Unsettled) {
        match (&mut *self, covered) {
            (_, Unsettled::All) => *self = Unsettled::default(),
            (Unsettled::All, Unsettled::Paths(_)) => {}
            (Unsettled::Paths(paths), Unsettled::Paths(covered)) => {
                paths.retain(|path| !covered.contains(path));
            }
        }
    }

    /// The union of the two.
    pub fn grow(&mut self, more: Unsettled) {
        match (&mut *self, more) {
            (Unsettled::All, _) => {}
            (_, Unsettled::All) => *self = Unsettled::All,
            (Unsettled::Paths(paths), Unsettled::Paths(more)) => paths.extend(more),
        }
    }
}

impl Serialize for Unsettled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Unsettled::All => serializer.serialize_str("all"),
            Unsettled::Paths(paths) => paths.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Unsettled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = Unsettled;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\" or a list of site paths")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Unsettled, E> {
                match text {
                    "all" => Ok(Unsettled::All),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Unsettled, A::Error> {
                let mut paths = BTreeSet::new();
                while let Some(path) = seq.next_element::<String>()? {
                    crate::listing::check_site_path(&path).map_err(|why| {
                        de::Error::custom(format_args!("unsettled {path:?}: {why}"))
                    })?;
                    if let Some(path) = paths.replace(path) {
                        let why = format_args!("unsettled {path:?} occurs twice");
                        return Err(de::Error::custom(why));
                    }
                }
                Ok(Unsettled::Paths(paths))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A run that was going to change what edges hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The run's deploy id.
    pub deploy: DeployId,
    /// The id of the listing it was deploying.
    pub site: ListingId,
    /// Its settings.
    pub scope: Scope,
    /// Its targets, sorted.
    pub targets: Vec<String>,
    /// The runs that announced it with `phase: begin` and may still be uploading, by the names of
    /// [`Deploying::run`]. Left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
    /// Whether it met another deploy that was not known to be over. Left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entangled: bool,
}

/// A deploy whose intent was replaced by another one, or finished by one of several runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    /// The id of the listing that it was deploying.
    pub site: ListingId,
    /// Those of [`Intent::runs`] that have not come to submit. None: it had its upload behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
    /// Whether it met another deploy that was not known to be over. Left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entangled: bool,
    /// Whether a deploy of another site was committed since. Left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overtaken: bool,
}

/// An invalidation that a committed deploy made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitted {
    /// The distribution or tenant.
    pub target: String,
    /// The invalidation's id.
    pub id: String,
    /// Its caller reference.
    pub caller_reference: String,
    /// When CloudFront says that it was made, RFC 3339.
    pub create_time: String,
    /// How many paths it has.
    pub path_count: usize,
}

/// What is remembered between deploys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    version: Version1,
    hash: Hash,
    /// The id of the last committed deploy; `None` before the first commit.
    #[serde(deserialize_with = "Option::deserialize")]
    pub deploy: Option<DeployId>,
    /// The settings of the last committed deploy.
    pub scope: Scope,
    /// The targets that accepted the last committed deploy, sorted.
    pub targets: Vec<String>,
    /// The invalidations it made.
    pub submitted: Vec<Submitted>,
    /// A run that has not committed.
    #[serde(deserialize_with = "Option::deserialize")]
    pub intent: Option<Intent>,
    /// What edges may hold in other versions than those of `files`.
    pub unsettled: Unsettled,
    /// Deploys that may still be under way, the latest last, [`MAX_UNFINISHED`] at most. Left out
    /// when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<Unfinished>,
    /// The listing of the last committed deploy.
    pub files: Listing,
}

/// How many unfinished deploys a record remembers: more than ever overlap, and some 2 KiB.
pub const MAX_UNFINISHED: usize = 16;

/// What a run is about to deploy.
#[derive(Clone, Debug)]
pub struct Deploying {
    /// The id of the site's listing.
    pub site: ListingId,
    /// The run's settings.
    pub scope: Scope,
    /// The run's targets, sorted.
    pub targets: Vec<String>,
    /// What tells this run from another one of the same site: the same before the upload, after it,
    /// and when the job is run again. Empty where nothing tells them apart; then runs of the same
    /// site count as one.
    pub run: String,
}

/// What [`Record::begin`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The id under which the run submits.
    pub deploy: DeployId,
    /// Whether an interrupted run for the same site is continued.
    pub resumed: bool,
    /// Whether the record changed, so that it has to be saved before the first request.
    pub changed: bool,
}

/// What the record knew of a run that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// That it had announced itself.
    pub announced: bool,
    /// That it was entangled with another deploy.
    pub entangled: bool,
}

impl Record {
    /// The record of a chain that begins: nothing is known of what edges hold.
    #[must_use]
    pub fn unknown(scope: Scope) -> Self {
        Record {
            version: Version1,
            hash: Hash::Blake3,
            deploy: None,
            scope,
            targets: Vec::new(),
            submitted: Vec::new(),
            intent: None,
            unsettled: Unsettled::All,
            unfinished: Vec::new(),
            files: Listing::default(),
        }
    }

    /// The record of a site that is taken as it is: `on-missing-manifest: adopt`.
    #[must_use]
    pub fn adopted(deploying: Deploying, files: Listing, random: [u8; 32]) -> Self {
        Record {
            deploy: Some(DeployId::new(random)),
            targets: deploying.targets,
            unsettled: Unsettled::default(),
            files,
            ..Record::unknown(deploying.scope)
        }
    }

    /// Reads a record as strictly as a listing.
    ///
    /// # Errors
    /// Says what is wrong: not JSON, truncated, another version, an unknown or missing field, an
    /// invalid entry.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let record: Record = serde_json::from_slice(bytes)?;
        if record.deploy.is_none() && record.unsettled != Unsettled::All {
            return Err(de::Error::custom(
                "`deploy` is null, but `unsettled` is not \"all\"",
            ));
        }
        Ok(record)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let length: usize = self.files.iter().map(|(path, _)| path.len() + 112).sum();
        let mut bytes = Vec::with_capacity(length + 1024);
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// Whether the record holds an unfinished run for exactly this site, scope and targets.
    #[must_use]
    pub fn resumes(&self, deploying: &Deploying) -> bool {
        self.intent.as_ref().is_some_and(|intent| {
            intent.site == deploying.site
                && intent.scope == deploying.scope
                && intent.targets == deploying.targets
        })
    }

    /// Writes down what the run is going to change, before it does.
    ///
    /// `stale` joins `unsettled`. An intent for the same deploy is resumed: same id, and nothing to
    /// save unless this run has more to cover or announces itself. Any other intent is superseded.
    /// `uploading` is true before the upload (`phase: begin`). `random` stands for the committed id
    /// where there is none.
    ///
    /// # Errors
    /// None in practice: see [`Scope::to_json`].
    pub fn begin(
        &mut self,
        deploying: &Deploying,
        stale: Unsettled,
        uploading: bool,
        random: [u8; 32],
    ) -> Result<Begun, serde_json::Error> {
        let before = self.unsettled.clone();
        self.unsettled.grow(stale);
        let resumed = self.resumes(deploying) && !(uploading && self.is_entangled(deploying));
        if resumed && let Some(intent) = &mut self.intent {
            let announces = uploading && !intent.runs.contains(&deploying.run);
            if announces {
                intent.runs.push(deploying.run.clone());
            }
            return Ok(Begun {
                deploy: intent.deploy,
                resumed,
                changed: announces || before != self.unsettled,
            });
        }
        let superseded = self.intent.take();
        let deploy = deploy_id(
            self.deploy.unwrap_or(DeployId::new(random)),
            superseded.as_ref().map(|intent| intent.deploy),
            deploying.site,
            &deploying.scope.to_json()?,
            &deploying.targets,
        );
        let mut entangled = superseded.is_some();
        if let Some(intent) = superseded {
            self.set_aside(intent);
        }
        for other in &mut self.unfinished {
            if other.site != deploying.site && !other.overtaken {
                other.entangled = true;
                entangled = true;
            }
        }
        self.intent = Some(Intent {
            deploy,
            site: deploying.site,
            scope: deploying.scope.clone(),
            targets: deploying.targets.clone(),
            runs: uploading
                .then(|| deploying.run.clone())
                .into_iter()
                .collect(),
            entangled,
        });
        Ok(Begun {
            deploy,
            resumed,
            changed: true,
        })
    }

    /// Whether another upload was under way beside the one that the intent is for. Then what the first
    /// run for it had evicted may have been cached again with the other deploy's bytes, and the same
    /// request under the same reference would evict nothing: who uploads once more needs a new id.
    fn is_entangled(&self, deploying: &Deploying) -> bool {
        let of_site = |one: &&Unfinished| one.site == deploying.site;
        self.intent.as_ref().is_some_and(|intent| intent.entangled)
            || self
                .unfinished
                .iter()
                .filter(of_site)
                .any(|one| one.entangled)
    }

    /// Remembers a deploy whose intent gives way.
    fn set_aside(&mut self, intent: Intent) {
        let same = |one: &Unfinished| one.site == intent.site && !one.overtaken;
        let mut one = Unfinished {
            site: intent.site,
            runs: intent.runs,
            entangled: intent.entangled,
            overtaken: false,
        };
        if let Some(at) = self.unfinished.iter().position(same) {
            let known = self.unfinished.remove(at);
            one.entangled |= known.entangled;
            let more = known.runs.into_iter();
            let more: Vec<_> = more.filter(|run| !one.runs.contains(run)).collect();
            one.runs.extend(more);
        }
        self.unfinished.push(one);
        let surplus = self.unfinished.len().saturating_sub(MAX_UNFINISHED);
        self.unfinished.drain(..surplus);
    }

    /// Starts the chain anew: an answer showed that this record is older than reality, so deploys
    /// that it never heard of were made under the ids that it would derive.
    ///
    /// # Errors
    /// None in practice: see [`Scope::to_json`].
    pub fn begin_anew(
        &mut self,
        deploying: &Deploying,
        random: [u8; 32],
    ) -> Result<Begun, serde_json::Error> {
        self.deploy = None;
        self.submitted.clear();
        self.files = Listing::default();
        let runs = self.intent.take().map(|intent| intent.runs);
        let begun = self.begin(deploying, Unsettled::All, false, random)?;
        if let (Some(intent), Some(runs)) = (&mut self.intent, runs) {
            intent.runs = runs;
        }
        Ok(begun)
    }

    /// Every target has accepted: what was deployed is what is remembered. `covered` is what this
    /// run's requests evict; another one of the same deploy may have written down more.
    ///
    /// If this deploy is entangled with another one, `unsettled` stays as it is, so that the next
    /// deploy covers those paths once more. A deploy that made no invalidation leaves those of the
    /// one before it recorded: they may still be in progress.
    pub fn commit(
        &mut self,
        deploy: DeployId,
        deploying: Deploying,
        covered: &Unsettled,
        files: Listing,
        submitted: Vec<Submitted>,
    ) {
        let mut entangled = false;
        if let Some(intent) = self.intent.take() {
            entangled = intent.entangled;
            self.set_aside(intent);
        }
        entangled |= self.finish(&deploying).entangled;
        for other in &mut self.unfinished {
            other.overtaken |= other.site != deploying.site;
        }
        // An upload that is over can't come late.
        self.unfinished
            .retain(|one| !one.runs.is_empty() || !one.overtaken);
        if !entangled {
            self.unsettled.settle(covered);
        }
        self.deploy = Some(deploy);
        self.scope = deploying.scope;
        self.targets = deploying.targets;
        if !submitted.is_empty() {
            self.submitted = submitted;
        }
        self.files = files;
    }

    /// The run of `deploying` is no longer under way.
    pub fn finish(&mut self, deploying: &Deploying) -> Finished {
        let mut finished = Finished::default();
        self.unfinished.retain_mut(|one| {
            if one.site != deploying.site {
                return true;
            }
            let before = one.runs.len();
            one.runs.retain(|run| *run != deploying.run);
            if one.runs.len() < before {
                finished.announced = true;
                finished.entangled |= one.entangled;
            }
            !one.runs.is_empty()
        });
        finished
    }

    /// Another run superseded this one, and this is its record. What this run deployed may lie under
    /// or over what the other one did, so our paths become unsettled there. True if that changed the
    /// record.
    pub fn concede(&mut self, deploying: &Deploying, stale: Unsettled) -> bool {
        let before = self.unsettled.clone();
        self.unsettled.grow(stale);
        self.finish(deploying).announced || before != self.unsettled
    }

    /// The recorded targets that a run with `targets` does not name.
    #[must_use]
    pub fn dropped_targets(&self, targets: &[String]) -> Vec<String> {
        self.targets
            .iter()
            .filter(|known| !targets.contains(known))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Digest, File};

    const RANDOM: [u8; 32] = [9; 32];

    fn scope() -> Scope {
        Scope {
            path_prefix: "/".into(),
            index_documents: vec!["index.html".into()],
            aliases: vec!["slash".into()],
            query_strings: false,
            include: vec![],
            exclude: vec![],
            added: Added::Invalidate,
            revision: String::new(),
        }
    }

    fn site(files: &[(&str, u8)]) -> Listing {
        let file = |byte| File {
            digest: Digest::new([byte; 32]),
            size: 1,
        };
        Listing::new(
            files
                .iter()
                .map(|(path, byte)| ((*path).into(), file(*byte)))
                .collect(),
        )
        .unwrap()
    }

    fn deploying(site: &Listing) -> Deploying {
        Deploying {
            site: site.id().unwrap(),
            scope: scope(),
            targets: vec!["E1".into()],
            run: String::new(),
        }
    }

    fn paths(paths: &[&str]) -> Unsettled {
        Unsettled::Paths(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    /// A record that remembers `site` as deployed.
    fn committed(site: &Listing) -> Record {
        let mut record = Record::unknown(scope());
        let begun = record
            .begin(&deploying(site), Unsettled::All, false, RANDOM)
            .unwrap();
        record.commit(
            begun.deploy,
            deploying(site),
            &Unsettled::All,
            site.clone(),
            vec![],
        );
        record
    }

    /// A run with a name, as GitHub's runs have one.
    fn run(site: &Listing, name: &str) -> Deploying {
        Deploying {
            run: name.to_owned(),
            ..deploying(site)
        }
    }

    /// A run announces itself before its upload.
    fn announce(record: &mut Record, run: &Deploying) -> Begun {
        record.begin(run, paths(&["x"]), true, RANDOM).unwrap()
    }

    /// The rest of a run, after its upload.
    fn finish(record: &mut Record, run: &Deploying, files: &Listing) {
        let begun = record.begin(run, paths(&["x"]), false, RANDOM).unwrap();
        let bytes = record.to_json().unwrap();
        assert_eq!(Record::from_json(&bytes).unwrap(), *record);
        record.commit(
            begun.deploy,
            run.clone(),
            &Unsettled::All,
            files.clone(),
            vec![],
        );
    }

    /// B supersedes A's begin and commits; then A comes to submit. Its upload may lie over B's or
    /// under it, so its commit leaves the paths unsettled, and says so only once.
    #[test]
    fn a_run_that_was_overtaken_leaves_its_paths_unsettled() {
        for name in ["", "17"] {
            let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
            let mut record = committed(&base);
            announce(&mut record, &run(&a, name));
            announce(&mut record, &run(&b, "18"));
            finish(&mut record, &run(&b, "18"), &b);
            assert_eq!(record.unsettled, paths(&["x"]));
            finish(&mut record, &run(&a, name), &a);
            assert_eq!(record.unsettled, paths(&["x"]));
            assert_eq!(record.unfinished, []);
            finish(&mut record, &run(&base, "19"), &base);
            assert!(record.unsettled.is_empty());
        }
    }

    /// A died in its upload. Later its content is deployed again, by another job.
    #[test]
    fn the_same_content_of_another_run_is_not_late() {
        let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
        let mut record = committed(&base);
        announce(&mut record, &run(&a, "17"));
        announce(&mut record, &run(&b, "18"));
        finish(&mut record, &run(&b, "18"), &b);
        announce(&mut record, &run(&a, "19"));
        finish(&mut record, &run(&a, "19"), &a);
        assert!(record.unsettled.is_empty());
        // Run 17 may still come.
        let [one] = &record.unfinished[..] else {
            panic!("{:?}", record.unfinished)
        };
        assert_eq!(
            (&one.runs[..], one.overtaken),
            (&["17".to_owned()][..], true)
        );
    }

    /// Two jobs upload the same; one commits, and the other goes on while a third site is deployed.
    #[test]
    fn a_twin_that_goes_on_uploading_is_remembered() {
        let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
        let mut record = committed(&base);
        let first = announce(&mut record, &run(&a, "17"));
        let twin = announce(&mut record, &run(&a, "18"));
        assert_eq!(
            (twin.deploy, twin.resumed, twin.changed),
            (first.deploy, true, true)
        );
        let again = announce(&mut record, &run(&a, "18"));
        assert!(!again.changed, "it has announced itself");
        finish(&mut record, &run(&a, "17"), &a);
        assert!(record.unsettled.is_empty(), "a twin changes nothing");
        // The third one.
        announce(&mut record, &run(&b, "19"));
        finish(&mut record, &run(&b, "19"), &b);
        assert_eq!(record.unsettled, paths(&["x"]));
        // The twin.
        finish(&mut record, &run(&a, "18"), &a);
        assert_eq!(record.unsettled, paths(&["x"]));
        assert_eq!(record.unfinished, []);
    }

    /// The job is run again after its upload died: it is the same run, and nobody waits for it.
    #[test]
    fn a_job_that_is_run_again_is_no_twin() {
        for name in ["", "17"] {
            let (base, a) = (site(&[("x", 1)]), site(&[("x", 2)]));
            let mut record = committed(&base);
            announce(&mut record, &run(&a, name));
            announce(&mut record, &run(&a, name));
            finish(&mut record, &run(&a, name), &a);
            assert!(record.unsettled.is_empty());
            assert_eq!(record.unfinished, []);
        }
    }

    /// A was accepted and died, after B had uploaded in between. A's job is run again, and uploads
    /// once more: what A had evicted may have been cached again with B's bytes.
    #[test]
    fn an_upload_after_others_interfered_is_not_resumed() {
        let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
        let mut record = committed(&base);
        announce(&mut record, &run(&a, "17"));
        announce(&mut record, &run(&b, "18"));
        finish(&mut record, &run(&b, "18"), &b);
        let died = record
            .begin(&run(&a, "17"), paths(&["x"]), false, RANDOM)
            .unwrap();
        // Without another upload nothing has changed since.
        let again = record
            .begin(&run(&a, "17"), paths(&["x"]), false, RANDOM)
            .unwrap();
        assert_eq!((again.deploy, again.resumed), (died.deploy, true));
        let uploads = announce(&mut record, &run(&a, "17"));
        assert!(!uploads.resumed);
        assert_ne!(uploads.deploy, died.deploy);
    }

    /// However many runs are superseded, the record does not grow without end.
    #[test]
    fn the_latest_unfinished_deploys_are_remembered() {
        let mut record = committed(&site(&[("x", 0)]));
        for version in 1..=40 {
            announce(&mut record, &run(&site(&[("x", version)]), "17"));
        }
        assert_eq!(record.unfinished.len(), MAX_UNFINISHED);
        let last = site(&[("x", 39)]).id().unwrap();
        assert_eq!(record.unfinished.last().map(|one| one.site), Some(last));
    }

    /// What an empty plan leaves in progress is still to be waited for.
    #[test]
    fn a_deploy_without_invalidations_leaves_the_last_ones_recorded() {
        let a = site(&[("x", 1)]);
        let made = vec![Submitted {
            target: "E1".into(),
            id: "I1".into(),
            caller_reference: "cfd1-0".into(),
            create_time: "2026-01-02T03:04:05Z".into(),
            path_count: 1,
        }];
        let mut record = committed(&a);
        record.submitted.clone_from(&made);
        let begun = record
            .begin(&deploying(&a), Unsettled::default(), true, RANDOM)
            .unwrap();
        record.commit(
            begun.deploy,
            deploying(&a),
            &Unsettled::All,
            a.clone(),
            vec![],
        );
        assert_eq!(record.submitted, made);
    }

    #[test]
    fn canonical_bytes_are_the_format_of_the_documentation() {
        let site = site(&[("a.html", 1)]);
        let mut record = committed(&site);
        record.deploy = Some(Digest::new([0xab; 32]));
        record.submitted = vec![Submitted {
            target: "E1".into(),
            id: "I1".into(),
            caller_reference: "cfd1-0".into(),
            create_time: "2026-01-02T03:04:05Z".into(),
            path_count: 1,
        }];
        let expected = format!(
            concat!(
                r#"{{"version":1,"hash":"blake3","deploy":"{}","#,
                r#""scope":{{"path_prefix":"/","index_documents":["index.html"],"aliases":["slash"],"#,
                r#""query_strings":false,"include":[],"exclude":[],"added":"invalidate","revision":""}},"#,
                r#""targets":["E1"],"submitted":[{{"target":"E1","id":"I1","caller_reference":"cfd1-0","#,
                r#""create_time":"2026-01-02T03:04:05Z","path_count":1}}],"#,
                r#""intent":null,"unsettled":[],"files":{{"a.html":{{"digest":"{}","size":1}}}}}}"#
            ),
            "ab".repeat(32),
            "01".repeat(32)
        );
        let json = record.to_json().unwrap();
        assert_eq!(String::from_utf8(json.clone()).unwrap(), expected);
        assert_eq!(Record::from_json(&json).unwrap(), record);
    }

    #[test]
    fn a_record_with_an_intent_round_trips() {
        let (a, b, c) = (site(&[("a", 1)]), site(&[("a", 2)]), site(&[("a", 3)]));
        let mut record = committed(&a);
        record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        let json = record.to_json().unwrap();
        assert!(!String::from_utf8_lossy(&json).contains(r#""entangled""#));
        assert_eq!(Record::from_json(&json).unwrap(), record);
        record
            .begin(&run(&c, "17"), paths(&["a"]), true, RANDOM)
            .unwrap();
        let json = record.to_json().unwrap();
        let unfinished = format!(
            r#""unfinished":[{{"site":"{}","entangled":true}}]"#,
            b.id().unwrap()
        );
        for part in [r#""runs":["17"],"entangled":true}"#, &unfinished] {
            assert!(String::from_utf8_lossy(&json).contains(part), "{part}");
        }
        assert_eq!(Record::from_json(&json).unwrap(), record);
    }

    #[test]
    fn strict_reading() {
        let json = String::from_utf8(committed(&site(&[("a", 1)])).to_json().unwrap()).unwrap();
        let rows = [
            (
                json.replace(r#""version":1"#, r#""version":2"#),
                "version 2 is not supported",
            ),
            (json.replace("blake3", "md5"), "unknown variant `md5`"),
            (
                json.replace(r#""intent":null,"#, ""),
                "missing field `intent`",
            ),
            (
                json.replace(r#""intent":null,"#, r#""intent":null,"intent":null,"#),
                "duplicate field",
            ),
            (
                json.replace(r#""submitted":"#, r#""extra":1,"submitted":"#),
                "unknown field `extra`",
            ),
            (
                json.replace(r#""revision":"""#, r#""revision":"","x":1"#),
                "unknown field `x`",
            ),
            (
                json.replace(r#""unsettled":[]"#, r#""unsettled":"some""#),
                "expected \"all\"",
            ),
            (
                json.replace(r#""unsettled":[]"#, r#""unsettled":["/a"]"#),
                "unsettled \"/a\"",
            ),
            (
                json.replace(r#""unsettled":[]"#, r#""unsettled":["a","a"]"#),
                "occurs twice",
            ),
            (json.replace(r#""a":{"#, r#""../a":{"#), "entry \"../a\""),
            (json[..json.len() - 1].to_owned(), "EOF"),
            (String::new(), "EOF"),
        ];
        for (json, expected) in rows {
            let error = Record::from_json(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "said: {error}\n not: {expected}");
        }
        let null = regex_free_null_deploy(&json);
        let error = Record::from_json(null.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("`unsettled` is not \"all\""), "{error}");
    }

    fn regex_free_null_deploy(json: &str) -> String {
        let start = json.find(r#""deploy":"#).unwrap() + r#""deploy":"#.len();
        let end = start + 66;
        format!("{}null{}", &json[..start], &json[end..])
    }

    #[test]
    fn a_first_deploy_begins_a_chain_of_its_own() {
        let a = site(&[("a", 1)]);
        let mut one = Record::unknown(scope());
        let mut other = Record::unknown(scope());
        let begun = one
            .begin(&deploying(&a), Unsettled::All, false, [1; 32])
            .unwrap();
        let twin = other
            .begin(&deploying(&a), Unsettled::All, false, [2; 32])
            .unwrap();
        assert!(begun.changed && !begun.resumed);
        assert_ne!(begun.deploy, twin.deploy);
        assert_eq!(one.deploy, None);
        assert_eq!(one.unsettled, Unsettled::All);
    }

    #[test]
    fn the_same_deploy_is_resumed_under_its_id() {
        let (a, b) = (site(&[("a", 1)]), site(&[("a", 2)]));
        let mut record = committed(&a);
        let first = record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        let again = record
            .begin(&deploying(&b), paths(&["a"]), false, [7; 32])
            .unwrap();
        assert_eq!(
            again,
            Begun {
                deploy: first.deploy,
                resumed: true,
                changed: false
            }
        );
        record.commit(
            again.deploy,
            deploying(&b),
            &Unsettled::All,
            b.clone(),
            vec![],
        );
        assert_eq!(record.deploy, Some(first.deploy));
        assert_eq!(
            (record.intent, record.unsettled),
            (None, Unsettled::default())
        );
        assert_eq!(record.files, b);
    }

    #[test]
    fn other_settings_or_targets_are_another_deploy() {
        let (a, b) = (site(&[("a", 1)]), site(&[("a", 2)]));
        let mut record = committed(&a);
        record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        let other_scope = Deploying {
            scope: Scope {
                revision: "2".into(),
                ..scope()
            },
            ..deploying(&b)
        };
        let other_targets = Deploying {
            targets: vec!["E1".into(), "E2".into()],
            ..deploying(&b)
        };
        assert!(record.resumes(&deploying(&b)));
        assert!(!record.resumes(&other_scope));
        assert!(!record.resumes(&other_targets));
    }

    #[test]
    fn what_a_superseded_run_did_stays_unsettled_until_a_calm_deploy() {
        let (a, b) = (site(&[("a", 1), ("b", 1)]), site(&[("a", 2), ("b", 1)]));
        let c = site(&[("a", 1), ("b", 3)]);
        let mut record = committed(&a);
        // B begins and dies.
        let dead = record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        // C supersedes it: B's path and its own are unsettled, also after its commit.
        let begun = record
            .begin(&deploying(&c), paths(&["a", "b"]), false, RANDOM)
            .unwrap();
        assert!(!begun.resumed);
        assert_ne!(begun.deploy, dead.deploy);
        record.commit(
            begun.deploy,
            deploying(&c),
            &Unsettled::All,
            c.clone(),
            vec![],
        );
        assert_eq!(record.unsettled, paths(&["a", "b"]));
        // The next one covers them once more, and is the end of it.
        let next = record
            .begin(&deploying(&c), paths(&["a", "b"]), false, RANDOM)
            .unwrap();
        record.commit(next.deploy, deploying(&c), &Unsettled::All, c, vec![]);
        assert!(record.unsettled.is_empty());
    }

    #[test]
    fn a_superseding_run_that_is_resumed_still_leaves_its_paths_unsettled() {
        let (a, b, c) = (site(&[("a", 1)]), site(&[("a", 2)]), site(&[("a", 3)]));
        let mut record = committed(&a);
        record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        record
            .begin(&deploying(&c), paths(&["a"]), false, RANDOM)
            .unwrap();
        let resumed = record
            .begin(&deploying(&c), paths(&["a"]), false, RANDOM)
            .unwrap();
        assert!(resumed.resumed);
        record.commit(resumed.deploy, deploying(&c), &Unsettled::All, c, vec![]);
        assert_eq!(record.unsettled, paths(&["a"]));
    }

    #[test]
    fn a_reverted_deploy_is_a_new_one() {
        let (a, b) = (site(&[("a", 1)]), site(&[("a", 2)]));
        let mut record = committed(&a);
        let id_of_a = record.deploy;
        record
            .begin(&deploying(&b), paths(&["a"]), false, RANDOM)
            .unwrap();
        let back = record
            .begin(&deploying(&a), paths(&["a"]), false, RANDOM)
            .unwrap();
        assert!(!back.resumed);
        assert_ne!(Some(back.deploy), id_of_a);
    }

    /// A run that was to flush wrote so under the same intent, and failed.
    #[test]
    fn a_commit_settles_what_it_covered_and_no_more() {
        let (a, b) = (site(&[("a", 1)]), site(&[("a", 2)]));
        let rows = [
            (paths(&["a"]), paths(&["a"]), paths(&[])),
            (paths(&["a", "b"]), paths(&["a"]), paths(&["b"])),
            (Unsettled::All, paths(&["a"]), Unsettled::All),
            (paths(&["a"]), Unsettled::All, paths(&[])),
            (Unsettled::All, Unsettled::All, paths(&[])),
        ];
        for (unsettled, covered, left) in rows {
            let mut record = committed(&a);
            let begun = record
                .begin(&deploying(&b), unsettled, false, RANDOM)
                .unwrap();
            record.commit(begun.deploy, deploying(&b), &covered, b.clone(), vec![]);
            assert_eq!(record.unsettled, left, "{covered:?}");
        }
    }

    #[test]
    fn a_loser_leaves_its_paths_with_the_winner() {
        let (a, loser) = (site(&[("a", 1)]), deploying(&site(&[("a", 2)])));
        let mut winner = committed(&a);
        assert!(winner.concede(&loser, paths(&["x"])));
        assert!(!winner.concede(&loser, paths(&["x"])));
        assert!(winner.concede(&loser, Unsettled::All));
        assert!(!winner.concede(&loser, paths(&["y"])));
        assert_eq!(winner.unsettled, Unsettled::All);
        assert_eq!(winner.files, a);
        assert_eq!(winner.unfinished, []);
    }

    /// Two jobs upload A while B does. The first one commits, B loses, and the second one, which
    /// overlapped B as well, must not take B's paths for settled.
    #[test]
    fn a_winner_that_is_yet_to_commit_leaves_the_losers_paths() {
        let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
        let mut record = committed(&base);
        announce(&mut record, &run(&a, "17"));
        announce(&mut record, &run(&a, "18"));
        announce(&mut record, &run(&b, "19"));
        finish(&mut record, &run(&a, "17"), &a);
        assert_eq!(record.unsettled, paths(&["x"]));
        let second = run(&a, "18");
        let begun = record.begin(&second, paths(&["x"]), false, RANDOM).unwrap();
        assert!(record.concede(&run(&b, "19"), paths(&["x"])));
        record.commit(begun.deploy, second, &Unsettled::All, a, vec![]);
        assert_eq!(record.unsettled, paths(&["x"]));
        assert_eq!(record.unfinished, []);
        finish(&mut record, &run(&base, "20"), &base);
        assert!(record.unsettled.is_empty());
    }

    #[test]
    fn a_new_chain_forgets_what_was_known() {
        let a = site(&[("a", 1)]);
        let mut record = committed(&a);
        let derived = record
            .clone()
            .begin(&deploying(&a), Unsettled::All, false, RANDOM)
            .unwrap();
        let anew = record.begin_anew(&deploying(&a), RANDOM).unwrap();
        assert_ne!(anew.deploy, derived.deploy);
        assert_eq!((record.deploy, record.unsettled), (None, Unsettled::All));
        assert!(record.files.is_empty());
    }

    #[test]
    fn dropped_targets_are_named() {
        let record = committed(&site(&[("a", 1)]));
        assert_eq!(record.dropped_targets(&["E2".into()]), ["E1"]);
        assert!(
            record
                .dropped_targets(&["E1".into(), "E2".into()])
                .is_empty()
        );
    }

    #[test]
    fn differences_of_scopes_are_named_as_inputs() {
        let other = Scope {
            query_strings: true,
            revision: "2".into(),
            ..scope()
        };
        assert_eq!(scope().differences(&other), ["query-strings", "revision"]);
        assert!(scope().differences(&scope()).is_empty());
    }
}
