//! How AWS is reached: region, credentials, retries, timeouts, certificates, proxies, and what its
//! errors mean.
#![allow(
    clippy::disallowed_methods,
    reason = "this module owns reading the certificate bundle"
)]

use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{self, ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::request_id::RequestId as _;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::failure::{Code, Failure};
use crate::host::Interrupt;
use crate::inputs::AwsSettings;
use crate::report::log::Log;

/// Attempts of one call, the first included. Throttling, 5xx and lost connections are tried again
/// by the SDK; the waits before them are random up to 0.4, 0.8, 1.6, 3.2 and 6.4 seconds, so a call
/// that fails at once each time ends after 12.4 seconds at the latest.
const ATTEMPTS: u32 = 6;

/// The longest first wait.
const FIRST_BACKOFF: Duration = Duration::from_millis(400);

/// The longest wait of all.
const MAX_BACKOFF: Duration = Duration::from_secs(8);

/// CloudFront's control plane is in this region, and so it is what signs where nothing else is
/// configured.
const DEFAULT_REGION: &str = "us-east-1";

/// Loads the configuration that every client shares.
///
/// # Errors
/// If the certificate bundle can't be read, or there is no profile of the name that was given.
pub async fn configure(
    settings: &AwsSettings,
    credentials: Option<SharedCredentialsProvider>,
) -> Result<SdkConfig, Failure> {
    if credentials.is_none()
        && let Some(name) = &settings.profile
    {
        need_profile(name).await?;
    }
    // The SDK's own chain would ask the instance metadata service too, and wait for it wherever
    // there is none.
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &settings.profile {
        profile = profile.profile_name(name);
    }
    let region = RegionProviderChain::first_try(settings.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(Region::new(DEFAULT_REGION));
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.read_timeout)
        .build();
    let region = region.region().await;
    let client = http_client(settings)?;
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(region.clone())
        .retry_config(retries)
        .timeout_config(timeouts);
    if let Some(client) = client.clone() {
        loader = loader.http_client(client);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
        // The SDK's chain would prefer keys in the environment; by the AWS CLI's rule, a profile
        // that is named on the command line beats them.
        let mut surroundings = ProviderConfig::without_region().with_region(region);
        if let Some(client) = client {
            surroundings = surroundings.with_http_client(client);
        }
        let of_profile = ProfileFileCredentialsProvider::builder()
            .configure(&surroundings)
            .profile_name(profile)
            .build();
        loader = loader.credentials_provider(of_profile);
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    Ok(loader.load().await)
}

/// Looks for a profile; the SDK would say of a missing one that "the credential provider was not
/// enabled". Files that can't be read are left to the SDK, which says what is wrong with them.
#[allow(
    clippy::default_trait_access,
    reason = "`aws_config` has no name for the type of the files that is not deprecated"
)]
async fn need_profile(name: &str) -> Result<(), Failure> {
    let profiles = profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await;
    if profiles.is_ok_and(|profiles| profiles.get_profile(name).is_none()) {
        let what = format!("there is no profile `{name}` in the AWS configuration files");
        return Err(Failure::new(Code::NoCredentials, what).hint(
            "check `--profile`; the files are `~/.aws/config` and `~/.aws/credentials`, or those that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name",
        ));
    }
    Ok(())
}

/// A client that trusts the user's certificates; `None` for the SDK's default client, which trusts
/// the system's. Both go through the proxies of the environment.
fn http_client(settings: &AwsSettings) -> Result<Option<SharedHttpClient>, Failure> {
    let Some(bundle) = &settings.ca_bundle else {
        return Ok(None);
    };
    let unusable = || {
        Failure::new(
            Code::Tls,
            format!("can't use the CA bundle `{}`", bundle.display()),
        )
        .hint("`--ca-bundle` and `AWS_CA_BUNDLE` name a PEM file of certificates")
    };
    let pem = fs_err::read(bundle).map_err(|error| unusable().because(error))?;
    let authorities = authorities(&String::from_utf8_lossy(&pem));
    if authorities.is_empty() {
        return Err(unusable().because(anyhow::anyhow!("it holds no usable PEM certificate")));
    }
    let trust = authorities
        .into_iter()
        .fold(TrustStore::empty(), TrustStore::with_pem_certificate);
    let context = TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| unusable().because(anyhow::Error::new(error)))?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::AwsLc,
            ))
            .tls_context(context.clone())
            .build()
    });
    Ok(Some(client))
}

