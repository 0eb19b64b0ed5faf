//! The record as an object on S3, or on a server that speaks its protocol.
//!
//! Loads and saves are conditional on the object's ETag, which S3 checks atomically: of two runs
//! that save at the same time one gets 412 (or 409, which says "try again").

use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError, SdkBody};
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::sync::RwLock;

use super::{Loaded, Location, SaveError, Version};
use crate::aws::{AwsError, Observer};
use crate::failure::{Code, Failure};
use crate::gzip;
use crate::report::log::Log;

/// How often a save is tried when S3 answers 409, "a conflicting operation is in progress".
const CONFLICT_ATTEMPTS: u32 = 5;

/// The wait before the first of those; it doubles.
const CONFLICT_BACKOFF: Duration = Duration::from_millis(100);

/// How often a record is asked for whose body breaks off.
const BODY_ATTEMPTS: u32 = 3;

/// Up to this length an answer's own word for it is taken and room made in advance: 1 GiB.
const MAX_EXPECTED: usize = 1 << 30;

/// The slowest upload that is not given up, in bytes a second: a record is sent before its answer
/// can come, so the time allowed for an answer grows with its size.
const SLOWEST_UPLOAD: u64 = 1 << 20;

/// A record in an object that is only ever replaced conditionally.
#[derive(Debug)]
pub struct S3Store {
    // Behind a lock because the region of the bucket is learnt from the first answer.
    client: RwLock<Client>,
    config: SdkConfig,
    endpoint_url: Option<String>,
    read_timeout: Duration,
    log: Log,
    bucket: String,
    key: String,
}

impl S3Store {
    /// A record at `s3://bucket/key`. `endpoint_url` beats the one of `config`.
    #[must_use]
    pub fn new(
        config: SdkConfig,
        endpoint_url: Option<String>,
        read_timeout: Duration,
        log: Log,
        (bucket, key): (String, String),
    ) -> Self {
        let client = RwLock::new(client(&config, endpoint_url.as_deref(), None, &log));
        S3Store {
            client,
            config,
            endpoint_url,
            read_timeout,
            log,
            bucket,
            key,
        }
    }

    fn location(&self) -> Location {
        Location::S3 {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
        }
    }

    pub(super) async fn load(&self) -> Result<Loaded, Failure> {
        let (bytes, version) = self.get().await?;
        Ok(Loaded {
            bytes: bytes.map(|bytes| gzip::unpack(&self.key, bytes)),
            version,
        })
    }

    /// The stored bytes, as they are, and their ETag.
    async fn get(&self) -> Result<(Option<Vec<u8>>, Version), Failure> {
        let mut moved = false;
        let mut broken = 0;
        loop {
            let client = self.client.read().await.clone();
            let answer = client
                .get_object()
                .bucket(&self.bucket)
                .key(&self.key)
                .send()
                .await;
            let error = match answer {
                Ok(object) => {
                    let Some(tag) = object.e_tag.clone() else {
                        return Err(self.failed(
                            "load",
                            "GetObject",
                            Code::UnexpectedAnswer,
                            "the answer has no ETag",
                        ));
                    };
                    match whole(object).await {
                        Ok(bytes) => return Ok((Some(bytes), Version::Tag(tag))),
                        // The SDK tries a call again, but not a body of which it gave the header.
                        Err(_) if broken + 1 < BODY_ATTEMPTS => broken += 1,
                        Err(error) => {
                            let why = "the answer broke off";
                            let code = Code::ManifestUnavailable;
                            let failure = self.failed("load", "GetObject", code, why);
                            return Err(failure.because(error));
                        }
                    }
                    continue;
                }
                Err(error) => error,
            };
            if !moved && self.move_to_region(&error).await {
                moved = true;
                continue;
            }
            let name = error.as_service_error().and_then(|error| error.code());
            let status = error
                .raw_response()
                .map(|response| response.status().as_u16());
            return match (name, status) {
                (Some("NoSuchKey"), _) | (None | Some("NotFound"), Some(404)) => {
                    Ok((None, Version::Absent))
                }
                _ => Err(self.refused(&error, "load")),
            };
        }
    }

