//! What the stand-in was asked.

use std::time::SystemTime;

use bytes::Bytes;

use crate::operation::Operation;

/// Up to this many bytes of a body are kept; a record of 100 MB would otherwise stay in memory
/// with every request that carried it.
const KEPT_BODY: usize = 1 << 20;

/// A request that was received.
#[derive(Debug, Clone)]
pub struct Request {
    /// When its last byte arrived, by the machine's clock.
    pub received: SystemTime,
    /// What it asked for.
    pub operation: Operation,
    /// The distribution, tenant, bucket or `bucket/key` it was for; empty if none.
    pub target: String,
    /// The HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub uri: String,
    /// The headers, names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body as sent (chunks and trailers of `aws-chunked` included), at most 1 MiB of it.
    pub body: Bytes,
    /// The length of the whole body.
    pub body_length: usize,
    /// Whether the call had its effect.
    pub processed: bool,
    /// The status answered; none while there is no answer, and where the connection was reset.
    pub status: Option<u16>,
    /// The invalidation that the call made or looked at.
    pub invalidation_id: Option<String>,
    /// Whether a fault was injected into this call.
    pub faulty: bool,
}

impl Request {
    /// The value of a header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, where it is UTF-8.
    pub fn body_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    /// Who signed the request, for which region and service; none if it is not signed.
    pub fn credential_scope(&self) -> Option<CredentialScope> {
        CredentialScope::parse(self.header("authorization")?)
    }
}

/// The scope of a request's signature (version 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScope {
    /// The access key's id.
    pub access_key_id: String,
    /// The day, as `20260102`.
    pub date: String,
    /// The region, as `us-east-1`.
    pub region: String,
    /// The service, as `cloudfront`.
    pub service: String,
}

impl CredentialScope {
    /// Reads an `Authorization` header.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (_, rest) = header.split_once("Credential=")?;
        let credential = rest.split([',', ' ']).next()?;
        let mut parts = credential.split('/').map(str::to_owned);
        Some(Self {
            access_key_id: parts.next()?,
            date: parts.next()?,
            region: parts.next()?,
            service: parts.next()?,
        })
    }
}

/// The requests so far.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: Vec<Request>,
    /// How many were forgotten, so that numbers stay valid.
    forgotten: usize,
}

impl RequestLog {
    /// Adds a request and gives its number.
    pub(crate) fn receive(&mut self, mut request: Request) -> usize {
        request.body_length = request.body.len();
        if request.body.len() > KEPT_BODY {
            // A copy, because a slice would keep the whole body alive.
            request.body = Bytes::copy_from_slice(&request.body[..KEPT_BODY]);
        }
        self.requests.push(request);
        self.forgotten + self.requests.len() - 1
    }

    /// Changes a request, unless it was forgotten.
    pub(crate) fn update(&mut self, number: usize, change: impl FnOnce(&mut Request)) {
        let request = number
            .checked_sub(self.forgotten)
            .and_then(|at| self.requests.get_mut(at));
        if let Some(request) = request {
            change(request);
        }
    }

    pub(crate) fn all(&self) -> &[Request] {
        &self.requests
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_a_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/cloudfront/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=0f";
        let scope = CredentialScope::parse(header).expect("a scope");
        assert_eq!(scope.access_key_id, "AKID");
        assert_eq!(scope.region, "us-east-1");
        assert_eq!(scope.service, "cloudfront");
        assert_eq!(CredentialScope::parse("Basic Zm9v"), None);
    }

    #[test]
    fn numbers_survive_forgetting() {
        let mut log = RequestLog::default();
        let first = log.receive(request());
        log.clear();
        let second = log.receive(request());
        log.update(first, |request| request.status = Some(500));
        log.update(second, |request| request.status = Some(201));
        assert_eq!(log.all()[0].status, Some(201));
    }

    fn request() -> Request {
        Request {
            received: SystemTime::UNIX_EPOCH,
            operation: Operation::Unknown,
            target: String::new(),
            method: "GET".to_owned(),
            uri: "/".to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            body_length: 0,
            processed: false,
            status: None,
            invalidation_id: None,
            faulty: false,
        }
    }
}
