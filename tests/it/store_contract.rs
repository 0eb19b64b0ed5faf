//! One contract for every home of the record, held by the local file, by S3 as the stand-in has it,
//! and by S3 as moto has it: what is there is what was saved last, a save happens only upon the
//! version that was loaded, and a lost race is told as such and overwrites nothing.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cloudfront_delta::chain::{Chain, Knowledge};
use cloudfront_delta::changes::Added;
use cloudfront_delta::failure::Code;
use cloudfront_delta::inputs::OnMissing;
use cloudfront_delta::listing::{Digest, File, Listing};
use cloudfront_delta::record::{Deploying, Record, Scope};
use cloudfront_delta::store::{SaveError, Version};
use cloudfront_standin::{
    Bucket, Config, Fault, FaultKind, Moment, Operation, Standin, WrongRegion,
};

use crate::harness::{DISTRIBUTION, Stage};
use crate::homes::{BUCKET, Home, Kind, block_on, here, s3_store};
use crate::run::Ended;
use crate::site::Site;

const KEY: &str = "site.json";

/// The contract's tests, once for each home.
macro_rules! contract {
    ($($test:ident,)+) => {
        mod file { $(#[test] fn $test() { super::$test(super::Kind::File); })+ }
        mod standin { $(#[test] fn $test() { super::$test(super::Kind::Standin); })+ }
        mod moto { $(#[test] fn $test() { super::$test(super::Kind::Moto); })+ }
    };
}

contract! {
    absent_then_created_then_replaced,
    a_save_upon_another_version_is_a_conflict,
    the_same_bytes_from_a_twin_are_a_conflict,
    gzip_where_the_name_says_so,
    what_cannot_be_understood_is_told_and_flushes,
    a_hundred_thousand_files,
    of_eight_saves_at_once_one_wins,
    eight_runs_at_once_lose_nothing,
}

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

#[track_caller]
fn saved(result: Result<Version, SaveError>) -> Version {
    match result {
        Ok(version) => version,
        Err(SaveError::Conflict) => panic!("a conflict where nobody else wrote"),
        Err(SaveError::Failed(failure)) => panic!("{}", failure.chain()),
    }
}

#[track_caller]
fn assert_conflict(result: Result<Version, SaveError>, when: &str) {
    match result {
        Err(SaveError::Conflict) => {}
        Ok(_) => panic!("{when}: the save overwrote what somebody else had written"),
        Err(SaveError::Failed(failure)) => panic!("{when}: {}", failure.chain()),
    }
}

/// A store knows that there is nothing, makes the record, and replaces it; the version that a save
/// gives is the one that the next load finds.
fn absent_then_created_then_replaced(kind: Kind) {
    let home = Home::new(kind);
    block_on(async {
        let store = home.store(KEY).await;
        let loaded = store.load().await.unwrap();
        assert!(loaded.bytes.is_none());
        assert_eq!(loaded.version, Version::Absent);

        let first = saved(store.save(b"one".to_vec(), &Version::Absent).await);
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.bytes.unwrap().unwrap(), b"one");
        assert_eq!(loaded.version, first);

        let second = saved(store.save(b"two".to_vec(), &first).await);
        assert_ne!(first, second);
        assert_eq!(home.get(KEY).await.unwrap(), b"two");
        let third = saved(store.save(b"three".to_vec(), &second).await);
        assert_eq!(store.load().await.unwrap().version, third);

        // An empty record is one that is there.
        home.put(KEY, b"").await;
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.bytes.unwrap().unwrap(), b"");
        saved(store.save(b"four".to_vec(), &loaded.version).await);
        assert_eq!(home.get(KEY).await.unwrap(), b"four");
    });
}

/// Created, replaced and deleted under us: each is a conflict, and theirs stays.
fn a_save_upon_another_version_is_a_conflict(kind: Kind) {
    let home = Home::new(kind);
    block_on(async {
        let store = home.store(KEY).await;
        let absent = store.load().await.unwrap().version;
        home.put(KEY, b"theirs").await;
        assert_conflict(store.save(b"ours".to_vec(), &absent).await, "created");
        assert_eq!(home.get(KEY).await.unwrap(), b"theirs");

        let loaded = store.load().await.unwrap().version;
        home.put(KEY, b"theirs too").await;
        assert_conflict(store.save(b"ours".to_vec(), &loaded).await, "replaced");
        assert_eq!(home.get(KEY).await.unwrap(), b"theirs too");

        let loaded = store.load().await.unwrap().version;
        home.delete(KEY).await;
        assert_conflict(store.save(b"ours".to_vec(), &loaded).await, "deleted");
        assert_eq!(home.get(KEY).await, None);
    });
}

/// Two runs that write the very same bytes: the second one is told that it was not the one.
fn the_same_bytes_from_a_twin_are_a_conflict(kind: Kind) {
    let home = Home::new(kind);
    block_on(async {
        let (one, twin) = (home.store(KEY).await, home.store(KEY).await);
        let first = saved(twin.save(b"same".to_vec(), &Version::Absent).await);
        assert_conflict(one.save(b"same".to_vec(), &Version::Absent).await, "made");
        saved(twin.save(b"the same".to_vec(), &first).await);
        assert_conflict(one.save(b"the same".to_vec(), &first).await, "replaced");
    });
}

/// `.gz` is gzip at rest and plain in the program; what is not gzip, or cut off, is told.
fn gzip_where_the_name_says_so(kind: Kind) {
    let home = Home::new(kind);
    let key = "site.json.gz";
    block_on(async {
        let store = home.store(key).await;
        let record = Record::unknown(scope()).to_json().unwrap().repeat(50);
        let version = saved(store.save(record.clone(), &Version::Absent).await);
        let stored = home.get(key).await.unwrap();
        assert_eq!(stored[..2], [0x1f, 0x8b]);
        assert!(stored.len() < record.len() / 10);
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.bytes.unwrap().unwrap(), record);
        assert_eq!(loaded.version, version);
        for bytes in [&b"{}"[..], &stored[..stored.len() / 2], b""] {
            home.put(key, bytes).await;
            let loaded = store.load().await.unwrap();
            assert!(loaded.bytes.unwrap().is_err(), "{} bytes", bytes.len());
            // It can be replaced all the same.
            saved(store.save(record.clone(), &loaded.version).await);
        }
    });
}

/// Corrupt, cut off, too new, empty, with an unknown field: the chain knows why, knows nothing else,
/// and can replace it; with `on-missing-manifest: fail` it is an error, and `adopt` is not taken.
fn what_cannot_be_understood_is_told_and_flushes(kind: Kind) {
    let home = Home::new(kind);
    let whole = String::from_utf8(record_of(3).to_json().unwrap()).unwrap();
    let rows = [
        ("corrupt", "\0\u{1}garbage".to_owned(), "expected value"),
        ("empty", String::new(), "EOF"),
        ("cut off", whole[..whole.len() / 2].to_owned(), "EOF"),
        ("one byte short", whole[..whole.len() - 1].to_owned(), "EOF"),
        (
            "too new",
            whole.replacen("\"version\":1", "\"version\":2", 1),
            "version",
        ),
        (
            "another hash",
            whole.replacen("blake3", "sha256", 1),
            "sha256",
        ),
        (
            "unknown field",
            whole.replacen('{', "{\"more\":1,", 1),
            "more",
        ),
        ("twice", format!("{whole}{whole}"), "trailing"),
    ];
    block_on(async {
        for (name, text, why) in rows {
            home.put(KEY, text.as_bytes()).await;
            let load = async |on_missing| {
                let (store, location) = (home.store(KEY).await, home.location(KEY));
                Chain::load(store, &location, Record::unknown(scope()), on_missing).await
            };
            for on_missing in [OnMissing::Flush, OnMissing::Adopt] {
                let chain = load(on_missing).await.unwrap();
                let Knowledge::Unreadable(found) = &chain.knowledge else {
                    panic!("{name}: {:?}", chain.knowledge);
                };
                assert!(found.contains(why), "{name}: {found}");
                assert_eq!(chain.record, Record::unknown(scope()), "{name}");
            }
            let failure = load(OnMissing::Fail).await.unwrap_err();
            assert_eq!(failure.code, Code::ManifestUnreadable, "{name}");
            assert!(failure.chain().contains(why), "{name}: {}", failure.chain());
            assert_eq!(home.get(KEY).await.unwrap(), text.as_bytes(), "{name}");

            let mut chain = load(OnMissing::Flush).await.unwrap();
            let listing = record_of(2).files;
            let deploying = Deploying {
                site: listing.id().unwrap(),
                scope: scope(),
                targets: vec![DISTRIBUTION.to_owned()],
                run: String::new(),
            };
            assert!(chain.adopt(deploying, listing).await.unwrap(), "{name}");
            assert!(
                Record::from_json(&home.get(KEY).await.unwrap()).is_ok(),
                "{name}"
            );
        }
    });
}

fn record_of(files: usize) -> Record {
    let file = |number: usize| {
        let digest = Digest::new(*blake3::hash(&number.to_le_bytes()).as_bytes());
        let path = format!("pages/of/a/large/site/{number:08}/index.html");
        (path.into_boxed_str(), File { digest, size: 1 })
    };
    let listing = Listing::new((0..files).map(file).collect()).unwrap();
    let deploying = Deploying {
        site: listing.id().unwrap(),
        scope: scope(),
        targets: vec![DISTRIBUTION.to_owned()],
        run: String::new(),
    };
    Record::adopted(deploying, listing, [7; 32])
}

/// A large record comes back as it was saved.
fn a_hundred_thousand_files(kind: Kind) {
    let home = Home::new(kind);
    let record = record_of(100_000);
    block_on(async {
        let store = home.store(KEY).await;
        let version = saved(
            store
                .save(record.to_json().unwrap(), &Version::Absent)
                .await,
        );
        let loaded = store.load().await.unwrap();
        assert_eq!(loaded.version, version);
        let found = Record::from_json(&loaded.bytes.unwrap().unwrap()).unwrap();
        assert!(found == record, "the record changed on its way");
    });
}

/// Eight stores save upon the same version at the same moment, over nothing and over a record.
fn of_eight_saves_at_once_one_wins(kind: Kind) {
    let home = Home::new(kind);
    for round in 0..10 {
        let version = block_on(async { home.store(KEY).await.load().await.unwrap().version });
        assert_eq!(version == Version::Absent, round == 0);
        let barrier = Barrier::new(8);
        let save = async |number: usize| {
            let bytes = format!("round {round}, store {number}").into_bytes();
            let store = home.store(KEY).await;
            // The connection is there before the race.
            store.load().await.unwrap();
            barrier.wait();
            match store.save(bytes.clone(), &version).await {
                Ok(_) => Some(bytes),
                Err(SaveError::Conflict) => None,
                Err(SaveError::Failed(failure)) => panic!("{}", failure.chain()),
            }
        };
        let save = &save;
        let winners: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| scope.spawn(move || here(save(number))))
                .collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.flatten().collect()
        });
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let found = block_on(home.get(KEY));
        assert_eq!(found.as_ref(), winners.first(), "round {round}");
    }
}

