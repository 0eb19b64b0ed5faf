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
    /// Whether it replaced the intent of another run, which may still be uploading, or was replaced
    /// itself: then the paths stay unsettled through its commit, also if a later run resumes it.
    /// Left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseding: bool,
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
    /// The listings of runs whose intent was superseded and that did not begin again since, the
    /// latest last, [`MAX_SUPERSEDED`] at most. Left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<ListingId>,
    /// The listing of the last committed deploy.
    pub files: Listing,
}

/// How many superseded runs a record remembers: more than ever overlap, and 1 KiB at most.
pub const MAX_SUPERSEDED: usize = 16;

/// What a run is about to deploy.
#[derive(Clone, Debug)]
pub struct Deploying {
    /// The id of the site's listing.
    pub site: ListingId,
    /// The run's settings.
    pub scope: Scope,
    /// The run's targets, sorted.
    pub targets: Vec<String>,
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
            superseded: Vec::new(),
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
    /// save unless this run has more to cover. Any other intent is superseded. `random` stands for the committed id where
    /// there is none.
    ///
    /// # Errors
    /// None in practice: see [`Scope::to_json`].
    pub fn begin(
        &mut self,
        deploying: &Deploying,
        stale: Unsettled,
        random: [u8; 32],
    ) -> Result<Begun, serde_json::Error> {
        let before = self.unsettled.clone();
        self.unsettled.grow(stale);
        if self.resumes(deploying)
            && let Some(intent) = &self.intent
        {
            let changed = before != self.unsettled;
            return Ok(Begun {
                deploy: intent.deploy,
                resumed: true,
                changed,
            });
        }
        let late = self.is_late(deploying.site);
        let superseded = self.intent.as_ref().map(|intent| intent.deploy);
        if let Some(intent) = &self.intent {
            let site = intent.site;
            self.superseded.retain(|known| *known != site);
            self.superseded.push(site);
            let surplus = self.superseded.len().saturating_sub(MAX_SUPERSEDED);
            self.superseded.drain(..surplus);
        }
        let deploy = deploy_id(
            self.deploy.unwrap_or(DeployId::new(random)),
            superseded,
            deploying.site,
            &deploying.scope.to_json()?,
            &deploying.targets,
        );
        self.intent = Some(Intent {
            deploy,
            site: deploying.site,
            scope: deploying.scope.clone(),
            targets: deploying.targets.clone(),
            superseding: superseded.is_some() || late,
        });
        Ok(Begun {
            deploy,
            resumed: false,
            changed: true,
        })
    }

    /// Whether a run for this site was superseded, which the question forgets. It may be this very
    /// run: it began, uploaded, and comes to submit only now that the other one has committed. Then
    /// either upload may lie over the other, so the paths stay unsettled once more, as they do where
    /// the runs come in the other order.
    fn is_late(&mut self, site: ListingId) -> bool {
        let known = self.superseded.len();
        self.superseded.retain(|superseded| *superseded != site);
        self.superseded.len() < known
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
        self.intent = None;
        self.files = Listing::default();
        self.begin(deploying, Unsettled::All, random)
    }

    /// Every target has accepted: what was deployed is what is remembered.
    ///
    /// A run that superseded another leaves `unsettled` as it is: the other one may still be
    /// uploading, so the next deploy covers those paths once more.
    pub fn commit(
        &mut self,
        deploy: DeployId,
        deploying: Deploying,
        files: Listing,
        submitted: Vec<Submitted>,
    ) {
        let superseding = self.intent.take().is_some_and(|intent| intent.superseding);
        if !superseding {
            self.unsettled = Unsettled::default();
        }
        self.deploy = Some(deploy);
        self.scope = deploying.scope;
        self.targets = deploying.targets;
        self.submitted = submitted;
        self.files = files;
    }

