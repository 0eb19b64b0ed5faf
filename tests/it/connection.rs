//! How the service is reached: endpoint, region, profile, certificates, proxies, timeouts; and what
//! a run tells of it without telling a secret.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use cloudfront_standin::{Config, Fault, FaultKind, Moment, Operation, Proxy, Standin};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::{assert_says, explicit, printed};
use crate::run::{ACCESS_KEY, Run, SECRET_KEY};
use crate::site::Site;

/// An endpoint at which nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9";

fn tls() -> Stage {
    let stage = Stage::with(Config {
        tls: true,
        ..Config::new().distribution(DISTRIBUTION)
    });
    stage.write("ca.pem", stage.standin.authority().expect("an authority"));
    stage
}

/// A run without the flags by which the harness leads it to the stand-in.
fn unled(stage: &Stage) -> Run<'_> {
    explicit(stage, &["/a.html"])
        .unset("endpoint-url")
        .unset("region")
}

/// Runs the binary, which has to succeed with one invalidation.
#[track_caller]
fn invalidates(stage: &Stage, run: Run<'_>, when: &str) {
    let before = stage.invalidations().len();
    let ended = run.binary();
    assert_eq!(ended.status, Some(0), "{when}: {ended:?}");
    assert_eq!(stage.invalidations().len(), before + 1, "{when}");
}

/// Runs the binary, which has to fail with this code.
#[track_caller]
fn fails(run: Run<'_>, code: &str) -> String {
    let ended = run.set("output", "json").binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let report = printed(&ended);
    assert_eq!(report["error"]["code"], code, "{report}");
    report["error"]["message"].as_str().unwrap().to_owned()
}

/// Who signed the last request, for which region.
fn signed(standin: &Standin) -> (String, String) {
    let request = standin
        .requests_of(Operation::CreateInvalidation)
        .pop()
        .unwrap();
    let scope = request.credential_scope().expect("the request is signed");
    assert_eq!(scope.service, "cloudfront");
    (scope.access_key_id, scope.region)
}

#[test]
fn the_flag_beats_the_service_s_variable_which_beats_the_general_one() {
    let stage = Stage::new();
    let here = stage.standin.endpoint();
    let run = || unled(&stage).set("region", "us-east-1");
    invalidates(&stage, run().set("endpoint-url", &here), "flag");
    invalidates(&stage, run().variable("AWS_ENDPOINT_URL", &here), "general");
    let both = run().variable("AWS_ENDPOINT_URL", NOWHERE);
    let both = both.variable("AWS_ENDPOINT_URL_CLOUDFRONT", &here);
    invalidates(&stage, both, "service's");
    let all = run().variable("AWS_ENDPOINT_URL", NOWHERE);
    let all = all
        .variable("AWS_ENDPOINT_URL_CLOUDFRONT", NOWHERE)
        .set("endpoint-url", &here);
    invalidates(&stage, all, "all");
}

/// The configuration file names an endpoint as it does for every AWS tool.
#[test]
fn an_endpoint_of_the_configuration_file_is_used() {
    let stage = Stage::new();
    let config = format!("[default]\nendpoint_url = {}\n", stage.standin.endpoint());
    stage.write("home/.aws/config", config);
    invalidates(&stage, unled(&stage), "configuration file");
}

#[test]
fn an_endpoint_that_is_no_url_is_refused() {
    let stage = Stage::new();
    let ended = unled(&stage).set("endpoint-url", "127.0.0.1:4566").binary();
    assert_eq!(ended.status, Some(2));
    assert_says(
        &ended.stdout,
        &["`endpoint-url`: `127.0.0.1:4566` does not begin with http"],
    );
}

/// One that comes from a file is not seen before the SDK reads it, which shows the whole request.
#[test]
fn no_request_is_shown_in_a_message() {
    let stage = Stage::new();
    stage.write("home/.aws/config", "[default]\nendpoint_url = notaurl\n");
    let message = fails(unled(&stage), "no-network");
    assert_says(&message, &["`notaurl`", "scheme"]);
    assert!(!message.contains("SdkBody"), "{message}");
}

#[test]
fn an_endpoint_that_does_not_speak_tls_is_told_from_one_that_is_not_trusted() {
    let stage = Stage::new();
    let url = stage.standin.endpoint().replace("http://", "https://");
    let run = explicit(&stage, &["/a.html"]).set("endpoint-url", url);
    let error = run.fail("tls").report.error.unwrap();
    assert_says(&error.hint.unwrap(), &["does not speak TLS"]);
}

