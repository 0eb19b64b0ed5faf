//! The integration tests: one binary, one module a subject.
//!
//! Everything runs for real: the library's `run` or the release binary, the AWS SDK, HTTP on
//! loopback, and a stand-in for CloudFront whose edge caches say what viewers would get.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in tests a panic is the report"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the boundary is the library's; tests look at files, environment and processes"
)]
#![allow(
    clippy::print_stdout,
    reason = "matrices and simulations print their totals and seeds"
)]
#![allow(unreachable_pub, reason = "modules of one binary share what they need")]

mod connection;
mod death;
mod docs;
mod errors;
mod explicit;
mod faces;
mod fault_matrix;
mod flush;
mod harness;
mod history;
mod homes;
mod inputs;
mod interruption;
mod kill_matrix;
mod kit;
mod modes;
mod names;
mod outputs;
mod overlap;
mod parity;
mod plan_brute;
mod plan_large;
mod plan_model_site;
mod plan_optima;
mod plan_s3deploy;
mod plan_settings;
mod plan_synthetic;
mod plan_traces;
mod quotas;
mod races;
mod record;
mod references;
mod replay;
mod run;
mod sequences;
mod settings;
mod signals;
mod site;
mod store_contract;
mod targets;
mod tenants;
mod trouble;
mod waiting;
mod wire;
