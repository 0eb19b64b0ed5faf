//! Every way in which CloudFront, credentials and the network fail, row by row: a code of ours that
//! does not change, what happened, the request id, and what to do.

use std::collections::BTreeSet;

use cloudfront_delta::failure::Code;
use cloudfront_standin::{Config, Fault, FaultKind, Moment, Operation, Quotas};

use crate::harness::{DISTRIBUTION, Stage};
use crate::kit::{assert_says, explicit, printed, wildcards};
use crate::run::Run;

/// Makes the next call fail like this, for good.
fn refuse(stage: &Stage, status: u16, code: &str, message: &str) {
    let kind = FaultKind::error(status, code, message);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, kind).always());
}

/// A failed run as its reader meets it.
struct Failed {
    code: String,
    message: String,
    hint: String,
    state: String,
}

/// Runs the binary, which has to fail, and to say the same in report and log.
#[track_caller]
fn failed(run: Run<'_>) -> Failed {
    let ended = run.set("output", "json").binary();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let report = printed(&ended);
    let text = |field: &str| {
        report["error"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let failed = Failed {
        code: text("code"),
        message: text("message"),
        hint: text("hint"),
        state: text("state"),
    };
    assert_says(
        &ended.stderr,
        &[
            &format!("error[{}]: {}", failed.code, failed.message),
            &format!("state: {}", failed.state),
            &format!("hint: {}", failed.hint),
        ],
    );
    failed
}

/// The request id at the end of a message, in the form that the stand-in gives it.
#[track_caller]
fn assert_request_id(message: &str) {
    let (_, rest) = message
        .split_once("(request id ")
        .unwrap_or_else(|| panic!("{message}"));
    let id = rest.split(')').next().unwrap();
    let lengths: Vec<_> = id.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{message}");
}

/// What the service answers with: status, its name for it, what it says; our name, what to do.
/// The names are those of the API reference, CreateInvalidation and "Common error types".
const REFUSALS: &[(u16, &str, &str, &str, &str)] = &[
    (
        403,
        "AccessDenied",
        "Access denied.",
        "access-denied",
        "allow `cloudfront:CreateInvalidation` in the policy of the role",
    ),
    (
        413,
        "BatchTooLarge",
        "Invalidation batch specified is too large.",
        "batch-too-large",
        "lower `max-paths`",
    ),
    (
        400,
        "InconsistentQuantities",
        "The value of Quantity and the size of Items don't match.",
        "inconsistent-quantities",
        "something between this job and AWS changed the request",
    ),
    (
        400,
        "InvalidArgument",
        "An argument is invalid.",
        "invalid-argument",
        "the service does not say which path it means",
    ),
    (
        400,
        "InvalidationBatchAlreadyExists",
        "You specified the same CallerReference for two different invalidation batches.",
        "reference-taken",
        "choose another `--caller-reference`",
    ),
    // The live service's form of the same.
    (
        400,
        "InvalidArgument",
        "Your request contains a caller reference that was used for a previous invalidation batch \
         for the same distribution.",
        "reference-taken",
        "choose another `--caller-reference`",
    ),
    (
        400,
        "MissingBody",
        "This operation requires a body.",
        "missing-body",
        "something between this job and AWS changed the request",
    ),
    (
        404,
        "NoSuchDistribution",
        "The specified distribution does not exist.",
        "no-such-distribution",
        "the credentials belong to the account that owns it",
    ),
    (
        400,
        "TooManyInvalidationsInProgress",
        "You have exceeded the maximum number of allowable InProgress invalidation batch requests.",
        "too-many-in-progress",
        "raise `quota-timeout`",
    ),
    (
        400,
        "Throttling",
        "Rate exceeded",
        "throttled",
        "other jobs call the API at the same time",
    ),
    (
        503,
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
        "service-unavailable",
        "https://health.aws.amazon.com",
    ),
    (
        403,
        "ExpiredToken",
        "The security token included in the request is expired",
        "expired-token",
        "fetch credentials right before this step",
    ),
    (
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.",
        "bad-signature",
        "the machine's clock is off by more than five minutes",
    ),
    (
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        "bad-credentials",
        "AWS_SESSION_TOKEN",
    ),
];

/// Each has its code, what happened in the service's words, the request id, and what to do.
#[test]
fn each_refusal_of_the_service_has_a_code_and_says_what_to_do() {
    // At the same time, because some are tried again for a while.
    std::thread::scope(|scope| {
        for (status, name, text, code, hint) in REFUSALS {
            scope.spawn(move || {
                let stage = Stage::new();
                refuse(&stage, *status, name, text);
                let failed = failed(explicit(&stage, &["/a.html"]).set("quota-timeout", "0"));
                assert_eq!(failed.code, *code, "{name}: {}", failed.message);
                let said = format!("{name}: {text}");
                assert_says(
                    &failed.message,
                    &["could not invalidate `E1EXAMPLE`: ", &said],
                );
                assert_request_id(&failed.message);
                assert_says(&failed.hint, &[hint]);
                assert_eq!(stage.invalidations(), [], "{name}");
            });
        }
    });
}

/// What the stand-in refuses by its own rules.
#[test]
fn the_same_without_injected_answers() {
    let quotas = |stage: &Stage, files_in_progress, items_per_request| {
        let wildcards_in_progress = 15;
        stage.standin.set_quotas(Quotas {
            files_in_progress,
            wildcards_in_progress,
            items_per_request,
        });
    };
    let stage = Stage::new();
    let run = || explicit(&stage, &["/a.html", "/b.html"]).set("quota-timeout", "0");
    quotas(&stage, 3_000, 1);
    assert_eq!(failed(run()).code, "batch-too-large");
    quotas(&stage, 1, 3_000);
    assert_eq!(failed(run()).code, "too-many-in-progress");
    let unknown = run().set("distribution-id", "E404");
    assert_eq!(failed(unknown).code, "no-such-distribution");
    assert_eq!(stage.invalidations(), []);
}

/// Names that AWS has for the same things, at other services and endpoints.
#[test]
fn other_names_have_the_same_codes() {
    let rows = [
        (403, "AccessDeniedException", "access-denied"),
        (404, "NoSuchResource", "no-such-distribution"),
        (403, "ExpiredTokenException", "expired-token"),
        (403, "RequestExpired", "expired-token"),
        (403, "RequestTimeTooSkewed", "bad-signature"),
        (403, "IncompleteSignature", "bad-signature"),
        (403, "InvalidSignatureException", "bad-signature"),
        (403, "UnrecognizedClientException", "bad-credentials"),
        (403, "InvalidAccessKeyId", "bad-credentials"),
        (403, "InvalidToken", "bad-credentials"),
        (403, "MissingAuthenticationToken", "bad-credentials"),
        // Nobody has heard of it, but its status says something.
        (403, "SomethingNew", "access-denied"),
        (404, "SomethingNew", "no-such-distribution"),
        (400, "SomethingNew", "unexpected-answer"),
    ];
    for (status, name, code) in rows {
        let stage = Stage::new();
        refuse(&stage, status, name, "because");
        let error = explicit(&stage, &["/a.html"])
            .fail(code)
            .report
            .error
            .unwrap();
        assert_says(&error.message, &[name, "because"]);
        assert_request_id(&error.message);
    }
}

/// What was not accepted was not, and the state says so; what is not known is said to be in doubt.
#[test]
fn the_state_tells_a_refusal_from_doubt() {
    let stage = Stage::new();
    refuse(&stage, 403, "AccessDenied", "not authorized");
    assert_eq!(
        failed(explicit(&stage, &["/a.html"])).state,
        "nothing was submitted"
    );

    let stage = Stage::new();
    let hang = FaultKind::Hang(Moment::AfterProcessing);
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, hang).always());
    let failed = failed(explicit(&stage, &["/a.html"]).set("read-timeout", "100ms"));
    assert_eq!(failed.code, "timeout");
    assert_eq!(
        failed.state,
        "one request was sent and its answer is not known"
    );
    assert_says(
        &failed.hint,
        &["`--connect-timeout` and `--read-timeout` set the limits"],
    );
}

