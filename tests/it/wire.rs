//! The wire, proved by other clients: what our binary sends for a batch is what boto3 and the AWS
//! CLI send for it; and another server, moto, understands it.

use std::path::{Path, PathBuf};
use std::process::Command;

use cloudfront_standin::{Config, Distribution, Request};
use serde_json::{Value, json};

use crate::harness::{DISTRIBUTION, Stage};
use crate::homes::Moto;
use crate::run::{ACCESS_KEY, Ended, Run, SECRET_KEY};
use crate::site::Site;

/// A batch with all that XML, URLs and CloudFront treat specially.
const PATHS: [&str; 6] = [
    "/",
    "/docs/*",
    "/a&b=c.html",
    "/caf%C3%A9%20%3C1%3E.html",
    "/search?q=1&x=%22",
    "#tag:one",
];

const REFERENCE: &str = "one & the same <reference>";

/// A stage that takes tags, so that all of [`PATHS`] are accepted.
fn stage() -> Stage {
    let distribution = Distribution::new(DISTRIBUTION).cache_tags();
    Stage::with(Config::new().distribution(distribution))
}

fn batch() -> Value {
    json!({
        "Paths": {"Quantity": PATHS.len(), "Items": PATHS},
        "CallerReference": REFERENCE,
    })
}

/// A program of the virtual environment; a failure says how to get it.
fn installed(name: &str) -> PathBuf {
    let venv = std::env::var_os("CFD_VENV").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv"),
        PathBuf::from,
    );
    let program = venv.join("bin").join(name);
    let how = "run `make test`, or `scripts/setup.sh tests` once";
    assert!(program.exists(), "{} is missing: {how}", program.display());
    program
}

/// Runs another client with nothing in its environment but what it needs.
#[track_caller]
fn client(stage: &Stage, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(installed(program))
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", stage.directory())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .output()
        .unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.status, Some(0), "{program}: {}", ended.stderr);
    ended.stdout
}

/// What a request comes down to.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    method: String,
    uri: String,
    /// Region and service that the signature is for.
    signed_for: (String, String),
    /// The document's namespace.
    namespace: String,
    /// Each element that holds text, by its path; those of one path in the order sent. Python's
    /// clients write the members of an element in an order of their own.
    fields: Vec<(String, String)>,
}

impl Shape {
    fn of(request: &Request) -> Self {
        let scope = request.credential_scope().expect("the request is signed");
        let body = request.body_text().expect("XML is UTF-8");
        let (namespace, mut fields) = flatten(body);
        fields.sort_by(|one, other| one.0.cmp(&other.0));
        Self {
            method: request.method.clone(),
            uri: request.uri.clone(),
            signed_for: (scope.region, scope.service),
            namespace,
            fields,
        }
    }
}

/// Namespace and text elements of a document, read with nothing but string operations.
fn flatten(document: &str) -> (String, Vec<(String, String)>) {
    let (mut open, mut fields, mut namespace) = (Vec::new(), Vec::new(), String::new());
    for part in document.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        if tag.starts_with('?') {
            continue;
        }
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if let Some(rest) = attributes.strip_prefix("xmlns=\"") {
            rest.trim_end_matches('"').clone_into(&mut namespace);
        }
        open.push(name);
        if !text.trim().is_empty() {
            fields.push((open.join("/"), unescape(text)));
        }
    }
    assert!(open.is_empty(), "every element is closed: {document}");
    (namespace, fields)
}

fn unescape(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
    ];
    let plain = entities
        .iter()
        .fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c));
    plain.replace("&amp;", "&")
}

const BOTO3: &str = "import json, sys, boto3
endpoint, distribution, batch = sys.argv[1:]
client = boto3.client('cloudfront', endpoint_url=endpoint)
client.create_invalidation(DistributionId=distribution, InvalidationBatch=json.loads(batch))
";

#[test]
fn binary_boto3_and_aws_cli_send_the_same() {
    let stage = stage();
    let endpoint = stage.standin.endpoint();
    let batch = batch().to_string();
    stage.write("batch.json", &batch);
    let file = format!("file://{}", stage.name("batch.json"));

    client(
        &stage,
        "python",
        &["-c", BOTO3, &endpoint, DISTRIBUTION, &batch],
    );
    let arguments = [
        "cloudfront",
        "create-invalidation",
        "--distribution-id",
        DISTRIBUTION,
    ];
    let options = ["--invalidation-batch", &file, "--endpoint-url", &endpoint];
    client(&stage, "aws", &[&arguments[..], &options].concat());
    let explicit = Run::new(&stage).set("distribution-id", DISTRIBUTION);
    let ours = explicit.set("invalidation-batch", &file).binary();
    assert_eq!(ours.status, Some(0), "{ours:?}");

    let requests = stage.requests();
    let [boto3, aws_cli, ours] = &requests[..] else {
        panic!("{} requests", requests.len())
    };
    let text = |path: &str, text: &str| (format!("InvalidationBatch/{path}"), text.to_owned());
    let expected: Vec<_> = std::iter::once(text("CallerReference", REFERENCE))
        .chain(PATHS.map(|path| text("Paths/Items/Path", path)))
        .chain([text("Paths/Quantity", &PATHS.len().to_string())])
        .collect();
    assert_eq!(Shape::of(boto3).fields, expected, "boto3");
    assert_eq!(Shape::of(aws_cli), Shape::of(boto3), "AWS CLI and boto3");
    assert_eq!(Shape::of(ours), Shape::of(boto3), "binary and boto3");

    // Python's clients leave the type to the service; whoever names one has to say XML.
    for request in &requests {
        let content_type = request.header("content-type");
        assert!(
            matches!(content_type, None | Some("application/xml" | "text/xml")),
            "{content_type:?}"
        );
        assert_eq!(
            request.header("content-length"),
            Some(&*request.body_length.to_string())
        );
    }
    assert_eq!(ours.header("content-type"), Some("application/xml"));

    // One reference, one batch: to the service all three are the same invalidation.
    let made = stage.invalidations();
    assert_eq!((made.len(), made[0].calls), (1, 3));
}