/// The certificates of a bundle that can be an authority's, each as PEM. Others are passed over, as
/// other programs do: real bundles hold some that are no longer accepted, and the SDK's client would
/// panic at them.
fn authorities(bundle: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let parts = bundle.split(BEGIN).skip(1);
    let certificates = parts.filter_map(|part| {
        let (base64, _) = part.split_once(END)?;
        Some(format!("{BEGIN}{base64}{END}\n"))
    });
    certificates
        .filter(|pem| {
            let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
            certificate.is_ok_and(|der| RootCertStore::empty().add(der).is_ok())
        })
        .collect()
}

/// What an error of the SDK means, whichever operation it comes from.
#[derive(Debug)]
pub struct AwsError {
    /// Our stable code for it.
    pub code: Code,
    /// The service's code and message, or the chain of causes where no answer came.
    pub message: String,
    /// The id that AWS support asks for.
    pub request_id: Option<String>,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Whether the request may have reached the service; where nobody looked, it may.
    pub may_have_arrived: bool,
}

impl AwsError {
    /// Classifies an error. Unmodelled errors are told by their code, errors without a code by
    /// their status, and where no answer came by what the transport says.
    #[must_use]
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Debug + Send + Sync + 'static,
    {
        let chain = causes(error);
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let request_id = error
            .as_service_error()
            .and_then(|service| service.meta().request_id())
            .or_else(|| error.request_id())
            .map(str::to_owned);
        let service = error.as_service_error();
        let name = service.and_then(ProvideErrorMetadata::code);
        let text = service.and_then(ProvideErrorMetadata::message);
        let code = match error {
            SdkError::ServiceError(_) => service_code(name, text, status),
            SdkError::TimeoutError(_) => Code::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Code::Timeout,
            SdkError::ResponseError(_) => match status {
                Some(500..) => Code::ServiceUnavailable,
                _ => Code::UnexpectedAnswer,
            },
            _ => transport_code(error, &chain),
        };
        let message = match (name, text) {
            (Some(name), Some(text)) => format!("{name}: {}", one_line(text)),
            (Some(name), None) => name.to_owned(),
            (None, _) if service.is_some() => match status {
                Some(status) => format!("HTTP {status}: {chain}"),
                None => chain,
            },
            (None, _) => chain,
        };
        AwsError {
            code,
            message,
            request_id,
            status,
            may_have_arrived: true,
        }
    }

    /// The failure to report, `what` being what was tried: "could not invalidate `E1`".
    #[must_use]
    pub fn into_failure(self, what: &str, action: &str) -> Failure {
        let request = self
            .request_id
            .map(|id| format!(" (request id {id})"))
            .unwrap_or_default();
        let hint = match self.code {
            Code::Tls => tls_hint(&self.message).to_owned(),
            code => hint(code, action),
        };
        Failure::new(self.code, format!("{what}: {}{request}", self.message)).hint(hint)
    }
}

/// What to do about a code; `action` is the IAM action of the call.
fn hint(code: Code, action: &str) -> String {
    match code {
        Code::AccessDenied => format!("allow `{action}` in the policy of the role that this job uses; the README has the smallest policy"),
        Code::NoSuchDistribution => "check the id, and that the credentials belong to the account that owns it".into(),
        Code::NoCredentials => "give the job credentials: on GitHub run aws-actions/configure-aws-credentials before this step (with `permissions: id-token: write`), elsewhere set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE".into(),
        Code::ExpiredToken => "the session is over: fetch credentials right before this step, or ask for a longer session (`role-duration-seconds`), then run the job again".into(),
        Code::BadSignature => "the secret access key does not belong to the access key, or the machine's clock is off by more than five minutes".into(),
        Code::BadCredentials => "AWS does not know this access key or session token: check AWS_ACCESS_KEY_ID, and that AWS_SESSION_TOKEN belongs to it (or is unset)".into(),
        Code::TooManyInProgress => "run the job again later, or raise `quota-timeout`; `aws cloudfront list-invalidations` shows what is in progress".into(),
        Code::Throttled => "other jobs call the API at the same time: run the job again".into(),
        Code::ServiceUnavailable => "run the job again; https://health.aws.amazon.com tells of outages".into(),
        Code::NoNetwork => "check the network, HTTPS_PROXY and NO_PROXY, and the endpoint URL if one is set".into(),
        Code::Timeout => "run the job again; `--connect-timeout` and `--read-timeout` set the limits".into(),
        Code::UnexpectedAnswer => "something between this job and AWS answered: check the endpoint URL and the proxy, then run the job again".into(),
        Code::InvalidArgument => "the service does not say which path it means; `docs/errors.md` lists what it refuses. Tags need a distribution with cache tags enabled".into(),
        Code::Interrupted => "run the job again".into(),
        Code::ReferenceTaken => "choose another `--caller-reference`: this one was used with other paths".into(),
        Code::InconsistentQuantities | Code::MissingBody => "something between this job and AWS changed the request: check the endpoint URL and the proxy, then run the job again".into(),
        Code::BatchTooLarge => "lower `max-paths`, or use `collapse: always`".into(),
        _ => "run the job again with `--verbose`, and report it if it happens again".into(),
    }
}