/// Six attempts, and no more.
#[test]
fn a_service_that_stays_away_is_asked_six_times() {
    for (kind, code) in [
        (FaultKind::throttling(), "throttled"),
        (
            FaultKind::error(500, "InternalError", "oh"),
            "service-unavailable",
        ),
        (FaultKind::Reset(Moment::BeforeProcessing), "no-network"),
    ] {
        let stage = Stage::new();
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind).always());
        explicit(&stage, &["/a.html"]).fail(code);
        assert_eq!(stage.requests().len(), 6, "{code}");
    }
}

#[test]
fn without_credentials_the_error_says_where_to_get_some() {
    let stage = Stage::new();
    let run = explicit(&stage, &["/a.html"])
        .without_variable("AWS_ACCESS_KEY_ID")
        .without_variable("AWS_SECRET_ACCESS_KEY");
    let failed = failed(run);
    assert_eq!(failed.code, "no-credentials", "{}", failed.message);
    assert_says(
        &failed.hint,
        &["aws-actions/configure-aws-credentials", "AWS_PROFILE"],
    );
    assert_eq!(failed.state, "nothing was submitted");
    assert!(stage.standin.requests().is_empty());
}

/// A profile that does not exist, and one whose program fails, are said to be what they are.
#[test]
fn credentials_that_cannot_be_had_are_explained() {
    let stage = Stage::new();
    stage.write(
        "home/.aws/config",
        "[profile broken]\ncredential_process = /bin/false\n",
    );
    for profile in ["missing", "broken"] {
        let run = explicit(&stage, &["/a.html"])
            .without_variable("AWS_ACCESS_KEY_ID")
            .without_variable("AWS_SECRET_ACCESS_KEY")
            .set("profile", profile);
        let failed = failed(run);
        assert_eq!(
            failed.code, "no-credentials",
            "{profile}: {}",
            failed.message
        );
        assert!(
            !failed.message.contains("unknown error"),
            "{}",
            failed.message
        );
        if profile == "missing" {
            assert_says(&failed.message, &["there is no profile `missing`"]);
            assert_says(&failed.hint, &["--profile", "AWS_CONFIG_FILE"]);
        }
    }
}

