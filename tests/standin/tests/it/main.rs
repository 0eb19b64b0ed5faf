//! The stand-in over HTTP, through a plain client.

mod client;
mod cloudfront;
mod control;
mod edges;
mod faults;
mod proxy;
mod s3;
