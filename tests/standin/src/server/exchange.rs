//! One request and its answer, with what goes wrong in between.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::http::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};

use super::Shared;
use super::body::Body;
use super::connection::ResetSwitch;
use crate::answer::Answer;
use crate::faults::{FaultKind, Moment};
use crate::requests;
use crate::route::{Query, Route, Service};
use crate::{cloudfront, control, s3};

/// The connection ends without an answer.
#[derive(Debug)]
pub(super) struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection ends without an answer")
    }
}

impl std::error::Error for NoAnswer {}

/// Answers a request.
pub(super) async fn exchange(
    shared: Arc<Shared>,
    reset: ResetSwitch,
    request: Request<Incoming>,
) -> Result<Response<Body>, NoAnswer> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
    // A task of its own, so that a request that has arrived runs to its end although its client
    // was killed: that end must not depend on when the loss of the client is noticed.
    let answered = tokio::spawn(answer(shared, parts, body)).await;
    answered.ok().flatten().ok_or_else(|| {
        reset.set();
        NoAnswer
    })
}

/// The response; none if the connection is to be reset.
async fn answer(shared: Arc<Shared>, parts: Parts, body: Bytes) -> Option<Response<Body>> {
    let route = Route::of(&parts.method, &parts.uri);
    if let Service::Control { path } = &route.service {
        let query = Query::of(&parts.uri);
        let answer = control::answer(&shared, &parts.method, path, &query, &body);
        let body = Body::whole(answer.body.clone());
        return Some(response(&shared, None, body, &answer));
    }
    let call = Call::new(&shared, route, &parts, body);
    let number = shared.log().receive(call.record(&parts));
    let fault = shared
        .faults()
        .take(call.route.operation, &call.route.target);
    if fault.is_some() {
        shared.log().update(number, |request| request.faulty = true);
    }
    let instead = call.before_processing(fault.as_ref()).await?;
    let answer = if let Some(answer) = instead {
        answer
    } else {
        let answer = call.process(&shared);
        shared.log().update(number, |request| {
            request.processed = true;
            request.invalidation_id.clone_from(&answer.invalidation_id);
        });
        call.after_processing(fault.as_ref(), answer).await?
    };
    shared
        .log()
        .update(number, |request| request.status = Some(answer.status));
    let body = spoiled_body(fault.as_ref(), &answer);
    // The two services call it by different names, and clients look for either.
    let name = if call.route.operation.is_s3() {
        "x-amz-request-id"
    } else {
        "x-amzn-requestid"
    };
    let id = Some((name, &call.request_id[..]));
    Some(response(&shared, id, body, &answer))
}

/// A request that has arrived.
struct Call {
    route: Route,
    query: Query,
    headers: Vec<(String, String)>,
    body: Bytes,
    request_id: String,
    unauthorized: bool,
}

impl Call {
    fn new(shared: &Shared, route: Route, parts: &Parts, body: Bytes) -> Self {
        let signed = parts.headers.contains_key("authorization");
        let viewer = matches!(route.service, Service::Edge { .. });
        Self {
            query: Query::of(&parts.uri),
            headers: texts(&parts.headers),
            body,
            request_id: shared.request_id(),
            unauthorized: shared.require_authorization && !signed && !viewer,
            route,
        }
    }

    fn record(&self, parts: &Parts) -> requests::Request {
        let uri = parts.uri.path_and_query();
        requests::Request {
            received: SystemTime::now(),
            operation: self.route.operation,
            target: self.route.target.clone(),
            method: parts.method.to_string(),
            uri: uri.map_or_else(String::new, ToString::to_string),
            headers: self.headers.clone(),
            body: self.body.clone(),
            body_length: 0,
            processed: false,
            status: None,
            invalidation_id: None,
            faulty: false,
        }
    }

    /// What happens before the call has its effect: nothing (`Some(None)`), an answer in place of
    /// it, or no answer at all (`None`).
    async fn before_processing(&self, fault: Option<&FaultKind>) -> Option<Option<Answer>> {
        if self.unauthorized {
            let message = "Request is missing Authentication Token";
            return Some(Some(self.error(403, "MissingAuthenticationToken", message)));
        }
        match fault {
            Some(FaultKind::Error {
                status,
                code,
                message,
                moment: Moment::BeforeProcessing,
            }) => Some(Some(self.error(*status, code, message))),
            Some(FaultKind::Reset(Moment::BeforeProcessing)) => None,
            Some(FaultKind::Hang(Moment::BeforeProcessing)) => std::future::pending().await,
            Some(FaultKind::Gate {
                gate,
                moment: Moment::BeforeProcessing,
            }) => gate.pass().await.then_some(None),
            _ => Some(None),
        }
    }

