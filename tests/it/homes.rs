//! The homes of a record, held so that a test can reach behind the store's back: a local file, the
//! stand-in's S3, and moto, which is somebody else's S3.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use cloudfront_delta::aws::configure;
use cloudfront_delta::inputs::AwsSettings;
use cloudfront_delta::report::log::Log;
use cloudfront_delta::store::{FileStore, Location, S3Store, Store};
use cloudfront_standin::{Config, Standin};
use tempfile::TempDir;

use crate::run::{ACCESS_KEY, SECRET_KEY};

/// The bucket of every S3 home.
pub const BUCKET: &str = "records";

/// Where records live in a test.
pub enum Home {
    /// A directory of the test's own.
    File(TempDir),
    /// A stand-in of the test's own, with [`BUCKET`].
    Standin(Standin),
    /// The one moto that all tests share, and a bucket of the test's own.
    Moto(Arc<Moto>, String),
}

/// The kinds of home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Standin,
    Moto,
}

impl Home {
    /// An empty home of this kind.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::File => Home::File(tempfile::tempdir().unwrap()),
            Kind::Standin => Home::Standin(Standin::start(Config::new().bucket(BUCKET))),
            Kind::Moto => {
                let moto = Moto::shared();
                let bucket = moto.new_bucket();
                Home::Moto(moto, bucket)
            }
        }
    }

    /// The location of the record `key`, as an input names it.
    pub fn location_text(&self, key: &str) -> String {
        match self {
            Home::File(directory) => directory.path().join(key).to_str().unwrap().to_owned(),
            Home::Standin(_) => format!("s3://{BUCKET}/{key}"),
            Home::Moto(_, bucket) => format!("s3://{bucket}/{key}"),
        }
    }

    /// The same, parsed.
    pub fn location(&self, key: &str) -> Location {
        Location::parse(&self.location_text(key), &[], "/").unwrap()
    }

    /// The endpoint of the home's S3.
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Home::File(_) => None,
            Home::Standin(standin) => Some(standin.endpoint()),
            Home::Moto(moto, _) => Some(moto.endpoint.clone()),
        }
    }

    /// A store of its own for the record `key`: what another process would have.
    pub async fn store(&self, key: &str) -> Store {
        match (self, self.location(key)) {
            (_, Location::File(path)) => Store::File(FileStore::new(path)),
            (_, Location::S3 { bucket, key }) => {
                let endpoint = self.endpoint().unwrap();
                s3_store(&endpoint, "us-east-1", (bucket, key)).await
            }
        }
    }

    /// Writes a record behind the store's back, whatever is there.
    pub async fn put(&self, key: &str, bytes: &[u8]) {
        match self {
            Home::File(directory) => std::fs::write(directory.path().join(key), bytes).unwrap(),
            Home::Standin(standin) => {
                standin.put_object(BUCKET, key, bytes.to_vec(), "application/json");
            }
            Home::Moto(moto, bucket) => {
                let request = moto.client().put_object().bucket(bucket).key(key);
                request.body(bytes.to_vec().into()).send().await.unwrap();
            }
        }
    }

    /// What is stored, seen from behind.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self {
            Home::File(directory) => std::fs::read(directory.path().join(key)).ok(),
            Home::Standin(standin) => Some(standin.get_object(BUCKET, key)?.body.as_ref().to_vec()),
            Home::Moto(moto, bucket) => {
                let answer = moto.client().get_object().bucket(bucket).key(key).send();
                let object = answer.await.ok()?;
                Some(object.body.collect().await.unwrap().to_vec())
            }
        }
    }

    /// Deletes a record behind the store's back.
    pub async fn delete(&self, key: &str) {
        match self {
            Home::File(directory) => std::fs::remove_file(directory.path().join(key)).unwrap(),
            Home::Standin(standin) => assert!(standin.delete_object(BUCKET, key)),
            Home::Moto(moto, bucket) => {
                let request = moto.client().delete_object().bucket(bucket).key(key);
                request.send().await.unwrap();
            }
        }
    }
}

/// The configuration that a run would have.
pub async fn aws_config(endpoint: &str, region: &str) -> SdkConfig {
    let settings = AwsSettings {
        endpoint_url: Some(endpoint.to_owned()),
        s3_endpoint_url: None,
        profile: None,
        region: Some(region.to_owned()),
        ca_bundle: None,
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(30),
    };
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
    configure(&settings, Some(SharedCredentialsProvider::new(credentials)))
        .await
        .unwrap()
}

/// The real store for an object.
pub async fn s3_store(endpoint: &str, region: &str, object: (String, String)) -> Store {
    let config = aws_config(endpoint, region).await;
    let read_timeout = Duration::from_secs(30);
    Store::S3(Box::new(S3Store::new(
        config,
        None,
        read_timeout,
        Log::silent(),
        object,
    )))
}

/// A moto server. It ends when its standard input does: with this handle, or with the tests.
pub struct Moto {
    pub endpoint: String,
    process: Child,
    _stdin: ChildStdin,
    buckets: Mutex<usize>,
}

const MOTO: &str = "import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
";

impl Moto {
    /// The server that all tests share, started if it does not run.
    ///
    /// # Panics
    /// If moto is not installed: these tests are never skipped.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Moto>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moto) = shared.upgrade() {
            return moto;
        }
        let moto = Arc::new(Self::start());
        *shared = Arc::downgrade(&moto);
        moto
    }

    fn start() -> Self {
        let python = venv().join("bin/python");
        let mut process = Command::new(&python)
            .args(["-c", MOTO])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{}: {error}; moto is missing: run `make test`, or `scripts/setup.sh tests` once",
                    python.display()
                )
            });
        let stdin = process.stdin.take().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap_or_else(|_| {
            panic!("moto does not start: run `make test`, or `scripts/setup.sh tests` once")
        });
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            process,
            _stdin: stdin,
            buckets: Mutex::new(0),
        }
    }

    /// A bucket that no other test has.
    pub fn new_bucket(&self) -> String {
        let number = {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            *buckets += 1;
            *buckets
        };
        let name = format!("records-{number}");
        let made = block_on(self.client().create_bucket().bucket(&name).send());
        made.unwrap();
        name
    }

    /// The SDK's own client, to reach behind our store.
    pub fn client(&self) -> aws_sdk_s3::Client {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials)
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The virtual environment that `make test` makes.
fn venv() -> PathBuf {
    std::env::var_os("CFD_VENV").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv"),
        PathBuf::from,
    )
}

/// Runs a future to its end on this thread.
pub fn here<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// The same on a thread of its own, so that it may be called from anywhere.
pub fn block_on<F>(future: F) -> F::Output
where
    F: Future + Send,
    F::Output: Send,
{
    std::thread::scope(|scope| scope.spawn(|| here(future)).join().unwrap())
}