/// Eight processes write their intents at once, each for another changed file. Each save that wins
/// adds its file to `unsettled`; one that was overwritten would take its file with it.
fn eight_runs_at_once_lose_nothing(kind: Kind) {
    let home = Home::new(kind);
    let stage = Stage::new();
    let names: Vec<String> = (0..8).map(|number| format!("page-{number}.html")).collect();
    let base = names
        .iter()
        .fold(Site::default(), |site, name| site.with(name, "aa"));
    let run = |site: &Site, name: &str| {
        stage.write(name, site.listing());
        let mut run = stage
            .run()
            .set("site", stage.name(name))
            .set("manifest", home.location_text(KEY));
        if let Some(endpoint) = home.endpoint() {
            run = run.variable("AWS_ENDPOINT_URL_S3", endpoint);
        }
        run
    };
    let ended = run(&base, "base.json").binary();
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    let children: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let site = base.clone().with(name, "bb");
            let run = run(&site, &format!("{number}.json")).set("phase", "begin");
            run.command().spawn().unwrap()
        })
        .collect();
    for child in children {
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    }
    let bytes = block_on(home.get(KEY)).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(record["unsettled"], serde_json::json!(names));
    // The last one has the intent; the others are remembered as unfinished.
    assert_eq!(
        record["unfinished"].as_array().unwrap().len(),
        names.len() - 1
    );
}