    /// The effect, and the answer that belongs to it.
    fn process(&self, shared: &Shared) -> Answer {
        let mut world = shared.world();
        match &self.route.service {
            Service::CloudFront {
                version,
                invalidation,
            } => {
                let call = cloudfront::Call {
                    version: version.clone(),
                    operation: self.route.operation,
                    target: self.route.target.clone(),
                    invalidation: invalidation.clone(),
                    query: self.query.clone(),
                    body: self.body.clone(),
                    request_id: self.request_id.clone(),
                };
                cloudfront::answer(&mut world, &call)
            }
            Service::S3 { bucket, key } => {
                let call = s3::Call {
                    operation: self.route.operation,
                    bucket: bucket.clone(),
                    key: key.clone(),
                    query: self.query.clone(),
                    headers: self.headers.clone(),
                    body: self.body.clone(),
                    request_id: self.request_id.clone(),
                };
                s3::answer(&mut world, &call)
            }
            Service::Edge { url } => {
                world.settle();
                match world.targets.get_mut(&self.route.target) {
                    Some(target) => viewed(&target.edge.view(url)),
                    None => Answer::new(404).body("no such distribution\n"),
                }
            }
            Service::Control { .. } | Service::Nothing => {
                Answer::new(404).body("a stand-in for CloudFront and S3\n")
            }
        }
    }

    /// What becomes of the answer; none if there is no answer.
    async fn after_processing(
        &self,
        fault: Option<&FaultKind>,
        mut answer: Answer,
    ) -> Option<Answer> {
        match fault {
            Some(FaultKind::Error {
                status,
                code,
                message,
                moment: Moment::AfterProcessing,
            }) => return Some(self.error(*status, code, message)),
            Some(FaultKind::Answer {
                status,
                content_type,
                body,
            }) => {
                answer = Answer::new(*status)
                    .header("content-type", content_type)
                    .body(body.clone());
            }
            Some(FaultKind::Reset(Moment::AfterProcessing)) => return None,
            Some(FaultKind::Hang(Moment::AfterProcessing)) => std::future::pending().await,
            Some(FaultKind::Gate {
                gate,
                moment: Moment::AfterProcessing,
            }) => return gate.pass().await.then_some(answer),
            Some(FaultKind::SlowFirstByte(delay)) => tokio::time::sleep(*delay).await,
            Some(FaultKind::TruncatedXml) => {
                answer.body.truncate(answer.body.len() / 2);
            }
            Some(FaultKind::WrongXml) => answer.body = Bytes::from_static(WRONG_XML),
            Some(FaultKind::WithoutId) => answer.body = without_id(&answer.body),
            _ => {}
        }
        Some(answer)
    }

    fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        if self.route.operation.is_s3() {
            let resource = format!("/{}", self.route.target);
            return s3::error_document(&resource, &self.request_id, status, code, message);
        }
        let version = match &self.route.service {
            Service::CloudFront { version, .. } => version,
            _ => "2020-05-31",
        };
        cloudfront::error_document(version, &self.request_id, status, code, message)
    }
}

/// A document that is well formed and has nothing to do with any call.
const WRONG_XML: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Weather><Sky>blue</Sky></Weather>";

/// The document without its first `Id` element.
fn without_id(body: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(body);
    match (text.find("<Id>"), text.find("</Id>")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{}", &text[..from], &text[to + "</Id>".len()..]).into()
        }
        _ => body.clone(),
    }
}

fn viewed(view: &crate::edge::View) -> Answer {
    let cache = match (view.status(), view.from_cache) {
        (200, true) => "Hit from cloudfront",
        (200, false) => "Miss from cloudfront",
        _ => "Error from cloudfront",
    };
    Answer::new(view.status())
        .header("content-type", "application/octet-stream")
        .header("x-cache", cache)
        .body(view.body().clone())
}

fn spoiled_body(fault: Option<&FaultKind>, answer: &Answer) -> Body {
    let bytes = &answer.body;
    match fault {
        Some(FaultKind::CloseAfterHeader) => Body::breaking_off(bytes, 0),
        Some(FaultKind::CutBody) => Body::breaking_off(bytes, bytes.len() / 2),
        Some(FaultKind::SlowBody { chunk, every }) => {
            Body::trickling(bytes.clone(), *chunk, *every)
        }
        _ => Body::whole(bytes.clone()),
    }
}

fn response(
    shared: &Shared,
    request_id: Option<(&str, &str)>,
    body: Body,
    answer: &Answer,
) -> Response<Body> {
    let promised = hyper::body::Body::size_hint(&body).lower();
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let now = shared.world().clock.now();
    let headers = response.headers_mut();
    let mut set = |name: &str, value: &str| {
        // What a header cannot hold was stored by a test; without it the test will see.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    set("date", &httpdate::fmt_http_date(now));
    if let Some((name, id)) = request_id {
        set(name, id);
    }
    if !matches!(answer.status, 204 | 304) {
        // Said in so many words, because the answer to HEAD has a length and no body.
        set("content-length", &promised.to_string());
    }
    for (name, value) in &answer.headers {
        set(name, value);
    }
    for (name, value) in &answer.extra {
        set(name, value);
    }
    response
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}
