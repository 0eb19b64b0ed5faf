//! A stand-in for CloudFront, its edge caches and S3, over real HTTP on loopback, for tests.
//!
//! It answers the AWS SDKs, the AWS CLI and boto3 as the services do where the facts are known
//! (`README.md` has them), lets anything go wrong on demand, and knows afterwards which viewer
//! would get stale content and what was evicted for nothing. It shares no code with what it
//! tests: encoding and matching are its own.
//!
//! ```
//! use cloudfront_standin::{Config, Fault, FaultKind, Operation, Standin};
//!
//! let standin = Standin::start(Config::new().distribution("E1").bucket("records"));
//! standin.replace_origin("E1", [("index.html", "one"), ("about.html", "one")]);
//! standin.warm_all("E1", &["/not-yet.html"]);
//!
//! // A deploy uploads its files …
//! standin.set_origin_file("E1", "index.html", "two");
//! let stale: Vec<_> = standin.stale("E1").into_iter().map(|view| view.url).collect();
//! assert_eq!(stale, ["/", "/index.html"]);
//!
//! // … and a client of `standin.endpoint()` invalidates. Its first call will be throttled.
//! standin.inject(Fault::new(Operation::CreateInvalidation, FaultKind::throttling()));
//! # standin.with_edge("E1", |edge| edge.invalidate("I1", ["/index.html", "/"]));
//! assert!(standin.stale("E1").is_empty());
//! assert_eq!(standin.needless("E1").total, 0);
//! ```
//!
//! - [`Standin`] is the handle; [`Config`] is what it starts with.
//! - [`Edge`] is an origin with caches in front, a pure value that is of use by itself;
//!   [`encoding`] and [`Pattern`] say what is cached under which name and what clears it.
//! - [`Fault`] and [`Gate`] are what goes wrong, and when; [`Request`] is what was asked.
//! - [`Proxy`] is a forward proxy that counts what passes.

mod answer;
mod clock;
mod cloudfront;
mod config;
mod control;
mod edge;
pub mod encoding;
mod faults;
mod operation;
mod pattern;
mod proxy;
mod requests;
mod route;
mod s3;
mod server;
mod standin;
mod world;
mod xml;

pub use cloudfront::{Invalidation, Status};
pub use config::{
    Bucket, Completion, Config, Distribution, EvictionTime, Quotas, ReferenceConflict, Tenant,
    WrongRegion,
};
pub use edge::{Content, Edge, EdgeRules, Eviction, Fallback, Needless, StaleView, View};
pub use faults::{Fault, FaultKind, Gate, Moment};
pub use operation::Operation;
pub use pattern::Pattern;
pub use proxy::{Passed, Proxy};
pub use requests::{CredentialScope, Request};
pub use s3::Object;
pub use standin::Standin;