/// Flags, variables; the region and the access key expected.
type Row<'a> = (
    &'a [(&'static str, &'a str)],
    &'a [(&'a str, &'a str)],
    &'a str,
    &'a str,
);

/// Region and credentials come from flags, variables and profiles, in the order of every AWS tool.
#[test]
fn region_and_profile() {
    let config = "[default]\nregion = eu-west-1\n\n[profile work]\nregion = ap-south-1\n";
    let credentials = "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = hidden\n";
    let rows: &[Row] = &[
        (&[("region", "eu-north-1")], &[], "eu-north-1", ACCESS_KEY),
        (
            &[("region", "eu-north-1")],
            &[("AWS_REGION", "sa-east-1")],
            "eu-north-1",
            ACCESS_KEY,
        ),
        (&[], &[("AWS_REGION", "sa-east-1")], "sa-east-1", ACCESS_KEY),
        (
            &[],
            &[("AWS_DEFAULT_REGION", "sa-east-1")],
            "sa-east-1",
            ACCESS_KEY,
        ),
        (&[], &[], "eu-west-1", ACCESS_KEY),
        // Keys in variables beat those of a profile, unless the profile is named by a flag.
        (&[], &[("AWS_PROFILE", "work")], "ap-south-1", ACCESS_KEY),
        (&[("profile", "work")], &[], "ap-south-1", "AKIDWORK"),
        (
            &[("profile", "work")],
            &[("AWS_REGION", "sa-east-1")],
            "sa-east-1",
            "AKIDWORK",
        ),
        (
            &[("profile", "work")],
            &[("AWS_PROFILE", "other")],
            "ap-south-1",
            "AKIDWORK",
        ),
    ];
    for (flags, variables, region, key) in rows {
        let stage = Stage::new();
        stage.write("home/.aws/config", config);
        stage.write("home/.aws/credentials", credentials);
        let mut run = unled(&stage).set("endpoint-url", stage.standin.endpoint());
        for (name, value) in *flags {
            run = run.set(name, *value);
        }
        for (name, value) in *variables {
            run = run.variable(name, value);
        }
        let when = format!("{flags:?} {variables:?}");
        invalidates(&stage, run, &when);
        let (found_key, found_region) = signed(&stage.standin);
        assert_eq!(
            (found_key.as_str(), found_region.as_str()),
            (*key, *region),
            "{when}"
        );
    }

    // Without keys in variables, the profile's are used; without any region, us-east-1 is.
    let stage = Stage::new();
    stage.write("home/.aws/credentials", credentials);
    let run = unled(&stage)
        .set("endpoint-url", stage.standin.endpoint())
        .without_variable("AWS_ACCESS_KEY_ID")
        .without_variable("AWS_SECRET_ACCESS_KEY")
        .variable("AWS_PROFILE", "work");
    invalidates(&stage, run, "profile alone");
    assert_eq!(
        signed(&stage.standin),
        ("AKIDWORK".to_owned(), "us-east-1".to_owned())
    );
}

/// A program that gives credentials, as single sign-on helpers do.
#[test]
fn credentials_come_from_a_process() {
    let stage = Stage::new();
    let json = r#"{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"hidden","SessionToken":"passing"}"#;
    stage.write("credentials.json", json);
    let file = stage.name("credentials.json");
    stage.write(
        "home/.aws/config",
        format!("[default]\ncredential_process = cat {file}\n"),
    );
    let run = explicit(&stage, &["/a.html"])
        .without_variable("AWS_ACCESS_KEY_ID")
        .without_variable("AWS_SECRET_ACCESS_KEY")
        .variable("PATH", "/usr/bin:/bin");
    invalidates(&stage, run, "credential_process");
    assert_eq!(signed(&stage.standin).0, "AKIDPROCESS");
    let token = stage.requests()[0]
        .header("x-amz-security-token")
        .map(str::to_owned);
    assert_eq!(token.as_deref(), Some("passing"));
}

#[test]
fn a_bundle_of_authorities_is_trusted_by_flag_and_by_variable() {
    let stage = tls();
    let run = || explicit(&stage, &["/a.html"]);
    invalidates(&stage, run().set("ca-bundle", stage.name("ca.pem")), "flag");
    invalidates(
        &stage,
        run().variable("AWS_CA_BUNDLE", stage.name("ca.pem")),
        "variable",
    );
    let other = tls();
    stage.write("other.pem", other.standin.authority().unwrap());
    let both = run().variable("AWS_CA_BUNDLE", stage.name("other.pem"));
    invalidates(
        &stage,
        both.set("ca-bundle", stage.name("ca.pem")),
        "the flag beats it",
    );

    let message = fails(run().set("ca-bundle", stage.name("other.pem")), "tls");
    assert_says(&message, &["could not invalidate", "certificate"]);
}