/// What to do about a handshake that failed, by what rustls and the SDK say of it.
fn tls_hint(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    // Before "certificate", which is in the others' messages too.
    if message.contains("notvalidforname") || message.contains("not valid for name") {
        "the certificate is another name's: check the endpoint URL and the proxy"
    } else if message.contains("expired")
        || message.contains("notvalidyet")
        || message.contains("not valid yet")
    {
        "the certificate is out of date, or the machine's clock is wrong"
    } else if message.contains("certificate") || message.contains("unknownissuer") {
        "the certificate is not trusted: name your own authority with `--ca-bundle` or AWS_CA_BUNDLE, or check the proxy"
    } else {
        "what answered does not speak TLS, or none that is accepted here: check the endpoint URL (http:// or https://, and the port) and the proxy"
    }
}

fn service_code(name: Option<&str>, text: Option<&str>, status: Option<u16>) -> Code {
    let text = text.unwrap_or_default();
    match name.unwrap_or_default() {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Code::AccessDenied,
        "NoSuchDistribution" | "NoSuchInvalidation" | "EntityNotFound" | "NoSuchResource" => {
            Code::NoSuchDistribution
        }
        "InvalidationBatchAlreadyExists" => Code::ReferenceTaken,
        // The live service answers so, whatever the API reference says.
        "InvalidArgument" if text.to_ascii_lowercase().contains("caller reference") => {
            Code::ReferenceTaken
        }
        "InvalidArgument" => Code::InvalidArgument,
        "BatchTooLarge" => Code::BatchTooLarge,
        "InconsistentQuantities" => Code::InconsistentQuantities,
        "MissingBody" => Code::MissingBody,
        "TooManyInvalidationsInProgress" => Code::TooManyInProgress,
        "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "SlowDown"
        | "RequestLimitExceeded"
        | "ThrottledException"
        | "RequestThrottled" => Code::Throttled,
        "ServiceUnavailable" | "InternalError" | "InternalFailure" | "InternalServerError" => {
            Code::ServiceUnavailable
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Code::ExpiredToken
        }
        "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed"
        | "InvalidSignatureException"
        | "IncompleteSignature" => Code::BadSignature,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "AuthFailure" => Code::BadCredentials,
        _ => match status {
            Some(429) => Code::Throttled,
            Some(500..) => Code::ServiceUnavailable,
            Some(403) => Code::AccessDenied,
            Some(404) => Code::NoSuchDistribution,
            _ => Code::UnexpectedAnswer,
        },
    }
}

/// Where no answer came, the type or text of a cause tells why.
fn transport_code(error: &(dyn std::error::Error + 'static), chain: &str) -> Code {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Ended>() {
            return Code::Interrupted;
        }
        if let Some(credentials) = error.downcast_ref::<CredentialsError>() {
            let expired = causes(credentials).contains("ExpiredToken");
            return if expired {
                Code::ExpiredToken
            } else {
                Code::NoCredentials
            };
        }
        cause = error.source();
    }
    let chain = chain.to_ascii_lowercase();
    if ["certificate", "unknownissuer", "tls", "handshake"]
        .iter()
        .any(|word| chain.contains(word))
    {
        Code::Tls
    } else {
        Code::NoNetwork
    }
}

/// An error and its causes, outermost first, each said once. The SDK's own `DisplayErrorContext`
/// adds the whole debug output, headers included.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let part = one_line(&without_request(&error.to_string()));
        if !part.is_empty() && !text.contains(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}

/// Some of the SDK's messages hold the debug output of a whole request, with its body and headers.
fn without_request(text: &str) -> String {
    const BEGIN: &str = "`Request {";
    const END: &str = "}`";
    let Some(begin) = text.find(BEGIN) else {
        return text.to_owned();
    };
    let end = text.rfind(END).map_or(text.len(), |at| at + END.len());
    format!("{}`…`{}", &text[..begin], &text[end.max(begin)..])
}