/// A record that this user may not read, or not replace, ends the run before anything is sent.
#[test]
fn a_file_without_permission_ends_the_run_before_anything_is_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    stage.deploy(&Site::of(&[("index.html", "aa")]));
    stage.upload(&Site::of(&[("index.html", "bb")]));
    let (before, requests) = (stage.record(), stage.requests().len());
    let chmod = |path: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(stage.file(path), permissions).unwrap();
    };
    chmod(".", 0o755);
    chmod("site.json", 0o644);
    // Root may do anything, so root becomes somebody else. A copy, because the other one may not
    // be allowed to enter the directory in which the binary is.
    let program = stage.file("program");
    std::fs::copy(env!("CARGO_BIN_EXE_cloudfront-delta"), &program).unwrap();
    let is_root =
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let run = || {
        let prepared = stage.run().set("output", "json").command();
        let mut command = std::process::Command::new(&program);
        command
            .args(prepared.get_args())
            .env_clear()
            .current_dir(stage.directory());
        command.envs(
            prepared
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let ended = Ended::from(output);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(stage.requests().len(), requests, "{report}");
        report["error"].clone()
    };
    chmod("manifest.json", 0o600);
    if !is_root {
        chmod("manifest.json", 0o000);
    }
    let error = run();
    assert_eq!(error["code"], "manifest-denied");
    assert!(
        error["message"].as_str().unwrap().contains("manifest.json"),
        "{error}"
    );

    chmod("manifest.json", 0o644);
    chmod(".", 0o555);
    let error = run();
    chmod(".", 0o755);
    assert_eq!(error["code"], "manifest-unavailable", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("can't write"),
        "{error}"
    );
    assert_eq!(stage.record(), before);
}