#[test]
fn a_bundle_that_cannot_be_used_is_said_to_be_so_before_anything_is_sent() {
    let stage = tls();
    stage.write(
        "key.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    stage.write("broken.pem", broken);
    for (file, why) in [
        ("missing.pem", "No such file"),
        ("key.pem", "holds no usable PEM certificate"),
        ("broken.pem", "holds no usable PEM certificate"),
    ] {
        let run = explicit(&stage, &["/a.html"]).set("ca-bundle", stage.name(file));
        let message = fails(run, "tls");
        assert_says(&message, &["can't use the CA bundle", file, why]);
    }
    assert!(stage.standin.requests().is_empty());
}

/// Bundles of real machines hold certificates that nobody accepts any more.
#[test]
fn what_is_no_authority_in_a_bundle_is_passed_over() {
    let stage = tls();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bundle = format!("# caf\u{e9}\n{broken}\n{}", stage.read("ca.pem"));
    stage.write("bundle.pem", bundle);
    let run = explicit(&stage, &["/a.html"]).set("ca-bundle", stage.name("bundle.pem"));
    invalidates(&stage, run, "a bundle with a broken certificate");
}

/// Through a tunnel for HTTPS, with the service's own certificate checked; and not where `NO_PROXY`
/// says so.
#[test]
fn https_goes_through_the_proxy_unless_it_is_exempt() {
    let stage = tls();
    let run = |proxy: &Proxy| {
        let run = explicit(&stage, &["/a.html"]).set("ca-bundle", stage.name("ca.pem"));
        run.variable("HTTPS_PROXY", proxy.endpoint())
    };
    let address = stage.standin.address().to_string();

    let proxy = Proxy::start();
    invalidates(&stage, run(&proxy), "HTTPS_PROXY");
    let passed = proxy.passed();
    assert_eq!(
        (passed[0].method.as_str(), passed[0].target.as_str()),
        ("CONNECT", &address[..])
    );

    let proxy = Proxy::start();
    invalidates(
        &stage,
        run(&proxy).variable("NO_PROXY", "127.0.0.1"),
        "NO_PROXY",
    );
    assert_eq!(proxy.passed(), []);

    // A proxy that wants to know who asks.
    let proxy = Proxy::start();
    let url = proxy
        .endpoint()
        .replace("http://", "http://user:pass-word@");
    invalidates(
        &stage,
        run(&proxy).variable("HTTPS_PROXY", url),
        "with a password",
    );
    // Base 64 of `user:pass-word`.
    let expected = Some("Basic dXNlcjpwYXNzLXdvcmQ=".to_owned());
    assert_eq!(proxy.passed()[0].authorization, expected);
}

/// The SDK's own client, which is used without a bundle, goes through proxies as well.
#[test]
fn plain_http_goes_through_the_proxy_too() {
    let stage = Stage::new();
    let proxy = Proxy::start();
    let run = explicit(&stage, &["/a.html"]).variable("HTTP_PROXY", proxy.endpoint());
    invalidates(&stage, run, "HTTP_PROXY");
    let passed = proxy.passed();
    assert_eq!(passed.len(), 1, "{passed:?}");
    let run = explicit(&stage, &["/a.html"])
        .variable("HTTP_PROXY", proxy.endpoint())
        .variable("NO_PROXY", "localhost,127.0.0.1");
    invalidates(&stage, run, "NO_PROXY");
    assert_eq!(proxy.passed().len(), 1);
}

#[test]
fn a_proxy_that_is_not_there_is_no_network() {
    let stage = tls();
    let run = explicit(&stage, &["/a.html"])
        .set("ca-bundle", stage.name("ca.pem"))
        .variable("HTTPS_PROXY", NOWHERE);
    fails(run, "no-network");
    assert!(stage.standin.requests().is_empty());
}

/// Without any endpoint configured, the service is where AWS says it is, and the request is signed
/// for the region of its control plane.
#[test]
fn without_an_endpoint_the_service_is_at_its_own_address() {
    let stage = tls();
    for (region, signed_for) in [(None, "us-east-1"), (Some("eu-central-1"), "us-east-1")] {
        let proxy = Proxy::start_towards(stage.standin.address());
        let mut run = unled(&stage)
            .set("ca-bundle", stage.name("ca.pem"))
            .variable("HTTPS_PROXY", proxy.endpoint());
        if let Some(region) = region {
            run = run.variable("AWS_REGION", region);
        }
        invalidates(&stage, run, &format!("{region:?}"));
        assert_eq!(proxy.passed()[0].target, "cloudfront.amazonaws.com:443");
        let request = stage.requests().pop().unwrap();
        assert_eq!(request.header("host"), Some("cloudfront.amazonaws.com"));
        assert_eq!(signed(&stage.standin).1, signed_for);
    }
}

/// China has a CloudFront of its own.
#[test]
fn a_region_of_china_leads_to_china() {
    let stage = tls();
    let proxy = Proxy::start_towards(stage.standin.address());
    let run = unled(&stage)
        .set("ca-bundle", stage.name("ca.pem"))
        .set("region", "cn-north-1")
        .variable("HTTPS_PROXY", proxy.endpoint());
    // The stand-in's certificate is not for that name.
    fails(run, "tls");
    assert_eq!(
        proxy.passed()[0].target,
        "cloudfront.cn-northwest-1.amazonaws.com.cn:443"
    );
}

/// A port that takes no more connections: its queue is full, and nobody empties it.
fn full_port() -> (TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queued.push(stream);
        assert!(queued.len() < 10_000, "the queue has no end");
    }
    (listener, queued)
}

