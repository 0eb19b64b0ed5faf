//! Which service a request is for, and what it asks for.

use hyper::{Method, Uri};

use crate::encoding;
use crate::operation::Operation;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// The distribution, tenant, bucket or `bucket/key`.
    pub(crate) target: String,
    pub(crate) service: Service,
}

/// The service that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Service {
    CloudFront {
        version: String,
        invalidation: Option<String>,
    },
    S3 {
        bucket: String,
        key: String,
    },
    /// A viewer's URL at the edges of the target.
    Edge {
        url: String,
    },
    /// The test's own calls; the segments after `/_standin/`, still encoded.
    Control {
        path: String,
    },
    /// None: the path is empty.
    Nothing,
}

/// The query of a URL, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        Self(
            pairs
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (encoding::decode(name), encoding::decode(value)))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl Route {
    pub(crate) fn of(method: &Method, uri: &Uri) -> Self {
        let path = uri.path().trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match first {
            "" => Self::new(Operation::Unknown, "", Service::Nothing),
            "_standin" => {
                let path = rest.to_owned();
                Self::new(Operation::Unknown, "", Service::Control { path })
            }
            "edge" => Self::edge(rest, uri.query()),
            version if is_api_version(version) => Self::cloudfront(method, version, rest, uri),
            bucket => Self::s3(method, bucket, rest, &Query::of(uri)),
        }
    }

    fn new(operation: Operation, target: impl Into<String>, service: Service) -> Self {
        Self {
            operation,
            target: target.into(),
            service,
        }
    }

    fn edge(rest: &str, query: Option<&str>) -> Self {
        let (target, path) = rest.split_once('/').unwrap_or((rest, ""));
        let url = match query {
            Some(query) => format!("/{path}?{query}"),
            None => format!("/{path}"),
        };
        Self::new(
            Operation::View,
            encoding::decode(target),
            Service::Edge { url },
        )
    }

    fn cloudfront(method: &Method, version: &str, rest: &str, uri: &Uri) -> Self {
        let decoded: Vec<String> = rest.split('/').map(encoding::decode).collect();
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let (operation, target, invalidation) = match (method.as_str(), &parts[..]) {
            ("GET", ["distribution"]) => (Operation::ListDistributions, "", None),
            ("POST", ["distribution", id, "invalidation"]) => {
                (Operation::CreateInvalidation, *id, None)
            }
            ("GET", ["distribution", id, "invalidation"]) => {
                (Operation::ListInvalidations, *id, None)
            }
            ("GET", ["distribution", id, "invalidation", invalidation]) => {
                (Operation::GetInvalidation, *id, Some(*invalidation))
            }
            ("POST", ["distribution-tenant", id, "invalidation"]) => (
                Operation::CreateInvalidationForDistributionTenant,
                *id,
                None,
            ),
            ("GET", ["distribution-tenant", id, "invalidation"]) => {
                (Operation::ListInvalidationsForDistributionTenant, *id, None)
            }
            ("GET", ["distribution-tenant", id, "invalidation", invalidation]) => (
                Operation::GetInvalidationForDistributionTenant,
                *id,
                Some(*invalidation),
            ),
            ("POST", ["distribution-tenants"]) => (Operation::ListDistributionTenants, "", None),
            ("GET", ["distribution-tenant"]) if Query::of(uri).has("domain") => {
                (Operation::GetDistributionTenantByDomain, "", None)
            }
            ("GET", ["distribution-tenant", id]) => (Operation::GetDistributionTenant, *id, None),
            _ => (Operation::Unknown, "", None),
        };
        let service = Service::CloudFront {
            version: version.to_owned(),
            invalidation: invalidation.map(str::to_owned),
        };
        Self::new(operation, target, service)
    }

    fn s3(method: &Method, bucket: &str, rest: &str, query: &Query) -> Self {
        let bucket = encoding::decode(bucket);
        let key = encoding::decode(rest);
        let operation = match (method.as_str(), key.is_empty()) {
            ("HEAD", true) => Operation::HeadBucket,
            ("PUT", true) => Operation::CreateBucket,
            ("GET", true) if query.has("location") => Operation::GetBucketLocation,
            ("GET", true) if query.get("list-type") == Some("2") => Operation::ListObjectsV2,
            ("GET", false) => Operation::GetObject,
            ("HEAD", false) => Operation::HeadObject,
            // An upload in parts is not modelled; taking a part for an object would be worse.
            ("PUT", false) if !query.has("partNumber") => Operation::PutObject,
            ("DELETE", false) if !query.has("uploadId") => Operation::DeleteObject,
            _ => Operation::Unknown,
        };
        let target = if key.is_empty() {
            bucket.clone()
        } else {
            format!("{bucket}/{key}")
        };
        Self::new(operation, target, Service::S3 { bucket, key })
    }
}

/// Whether a path segment is the date of an API version, such as `2020-05-31`.
fn is_api_version(segment: &str) -> bool {
    segment.len() == 10
        && segment.bytes().enumerate().all(|(at, byte)| match at {
            0 => byte == b'2',
            1 => byte == b'0',
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        for (method, uri, operation, target) in [
            (
                "POST",
                "/2020-05-31/distribution/E1/invalidation",
                Operation::CreateInvalidation,
                "E1",
            ),
            (
                "POST",
                "/2017-03-25/distribution/E1/invalidation",
                Operation::CreateInvalidation,
                "E1",
            ),
            (
                "GET",
                "/2020-05-31/distribution/E1/invalidation/I1",
                Operation::GetInvalidation,
                "E1",
            ),
            (
                "GET",
                "/2020-05-31/distribution/E1/invalidation?MaxItems=1",
                Operation::ListInvalidations,
                "E1",
            ),
            (
                "GET",
                "/2020-05-31/distribution",
                Operation::ListDistributions,
                "",
            ),
            (
                "GET",
                "/2020-05-31/distribution-tenant?domain=a.b",
                Operation::GetDistributionTenantByDomain,
                "",
            ),
            (
                "POST",
                "/2020-05-31/distribution-tenants",
                Operation::ListDistributionTenants,
                "",
            ),
            (
                "DELETE",
                "/2020-05-31/distribution/E1",
                Operation::Unknown,
                "",
            ),
            (
                "PUT",
                "/records/a%20b/c?x-id=PutObject",
                Operation::PutObject,
                "records/a b/c",
            ),
            (
                "PUT",
                "/records/a?partNumber=1&uploadId=2",
                Operation::Unknown,
                "records/a",
            ),
            (
                "GET",
                "/records/?list-type=2",
                Operation::ListObjectsV2,
                "records",
            ),
            (
                "GET",
                "/records?location",
                Operation::GetBucketLocation,
                "records",
            ),
            ("HEAD", "/records", Operation::HeadBucket, "records"),
            ("GET", "/edge/E1/docs/?q", Operation::View, "E1"),
            ("GET", "/", Operation::Unknown, ""),
        ] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let route = Route::of(&method, &uri.parse().expect("a URI"));
            assert_eq!(
                (route.operation, &route.target[..]),
                (operation, target),
                "{uri}"
            );
        }
    }

    #[test]
    fn a_viewer_s_url_stays_as_it_is() {
        let uri = "/edge/E1/a%20b?c=%20".parse().expect("a URI");
        let route = Route::of(&Method::GET, &uri);
        let url = "/a%20b?c=%20".to_owned();
        assert_eq!(route.service, Service::Edge { url });
    }
}