#[test]
fn without_a_network_the_error_says_what_to_check() {
    let stage = Stage::new();
    stage.standin.pause_listening();
    let failed = failed(explicit(&stage, &["/a.html"]));
    assert_eq!(failed.code, "no-network", "{}", failed.message);
    assert_says(
        &failed.message,
        &["could not invalidate `E1EXAMPLE`", "refused"],
    );
    assert_says(&failed.hint, &["HTTPS_PROXY and NO_PROXY", "endpoint URL"]);
    // No connection, no request: there is nothing to be in doubt about.
    assert_eq!(failed.state, "nothing was submitted");
}

#[test]
fn a_name_that_does_not_exist_is_no_network() {
    let stage = Stage::new();
    let run = explicit(&stage, &["/a.html"]).set("endpoint-url", "http://cloudfront.invalid");
    let failed = failed(run);
    assert_eq!(failed.code, "no-network", "{}", failed.message);
    assert_says(&failed.message, &["dns error"]);
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_tls_error() {
    let stage = Stage::with(Config {
        tls: true,
        ..Config::new().distribution(DISTRIBUTION)
    });
    let failed = failed(explicit(&stage, &["/a.html"]));
    assert_eq!(failed.code, "tls", "{}", failed.message);
    assert_says(&failed.message, &["certificate"]);
    assert_says(&failed.hint, &["`--ca-bundle` or AWS_CA_BUNDLE"]);
    assert!(stage.standin.requests().is_empty());
}

/// HTTPS asked of a server that speaks plain HTTP.
#[test]
fn a_server_that_does_not_speak_tls_is_a_tls_error() {
    let stage = Stage::new();
    let url = stage.standin.endpoint().replace("http:", "https:");
    let failed = failed(explicit(&stage, &["/a.html"]).set("endpoint-url", url));
    assert_eq!(failed.code, "tls", "{}", failed.message);
}

/// Something else than AWS answers: a captive portal, a wrong endpoint.
#[test]
fn an_answer_that_is_none_of_the_service_s_is_said_to_be_so() {
    let stage = Stage::new();
    let page = FaultKind::Answer {
        status: 200,
        content_type: "text/html".to_owned(),
        body: "<html><body>Please log in</body></html>".to_owned(),
    };
    stage
        .standin
        .inject(Fault::new(Operation::CreateInvalidation, page).always());
    let failed = failed(explicit(&stage, &["/a.html"]));
    assert_eq!(failed.code, "unexpected-answer", "{}", failed.message);
    assert_says(
        &failed.hint,
        &["something between this job and AWS answered"],
    );
}

/// An error without a document, as proxies and load balancers send it, is told by its status.
#[test]
fn an_error_without_a_document_is_told_by_its_status() {
    for (status, code) in [
        (403, "access-denied"),
        (429, "throttled"),
        (502, "service-unavailable"),
        (504, "service-unavailable"),
        (407, "unexpected-answer"),
    ] {
        let stage = Stage::new();
        let kind = FaultKind::Answer {
            status,
            content_type: "text/html".to_owned(),
            body: "<html>no</html>".to_owned(),
        };
        stage
            .standin
            .inject(Fault::new(Operation::CreateInvalidation, kind).always());
        let error = explicit(&stage, &["/a.html"])
            .fail(code)
            .report
            .error
            .unwrap();
        assert_says(&error.message, &[&format!("HTTP {status}")]);
    }
}

/// A service's message may have several lines; a line of the log must not become a command.
#[test]
fn a_message_of_the_service_stays_one_line() {
    let stage = Stage::new();
    refuse(
        &stage,
        403,
        "AccessDenied",
        "first\n::set-output name=x::y\nlast",
    );
    let error = explicit(&stage, &["/a.html"])
        .fail("access-denied")
        .report
        .error
        .unwrap();
    assert_says(&error.message, &["first ::set-output name=x::y last"]);
}

/// `docs/errors.md` explains every code there is, once, and no other.
#[test]
fn every_code_is_documented() {
    let text = include_str!("../../docs/errors.md");
    let headings = text.lines().filter_map(|line| line.strip_prefix("### `"));
    let headings: Vec<_> = headings.map(|line| line.trim_end_matches('`')).collect();
    let documented: BTreeSet<_> = headings.iter().copied().collect();
    assert_eq!(documented.len(), headings.len(), "one is explained twice");
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(documented, codes);
}

/// The batches of a list that fails in the middle are told apart.
#[test]
fn what_was_accepted_before_the_failure_is_in_the_report() {
    let stage = Stage::new();
    let denied = FaultKind::error(403, "AccessDenied", "not authorized any more");
    stage.standin.inject(
        Fault::new(Operation::CreateInvalidation, denied)
            .skip(1)
            .always(),
    );
    let ended = explicit(&stage, &wildcards(16))
        .set("output", "json")
        .binary();
    let report = printed(&ended);
    assert_eq!(report["invalidations"].as_array().unwrap().len(), 1);
    assert_eq!(report["error"]["state"], "1 of 2 requests were accepted");
    let message = report["error"]["message"].as_str().unwrap();
    assert_says(message, &["15 of 16 paths were accepted"]);
}
