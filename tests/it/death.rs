//! Runs of the binary that are killed, or asked to end, at a point that the test chooses; and rows
//! of such tests, side by side.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use cloudfront_delta::record::Record;
use cloudfront_standin::{Config, Fault, FaultKind, Gate, Operation};

use crate::harness::{DISTRIBUTION, PATIENCE, Stage};
use crate::homes::{BUCKET, Home, Kind, block_on};
use crate::run::{Ended, Run};
use crate::site::Site;

/// The second distribution of every ground.
pub const SECOND: &str = "E2EXAMPLE";

/// Both, in the order in which a run asks them.
pub const TARGETS: [&str; 2] = [DISTRIBUTION, SECOND];

const KEY: &str = "manifest.json";

/// Two distributions with the same origin, and a record in one of its homes.
pub struct Ground {
    pub stage: Stage,
    pub kind: Kind,
    moto: Option<Home>,
    manifest: String,
    targets: Vec<&'static str>,
}

impl Ground {
    /// Nothing deployed, nothing cached.
    pub fn new(kind: Kind, targets: &[&'static str]) -> Self {
        let config = Config::new()
            .distribution(DISTRIBUTION)
            .distribution(SECOND);
        let stage = Stage::with(config.bucket(BUCKET));
        let moto = (kind == Kind::Moto).then(|| Home::new(kind));
        let manifest = match (&moto, kind) {
            (Some(moto), _) => moto.location_text(KEY),
            (None, Kind::File) => stage.name(KEY),
            (None, _) => format!("s3://{BUCKET}/{KEY}"),
        };
        Self {
            stage,
            kind,
            moto,
            manifest,
            targets: targets.to_vec(),
        }
    }

    /// A run that deploys what was listed last.
    pub fn run(&self) -> Run<'_> {
        let run = self
            .stage
            .run()
            .set("manifest", &self.manifest)
            .set("distribution-id", self.targets.join(","));
        match self.moto.as_ref().and_then(Home::endpoint) {
            Some(endpoint) => run.variable("AWS_ENDPOINT_URL_S3", endpoint),
            None => run,
        }
    }

    /// Makes this the site that the next run deploys; the origins stay as they are.
    pub fn build(&self, site: &Site) {
        self.stage.write("site.json", site.listing());
    }

    /// Uploads the site to every origin and makes it the one that the next run deploys.
    pub fn upload(&self, site: &Site) {
        for target in &self.targets {
            self.stage.upload_to(target, site);
        }
    }

    /// Viewers ask every distribution for everything that any of these sites has.
    pub fn warm(&self, sites: &[&Site]) {
        for target in &self.targets {
            for site in sites {
                let urls = site.urls();
                self.stage
                    .standin
                    .with_edge(target, |edge| edge.warm_all(urls));
            }
        }
    }

    /// No viewer of any distribution gets anything but what the origin has.
    #[track_caller]
    pub fn assert_fresh(&self, when: &str) {
        for target in &self.targets {
            let stale = self.stage.standin.stale(target);
            let urls: Vec<_> = stale.iter().map(|view| &view.url).collect();
            assert!(stale.is_empty(), "{when}: stale at {target}: {urls:?}");
        }
    }

    /// How many paths were billed, by target.
    pub fn billed(&self) -> Vec<usize> {
        let standin = &self.stage.standin;
        self.targets
            .iter()
            .map(|target| standin.billed_paths(target))
            .collect()
    }

    /// How often each accepted invalidation was asked for, by target.
    pub fn calls(&self) -> Vec<Vec<usize>> {
        let calls = |target: &&str| {
            let made = self.stage.standin.invalidations(target);
            made.iter().map(|made| made.calls).collect()
        };
        self.targets.iter().map(calls).collect()
    }

    /// The record's bytes, if there is a record.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match (&self.moto, self.kind) {
            (Some(moto), _) => block_on(moto.get(KEY)),
            (None, Kind::File) => std::fs::read(self.stage.file(KEY)).ok(),
            (None, _) => {
                let object = self.stage.standin.get_object(BUCKET, KEY)?;
                Some(object.body.as_ref().to_vec())
            }
        }
    }

    /// The record, which is whole or not there at all.
    #[track_caller]
    pub fn record(&self, when: &str) -> Option<Record> {
        let bytes = self.bytes()?;
        match Record::from_json(&bytes) {
            Ok(record) => Some(record),
            Err(error) => panic!("{when}: the record can't be read: {error}"),
        }
    }
}

/// A point in a run.
#[derive(Clone, Copy, Debug)]
pub enum Point {
    /// Before the service processes the call. What was sent is then dropped.
    Before(Call),
    /// The same, but what was sent has its effect after the process is gone.
    UnderWay(Call),
    /// After the service processed the call and before its answer.
    After(Call),
    /// At the n-th system call of this name that concerns the record's file, before it happens.
    Syscall(&'static str, usize),
}

/// A call to the service.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    operation: Operation,
    target: Option<&'static str>,
    skip: usize,
}

