//! Why the service does not do what it is asked, in its own words.

use super::namespace;
use crate::answer::Answer;
use crate::xml;

/// An error of the CloudFront API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(super) fn answer(&self, version: &str, request_id: &str) -> Answer {
        error_document(version, request_id, self.status, self.code, &self.message)
    }

    pub(super) fn invalid_argument(message: &str) -> Self {
        Self::new(400, "InvalidArgument", message)
    }

    pub(super) fn invalid_paths() -> Self {
        Self::invalid_argument("Your request contains one or more invalid invalidation paths.")
    }

    pub(super) fn used_reference() -> Self {
        Self::invalid_argument(
            "Your request contains a caller reference that was used for a previous invalidation \
             batch for the same distribution.",
        )
    }

    pub(super) fn batch_already_exists() -> Self {
        Self::new(
            409,
            "InvalidationBatchAlreadyExists",
            "You specified the same CallerReference for two different invalidation batches.",
        )
    }

    pub(super) fn batch_too_large() -> Self {
        Self::new(
            413,
            "BatchTooLarge",
            "Invalidation batch specified is too large.",
        )
    }

    pub(super) fn inconsistent_quantities() -> Self {
        Self::new(
            400,
            "InconsistentQuantities",
            "The value of Quantity and the size of Items don't match.",
        )
    }

    pub(super) fn missing_body() -> Self {
        Self::new(
            400,
            "MissingBody",
            "This operation requires a body. Ensure that the body is present and the \
             Content-Type header is set.",
        )
    }

    pub(super) fn malformed() -> Self {
        Self::new(
            400,
            "MalformedInput",
            "Could not parse the request body as the expected document.",
        )
    }

    pub(super) fn too_many_in_progress(what: &str) -> Self {
        Self::new(
            400,
            "TooManyInvalidationsInProgress",
            format!(
                "Processing your request will cause you to exceed the maximum number of \
                 in-progress {what}."
            ),
        )
    }

    pub(super) fn no_such_distribution() -> Self {
        Self::new(
            404,
            "NoSuchDistribution",
            "The specified distribution does not exist.",
        )
    }

    pub(super) fn no_such_invalidation() -> Self {
        Self::new(
            404,
            "NoSuchInvalidation",
            "The specified invalidation does not exist.",
        )
    }

    pub(super) fn entity_not_found() -> Self {
        Self::new(404, "EntityNotFound", "The entity was not found.")
    }

    pub(super) fn unknown_operation() -> Self {
        Self::new(
            404,
            "UnknownOperationException",
            "The stand-in does not know this operation.",
        )
    }
}

/// An error document of the CloudFront API.
pub(crate) fn error_document(
    version: &str,
    request_id: &str,
    status: u16,
    code: &str,
    message: &str,
) -> Answer {
    let document = xml::document("ErrorResponse", &namespace(version), |document| {
        document.element("Error", |document| {
            let at_fault = if status < 500 { "Sender" } else { "Receiver" };
            document.text("Type", at_fault);
            document.text("Code", code);
            document.text("Message", message);
        });
        document.text("RequestId", request_id);
    });
    Answer::xml(status, document)
}
