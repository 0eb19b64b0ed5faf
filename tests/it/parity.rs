//! The documented clients beside ours: with the same data, the same request reaches the service,
//! and what it answers comes out.
//!
//! The AWS CLI and boto3 are run (`make test` installs them into `target/venv`). The others stand
//! here by the requests that their documentation shows, or that were recorded from them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use cloudfront_standin::{Completion, Config, Operation, Request, Standin, Tenant};
use serde_json::{Value, json};

use crate::harness::Stage;
use crate::kit::{assert_says, outputs, printed};
use crate::run::{ACCESS_KEY, Run, SECRET_KEY};
use crate::site::Site;

/// The distribution of the AWS CLI's examples.
const CLI_EXAMPLE: &str = "EDFDVBD6EXAMPLE";

/// The distribution of PowerShell's example.
const POWERSHELL_EXAMPLE: &str = "EXAMPLENSTXAXE";

/// The timestamp that the API reference proposes for a caller reference.
const REFERENCE: &str = "20120301090000";

fn stage() -> Stage {
    in_progress(
        Config::new()
            .distribution(CLI_EXAMPLE)
            .distribution(POWERSHELL_EXAMPLE),
    )
}

/// A stage whose invalidations stay in progress, so that two clients see the same status.
fn in_progress(config: Config) -> Stage {
    Stage::with(Config {
        completion: Completion::OnDemand,
        ..config
    })
}

/// A program of the virtual environment.
#[track_caller]
fn venv(program: &str) -> PathBuf {
    let directory = std::env::var_os("CFD_VENV").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv")),
        PathBuf::from,
    );
    let path = directory.join("bin").join(program);
    assert!(
        path.exists(),
        "{} is missing: run `scripts/setup.sh tests` (`make test` does), or name a virtual \
         environment with tests/requirements.txt in CFD_VENV",
        path.display()
    );
    path
}

/// A program of the virtual environment that can reach `endpoint` and nothing else.
fn other_client(program: &str, stage: &Stage, endpoint: &str) -> Command {
    let mut command = Command::new(venv(program));
    command
        .env_clear()
        .env("HOME", stage.name("home"))
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", endpoint)
        .current_dir(stage.directory());
    command
}