#[test]
fn a_connection_may_take_as_long_as_it_may() {
    let stage = Stage::new();
    let (port, _queued) = full_port();
    let run = explicit(&stage, &["/a.html"])
        .set(
            "endpoint-url",
            format!("http://{}", port.local_addr().unwrap()),
        )
        .set("connect-timeout", "100ms");
    let started = Instant::now();
    let message = fails(run, "timeout");
    // Six attempts of 0.1 s, and 12.4 s between them at most; 5 s each are the default.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_says(&message, &["timeout"]);
}

#[test]
fn an_answer_may_take_as_long_as_it_may() {
    let stage = Stage::new();
    let hang = FaultKind::Hang(Moment::BeforeProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang).always());
    let run = explicit(&stage, &["/a.html"]).set("read-timeout", "500ms");
    let started = Instant::now();
    fails(run, "timeout");
    // Six attempts of 0.5 s, and 12.4 s between them at most; 30 s each are the default.
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "{:?}",
        started.elapsed()
    );
    // A server that gets no time to read hears of the last ones after they were given up.
    stage.wait_for("six attempts", || stage.requests().len() == 6);

    // An answer within the limit is waited for, and one that hangs once is asked for again.
    let stage = Stage::new();
    let slow = FaultKind::SlowFirstByte(Duration::from_millis(300));
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, slow));
    invalidates(
        &stage,
        explicit(&stage, &["/a.html"]).set("read-timeout", "20s"),
        "slow",
    );
    assert_eq!(stage.requests().len(), 1);
    let hang = FaultKind::Hang(Moment::AfterProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang));
    invalidates(
        &stage,
        explicit(&stage, &["/b.html"]).set("read-timeout", "3s"),
        "once",
    );
    assert_eq!(stage.last().calls, 2);
}

/// A body that trickles for ever is an answer that takes too long as well.
#[test]
fn an_answer_that_trickles_is_given_up() {
    let stage = Stage::new();
    let trickle = FaultKind::SlowBody {
        chunk: 1,
        every: Duration::from_millis(200),
    };
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, trickle));
    let run = explicit(&stage, &["/a.html"])
        .set("connect-timeout", "1s")
        .set("read-timeout", "1s");
    let started = Instant::now();
    invalidates(&stage, run, "trickle");
    // About 500 bytes would take 100 s.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(stage.last().calls, 2, "it was asked for again");
}

/// Standard output holds the report and nothing else, and the log goes to standard error.
#[test]
fn output_is_text_or_json() {
    let stage = Stage::new();
    let text = explicit(&stage, &["/a.html"])
        .set("output", "text")
        .binary();
    assert_says(&text.stdout, &["1 path, as given", "E1EXAMPLE accepted"]);
    assert_eq!(text.stderr, "");

    let ended = explicit(&stage, &["/a.html"])
        .set("output", "json")
        .binary();
    let report = printed(&ended);
    assert_eq!(report["version"], 1);
    assert_eq!(report["mode"], "explicit");
    assert_eq!(ended.stdout.lines().count(), 1, "one line");
    assert_says(&ended.stderr, &["1 path, as given", "E1EXAMPLE accepted"]);

    let bad = explicit(&stage, &["/a.html"])
        .set("output", "yaml")
        .binary();
    assert_eq!(bad.status, Some(2));
    assert_says(&bad.stdout, &["`output`: `yaml` is none of text, json"]);
}

