//! Deploys that overlap: two or three of them in random order of their steps, with viewers in
//! between and deaths, over random small sites. After the next deploy that nobody disturbs, nothing
//! may be stale.
//!
//! A schedule is made from its seed alone. A failure prints the seed and every step;
//! `CFD_OVERLAP_SEED=N` runs that schedule, `CFD_OVERLAP_SCHEDULES=N` so many.
//!
//! The driver takes the steps of `src/run.rs` in its order: load, changes, plan, intent (over again
//! if the record changed), requests, commit; with `begin`, the first four before the upload too. Each
//! is free of awaits with a local file, so what lies between two steps is all that another process
//! can see. Everything below the driver is the product's: chain, record, planner, references. The
//! edge and what is billed are the stand-in's.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Child;

use cloudfront_delta::batch::batches;
use cloudfront_delta::chain::{Chain, Committed};
use cloudfront_delta::changes::Changes;
use cloudfront_delta::doubt::Doubt;
use cloudfront_delta::inputs::{self, Deploy as Settings, Job};
use cloudfront_delta::listing::{Digest, File, Listing};
use cloudfront_delta::pattern::Pattern;
use cloudfront_delta::planning::planned;
use cloudfront_delta::record::{Begun, Deploying, Record, Submitted, Unsettled};
use cloudfront_delta::reference::{DeployId, caller_reference};
use cloudfront_delta::store::{FileStore, Location, Store};
use cloudfront_standin::{Edge, Fault, FaultKind, Gate, Operation};
use tempfile::TempDir;

use crate::death::each;
use crate::harness::Stage;
use crate::homes::here;
use crate::run::Ended;

const TARGET: &str = "E1EXAMPLE";

/// The files that sites are made of, and every URL by which a viewer may ask for them.
const PATHS: [&str; 5] = [
    "index.html",
    "a.html",
    "b.html",
    "docs/index.html",
    "docs/c.html",
];
const URLS: [&str; 7] = [
    "/",
    "/index.html",
    "/a.html",
    "/b.html",
    "/docs/",
    "/docs/index.html",
    "/docs/c.html",
];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

/// Site path to version.
type Site = BTreeMap<&'static str, u8>;

/// A site that differs from this one in one to three files.
fn changed(random: &mut Random, site: &Site) -> Site {
    let mut site = site.clone();
    for _ in 0..=random.below(3) {
        let path = PATHS[random.below(PATHS.len())];
        if random.percent(25) && site.len() > 1 {
            site.remove(path);
        } else {
            site.insert(path, u8::try_from(random.below(3)).unwrap());
        }
    }
    if site.is_empty() {
        site.insert("index.html", 0);
    }
    site
}

fn listing(site: &Site) -> Listing {
    let file = |(path, version): (&&str, &u8)| {
        let digest = Digest::new([*version + 1; 32]);
        ((*path).into(), File { digest, size: 1 })
    };
    Listing::new(site.iter().map(file).collect()).unwrap()
}

/// What all deploys share: the edges, the service, the record.
struct World {
    edge: Edge,
    /// Accepted invalidations by reference: their paths, and the deploy that they were made for.
    made: HashMap<String, (Vec<String>, DeployId)>,
    record: PathBuf,
    now: usize,
    trace: Option<String>,
}

impl World {
    fn tell(&mut self, what: impl FnOnce(&World) -> String) {
        if let Some(mut trace) = self.trace.take() {
            let _ = writeln!(trace, "{:4} {}", self.now, what(self));
            self.trace = Some(trace);
        }
    }

    /// The service: true if it returned an invalidation that it had made earlier.
    fn invalidate(&mut self, deploy: DeployId, reference: &str, patterns: &[Pattern]) -> bool {
        let paths: Vec<_> = patterns.iter().map(ToString::to_string).collect();
        if let Some((earlier, made_for)) = self.made.get(reference) {
            assert_eq!(*earlier, paths, "a reference with other paths");
            assert_eq!(
                *made_for, deploy,
                "an old invalidation is taken for a new one"
            );
            return true;
        }
        self.edge.invalidate(reference, &paths);
        self.made.insert(reference.to_owned(), (paths, deploy));
        false
    }

