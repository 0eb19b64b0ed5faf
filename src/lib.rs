//! Tells CloudFront exactly what a deploy changed.
//!
//! The crate is one pipeline; each stage has a module, in this order:
//!
//! ```text
//! environment, flags ─▶ inputs
//! site directory ─▶ scan ─▶ listing (current) ─┐
//! store ─▶ chain ─▶ record (previous deploy) ──┴▶ changes ─▶ viewer ─▶ plan ─▶ record (intent)
//!    ─▶ reference ─▶ submit ─▶ chain (commit) ─▶ submit (wait) ─▶ report
//! ```
//!
//! [`run::run`] is that line as a function. What lies between inputs, listing and record on one
//! side and plan and reference on the other is pure: [`changes`], [`viewer`], [`plan`],
//! [`pattern`], [`record`], [`mod@reference`], [`batch`], [`doubt`] and [`planning`] touch no file,
//! clock, environment, randomness or network.

pub mod aws;
pub mod batch;
pub mod chain;
pub mod changes;
pub mod cloudfront;
pub mod doubt;
pub mod failure;
pub mod github;
pub mod gzip;
pub mod host;
pub mod inputs;
pub mod listing;
pub mod owner;
pub mod pattern;
pub mod plan;
pub mod planning;
pub mod record;
pub mod reference;
pub mod report;
pub mod run;
pub mod scan;
pub mod session;
pub mod steps;
pub mod store;
pub mod submit;
pub mod target;
pub mod viewer;
