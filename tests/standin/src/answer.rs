//! An answer of one of the services, before HTTP.

use std::time::SystemTime;

use bytes::Bytes;

/// An answer: what a service says, whatever then happens to it on the way.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Headers whose names are data: what was stored with an object.
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// The invalidation that the call made or looked at.
    pub(crate) invalidation_id: Option<String>,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            extra: Vec::new(),
            body: Bytes::new(),
            invalidation_id: None,
        }
    }

    pub(crate) fn xml(status: u16, document: String) -> Self {
        Self::new(status)
            .header("content-type", "text/xml")
            .body(document)
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status)
            .header("content-type", "application/json")
            .body(value.to_string())
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// A time as XML documents of both services have it: `2026-01-02T03:04:05.678Z`.
pub(crate) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}
