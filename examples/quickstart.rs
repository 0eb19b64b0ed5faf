//! Two real deploys of a real site, against a stand-in CloudFront on this machine.
//!
//! `cargo run --release --example quickstart` needs no account and no network: it starts the
//! stand-in, deploys the documentation of Django REST framework as it was published twice in a row,
//! lets viewers fill the edge caches in between, and asks the edges what became of them.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example reads its data and speaks to a person"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use cloudfront_delta::host::Host;
use cloudfront_delta::inputs::{self, NoInputs, SummaryStyle};
use cloudfront_delta::report::Report;
use cloudfront_delta::report::summary::summary;
use cloudfront_delta::run::run;
use cloudfront_standin::{Config, Standin};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The history, and which two deploys of it: one that renames, rewrites and removes pages.
const HISTORY: &str = "tests/data/traces/drf.jsonl.zst";
const DEPLOYS: [usize; 2] = [15, 16];

const DISTRIBUTION: &str = "E1QUICKSTART";

/// A site: the hash of each file's content, by site path.
type Site = BTreeMap<String, String>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let [(first_day, first), (second_day, second)] = deploys()?;
    let cloudfront = Standin::start(Config::new().distribution(DISTRIBUTION));
    let directory = tempfile::tempdir()?;
    println!(
        "Two deploys of the Django REST framework documentation ({} files), to a stand-in\n\
         CloudFront on {}. No account, no network.\n",
        first.len(),
        cloudfront.address()
    );

    println!("1  The site of {first_day} is deployed");
    upload(&cloudfront, directory.path(), &first)?;
    let report = deploy(&cloudfront, directory.path()).await?;
    println!(
        "   sent     {}   there is no record of an earlier deploy, so everything goes\n",
        paths(&report)
    );

    println!("2  Viewers read it");
    // Some follow links to pages that are not there yet: those get cached as "not found".
    let addresses = second.keys().flat_map(|path| {
        [
            format!("/{path}"),
            format!("/{}", path.trim_end_matches("index.html")),
        ]
    });
    cloudfront.with_edge(DISTRIBUTION, |edge| edge.warm_all(addresses));
    let cached = cloudfront.cached_urls(DISTRIBUTION).len();
    println!("   cached   {cached:>4} addresses at the edge\n");

    println!("3  The site of {second_day} is deployed");
    upload(&cloudfront, directory.path(), &second)?;
    let outdated = cloudfront.stale(DISTRIBUTION).len();
    let report = deploy(&cloudfront, directory.path()).await?;
    let files = report.files;
    let evicted: usize = cloudfront
        .evictions(DISTRIBUTION)
        .iter()
        .map(|each| each.evicted.len())
        .sum();
    let needless = cloudfront.needless(DISTRIBUTION).total;
    let kept = cloudfront.cached_urls(DISTRIBUTION).len();
    let stale = cloudfront.stale(DISTRIBUTION).len();
    println!(
        "   changed  {:>4} files: {} added, {} modified, {} removed; {outdated} cached addresses are wrong now",
        files.added + files.modified + files.removed,
        files.added,
        files.modified,
        files.removed
    );
    println!("   sent     {:>4} paths in one request:", count(&report));
    print!("{}", columns(&report));
    println!("   evicted  {evicted:>4} addresses, {needless} of them for nothing");
    println!("   kept     {kept:>4} in cache, which `/*` would have thrown away");
    println!("   stale    {stale:>4} left, says the edge after looking at each\n");

    println!("4  The same site is deployed again");
    let again = deploy(&cloudfront, directory.path()).await?;
    let requests = again.invalidations.len();
    println!("   sent     {requests:>4} requests, because nothing changed\n");

    if stale + needless > 0 {
        return Err("something stale was left, or evicted for nothing: this is a defect".into());
    }
    println!(
        "So the second deploy took {} of the 1,000 free paths of a month, left nothing stale, and cost\n\
         the cache nothing that it could have kept.\n",
        count(&report)
    );
    println!("The step summary of deploy 3, as GitHub shows it in the job:\n");
    for line in summary(&report, SummaryStyle::Full).trim_end().lines() {
        println!("   | {line}");
    }
    Ok(())
}