/// The S3 of the stand-in, with a client that has loaded `one`.
fn with_one() -> (Home, Standin, Version) {
    let home = Home::new(Kind::Standin);
    let Home::Standin(standin) = &home else {
        unreachable!()
    };
    let standin = standin.clone();
    standin.put_object(BUCKET, KEY, "one", "application/json");
    let version = block_on(async { home.store(KEY).await.load().await.unwrap().version });
    standin.clear_requests();
    (home, standin, version)
}

fn put_fault(standin: &Standin, kind: FaultKind, times: usize) {
    standin.inject(Fault::new(Operation::PutObject, kind).times(times));
}

/// The answer to a write is lost, the SDK tries again and meets its own object: that is success.
#[test]
fn a_write_whose_answer_was_lost_is_not_a_conflict() {
    for kind in [
        FaultKind::Reset(Moment::AfterProcessing),
        FaultKind::error_after(500, "InternalError", "try again"),
        FaultKind::error_after(503, "SlowDown", "try again"),
    ] {
        for expected_absent in [false, true] {
            let (home, standin, version) = with_one();
            let expected = if expected_absent {
                standin.delete_object(BUCKET, KEY);
                Version::Absent
            } else {
                version
            };
            put_fault(&standin, kind.clone(), 1);
            block_on(async {
                let store = home.store(KEY).await;
                let version = saved(store.save(b"two".to_vec(), &expected).await);
                assert_eq!(store.load().await.unwrap().version, version, "{kind:?}");
            });
            let statuses: Vec<_> = standin
                .requests_of(Operation::PutObject)
                .iter()
                .map(|request| request.status)
                .collect();
            assert_eq!(statuses.last(), Some(&Some(412)), "{kind:?}: {statuses:?}");
            assert_eq!(statuses.len(), 2, "{kind:?}: {statuses:?}");
        }
    }
}