#[test]
fn the_version_is_that_of_the_package() {
    let stage = Stage::new();
    let output = Run::new(&stage)
        .command()
        .arg("--version")
        .output()
        .unwrap();
    assert!(output.status.success());
    let expected = format!("cloudfront-delta {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

/// What no log, report or output may hold.
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKEN";

/// Debug logging shows each request and answer, of CloudFront and of the record, and no secret: not
/// the key, not the session's token, not a signature, not a proxy's password.
#[test]
fn debug_logging_shows_requests_and_no_secret() {
    let stage = Stage::with(Config::new().distribution(DISTRIBUTION).bucket("records"));
    stage.upload(&Site::of(&[("index.html", "a1")]));
    let proxy = Proxy::start();
    let run = || {
        let url = proxy
            .endpoint()
            .replace("http://", "http://user:pass-word@");
        stage
            .run()
            .set("manifest", "s3://records/m.json")
            .set("wait", "true")
            .set("report-file", stage.name("report.json"))
            .variable("AWS_SESSION_TOKEN", TOKEN)
            .variable("HTTP_PROXY", url)
    };
    let quiet = run().set("flush", "true").binary();
    assert_eq!(quiet.status, Some(0), "{quiet:?}");
    assert!(!quiet.stdout.contains('→'), "{}", quiet.stdout);

    for (form, run) in [
        ("--verbose", run().set("verbose", "true")),
        (
            "RUNNER_DEBUG",
            run().variable("RUNNER_DEBUG", "1").on_github(),
        ),
    ] {
        stage.standin.clear_requests();
        // Trouble must not tell either.
        let fault = Fault::new(Operation::CreateInvalidation, FaultKind::throttling());
        stage.standin.inject(fault);
        let ended = run.set("flush", "true").binary();
        assert_eq!(ended.status, Some(0), "{form}: {ended:?}");
        assert_says(
            &ended.stdout,
            &[
                "→ GET http://127.0.0.1:",
                "/records/m.json",
                "← 200, request id ",
                "→ POST http://127.0.0.1:",
                "/2020-05-31/distribution/E1EXAMPLE/invalidation",
                "← 400, request id ",
                "→ POST http://127.0.0.1:",
                "← 201, request id ",
                "→ PUT http://127.0.0.1:",
                "/2020-05-31/distribution/E1EXAMPLE/invalidation/I",
            ],
        );
        let requests = stage.standin.requests();
        assert!(requests.len() >= 5, "{form}");
        let mut told = ended.stdout + &ended.stderr + &stage.read("report.json");
        if form == "RUNNER_DEBUG" {
            told += &stage.read("output");
            told += &stage.read("step-summary.md");
        }
        for request in &requests {
            assert_eq!(
                request.header("x-amz-security-token"),
                Some(TOKEN),
                "{form}"
            );
            let signed = request.header("authorization").unwrap();
            let signature = signed.split("Signature=").nth(1).expect("a signature");
            assert_eq!(signature.len(), 64);
            assert!(!told.contains(signature), "{form}: a signature");
        }
        for secret in [
            SECRET_KEY,
            TOKEN,
            "pass-word",
            "dXNlcjpwYXNzLXdvcmQ",
            "Signature",
            ACCESS_KEY,
        ] {
            assert!(!told.contains(secret), "{form}: {secret}");
        }
    }
}

/// Failures of every kind are told without secrets too, however much is logged.
#[test]
fn failures_are_told_without_secrets() {
    let stage = Stage::new();
    let unreachable = NOWHERE.replace("http://", "http://user:pass-word@");
    for (when, run) in [
        (
            "refused",
            explicit(&stage, &["/a.html"]).set("distribution-id", "E404"),
        ),
        (
            "no proxy",
            explicit(&stage, &["/a.html"]).variable("HTTP_PROXY", &unreachable),
        ),
        (
            "endpoint",
            explicit(&stage, &["/a.html"]).set("endpoint-url", &unreachable),
        ),
    ] {
        let ended = run
            .set("verbose", "true")
            .variable("AWS_SESSION_TOKEN", TOKEN)
            .set("report-file", stage.name("report.json"))
            .binary();
        assert_eq!(ended.status, Some(1), "{when}: {ended:?}");
        let told = ended.stdout + &ended.stderr + &stage.read("report.json");
        for secret in [SECRET_KEY, TOKEN, "pass-word", "Signature="] {
            assert!(!told.contains(secret), "{when}: {secret} in {told}");
        }
    }
}
