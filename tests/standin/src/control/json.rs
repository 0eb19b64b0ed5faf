//! What a test asks about, as JSON.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::answer::timestamp;
use crate::cloudfront::Invalidation;
use crate::edge::{Content, Eviction, Needless, StaleView};
use crate::requests::Request;

pub(super) fn request(request: &Request) -> Value {
    // A header that is sent twice is one line with a comma, as HTTP has it.
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), joined.into());
    }
    let scope = request.credential_scope().map(|scope| {
        json!({
            "access_key_id": scope.access_key_id,
            "date": scope.date,
            "region": scope.region,
            "service": scope.service,
        })
    });
    json!({
        "received": timestamp(request.received),
        "operation": request.operation,
        "target": request.target,
        "method": request.method,
        "uri": request.uri,
        "headers": headers,
        "body": bytes(&request.body),
        "body_length": request.body_length,
        "processed": request.processed,
        "status": request.status,
        "invalidation_id": request.invalidation_id,
        "faulty": request.faulty,
        "credential_scope": scope,
    })
}

pub(super) fn invalidation(invalidation: &Invalidation) -> Value {
    json!({
        "id": invalidation.id,
        "caller_reference": invalidation.caller_reference,
        "paths": invalidation.paths,
        "create_time": timestamp(invalidation.create_time),
        "status": invalidation.status.as_str(),
        "calls": invalidation.calls,
    })
}

pub(super) fn stale(view: &StaleView) -> Value {
    json!({
        "url": view.url,
        "cached": content(&view.cached),
        "origin": content(&view.origin),
    })
}

pub(super) fn needless(needless: &Needless) -> Value {
    let by_invalidation: Vec<Value> = needless
        .by_invalidation
        .iter()
        .map(|(id, count)| json!({"id": id, "count": count}))
        .collect();
    json!({"total": needless.total, "by_invalidation": by_invalidation})
}

pub(super) fn eviction(eviction: &Eviction) -> Value {
    json!({
        "id": eviction.invalidation,
        "evicted": texts(&eviction.evicted),
        "needless": texts(&eviction.needless),
    })
}

pub(super) fn texts(texts: &[Arc<str>]) -> Vec<&str> {
    texts.iter().map(AsRef::as_ref).collect()
}

fn content(content: &Content) -> Value {
    json!({"status": content.status, "body": bytes(&content.body)})
}

/// Bytes as a string where they are UTF-8, else as `{"base64": "…"}`.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({"base64": BASE64.encode(bytes)}),
    }
}