impl Call {
    pub const LOAD: Self = Self::new(Operation::GetObject);
    pub const SAVE: Self = Self::new(Operation::PutObject);

    pub const fn new(operation: Operation) -> Self {
        Self {
            operation,
            target: None,
            skip: 0,
        }
    }

    /// The request to a distribution.
    pub const fn create(target: &'static str) -> Self {
        Self {
            target: Some(target),
            ..Self::new(Operation::CreateInvalidation)
        }
    }

    /// Not the first such call, but the one after so many.
    pub const fn after(self, skip: usize) -> Self {
        Self { skip, ..self }
    }
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Kill,
    Term,
}

/// A process may take this long to end after SIGTERM.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Starts the run, lets it come to the point, and ends it there.
#[track_caller]
pub fn end_at(ground: &Ground, run: &Run<'_>, point: Point, signal: Signal) -> Ended {
    let (call, is_after) = match point {
        Point::Before(call) | Point::UnderWay(call) => (call, false),
        Point::After(call) => (call, true),
        Point::Syscall(name, number) => return end_at_syscall(ground, run, name, number, signal),
    };
    let gate = Gate::new();
    let kind = if is_after {
        FaultKind::gate_after(&gate)
    } else {
        FaultKind::gate_before(&gate)
    };
    let mut fault = Fault::new(call.operation, kind).skip(call.skip);
    if let Some(target) = call.target {
        fault = fault.target(target);
    }
    let standin = &ground.stage.standin;
    standin.inject(fault);
    let mut child = run.command().spawn().unwrap();
    if !gate.wait_reached(PATIENCE) {
        let _ = child.kill();
        let ended = Ended::from(child.wait_with_output().unwrap());
        panic!("the run does not come to {point:?}: {ended:?}");
    }
    let signalled = Instant::now();
    match signal {
        Signal::Kill => child.kill().unwrap(),
        Signal::Term => terminate(child.id()),
    }
    let ended = Ended::from(child.wait_with_output().unwrap());
    let took = signalled.elapsed();
    assert!(
        took < LAST_WORDS,
        "{point:?}: ends {took:?} after the signal"
    );
    standin.clear_faults();
    match point {
        Point::UnderWay(_) => {
            gate.release();
            let waiting = |standin: &cloudfront_standin::Standin| {
                let made = standin.requests_of(call.operation);
                made.iter()
                    .any(|request| request.faulty && !request.processed)
            };
            ground
                .stage
                .wait_for("the request arrives", || !waiting(standin));
        }
        _ => gate.discard(),
    }
    ended
}

/// Asks a process to end.
pub fn terminate(id: u32) {
    let done = Command::new("kill")
        .args(["-TERM", &id.to_string()])
        .status();
    assert!(done.unwrap().success());
}

/// `strace` sends the signal in place of the test, because nothing else can stop a process between
/// two system calls.
#[track_caller]
fn end_at_syscall(
    ground: &Ground,
    run: &Run<'_>,
    name: &str,
    number: usize,
    signal: Signal,
) -> Ended {
    let prepared = run.command();
    let signal_name = match signal {
        Signal::Kill => "SIGKILL",
        Signal::Term => "SIGTERM",
    };
    // Processors differ in which of the three renames they have.
    let calls = match name {
        "rename" => "?rename,?renameat,?renameat2".to_owned(),
        name => name.to_owned(),
    };
    let trace = ground.stage.file("strace.log");
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-o"]).arg(&trace);
    for path in [Path::new(&ground.manifest), ground.stage.directory()] {
        command.arg("-P").arg(path);
    }
    command.arg("-P").arg(format!("{}.new", ground.manifest));
    let inject = format!("inject={calls}:signal={signal_name}:when={number}");
    command
        .args(["-e", &format!("trace={calls}"), "-e", &inject])
        .arg(prepared.get_program())
        .args(prepared.get_args())
        .current_dir(ground.stage.directory())
        .stdin(Stdio::null());
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path);
    command.envs(
        prepared
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("strace: {error}: install it (`apt-get install strace`)"));
    let ended = Ended::from(output);
    let happened = std::fs::read_to_string(&trace).unwrap_or_default();
    let sent = format!("--- {signal_name} ");
    let killed = format!("+++ killed by {signal_name}");
    assert!(
        happened.contains(&sent) || happened.contains(&killed),
        "the run does not come to {name} {number}: {happened}{ended:?}"
    );
    ended
}

/// How many rows run side by side: they mostly wait.
const SIDE_BY_SIDE: usize = 6;

/// Checks every row, and fails with the names of all that failed.
#[track_caller]
pub fn each<R: Send + Sync>(rows: Vec<(String, R)>, check: impl Fn(&str, &R) + Sync) {
    let total = rows.len();
    let queue = Mutex::new(VecDeque::from(rows));
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some((name, row)) = queue.lock().unwrap().pop_front() else {
                        return;
                    };
                    if catch_unwind(AssertUnwindSafe(|| check(&name, &row))).is_err() {
                        failed.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    assert!(
        failed.is_empty(),
        "{} of {total} rows failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