    /// Another run superseded this one, whose record this is. What this run deployed may lie under
    /// or over what the other one did, so our paths become unsettled there. True if that changed
    /// the record.
    pub fn concede(&mut self, stale: Unsettled) -> bool {
        let before = self.unsettled.clone();
        self.unsettled.grow(stale);
        before != self.unsettled
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
        }
    }

    fn paths(paths: &[&str]) -> Unsettled {
        Unsettled::Paths(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    /// A record that remembers `site` as deployed.
    fn committed(site: &Listing) -> Record {
        let mut record = Record::unknown(scope());
        let begun = record
            .begin(&deploying(site), Unsettled::All, RANDOM)
            .unwrap();
        record.commit(begun.deploy, deploying(site), site.clone(), vec![]);
        record
    }

    /// B supersedes A's begin and commits; then A comes to submit. Its upload may lie over B's or
    /// under it, so its commit leaves the paths unsettled, and says so only once.
    #[test]
    fn a_run_that_was_superseded_and_comes_late_leaves_its_paths_unsettled() {
        let (base, a, b) = (site(&[("x", 1)]), site(&[("x", 2)]), site(&[("x", 3)]));
        let mut record = committed(&base);
        record.begin(&deploying(&a), paths(&["x"]), RANDOM).unwrap();
        let begun = record.begin(&deploying(&b), paths(&["x"]), RANDOM).unwrap();
        record.commit(begun.deploy, deploying(&b), b.clone(), vec![]);
        assert_eq!(record.superseded, [a.id().unwrap()]);
        let bytes = record.to_json().unwrap();
        assert_eq!(Record::from_json(&bytes).unwrap(), record);

        let late = record.begin(&deploying(&a), paths(&["x"]), RANDOM).unwrap();
        assert!(!late.resumed);
        record.commit(late.deploy, deploying(&a), a.clone(), vec![]);
        assert_eq!(record.unsettled, paths(&["x"]));
        assert_eq!(record.superseded, []);

        let next = record
            .begin(&deploying(&base), paths(&["x"]), RANDOM)
            .unwrap();
        record.commit(next.deploy, deploying(&base), base, vec![]);
        assert!(record.unsettled.is_empty());
    }

    /// However many runs are superseded, the record does not grow without end.
    #[test]
    fn the_latest_superseded_runs_are_remembered() {
        let mut record = committed(&site(&[("x", 0)]));
        for version in 1..=40 {
            let site = site(&[("x", version)]);
            record
                .begin(&deploying(&site), paths(&["x"]), RANDOM)
                .unwrap();
        }
        assert_eq!(record.superseded.len(), MAX_SUPERSEDED);
        let last = site(&[("x", 39)]).id().unwrap();
        assert_eq!(record.superseded.last(), Some(&last));
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
        record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
        let json = record.to_json().unwrap();
        assert!(!String::from_utf8_lossy(&json).contains("superseding"));
        assert_eq!(Record::from_json(&json).unwrap(), record);
        record.begin(&deploying(&c), paths(&["a"]), RANDOM).unwrap();
        let json = record.to_json().unwrap();
        assert!(String::from_utf8_lossy(&json).contains(r#""superseding":true"#));
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
        let begun = one.begin(&deploying(&a), Unsettled::All, [1; 32]).unwrap();
        let twin = other
            .begin(&deploying(&a), Unsettled::All, [2; 32])
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
        let first = record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
        let again = record
            .begin(&deploying(&b), paths(&["a"]), [7; 32])
            .unwrap();
        assert_eq!(
            again,
            Begun {
                deploy: first.deploy,
                resumed: true,
                changed: false
            }
        );
        record.commit(again.deploy, deploying(&b), b.clone(), vec![]);
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
        record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
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
        let dead = record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
        // C supersedes it: B's path and its own are unsettled, also after its commit.
        let begun = record
            .begin(&deploying(&c), paths(&["a", "b"]), RANDOM)
            .unwrap();
        assert!(!begun.resumed);
        assert_ne!(begun.deploy, dead.deploy);
        record.commit(begun.deploy, deploying(&c), c.clone(), vec![]);
        assert_eq!(record.unsettled, paths(&["a", "b"]));
        // The next one covers them once more, and is the end of it.
        let next = record
            .begin(&deploying(&c), paths(&["a", "b"]), RANDOM)
            .unwrap();
        record.commit(next.deploy, deploying(&c), c, vec![]);
        assert!(record.unsettled.is_empty());
    }

    #[test]
    fn a_superseding_run_that_is_resumed_still_leaves_its_paths_unsettled() {
        let (a, b, c) = (site(&[("a", 1)]), site(&[("a", 2)]), site(&[("a", 3)]));
        let mut record = committed(&a);
        record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
        record.begin(&deploying(&c), paths(&["a"]), RANDOM).unwrap();
        let resumed = record.begin(&deploying(&c), paths(&["a"]), RANDOM).unwrap();
        assert!(resumed.resumed);
        record.commit(resumed.deploy, deploying(&c), c, vec![]);
        assert_eq!(record.unsettled, paths(&["a"]));
    }

    #[test]
    fn a_reverted_deploy_is_a_new_one() {
        let (a, b) = (site(&[("a", 1)]), site(&[("a", 2)]));
        let mut record = committed(&a);
        let id_of_a = record.deploy;
        record.begin(&deploying(&b), paths(&["a"]), RANDOM).unwrap();
        let back = record.begin(&deploying(&a), paths(&["a"]), RANDOM).unwrap();
        assert!(!back.resumed);
        assert_ne!(Some(back.deploy), id_of_a);
    }

    #[test]
    fn a_loser_leaves_its_paths_with_the_winner() {
        let a = site(&[("a", 1)]);
        let mut winner = committed(&a);
        assert!(winner.concede(paths(&["x"])));
        assert!(!winner.concede(paths(&["x"])));
        assert!(winner.concede(Unsettled::All));
        assert!(!winner.concede(paths(&["y"])));
        assert_eq!(winner.unsettled, Unsettled::All);
        assert_eq!(winner.files, a);
    }

    #[test]
    fn a_new_chain_forgets_what_was_known() {
        let a = site(&[("a", 1)]);
        let mut record = committed(&a);
        let derived = record
            .clone()
            .begin(&deploying(&a), Unsettled::All, RANDOM)
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
