//! Why S3 does not do what it is asked, in its own words.

use super::document_answer;
use crate::answer::Answer;
use crate::xml;

/// An error of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// Elements of the document besides the usual ones.
    details: Vec<(&'static str, String)>,
    /// The region in which the bucket is, where that is the trouble.
    bucket_region: Option<String>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            bucket_region: None,
        }
    }

    fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    pub(super) fn answer(&self, resource: &str, request_id: &str) -> Answer {
        let (code, message) = (self.code, &self.message);
        let document = document(code, message, resource, request_id, &self.details);
        let answer = document_answer(self.status, document);
        match &self.bucket_region {
            Some(region) => answer.header("x-amz-bucket-region", region),
            None => answer,
        }
    }

    pub(super) fn no_such_bucket(bucket: &str) -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist")
            .detail("BucketName", bucket)
    }

    pub(super) fn no_such_key(key: &str) -> Self {
        Self::new(404, "NoSuchKey", "The specified key does not exist.").detail("Key", key)
    }

    pub(super) fn access_denied() -> Self {
        Self::new(403, "AccessDenied", "Access Denied")
    }

    pub(super) fn precondition_failed(condition: &str) -> Self {
        Self::new(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        )
        .detail("Condition", condition)
    }

    pub(super) fn permanent_redirect(bucket: &str, region: &str) -> Self {
        let mut refusal = Self::new(
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified \
             endpoint. Please send all future requests to this endpoint.",
        )
        .detail("Endpoint", format!("{bucket}.s3.{region}.amazonaws.com"))
        .detail("Bucket", bucket);
        refusal.bucket_region = Some(region.to_owned());
        refusal
    }

    pub(super) fn wrong_region_signed(signed: &str, region: &str) -> Self {
        let mut refusal = Self::new(
            400,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; the region '{signed}' is wrong; \
                 expecting '{region}'"
            ),
        )
        .detail("Region", region);
        refusal.bucket_region = Some(region.to_owned());
        refusal
    }

    pub(super) fn incomplete_body() -> Self {
        Self::new(
            400,
            "IncompleteBody",
            "The request body terminated unexpectedly",
        )
    }

    pub(super) fn bad_digest(which: &str) -> Self {
        Self::new(
            400,
            "BadDigest",
            format!("The {which} you specified did not match the calculated checksum."),
        )
    }

    pub(super) fn invalid_range() -> Self {
        Self::new(
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
        )
    }

    pub(super) fn not_implemented() -> Self {
        Self::new(
            501,
            "NotImplemented",
            "A header or operation you provided implies functionality that is not implemented",
        )
    }
}

/// An error document of S3.
pub(crate) fn error_document(
    resource: &str,
    request_id: &str,
    status: u16,
    code: &str,
    message: &str,
) -> Answer {
    document_answer(status, document(code, message, resource, request_id, &[]))
}

fn document(
    code: &str,
    message: &str,
    resource: &str,
    request_id: &str,
    details: &[(&'static str, String)],
) -> String {
    xml::document("Error", "", |document| {
        document.text("Code", code);
        document.text("Message", message);
        for (name, value) in details {
            document.text(name, value);
        }
        document.text("Resource", resource);
        document.text("RequestId", request_id);
        document.text("HostId", "standin");
    })
}