/// Makes the origin serve the site, as an upload does, and writes its listing.
fn upload(cloudfront: &Standin, directory: &Path, site: &Site) -> Result<()> {
    cloudfront.replace_origin(
        DISTRIBUTION,
        site.iter().map(|(path, hash)| (path, hash.clone())),
    );
    let files: serde_json::Map<String, Value> = site
        .iter()
        .map(|(path, hash)| {
            let file = serde_json::json!({"digest": format!("{hash:0<64}"), "size": 0});
            (path.clone(), file)
        })
        .collect();
    let listing = serde_json::json!({"version": 1, "hash": "blake3", "files": files});
    std::fs::write(directory.join("site.json"), listing.to_string())?;
    Ok(())
}

/// The deploy step: what the action does in a job, through the library.
async fn deploy(cloudfront: &Standin, directory: &Path) -> Result<Report> {
    let arguments: Vec<OsString> = [
        "cloudfront-delta".to_owned(),
        format!("--distribution-id={DISTRIBUTION}"),
        format!("--site={}", directory.join("site.json").display()),
        format!("--manifest={}", directory.join("manifest.json").display()),
        format!("--endpoint-url={}", cloudfront.endpoint()),
        "--region=us-east-1".to_owned(),
    ]
    .map(OsString::from)
    .into();
    let no_variables = BTreeMap::new();
    let inputs = inputs::parse(&arguments, &no_variables, &|path| {
        std::fs::read_to_string(path)
    })
    .map_err(|error| match error {
        NoInputs::Bad(failure) => failure.chain(),
        NoInputs::CommandLine(error) => error.to_string(),
    })?;
    let credentials = Credentials::new("AKIDQUICKSTART", "nobody checks it", None, None, "example");
    let host = Host {
        credentials: Some(SharedCredentialsProvider::new(credentials)),
        ..Host::quiet()
    };
    let report = run(&inputs, &host).await;
    match &report.error {
        Some(error) => Err(error.message.clone().into()),
        None => Ok(report),
    }
}

fn count(report: &Report) -> usize {
    report.plan.as_ref().map_or(0, |plan| plan.path_count)
}

fn paths(report: &Report) -> String {
    report
        .plan
        .as_ref()
        .map(|plan| plan.paths.join(" "))
        .unwrap_or_default()
}

/// The paths that were sent, wildcards first, in two columns.
fn columns(report: &Report) -> String {
    let mut paths = report
        .plan
        .as_ref()
        .map(|plan| plan.paths.clone())
        .unwrap_or_default();
    paths.sort_by_key(|path| !path.ends_with('*'));
    let mut text = String::new();
    for pair in paths.chunks(2) {
        let [left, right] = [0, 1].map(|at| pair.get(at).map_or("", String::as_str));
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "               {}",
            format!("{left:<48} {right}").trim_end()
        );
    }
    text
}

/// The two deploys: the day each was published, and its files.
fn deploys() -> Result<[(String, Site); 2]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HISTORY);
    let file =
        std::fs::File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = BufReader::new(zstd::stream::read::Decoder::new(file)?).lines();
    let mut site = Site::new();
    let mut wanted = Vec::new();
    // The first line describes the site; then comes the first deploy, then what each one changed.
    for (number, line) in lines.skip(1).enumerate() {
        let deploy: Value = serde_json::from_str(&line?)?;
        for path in list(&deploy["removed"]) {
            site.remove(path.as_str().unwrap_or_default());
        }
        for entry in ["files", "added", "modified"]
            .iter()
            .flat_map(|key| list(&deploy[key]))
        {
            let text = |at: usize| entry[at].as_str().unwrap_or_default().to_owned();
            site.insert(text(0), text(1));
        }
        if DEPLOYS.contains(&number) {
            let day = deploy["time"]
                .as_str()
                .and_then(|time| time.get(..10))
                .unwrap_or_default();
            wanted.push((day.to_owned(), site.clone()));
        }
    }
    wanted
        .try_into()
        .map_err(|_| format!("{} is too short", path.display()).into())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