/// A write that was tried again because it failed meets somebody else's object: a conflict.
#[test]
fn a_write_that_is_tried_again_does_not_overwrite_others() {
    let (home, standin, version) = with_one();
    put_fault(&standin, FaultKind::error(503, "SlowDown", "try again"), 1);
    block_on(async {
        let store = home.store(KEY).await;
        home.put(KEY, b"theirs").await;
        assert_conflict(store.save(b"two".to_vec(), &version).await, "tried again");
        assert_eq!(home.get(KEY).await.unwrap(), b"theirs");
    });
}

/// 409 says "try again": done a few times; if it goes on, others are writing.
#[test]
fn a_conflicting_operation_is_tried_again() {
    let busy = || FaultKind::error(409, "ConditionalRequestConflict", "busy");
    let (home, standin, version) = with_one();
    put_fault(&standin, busy(), 2);
    block_on(async {
        let store = home.store(KEY).await;
        saved(store.save(b"two".to_vec(), &version).await);
        assert_eq!(home.get(KEY).await.unwrap(), b"two");
    });
    assert_eq!(standin.requests_of(Operation::PutObject).len(), 3);

    let (home, standin, version) = with_one();
    put_fault(&standin, busy(), usize::MAX);
    block_on(async {
        let store = home.store(KEY).await;
        assert_conflict(store.save(b"two".to_vec(), &version).await, "busy for ever");
        assert_eq!(home.get(KEY).await.unwrap(), b"one");
    });
    assert_eq!(standin.requests_of(Operation::PutObject).len(), 5);
}