    pub(super) async fn save(
        &self,
        bytes: Vec<u8>,
        expected: &Version,
    ) -> Result<Version, SaveError> {
        let bytes = gzip::pack(&self.key, bytes).map_err(|error| {
            let failure = self.failed(
                "write",
                "PutObject",
                Code::ManifestUnavailable,
                "gzip failed",
            );
            SaveError::Failed(Box::new(failure.because(error)))
        })?;
        // Its clones share the bytes.
        let body = SdkBody::from(bytes);
        let mut backoff = CONFLICT_BACKOFF;
        let mut attempt = 1;
        loop {
            let seen = Observer::new(Log::silent());
            let error = match self.put(&body, expected, seen.clone()).await {
                Ok(Some(tag)) => return Ok(Version::Tag(tag)),
                Ok(None) => return self.get().await.map(|(_, version)| version).map_err(failed),
                Err(error) => error,
            };
            if attempt < CONFLICT_ATTEMPTS {
                let in_progress = error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 409);
                if in_progress {
                    tokio::time::sleep(backoff).await;
                    backoff *= 2;
                    attempt += 1;
                    continue;
                }
                if self.move_to_region(&error).await {
                    attempt += 1;
                    continue;
                }
            }
            let name = error.as_service_error().and_then(|error| error.code());
            let status = error
                .raw_response()
                .map(|response| response.status().as_u16());
            // A write whose answer was lost is tried again by the SDK and then finds its own
            // object in the way; a write that timed out may have happened. So look before judging.
            // Only the first request's own 412 is plain: a twin of this run may have written the
            // very same bytes.
            let plain = status == Some(412) && seen.attempts() == 1 && attempt == 1;
            if !plain
                && let Ok((Some(found), version)) = self.get().await
                && body.bytes() == Some(&found)
            {
                return Ok(version);
            }
            // 404 on `If-Match`: the object was deleted. 409 to the end: others keep writing.
            let lost = match (name, status) {
                (Some("NoSuchBucket"), _) => false,
                (_, Some(409 | 412)) => true,
                (_, Some(404)) => *expected != Version::Absent,
                _ => false,
            };
            return Err(if lost {
                SaveError::Conflict
            } else {
                failed(self.refused(&error, "write"))
            });
        }
    }

    async fn put(
        &self,
        body: &SdkBody,
        expected: &Version,
        seen: Observer,
    ) -> Result<Option<String>, SdkError<PutObjectError>> {
        let client = self.client.read().await.clone();
        let content_type = if gzip::is_gzip(&self.key) {
            "application/gzip"
        } else {
            "application/json"
        };
        let request = client
            .put_object()
            .bucket(&self.bucket)
            .key(&self.key)
            .content_type(content_type)
            .body(ByteStream::new(
                body.try_clone().unwrap_or_else(SdkBody::taken),
            ));
        let request = match expected {
            Version::Absent => request.if_none_match("*"),
            Version::Tag(tag) => request.if_match(tag),
        };
        let allowed =
            Duration::from_secs(body.bytes().map_or(0, <[u8]>::len) as u64 / SLOWEST_UPLOAD);
        let timeouts = TimeoutConfig::builder()
            .read_timeout(self.read_timeout + allowed)
            .build();
        let overridden = aws_sdk_s3::config::Builder::new().timeout_config(timeouts);
        let answer = request
            .customize()
            .config_override(overridden)
            .interceptor(seen)
            .send()
            .await?;
        Ok(answer.e_tag)
    }

    /// Follows a bucket to its region, which S3 names when it was asked elsewhere. True if the
    /// call is worth another try.
    async fn move_to_region<E>(&self, error: &SdkError<E>) -> bool {
        let Some(response) = error.raw_response() else {
            return false;
        };
        let Some(region) = response.headers().get("x-amz-bucket-region") else {
            return false;
        };
        let wrong_region = matches!(response.status().as_u16(), 301 | 307 | 400);
        let known = self
            .client
            .read()
            .await
            .config()
            .region()
            .map(ToString::to_string);
        if !wrong_region || known.as_deref() == Some(region) {
            return false;
        }
        let region = Region::new(region.to_owned());
        let moved = client(
            &self.config,
            self.endpoint_url.as_deref(),
            Some(region),
            &self.log,
        );
        *self.client.write().await = moved;
        true
    }

    fn refused<E>(&self, error: &SdkError<E>, verb: &str) -> Failure
    where
        E: std::error::Error
            + aws_smithy_types::error::metadata::ProvideErrorMetadata
            + std::fmt::Debug
            + Send
            + Sync
            + 'static,
    {
        let action = if verb == "load" {
            "GetObject"
        } else {
            "PutObject"
        };
        let error = AwsError::of(error);
        let denied = error.status == Some(403)
            && !matches!(
                error.code,
                Code::BadSignature | Code::ExpiredToken | Code::BadCredentials
            );
        if denied {
            let what = format!(
                "no permission to {verb} the record `{}`: {}",
                self.location(),
                error.message
            );
            return Failure::new(Code::ManifestDenied, what).hint(format!(
                "the role needs `s3:GetObject` and `s3:PutObject` on `arn:aws:s3:::{}/{}` and `s3:ListBucket` on \
                 `arn:aws:s3:::{}`; without `s3:ListBucket` S3 answers 403 also where the object is just missing",
                self.bucket, self.key, self.bucket
            ));
        }
        let mut failure = error.into_failure(
            &format!("could not {verb} the record `{}`", self.location()),
            &format!("s3:{action}"),
        );
        // What S3 refuses for reasons of its own has no code of CloudFront's.
        let generic = matches!(
            failure.code,
            Code::AccessDenied
                | Code::NoSuchDistribution
                | Code::UnexpectedAnswer
                | Code::InvalidArgument
        );
        if generic {
            failure.code = Code::ManifestUnavailable;
            failure.hint = Some(
                "check the bucket's name and region, and the endpoint if it is not AWS's own"
                    .into(),
            );
        }
        failure
    }

    fn failed(&self, verb: &str, action: &str, code: Code, why: &str) -> Failure {
        Failure::new(
            code,
            format!("could not {verb} the record `{}`: {why}", self.location()),
        )
        .hint(format!(
            "run the job again; `s3:{action}` is the call that failed"
        ))
    }
}

/// The whole body, held once.
async fn whole(object: GetObjectOutput) -> Result<Vec<u8>, ByteStreamError> {
    let length = object.content_length.map(usize::try_from);
    let expected = length.and_then(Result::ok).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected.min(MAX_EXPECTED));
    let mut body = object.body;
    while let Some(part) = body.try_next().await? {
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn failed(failure: Failure) -> SaveError {
    SaveError::Failed(Box::new(failure))
}

fn client(
    config: &SdkConfig,
    endpoint_url: Option<&str>,
    region: Option<Region>,
    log: &Log,
) -> Client {
    let mut builder =
        aws_sdk_s3::config::Builder::from(config).interceptor(Observer::new(log.clone()));
    if let Some(region) = region {
        builder = builder.region(region);
    }
    if let Some(url) = endpoint_url {
        builder = builder.endpoint_url(url);
    }
    // Servers that are not AWS's seldom have a name for each bucket, nor know the checksums that
    // the SDK would add.
    if endpoint_url.is_some() || config.endpoint_url().is_some() {
        builder = builder
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    Client::from_conf(builder.build())
}