#[test]
fn flags_say_what_the_file_says() {
    let stage = stage();
    stage.write("batch.json", batch().to_string());
    let explicit = || Run::new(&stage).set("distribution-id", DISTRIBUTION);
    explicit()
        .set("invalidation-batch", stage.name("batch.json"))
        .succeed();
    let (tags, paths): (Vec<&str>, Vec<&str>) =
        PATHS.into_iter().partition(|item| item.starts_with('#'));
    explicit()
        .set("paths", paths.join("\n"))
        .set("tags", tags.join("\n"))
        .set("caller-reference", REFERENCE)
        .succeed();
    let requests = stage.requests();
    assert_eq!(Shape::of(&requests[1]), Shape::of(&requests[0]));
}

#[test]
fn the_status_is_asked_for_as_the_aws_cli_asks() {
    let stage = stage();
    let endpoint = stage.standin.endpoint();
    let run = Run::new(&stage)
        .set("distribution-id", DISTRIBUTION)
        .set("paths", "/*");
    run.set("wait", "true").succeed();
    let id = stage.last().id;
    let arguments = [
        "cloudfront",
        "get-invalidation",
        "--distribution-id",
        DISTRIBUTION,
    ];
    client(
        &stage,
        "aws",
        &[&arguments[..], &["--id", &id, "--endpoint-url", &endpoint]].concat(),
    );
    let asked = stage
        .standin
        .requests_of(cloudfront_standin::Operation::GetInvalidation);
    let shapes: Vec<_> = asked
        .iter()
        .map(|request| (&request.method, &request.uri))
        .collect();
    let [ours @ .., aws_cli] = &shapes[..] else {
        panic!("nobody asked")
    };
    assert!(
        !ours.is_empty() && ours.iter().all(|shape| shape == aws_cli),
        "{shapes:?}"
    );
}

const NEW_DISTRIBUTION: &str = "import sys, boto3
client = boto3.client('cloudfront', endpoint_url=sys.argv[1])
origin = {'Id': 'o', 'DomainName': 'o.s3.amazonaws.com', 'S3OriginConfig': {'OriginAccessIdentity': ''}}
behaviour = {'TargetOriginId': 'o', 'ViewerProtocolPolicy': 'allow-all', 'MinTTL': 0,
  'ForwardedValues': {'QueryString': False, 'Cookies': {'Forward': 'none'}}}
made = client.create_distribution(DistributionConfig={'CallerReference': sys.argv[2], 'Comment': '',
  'Enabled': True, 'Origins': {'Quantity': 1, 'Items': [origin]}, 'DefaultCacheBehavior': behaviour})
print(made['Distribution']['Id'])
";

const INVALIDATIONS: &str = "import sys, json, boto3
client = boto3.client('cloudfront', endpoint_url=sys.argv[1])
made = client.list_invalidations(DistributionId=sys.argv[2])['InvalidationList'].get('Items', [])
def batch(each):
    return client.get_invalidation(DistributionId=sys.argv[2], Id=each['Id'])['Invalidation']
print(json.dumps([batch(each) for each in made], default=str))
";

#[test]
fn moto_takes_a_flush_and_a_delta() {
    let stage = Stage::new();
    let moto = Moto::shared();
    let distribution = client(
        &stage,
        "python",
        &["-c", NEW_DISTRIBUTION, &moto.endpoint, "wire"],
    );
    let distribution = distribution.trim().to_owned();
    let site = Site::of(&[("index.html", "a1"), ("a&b.html", "a2"), ("é.html", "a3")]);
    let run = || {
        stage
            .run()
            .set("endpoint-url", &moto.endpoint)
            .set("distribution-id", &distribution)
    };
    let mut sent = Vec::new();
    for (site, expected) in [
        (site.clone(), vec!["/*"]),
        (
            site.with("a&b.html", "b2").with("é.html", "b3"),
            vec!["/%C3%A9.html", "/a&b.html"],
        ),
    ] {
        stage.write("site.json", site.listing());
        let run = run().set("output", "json").set("wait", "true");
        let ended = run.set("wait-timeout-action", "fail").binary();
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["plan"]["paths"], json!(expected));
        let made = &report["invalidations"][0];
        assert_eq!(made["status"], "Completed");
        sent.push((
            made["id"].clone(),
            made["caller_reference"].clone(),
            json!(expected),
        ));
    }
    let arguments = ["-c", INVALIDATIONS, &moto.endpoint, &distribution];
    let known: Vec<Value> = serde_json::from_str(&client(&stage, "python", &arguments)).unwrap();
    assert_eq!(known.len(), 2);
    for (id, reference, paths) in &sent {
        let found = known
            .iter()
            .find(|made| made["Id"] == *id)
            .expect("moto knows it");
        let batch = &found["InvalidationBatch"];
        assert_eq!(batch["CallerReference"], *reference);
        assert_eq!(batch["Paths"]["Items"], *paths);
    }
    let ended = run().set("output", "json").binary();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["mode"], "unchanged");
}