/// A bucket that is gone is no lost race.
#[test]
fn a_missing_bucket_is_a_failure_and_not_a_conflict() {
    let standin = Standin::start(Config::new());
    block_on(async {
        let object = ("nowhere".to_owned(), KEY.to_owned());
        let store = s3_store(&standin.endpoint(), "us-east-1", object).await;
        let failure = store.load().await.unwrap_err();
        assert_eq!(
            failure.code,
            Code::ManifestUnavailable,
            "{}",
            failure.chain()
        );
        assert!(
            failure.chain().contains("NoSuchBucket"),
            "{}",
            failure.chain()
        );
        for version in [Version::Absent, Version::Tag("\"x\"".into())] {
            match store.save(b"x".to_vec(), &version).await {
                Err(SaveError::Failed(failure)) => {
                    assert!(
                        failure.chain().contains("NoSuchBucket"),
                        "{}",
                        failure.chain()
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

/// A bucket elsewhere is followed there, by either way in which S3 tells, at a load and at a save.
#[test]
fn a_bucket_in_another_region_is_followed() {
    for refusal in [
        WrongRegion::PermanentRedirect,
        WrongRegion::AuthorizationHeaderMalformed,
    ] {
        for save_first in [false, true] {
            let bucket = Bucket::new("elsewhere").region("eu-central-1", refusal);
            let standin = Standin::start(Config::new().bucket(bucket));
            let started = Instant::now();
            block_on(async {
                let object = ("elsewhere".to_owned(), KEY.to_owned());
                let store = s3_store(&standin.endpoint(), "us-east-1", object).await;
                if !save_first {
                    assert!(store.load().await.unwrap().bytes.is_none());
                }
                let version = saved(store.save(b"one".to_vec(), &Version::Absent).await);
                assert_eq!(store.load().await.unwrap().version, version);
            });
            assert!(started.elapsed() < Duration::from_secs(10), "{refusal:?}");
            let regions: Vec<_> = standin
                .requests()
                .iter()
                .map(|request| request.credential_scope().unwrap().region)
                .collect();
            assert_eq!(regions[0], "us-east-1", "{refusal:?}");
            let there = regions[1..].iter().all(|region| region == "eu-central-1");
            assert!(there, "{refusal:?}: {regions:?}");
        }
    }
}

/// A stage whose stand-in has this bucket.
fn stage_with(bucket: Bucket) -> Stage {
    Stage::with(Config::new().distribution(DISTRIBUTION).bucket(bucket))
}

/// Without `s3:ListBucket` a missing record looks like a forbidden one: the run ends before
/// anything is sent, and says what the role needs.
#[test]
fn no_permission_to_load_ends_the_run_before_anything_is_sent() {
    let stage = stage_with(Bucket::new(BUCKET).without_list());
    stage.upload(&Site::of(&[("index.html", "aa")]));
    let run = || stage.run().set("manifest", format!("s3://{BUCKET}/{KEY}"));
    let error = run().fail("manifest-denied").report.error.unwrap();
    assert!(
        error.message.contains(&format!("s3://{BUCKET}/{KEY}")),
        "{}",
        error.message
    );
    let hint = error.hint.unwrap();
    for word in [
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "arn:aws:s3:::records/site.json",
        "arn:aws:s3:::records`",
    ] {
        assert!(hint.contains(word), "{word}: {hint}");
    }
    assert_eq!(
        error.state.unwrap(),
        "nothing was submitted, the record is as it was"
    );
    assert!(stage.requests().is_empty());
    assert!(stage.standin.requests_of(Operation::PutObject).is_empty());

    // May read, may not write: nothing is sent either.
    let stage = stage_with(Bucket::new(BUCKET));
    stage.upload(&Site::of(&[("index.html", "aa")]));
    let denied = FaultKind::error(403, "AccessDenied", "not authorized");
    stage
        .standin
        .inject(Fault::new(Operation::PutObject, denied));
    let run = stage.run().set("manifest", format!("s3://{BUCKET}/{KEY}"));
    let error = run.fail("manifest-denied").report.error.unwrap();
    assert!(error.hint.unwrap().contains("s3:PutObject"));
    assert!(stage.requests().is_empty());
}

/// A location that ends in `/` gets its key from target and prefix; the object is JSON, or gzip
/// where its name says so, encrypted as the bucket has it.
#[test]
fn a_location_that_ends_in_a_slash_gets_its_key() {
    let stage = stage_with(Bucket::new(BUCKET));
    let site = Site::of(&[("index.html", "aa")]);
    stage.upload(&site);
    let rows = [
        ("sites/", "/", "sites/E1EXAMPLE/manifest.json"),
        ("", "/docs", "E1EXAMPLE/docs/manifest.json"),
    ];
    for (location, prefix, key) in rows {
        let run = stage
            .run()
            .set("manifest", format!("s3://{BUCKET}/{location}"));
        run.set("path-prefix", prefix).succeed();
        let object = stage.standin.get_object(BUCKET, key).expect(key);
        assert_eq!(object.content_type, "application/json", "{key}");
        assert!(Record::from_json(&object.body).is_ok(), "{key}");
    }
    let run = stage
        .run()
        .set("manifest", format!("s3://{BUCKET}/a.json.gz"));
    run.succeed();
    let object = stage.standin.get_object(BUCKET, "a.json.gz").unwrap();
    assert_eq!(object.content_type, "application/gzip");
    for put in stage.standin.requests_of(Operation::PutObject) {
        assert_eq!(put.header("x-amz-server-side-encryption"), None);
        let conditional = put.header("if-match").or(put.header("if-none-match"));
        assert!(
            conditional.is_some(),
            "every write is conditional: {}",
            put.uri
        );
    }
}