/// Runs another client, which has to succeed and print JSON.
#[track_caller]
fn json_of(command: &mut Command) -> Value {
    let output = command.output().expect("the client starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
}

#[track_caller]
fn aws_cli(stage: &Stage, arguments: &[&str]) -> Value {
    let mut command = other_client("aws", stage, &stage.standin.endpoint());
    json_of(
        command
            .arg("cloudfront")
            .args(arguments)
            .args(["--output", "json"]),
    )
}

/// Runs our binary, which has to succeed; its report.
#[track_caller]
fn ours(run: Run<'_>) -> Value {
    let ended = run.set("output", "json").on_github().binary();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    printed(&ended)
}

/// An element of a request's body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// Reads a body. The members of a structure have no order by the service's model, so they are
/// sorted; the items of a list have one.
#[track_caller]
fn body(request: &Request) -> Element {
    let text = request.body_text().expect("the body is UTF-8");
    let text = text.trim();
    let text = text
        .strip_prefix("<?xml")
        .map_or(text, |rest| rest.split_once("?>").unwrap().1);
    let (element, rest) = element(text.trim());
    assert_eq!(rest.trim(), "", "{text}");
    element
}

fn element(text: &str) -> (Element, &str) {
    let (tag, mut rest) = text.strip_prefix('<').expect(text).split_once('>').unwrap();
    let name = tag.split_whitespace().next().unwrap();
    let end = format!("</{name}>");
    let mut children = Vec::new();
    let own = loop {
        let (before, _) = rest.split_once('<').unwrap();
        rest = &rest[before.len()..];
        if let Some(after) = rest.strip_prefix(&end) {
            rest = after;
            break before.trim();
        }
        let (child, after) = element(rest);
        children.push(child);
        rest = after;
    };
    if name != "Items" {
        children.sort();
    }
    let text = own
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    let text = text
        .replace("&apos;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let name = name.to_owned();
    (
        Element {
            name,
            text,
            children,
        },
        rest,
    )
}

/// The API version's date in a request's URI, and the URI without it.
#[track_caller]
fn version_and_shape(request: &Request) -> (&str, &str) {
    request.uri[1..]
        .split_once('/')
        .expect("the URI begins with a version")
}

/// Two requests that a service cannot tell apart, but for who sent them and when: method, URI but
/// for the API version's date, what is said of the body, the body but for white space and the order
/// of structure members, and where both are signed, for what.
#[track_caller]
fn assert_same(ours: &Request, theirs: &Request) {
    assert_eq!(ours.method, theirs.method);
    let ((our_version, our_shape), (their_version, their_shape)) =
        (version_and_shape(ours), version_and_shape(theirs));
    assert_eq!(our_shape, their_shape);
    assert_eq!(our_version, "2020-05-31", "the newest there is");
    assert_eq!(ours.header("host"), theirs.header("host"));
    for (request, version) in [(ours, our_version), (theirs, their_version)] {
        if request.body_length == 0 {
            continue;
        }
        let namespace = format!("xmlns=\"http://cloudfront.amazonaws.com/doc/{version}/\"");
        assert!(
            request.body_text().unwrap().contains(&namespace),
            "{request:?}"
        );
        let length = request.header("content-length").map(str::to_owned);
        assert_eq!(length, Some(request.body_length.to_string()));
    }
    if let (Some(ours), Some(theirs)) = (ours.credential_scope(), theirs.credential_scope()) {
        let parts = |scope: cloudfront_standin::CredentialScope| {
            (scope.access_key_id, scope.region, scope.service)
        };
        assert_eq!(parts(ours), parts(theirs));
    } else {
        panic!("one is not signed");
    }
    if ours.body_length > 0 || theirs.body_length > 0 {
        assert_eq!(body(ours), body(theirs));
        // The CLI and boto3 say nothing of the type; the reference and JavaScript say XML.
        assert_eq!(ours.header("content-type"), Some("application/xml"));
        let xml = ["application/xml", "text/xml"];
        assert!(
            theirs
                .header("content-type")
                .is_none_or(|found| xml.contains(&found))
        );
    }
}

/// The last two requests of an operation: theirs, then ours.
#[track_caller]
fn last_two(stage: &Stage, operation: Operation) -> (Request, Request) {
    let requests = stage.standin.requests_of(operation);
    let [.., theirs, ours] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    (ours.clone(), theirs.clone())
}

/// Our report holds the fields of the answer that another client printed for the same invalidation.
#[track_caller]
fn assert_same_answer(ours: &Value, theirs: &Value) {
    let (made, answer) = (&ours["invalidations"][0], &theirs["Invalidation"]);
    assert!(
        theirs["Location"].is_string() && answer["Id"].is_string(),
        "{theirs}"
    );
    assert_eq!(made["location"], theirs["Location"]);
    assert_eq!(made["id"], answer["Id"]);
    assert_eq!(made["status"], answer["Status"]);
    assert_eq!(
        instant(&made["create_time"]),
        instant(&answer["CreateTime"])
    );
    let batch = &answer["InvalidationBatch"];
    assert_eq!(made["caller_reference"], batch["CallerReference"]);
    assert_eq!(ours["plan"]["paths"], batch["Paths"]["Items"]);
    assert_eq!(made["path_count"], batch["Paths"]["Quantity"]);
}

/// A time in the notations of RFC 3339 that clients print: `Z` or `+00:00`, with or without
/// fractions and their final zeros.
#[track_caller]
fn instant(time: &Value) -> String {
    let time = time.as_str().expect("a time").replace(' ', "T");
    let time = time.trim_end_matches('Z').trim_end_matches("+00:00");
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    assert_eq!(seconds.len(), "2026-01-02T03:04:05".len(), "{time}");
    format!("{seconds}.{}", fraction.trim_end_matches('0'))
}

/// The outputs hold them too.
#[track_caller]
fn assert_in_outputs(stage: &Stage, report: &Value) {
    let (outputs, made) = (outputs(stage), &report["invalidations"][0]);
    assert_eq!(outputs["invalidation-id"], made["id"].as_str().unwrap());
    assert_eq!(outputs["status"], made["status"].as_str().unwrap());
    assert_eq!(
        outputs["caller-reference"],
        made["caller_reference"].as_str().unwrap()
    );
    assert_eq!(outputs["paths"], report["plan"]["paths"].to_string());
    assert_eq!(outputs["invalidated"], "true");
}

/// The AWS CLI's first example: two files by `--paths`. Our binary takes the same words.
/// Source: awscli/examples/cloudfront/create-invalidation.rst of aws/aws-cli.
#[test]
fn aws_cli_two_files_by_paths() {
    let words = [
        "--distribution-id",
        CLI_EXAMPLE,
        "--paths",
        "/example-path/example-file.jpg",
        "/example-path/example-file2.png",
    ];
    let stage = stage();
    let theirs = aws_cli(&stage, &[&["create-invalidation"], &words[..]].concat());
    // The CLI makes a reference up; with the same one, the service gives the same invalidation.
    let reference = theirs["Invalidation"]["InvalidationBatch"]["CallerReference"].as_str();
    let run = Run::new(&stage).set("output", "json").on_github();
    let output = run
        .command()
        .args(words)
        .args(["--caller-reference", reference.expect("a reference")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();

    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    assert_same_answer(&report, &theirs);
    assert_in_outputs(&stage, &report);
    assert_eq!(stage.standin.invalidations(CLI_EXAMPLE).len(), 1);
}

/// The AWS CLI's second example: `--invalidation-batch file://inv-batch.json`, same source.
#[test]
fn aws_cli_invalidation_batch() {
    let stage = stage();
    stage.write(
        "inv-batch.json",
        r#"{
    "Paths": {
        "Quantity": 2,
        "Items": [
            "/example-path/example-file.jpg",
            "/example-path/example-file2.png"
        ]
    },
    "CallerReference": "cli-example"
}
"#,
    );
    let words = [
        "--distribution-id",
        CLI_EXAMPLE,
        "--invalidation-batch",
        "file://inv-batch.json",
    ];
    let theirs = aws_cli(&stage, &[&["create-invalidation"], &words[..]].concat());
    let run = Run::new(&stage).set("output", "json").on_github();
    let output = run.command().args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();

    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    assert_same_answer(&report, &theirs);
    assert_in_outputs(&stage, &report);
    assert_eq!(
        report["invalidations"][0]["caller_reference"],
        "cli-example"
    );
}

/// Asking for the status, as `aws cloudfront wait` does.
#[test]
fn aws_cli_get_invalidation() {
    let stage = Stage::with(Config::new().distribution(CLI_EXAMPLE));
    let run = Run::new(&stage)
        .set("distribution-id", CLI_EXAMPLE)
        .set("paths", "/a.html")
        .set("wait", "true");
    let report = ours(run);
    let id = report["invalidations"][0]["id"].as_str().unwrap();
    let ours = stage
        .standin
        .requests_of(Operation::GetInvalidation)
        .pop()
        .unwrap();
    let theirs = aws_cli(
        &stage,
        &[
            "get-invalidation",
            "--distribution-id",
            CLI_EXAMPLE,
            "--id",
            id,
        ],
    );
    let their_request = stage
        .standin
        .requests_of(Operation::GetInvalidation)
        .pop()
        .unwrap();
    assert_same(&ours, &their_request);
    assert_eq!(
        report["invalidations"][0]["status"],
        theirs["Invalidation"]["Status"]
    );
}

/// The same for a distribution tenant.
#[test]
fn aws_cli_distribution_tenant() {
    const TENANT: &str = "dt_2wjDZi3hD1ivOXf6rpZJO1AB";
    let config = Config::new().distribution(CLI_EXAMPLE);
    let stage = in_progress(config.tenant(Tenant::new(TENANT, CLI_EXAMPLE)));
    let batch = r#"{"Paths":{"Quantity":1,"Items":["/a.html"]},"CallerReference":"cli-example"}"#;
    stage.write("inv-batch.json", batch);
    let create = "create-invalidation-for-distribution-tenant";
    let batch = "file://inv-batch.json";
    let theirs = aws_cli(
        &stage,
        &[create, "--id", TENANT, "--invalidation-batch", batch],
    );
    let run = Run::new(&stage)
        .set("distribution-tenant-id", TENANT)
        .set("invalidation-batch", stage.name("inv-batch.json"));
    let report = ours(run);
    let operation = Operation::CreateInvalidationForDistributionTenant;
    let (our_request, their_request) = last_two(&stage, operation);
    assert_same(&our_request, &their_request);
    assert_same_answer(&report, &theirs);
}

/// boto3 with the request of its documentation, `create_invalidation(DistributionId=…,
/// InvalidationBatch={'Paths': {'Quantity': …, 'Items': […]}, 'CallerReference': …})`, and with
/// paths that XML has to escape.
#[test]
fn boto3() {
    let script = "\
import boto3, json, sys
distribution, batch = sys.argv[1], json.loads(sys.argv[2])
answer = boto3.client('cloudfront').create_invalidation(
    DistributionId=distribution, InvalidationBatch=batch)
del answer['ResponseMetadata']
print(json.dumps(answer, default=str))
";
    let paths = ["/a.html", "/caf%C3%A9/*", "/q?a=1&b=2", "/a(b)+c=d;e,f@g!"];
    let batch = json!({
        "Paths": {"Quantity": paths.len(), "Items": paths},
        "CallerReference": "a<b>&\"c\"",
    });
    let stage = stage();
    let mut client = other_client("python", &stage, &stage.standin.endpoint());
    let theirs = json_of(client.args(["-c", script, CLI_EXAMPLE, &batch.to_string()]));
    stage.write("batch.json", batch.to_string());
    let run = Run::new(&stage)
        .set("distribution-id", CLI_EXAMPLE)
        .set("invalidation-batch", stage.name("batch.json"));
    let report = ours(run);

    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    assert_same_answer(&report, &theirs);
    assert_in_outputs(&stage, &report);
}

/// Sends a request as it is written.
#[track_caller]
fn send(standin: &Standin, uri: &str, content_type: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(standin.address()).unwrap();
    // The examples say "authentication string"; this is the form of one.
    let signed = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260102/us-east-1/cloudfront/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={:064}",
        0
    );
    let head = format!(
        "POST {uri} HTTP/1.1\r\nHost: {}\r\nAuthorization: {signed}\r\nContent-Type: {content_type}\
         \r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        standin.address(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let _ = stream.shutdown(Shutdown::Both);
    answer
}

/// The request of the API reference of 2017-03-25, its placeholders filled in with the timestamp
/// that it proposes. Source: Amazon CloudFront API Reference (API Version 2017-03-25),
/// CreateInvalidation, "Request Syntax".
#[test]
fn rest_reference_of_2017_03_25() {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2017-03-25/">
   <CallerReference>{REFERENCE}</CallerReference>
   <Paths>
      <Items>
         <Path>/image1.jpg</Path>
         <Path>/videos/*</Path>
      </Items>
      <Quantity>2</Quantity>
   </Paths>
</InvalidationBatch>
"#
    );
    let stage = stage();
    let uri = format!("/2017-03-25/distribution/{CLI_EXAMPLE}/invalidation");
    let answer = send(&stage.standin, &uri, "text/xml", &body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let report = ours_with_reference(
        &stage,
        CLI_EXAMPLE,
        &["/image1.jpg", "/videos/*"],
        REFERENCE,
    );

    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    // The answer's fields as the reference shows them, in ours.
    let made = &report["invalidations"][0];
    for (element, field) in [("Id", "id"), ("Status", "status")] {
        let expected = format!("<{element}>{}</{element}>", made[field].as_str().unwrap());
        assert!(answer.contains(&expected), "{expected}: {answer}");
    }
    let time = answer
        .split("<CreateTime>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert_eq!(instant(&made["create_time"]), instant(&json!(time)));
    assert_in_outputs(&stage, &report);
}

#[track_caller]
fn ours_with_reference(stage: &Stage, target: &str, paths: &[&str], reference: &str) -> Value {
    let run = Run::new(stage)
        .set("distribution-id", target)
        .set("paths", paths.join("\n"))
        .set("caller-reference", reference);
    ours(run)
}

/// The AWS SDK for JavaScript v3 with `new CreateInvalidationCommand({DistributionId,
/// InvalidationBatch: {Paths: {Quantity, Items}, CallerReference}})`. The body is what
/// @aws-sdk/client-cloudfront 3.1162.0 sends for this input; the input's form is that of the API
/// reference's example syntax.
#[test]
fn javascript_v3() {
    let body = r#"<?xml version="1.0" encoding="UTF-8"?><InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths><Quantity>2</Quantity><Items><Path>/a.html</Path><Path>/a%20b&amp;c.png</Path></Items></Paths><CallerReference>20120301090000</CallerReference></InvalidationBatch>"#;
    let stage = stage();
    let uri = format!("/2020-05-31/distribution/{CLI_EXAMPLE}/invalidation");
    let answer = send(&stage.standin, &uri, "application/xml", body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let paths = ["/a.html", "/a%20b&c.png"];
    let report = ours_with_reference(&stage, CLI_EXAMPLE, &paths, REFERENCE);
    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    let id = report["invalidations"][0]["id"].as_str().unwrap();
    assert!(answer.contains(&format!("/invalidation/{id}")), "{answer}");
    // Even byte by byte, but for the declaration.
    let ours = our_request.body_text().unwrap();
    assert_eq!(body.split_once("?>").unwrap().1, ours);
}

/// PowerShell's example: `New-CFInvalidation -DistributionId "EXAMPLENSTXAXE"
/// -InvalidationBatch_CallerReference 20190515090000 -Paths_Item $Paths -Paths_Quantity 3`, with
/// `$Paths = "/images/*.gif", "/images/image1.jpg", "/videos/*.mp4"`. Source: AWS Tools for
/// PowerShell Cmdlet Reference, New-CFInvalidation, example 1; the body is that of the API
/// reference.
fn powershell(paths: &[&str]) -> String {
    let items: Vec<_> = paths
        .iter()
        .map(|path| format!("<Path>{path}</Path>"))
        .collect();
    let items = items.concat();
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <CallerReference>20190515090000</CallerReference><Paths><Items>{items}</Items>\
         <Quantity>{}</Quantity></Paths></InvalidationBatch>",
        paths.len()
    )
}

const POWERSHELL_PATHS: [&str; 3] = ["/images/*.gif", "/images/image1.jpg", "/videos/*.mp4"];

/// CloudFront accepts PowerShell's example, and two of its three paths match nothing.
#[test]
fn powershell_s_example_leaves_files_stale_and_ours_does_not() {
    let stage = stage();
    let files = [
        "images/logo.gif",
        "images/image1.jpg",
        "videos/intro.mp4",
        "index.html",
    ];
    for version in ["old", "new"] {
        stage
            .standin
            .replace_origin(POWERSHELL_EXAMPLE, files.map(|path| (path, version)));
        if version == "old" {
            stage.standin.warm_all(POWERSHELL_EXAMPLE, &[]);
        }
    }
    let uri = format!("/2020-05-31/distribution/{POWERSHELL_EXAMPLE}/invalidation");
    let answer = send(
        &stage.standin,
        &uri,
        "application/xml",
        &powershell(&POWERSHELL_PATHS),
    );
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let left = |stage: &Stage| -> Vec<String> {
        let views = stage.standin.stale(POWERSHELL_EXAMPLE);
        views.into_iter().map(|view| view.url).collect()
    };
    let of_index = ["/".to_owned(), "/index.html".to_owned()];
    let theirs = [
        &of_index[..],
        &["/images/logo.gif".into(), "/videos/intro.mp4".into()],
    ]
    .concat();
    let mut theirs = theirs;
    theirs.sort();
    assert_eq!(left(&stage), theirs);

    // Ours says so before anything is sent.
    let run = || {
        Run::new(&stage)
            .set("distribution-id", POWERSHELL_EXAMPLE)
            .set("paths", POWERSHELL_PATHS.join("\n"))
    };
    let requests = stage.requests().len();
    let ended = run().binary();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert_says(
        &ended.stdout,
        &[
            "2 bad inputs",
            "`/images/*.gif` has a `*` before its end, where it is no wildcard and matches nothing; write `/images/*`",
            "`/videos/*.mp4` has a `*` before its end, where it is no wildcard and matches nothing; write `/videos/*`",
        ],
    );
    assert_eq!(stage.requests().len(), requests);

    // With `widen` it sends what was meant.
    ours(run().set("widen", "true"));
    assert_eq!(left(&stage), of_index);
    let made = stage
        .standin
        .invalidations(POWERSHELL_EXAMPLE)
        .pop()
        .unwrap();
    assert_eq!(made.paths, ["/images/*", "/videos/*"]);
}

/// But for the widened paths, ours makes PowerShell's request.
#[test]
fn powershell_s_request_but_for_the_widened_paths() {
    let stage = stage();
    let uri = format!("/2020-05-31/distribution/{POWERSHELL_EXAMPLE}/invalidation");
    let widened = powershell(&["/images/*", "/videos/*"]);
    let answer = send(&stage.standin, &uri, "application/xml", &widened);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let run = Run::new(&stage)
        .set("distribution-id", POWERSHELL_EXAMPLE)
        .set("paths", POWERSHELL_PATHS.join("\n"))
        .set("widen", "true")
        .set("caller-reference", "20190515090000");
    let report = ours(run);
    let (our_request, their_request) = last_two(&stage, Operation::CreateInvalidation);
    assert_same(&our_request, &their_request);
    assert_eq!(
        report["invalidations"][0]["caller_reference"],
        "20190515090000"
    );
    assert_in_outputs(&stage, &report);
}

/// A server of another make.
struct Moto {
    server: Child,
    endpoint: String,
}

impl Moto {
    fn start() -> Self {
        let mut server = Command::new(venv("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let endpoint = loop {
            let line = lines.next().expect("moto says where it listens").unwrap();
            if let Some((_, url)) = line.split_once("Running on ") {
                break url.trim().to_owned();
            }
        };
        // What it logs has to be taken, or it stops when the pipe is full.
        thread::spawn(move || lines.for_each(drop));
        Self { server, endpoint }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Against moto, whose parser and whose S3 are not ours: what arrives is what was meant, the record
/// lives on its S3, and its errors are understood. (It completes at once, and writes `COMPLETED` for
/// CloudFront's `Completed`.)
#[test]
fn moto_understands_what_is_sent() {
    let script = "\
import boto3, json, sys
client = boto3.client('cloudfront')
if sys.argv[1] == 'make':
    boto3.client('s3').create_bucket(Bucket='records')
    made = client.create_distribution(DistributionConfig={
        'CallerReference': 'r', 'Comment': '', 'Enabled': True,
        'Origins': {'Quantity': 1, 'Items': [{'Id': 'o', 'DomainName': 'b.s3.amazonaws.com',
            'S3OriginConfig': {'OriginAccessIdentity': ''}}]},
        'DefaultCacheBehavior': {'TargetOriginId': 'o', 'ViewerProtocolPolicy': 'allow-all',
            'MinTTL': 0, 'ForwardedValues': {'QueryString': False,
            'Cookies': {'Forward': 'none'}}}})
    print(json.dumps(made['Distribution']['Id']))
else:
    found = client.get_invalidation(DistributionId=sys.argv[2], Id=sys.argv[3])
    print(json.dumps(found['Invalidation']['InvalidationBatch']))
";
    let moto = Moto::start();
    let stage = stage();
    let python = |arguments: &[&str]| {
        let mut client = other_client("python", &stage, &moto.endpoint);
        json_of(client.args(["-c", script]).args(arguments))
    };
    let distribution = python(&["make"]).as_str().unwrap().to_owned();
    let run = || {
        Run::new(&stage)
            .set("endpoint-url", &moto.endpoint)
            .set("distribution-id", &distribution)
            .set("site", stage.name("site.json"))
            .set("manifest", "s3://records/m.json")
    };
    let batch = |report: &Value| {
        let id = report["invalidations"][0]["id"].as_str().unwrap();
        python(&["get", &distribution, id])
    };

    let site = Site::of(&[("index.html", "a1"), ("a & b.html", "a2"), ("c.html", "a3")]);
    stage.write("site.json", site.listing());
    let first = ours(run());
    assert_eq!(batch(&first)["Paths"]["Items"], json!(["/*"]));
    assert_eq!(first["manifest"]["committed"], true);

    stage.write(
        "site.json",
        site.with("a & b.html", "b2").with("c.html", "b3").listing(),
    );
    let second = ours(run());
    let found = batch(&second);
    assert_eq!(
        found["Paths"],
        json!({"Quantity": 2, "Items": ["/a%20&%20b.html", "/c.html"]})
    );
    assert_eq!(
        found["CallerReference"],
        second["invalidations"][0]["caller_reference"]
    );
    assert_eq!(second["invalidations"][0]["status"], "Completed");

    assert_eq!(ours(run())["mode"], "unchanged");
    let unknown = Run::new(&stage)
        .set("endpoint-url", &moto.endpoint)
        .set("distribution-id", "E0UNKNOWN")
        .set("paths", "/a.html");
    unknown.fail("no-such-distribution");
}