    fn store(&self) -> Store {
        Store::File(FileStore::new(self.record.clone()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BeginLoad,
    BeginIntent,
    Upload,
    Load,
    Intent,
    Submit,
    Commit,
    Done,
    Dead,
}

/// One deploy: a job that may begin, uploads, and runs the product.
struct Deploy<'a> {
    name: usize,
    settings: &'a Settings,
    site: Site,
    files: Listing,
    deploying: Deploying,
    state: State,
    /// Copies that are still to be made; once they are, deletions.
    copies: Vec<&'static str>,
    deletions: Option<Vec<&'static str>>,
    chain: Option<Chain>,
    begun: Option<Begun>,
    requests: Vec<(String, Vec<Pattern>)>,
    submitted: Vec<Submitted>,
    reused: bool,
    /// Whether CloudFront's clock shows that an answer is an old one: not if it is two seconds old.
    tells_reuse: bool,
    /// Its first step.
    started: Option<usize>,
    /// When its begin wrote its intent.
    announced: Option<usize>,
    /// When its upload began and ended, when its run wrote its intent (or saw that there is nothing
    /// to do), when it was over.
    uploaded: Option<(usize, usize)>,
    intended: Option<usize>,
    loaded: usize,
    over: usize,
    /// Whether its run wrote down what it was about to do.
    known: bool,
}

impl<'a> Deploy<'a> {
    fn new(
        name: usize,
        settings: &'a Settings,
        begins: bool,
        site: Site,
        random: &mut Random,
    ) -> Self {
        let files = listing(&site);
        let deploying = Deploying {
            site: files.id().unwrap(),
            scope: settings.scope.clone(),
            targets: vec![TARGET.to_owned()],
            run: name.to_string(),
        };
        let mut copies: Vec<_> = site.keys().copied().collect();
        for index in (1..copies.len()).rev() {
            copies.swap(index, random.below(index + 1));
        }
        Self {
            name,
            settings,
            site,
            files,
            deploying,
            state: if begins {
                State::BeginLoad
            } else {
                State::Upload
            },
            copies,
            deletions: None,
            chain: None,
            begun: None,
            requests: Vec::new(),
            submitted: Vec::new(),
            reused: false,
            tells_reuse: random.percent(50),
            started: None,
            announced: None,
            uploaded: None,
            intended: None,
            loaded: 0,
            over: 0,
            known: begins,
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Done | State::Dead)
    }

    /// One step.
    fn step(&mut self, world: &mut World) {
        world.now += 1;
        let (name, state) = (self.name, self.state);
        self.started.get_or_insert(world.now);
        match self.state {
            State::BeginLoad => {
                self.load(world);
                self.state = State::BeginIntent;
            }
            State::BeginIntent => {
                self.state = match self.intend(true) {
                    Some(false) => State::BeginLoad,
                    Some(true) | None => State::Upload,
                };
                self.announced = (self.state == State::Upload).then_some(world.now);
                self.chain = None;
            }
            State::Upload => self.upload(world),
            State::Load => {
                self.load(world);
                self.loaded = world.now;
                self.state = State::Intent;
            }
            State::Intent => {
                self.state = match self.intend(false) {
                    Some(true) if self.requests.is_empty() => State::Commit,
                    Some(true) => State::Submit,
                    Some(false) => State::Load,
                    None => State::Done,
                };
                if self.state != State::Load {
                    self.known = true;
                    self.intended = Some(world.now);
                }
            }
            State::Submit => self.submit(world),
            State::Commit => {
                let mut chain = self.chain.take().unwrap();
                let deploy = self.begun.unwrap().deploy;
                let files = std::mem::take(&mut self.files);
                let ended = here(chain.commit(deploy, &self.deploying, files, &self.submitted));
                let ended = ended.unwrap();
                world.tell(|_| format!("   {ended:?}"));
                assert!(matches!(ended, Committed::Done | Committed::Superseded));
                self.state = State::Done;
            }
            State::Done | State::Dead => unreachable!(),
        }
        let saw_nothing = state == State::Intent && self.state == State::Done;
        // A run that finds nothing to do is as if it had ended when it loaded: it writes nothing.
        self.over = if saw_nothing { self.loaded } else { world.now };
        let next = self.state;
        world.tell(|world| {
            let record = std::fs::read(&world.record).unwrap_or_default();
            let record = Record::from_json(&record).ok();
            let seen = record.map(|record| {
                let intent = record
                    .intent
                    .map(|intent| intent.deploy.to_string()[..6].to_owned());
                let files: Vec<_> = record
                    .files
                    .iter()
                    .map(|(p, f)| (p.to_owned(), f.digest.as_bytes()[0] - 1))
                    .collect();
                format!(
                    "intent {intent:?} unsettled {:?} files {files:?}",
                    record.unsettled
                )
            });
            format!("{name}: {state:?} -> {next:?}; {seen:?}")
        });
    }

    /// One request. After the last one the run knows whether its record is older than reality.
    fn submit(&mut self, world: &mut World) {
        let begun = self.begun.unwrap();
        let (reference, patterns) = self.requests.remove(0);
        let reused = world.invalidate(begun.deploy, &reference, &patterns);
        world.tell(|_| format!("   {patterns:?} reused: {reused}"));
        self.reused |= reused;
        self.submitted.push(Submitted {
            target: TARGET.to_owned(),
            id: reference.clone(),
            caller_reference: reference,
            create_time: "2026-01-02T03:04:05Z".to_owned(),
            path_count: patterns.len(),
        });
        if !self.requests.is_empty() {
            return;
        }
        self.state = State::Commit;
        if !begun.resumed && self.reused && self.tells_reuse {
            // A twin of this deploy resumed it and was quicker.
            self.start_anew(world);
        }
    }

    /// A flush under a new chain.
    fn start_anew(&mut self, world: &mut World) {
        let chain = self.chain.as_mut().unwrap();
        let nothing = Changes::default();
        let doubt = Some(&Doubt::Outdated);
        let plan = planned(
            self.settings,
            &chain.record,
            &self.files,
            &nothing,
            doubt,
            false,
        );
        let Some(begun) = here(chain.begin_anew(&self.deploying)).unwrap() else {
            world.tell(|_| "   the record changed".to_owned());
            self.state = State::Dead;
            return;
        };
        self.reused = false;
        self.tells_reuse = false;
        self.state = State::Submit;
        self.ask_for(begun, &plan.unwrap().plan.patterns);
    }

    /// The requests of a plan.
    fn ask_for(&mut self, begun: Begun, patterns: &[Pattern]) {
        self.begun = Some(begun);
        self.submitted.clear();
        let batches = batches(patterns);
        let total = batches.len();
        let request = |(index, patterns): (usize, Vec<Pattern>)| {
            let reference = caller_reference(TARGET, begun.deploy, index + 1, total, &patterns);
            (reference, patterns)
        };
        self.requests = batches.into_iter().enumerate().map(request).collect();
    }

    /// Load, as the run does it.
    fn load(&mut self, world: &World) {
        let location = Location::File(world.record.clone());
        let unknown = Record::unknown(self.deploying.scope.clone());
        let chain = here(Chain::load(
            world.store(),
            &location,
            unknown,
            self.settings.on_missing,
        ));
        self.chain = Some(chain.unwrap());
    }

    /// Changes, plan, intent. `None` if there is nothing to do, `Some(false)` if the record changed.
    fn intend(&mut self, uploading: bool) -> Option<bool> {
        let chain = self.chain.as_mut().unwrap();
        let doubt = Doubt::of(&chain.knowledge, &chain.record, &self.deploying, false);
        let unsettled = chain.record.unsettled.paths();
        let changes = Changes::between(
            &chain.record.files,
            &self.files,
            &unsettled,
            self.settings.scope.added,
        );
        let nothing_new = doubt.is_none() && changes.is_empty();
        if nothing_new && chain.record.intent.is_none() && !uploading {
            return None;
        }
        let (record, doubt) = (&chain.record, doubt.as_ref());
        let plan = planned(self.settings, record, &self.files, &changes, doubt, false).unwrap();
        let stale = match doubt {
            Some(_) => Unsettled::All,
            None => changes.to_unsettled(),
        };
        let Some(begun) = here(chain.begin(&self.deploying, stale, uploading)).unwrap() else {
            return Some(false);
        };
        self.ask_for(begun, &plan.plan.patterns);
        Some(true)
    }

    /// Copies a file, or deletes one that the site does not have.
    fn upload(&mut self, world: &mut World) {
        let now = world.now;
        let began = self.uploaded.map_or(now, |(began, _)| began);
        self.uploaded = Some((began, now));
        if let Some(path) = self.copies.pop() {
            let version = self.site[path];
            world.edge.set_origin_file(path, version.to_string());
            world.tell(|_| format!("   {path} := {version}"));
        } else {
            let edge = &world.edge;
            let site = &self.site;
            let deletions = self.deletions.get_or_insert_with(|| {
                let extra =
                    |path: &&str| edge.origin_file(path).is_some() && !site.contains_key(path);
                PATHS.into_iter().filter(extra).collect()
            });
            if let Some(path) = deletions.pop() {
                world.edge.remove_origin_file(path);
                world.tell(|_| format!("   {path} removed"));
            }
        }
        if self.copies.is_empty() && self.deletions.as_ref().is_some_and(Vec::is_empty) {
            self.state = State::Load;
        }
    }
}

/// What in a schedule nobody can have seen, or what the record does not keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::struct_excessive_bools, reason = "each is a matter of its own")]
struct Kind {
    /// Without begin: two uploads overlapped.
    overlapping: bool,
    /// Without begin: a run wrote its intent after the whole run of a deploy that was uploaded later,
    /// or after that one had decided to resume the intent of a twin.
    late: bool,
    /// Without begin: a deploy died after it had uploaded something and before its intent.
    unknown: bool,
    /// With begin: a job went on uploading through another deploy that came after its having been
    /// overtaken, and died. The record is the same as if it had been dead before.
    abandoned: bool,
}

impl Kind {
    fn of(deploys: &[Deploy], begins: bool) -> Self {
        let mut kind = Kind::default();
        for one in deploys {
            let others = || deploys.iter().filter(|other| other.name != one.name);
            let overlaps = |other: &&Deploy| match (one.started, other.started) {
                (Some(mine), Some(theirs)) => mine <= other.over && theirs <= one.over,
                _ => false,
            };
            if begins {
                let last = one.uploaded.map_or(0, |(_, last)| last);
                let overtaken = |by: &&Deploy| overlaps(by) && by.over < last;
                let through = |from: usize| {
                    let later = |other: &Deploy| other.announced.is_some_and(|at| at > from);
                    others().filter(overlaps).any(later)
                };
                kind.abandoned |= one.state == State::Dead
                    && others().filter(overtaken).any(|by| through(by.over));
                continue;
            }
            kind.unknown |= one.uploaded.is_some() && !one.known;
            for other in others() {
                let (Some(mine), Some(theirs)) = (one.uploaded, other.uploaded) else {
                    continue;
                };
                kind.overlapping |= mine.0 <= theirs.1 && theirs.0 <= mine.1;
                let before = mine.1 < theirs.0;
                // Who resumes a twin's intent writes nothing, and so can't notice what came after
                // it had read the record.
                let resumed = other.begun.is_some_and(|begun| begun.resumed);
                let there = if resumed { other.loaded } else { other.over };
                kind.late |= before && one.intended.is_some_and(|intended| intended > there);
            }
        }
        kind
    }

    fn is_clean(self) -> bool {
        self == Kind::default()
    }
}

/// The end of a schedule: its kind, and the URLs that were stale after the undisturbed deploy.
struct End {
    kind: Kind,
    stale: Vec<String>,
    trace: String,
}

/// Runs one schedule.
fn schedule(seed: u64, begins: bool, settings: &Settings, directory: &Path, traced: bool) -> End {
    let mut random = Random(seed);
    let record = directory.join("manifest.json");
    let _ = std::fs::remove_file(&record);
    let mut world = World {
        edge: Edge::default(),
        made: HashMap::new(),
        record,
        now: 0,
        trace: traced.then(String::new),
    };
    let mut sites = vec![changed(
        &mut random,
        &Site::from([("index.html", 0), ("a.html", 0)]),
    )];
    let first = sites[0].clone();
    alone(&mut random, &mut world, settings, begins, first, 0);
    assert!(world.edge.stale().is_empty(), "after the first deploy");

    // The sites: each differs from the one before, or is one of the earlier ones again.
    let mut deploys = Vec::new();
    for name in 1..=2 + random.below(2) {
        let site = if random.percent(25) {
            sites[random.below(sites.len())].clone()
        } else {
            changed(&mut random, &sites[sites.len() - 1].clone())
        };
        sites.push(site.clone());
        world.tell(|_| format!("{name}: {site:?}"));
        deploys.push(Deploy::new(name, settings, begins, site, &mut random));
    }
    // How likely the deploy goes on that went on last: from hardly overlapping to finely mixed.
    let sticky = [97, 90, 70, 0][random.below(4)];
    let deadly = [0, 0, 2, 5][random.below(4)];
    let mut last = 0;
    while deploys.iter().any(|deploy| !deploy.is_over()) {
        if random.percent(45) {
            let url = URLS[random.below(URLS.len())];
            world.edge.view(url);
            world.tell(|_| format!("   viewer {url}"));
            continue;
        }
        if deploys[last].is_over() || !random.percent(sticky) {
            last = random.below(deploys.len());
        }
        let deploy = &mut deploys[last];
        if deploy.is_over() {
            continue;
        }
        if random.percent(deadly) {
            deploy.state = State::Dead;
            let name = deploy.name;
            world.tell(|_| format!("{name} dies"));
        } else {
            deploy.step(&mut world);
        }
    }
    let kind = Kind::of(&deploys, begins);
    for url in URLS {
        if random.percent(70) {
            world.edge.view(url);
        }
    }

    // The next deploy, which nobody disturbs: an earlier site, most likely, since that is where
    // what was forgotten shows.
    let site = if random.percent(70) {
        sites[random.below(sites.len())].clone()
    } else {
        changed(&mut random, &sites[sites.len() - 1].clone())
    };
    world.tell(|_| format!("undisturbed: {site:?}"));
    alone(&mut random, &mut world, settings, begins, site, 9);
    let stale = world
        .edge
        .stale()
        .into_iter()
        .map(|view| view.url)
        .collect();
    End {
        kind,
        stale,
        trace: world.trace.unwrap_or_default(),
    }
}

/// A deploy from its begin to its commit, with viewers but nobody else.
fn alone(
    random: &mut Random,
    world: &mut World,
    settings: &Settings,
    begins: bool,
    site: Site,
    name: usize,
) {
    let mut deploy = Deploy::new(name, settings, begins, site, random);
    while !deploy.is_over() {
        if random.percent(30) {
            let url = URLS[random.below(URLS.len())];
            world.edge.view(url);
        } else {
            deploy.step(world);
        }
    }
}

/// The default settings.
fn settings(directory: &Path) -> Settings {
    let flags = [
        "cloudfront-delta".to_owned(),
        "--site=unused".to_owned(),
        format!("--distribution-id={TARGET}"),
        format!("--manifest={}", directory.join("manifest.json").display()),
    ];
    let flags: Vec<OsString> = flags.into_iter().map(OsString::from).collect();
    let parsed = inputs::parse(&flags, &BTreeMap::new(), &|_| Ok(String::new()));
    match parsed.map(|inputs| inputs.job) {
        Ok(Job::Deploy(job)) => *job,
        other => panic!("{other:?}"),
    }
}

/// In memory where that is possible: every save is synced.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

/// Runs the schedules, or the one that is asked for; `judge` is given each end.
fn all(begins: bool, mut judge: impl FnMut(u64, &End)) {
    let directory = directory();
    let settings = settings(directory.path());
    if let Some(seed) = number("CFD_OVERLAP_SEED") {
        let ended = schedule(seed, begins, &settings, directory.path(), true);
        println!("{}", ended.trace);
        judge(seed, &ended);
        return;
    }
    for seed in 0..number("CFD_OVERLAP_SCHEDULES").unwrap_or(SCHEDULES) {
        judge(
            seed,
            &schedule(seed, begins, &settings, directory.path(), false),
        );
    }
}

/// Shows a schedule that failed.
fn show(seed: u64, begins: bool) -> String {
    let directory = directory();
    let settings = settings(directory.path());
    schedule(seed, begins, &settings, directory.path(), true).trace
}

/// Schedules with begin, and as many without.
const SCHEDULES: u64 = 20_000;

/// Runs all schedules. Those of which nothing is known against them must leave nothing stale; the
/// others are counted, and what stays stale in them is printed.
fn judge_all(begins: bool) {
    let mut failed = Vec::new();
    let mut kinds: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    all(begins, |seed, ended| {
        let (schedules, stale) = kinds.entry(ended.kind).or_default();
        *schedules += 1;
        if !ended.stale.is_empty() {
            *stale += 1;
            failed.extend(ended.kind.is_clean().then_some(seed));
        }
    });
    for (kind, (schedules, stale)) in &kinds {
        println!("begin: {begins}, {kind:?}: {schedules} schedules, something stale after {stale}");
    }
    let traces = failed
        .iter()
        .take(200)
        .map(|seed| (*seed, show(*seed, begins)));
    if let Some((seed, trace)) = traces.min_by_key(|(_, trace)| trace.len()) {
        panic!(
            "stale after {} schedules, such as CFD_OVERLAP_SEED={seed}:\n{trace}",
            failed.len()
        );
    }
}

/// With `begin`, whatever overlaps, dies or comes late: after the next undisturbed deploy nothing is
/// stale.
#[test]
fn with_begin_nothing_is_stale_whatever_overlaps() {
    judge_all(true);
}

/// Without `begin`, the same as long as uploads do not overlap, runs come in the order of their
/// uploads, and none dies between its upload and its intent.
#[test]
fn without_begin_nothing_is_stale_unless_uploads_overlap() {
    judge_all(false);
}

/// A deploy of the binary: its job, step by step.
struct Process {
    name: String,
    site: Site,
    copies: Vec<&'static str>,
    state: Stand,
}

enum Stand {
    Begin,
    Upload,
    Run,
    /// It wrote its intent, and its request stands at a gate.
    Sending(Child, Gate),
    Over,
}

/// A few schedules of the same kind through the binary, the SDK and the stand-in: steps are whole
/// begins, files, runs up to their first request, and the rest of those.
#[test]
fn with_begin_nothing_is_stale_through_the_binary() {
    let seeds = match number("CFD_OVERLAP_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..50,
    };
    let rows = seeds.map(|seed| (format!("CFD_OVERLAP_SEED={seed}"), seed));
    each(rows.collect(), |when, seed| through_the_binary(when, *seed));
}

#[allow(
    clippy::too_many_lines,
    reason = "one schedule from start to judgement"
)]
fn through_the_binary(when: &str, seed: u64) {
    let mut random = Random(seed);
    let stage = Stage::new();
    let standin = &stage.standin;
    let run = |process: &Process| stage.run().set("site", stage.name(&process.name)).command();
    let ended = |child: Child| {
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended.status, Some(0), "{when}: {}", ended.stdout);
    };
    let start = Site::from([("index.html", 0), ("a.html", 0)]);
    let process = |name: &str, site: Site| {
        let name = format!("{name}.json");
        stage.write(&name, listing(&site).to_json().unwrap());
        let copies = site.keys().copied().collect();
        Process {
            name,
            site,
            copies,
            state: Stand::Begin,
        }
    };
    let contents = |site: &Site| {
        site.iter()
            .map(|(path, version)| (*path, version.to_string()))
            .collect::<Vec<_>>()
    };
    let alone = |name: &str, site: &Site| {
        let process = process(name, site.clone());
        ended(run(&process).args(["--phase=begin"]).spawn().unwrap());
        standin.replace_origin(TARGET, contents(site));
        standin.warm(TARGET, URLS);
        ended(run(&process).spawn().unwrap());
        stage.assert_fresh(when);
        standin.warm(TARGET, URLS);
    };
    alone("first", &start);

    // Three that differ from one another, so that none is a twin or has nothing to write.
    let mut sites = vec![start];
    while sites.len() < 4 {
        let site = changed(&mut random, &sites[sites.len() - 1]);
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    let mut processes: Vec<_> = sites[1..]
        .iter()
        .enumerate()
        .map(|(number, site)| process(&number.to_string(), site.clone()))
        .collect();
    while processes
        .iter()
        .any(|process| !matches!(process.state, Stand::Over))
    {
        standin.warm(TARGET, [URLS[random.below(URLS.len())]]);
        let chosen = random.below(processes.len());
        let process = &mut processes[chosen];
        process.state = match std::mem::replace(&mut process.state, Stand::Over) {
            Stand::Begin => {
                ended(run(process).args(["--phase=begin"]).spawn().unwrap());
                Stand::Upload
            }
            Stand::Upload => {
                if let Some(path) = process.copies.pop() {
                    standin.set_origin_file(TARGET, path, process.site[path].to_string());
                    Stand::Upload
                } else {
                    for path in PATHS
                        .iter()
                        .filter(|path| !process.site.contains_key(*path))
                    {
                        standin.remove_origin_file(TARGET, path);
                    }
                    Stand::Run
                }
            }
            Stand::Run => {
                let gate = Gate::new();
                let fault = FaultKind::gate_before(&gate);
                standin.inject(Fault::new(Operation::CreateInvalidation, fault));
                let mut child = run(process).spawn().unwrap();
                let mut over = false;
                stage.wait_for("a request, or the end", || {
                    over = child.try_wait().unwrap().is_some();
                    over || gate.reached() > 0
                });
                standin.clear_faults();
                if over {
                    ended(child);
                    Stand::Over
                } else {
                    Stand::Sending(child, gate)
                }
            }
            Stand::Sending(mut child, gate) => {
                if random.percent(15) {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    gate.discard();
                } else {
                    gate.release();
                    ended(child);
                }
                Stand::Over
            }
            Stand::Over => Stand::Over,
        };
    }
    standin.warm(TARGET, URLS);
    alone("undisturbed", &sites[random.below(sites.len())]);
}