/// Messages of services may have several lines; a log line must not.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A URL without the user and password that an endpoint's URL may hold.
fn without_userinfo(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

/// Sees each request and answer of one call: keeps the answer's `Date`, and tells the log at
/// `--verbose` what went over the wire, without headers, where the secrets are.
#[derive(Clone, Debug)]
pub struct Observer {
    date: Arc<Mutex<Option<DateTime>>>,
    attempts: Arc<AtomicU32>,
    unconnected: Arc<AtomicU32>,
    log: Log,
    interrupt: Interrupt,
}

impl Observer {
    /// One for one call, or for all calls of a client.
    #[must_use]
    pub fn new(log: Log) -> Self {
        Observer {
            date: Arc::default(),
            attempts: Arc::default(),
            unconnected: Arc::default(),
            log,
            interrupt: Interrupt::never(),
        }
    }

    /// No attempt is begun once the run was asked to end: the SDK knows nothing of signals, and would
    /// go on trying.
    #[must_use]
    pub fn until(self, interrupt: Interrupt) -> Self {
        Observer { interrupt, ..self }
    }

    /// How often a request went out.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Whether one of the requests may have reached the service: there was a connection for it.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        self.attempts() > self.unconnected.load(Ordering::Relaxed)
    }

    /// The service's own clock, as the last answer had it.
    #[must_use]
    pub fn date(&self) -> Option<DateTime> {
        self.date.lock().map_or(None, |date| *date)
    }
}

/// Why an attempt was not begun.
#[derive(Debug, thiserror::Error)]
#[error("a signal asks the run to end")]
struct Ended;

#[dyn_dispatch_hint]
impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "Observer"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.interrupt.is_raised() {
            return Err(Ended.into());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let request = context.request();
        let uri = without_userinfo(request.uri());
        self.log.detail(&format!("→ {} {uri}", request.method()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let connector_error = match context.output_or_error() {
            Some(Err(error)) => error.as_connector_error(),
            _ => None,
        };
        // hyper's and the SDK's words for a connection that did not come about.
        let unconnected = connector_error
            .map(|error| causes(error))
            .is_some_and(|text| {
                text.contains("client error (Connect)") || text.contains("HTTP connect timeout")
            });
        if unconnected {
            self.unconnected.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let header = |name| response.headers().get(name);
        if let Ok(mut date) = self.date.lock() {
            *date = header("date").and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        }
        let id = header("x-amzn-requestid").unwrap_or("none");
        self.log.detail(&format!(
            "← {}, request id {id}",
            response.status().as_u16()
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_without_its_password() {
        let rows = [
            ("https://host/a?b", "https://host/a?b"),
            ("http://user:pass@host:80/a", "http://host:80/a"),
            ("http://user:p@ss@host", "http://host"),
            ("http://user@host?q=@", "http://host?q=@"),
            ("http://host/@scope", "http://host/@scope"),
            ("/a@b", "/a@b"),
        ];
        for (url, expected) in rows {
            assert_eq!(without_userinfo(url), expected);
        }
    }

    #[test]
    fn a_request_is_left_out_of_a_message() {
        let rows = [
            ("no request", "no request"),
            (
                "failed to apply endpoint `x` to request `Request { uri: Uri { a: \"}`\" } }`: endpoint must contain scheme",
                "failed to apply endpoint `x` to request `…`: endpoint must contain scheme",
            ),
            ("broken off: `Request { body", "broken off: `…`"),
        ];
        for (text, expected) in rows {
            assert_eq!(without_request(text), expected);
        }
    }

    #[test]
    fn a_handshake_that_fails_has_the_hint_for_its_reason() {
        let rows = [
            ("invalid peer certificate: UnknownIssuer", "not trusted"),
            (
                "invalid peer certificate: certificate not valid for name \"x\"",
                "another name's",
            ),
            (
                "invalid peer certificate: certificate expired: verification time",
                "out of date",
            ),
            (
                "TLS handshake failed: received corrupt message of type InvalidContentType",
                "does not speak TLS",
            ),
            (
                "TLS handshake failed: received fatal alert: ProtocolVersion",
                "does not speak TLS",
            ),
        ];
        for (message, expected) in rows {
            assert!(tls_hint(message).contains(expected), "{message}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_no_authority() {
        let rows = [
            "",
            "text",
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ];
        for bundle in rows {
            assert_eq!(authorities(bundle), [""; 0], "{bundle}");
        }
    }
}
