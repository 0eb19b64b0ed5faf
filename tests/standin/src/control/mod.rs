//! The test's own calls over HTTP under `/_standin/`, for tests that are not in Rust.
//!
//! Every answer is JSON; an error is `{"error": "…"}` with a status of 400 or 404. The README has
//! the table of calls.

mod json;

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::cloudfront::Target;
use crate::config::{Bucket, Distribution, Quotas};
use crate::edge::EdgeRules;
use crate::encoding;
use crate::faults::{Fault, FaultKind};
use crate::operation::Operation;
use crate::route::Query;
use crate::s3::BucketState;
use crate::server::Shared;
use crate::world::World;

/// Why a call is not understood.
enum Trouble {
    Unknown(String),
    Unreadable(String),
}

type Outcome = Result<Value, Trouble>;

/// Answers a call. `path` is what follows `/_standin/`, still encoded.
pub(crate) fn answer(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: &Query,
    body: &Bytes,
) -> Answer {
    let (noun, rest) = path.split_once('/').unwrap_or((path, ""));
    let call = Call {
        shared,
        method: method.as_str(),
        rest: encoding::decode(rest),
        query,
        body,
    };
    let outcome = match noun {
        "" => Ok(json!({"name": "cloudfront-standin"})),
        "requests" => call.requests(),
        "faults" => call.faults(),
        "gates" => call.gates(),
        "clock" => call.clock(),
        "quotas" => call.quotas(),
        "complete" => call.complete(),
        "distributions" => call.distributions(),
        "buckets" => call.buckets(),
        "objects" => return call.objects(),
        "origin" => call.origin(),
        _ => call.target(noun),
    };
    match outcome {
        Ok(value) => Answer::json(200, &value),
        Err(Trouble::Unknown(what)) => Answer::json(404, &json!({ "error": what })),
        Err(Trouble::Unreadable(why)) => Answer::json(400, &json!({ "error": why })),
    }
}

/// A call, and what it works on.
struct Call<'a> {
    shared: &'a Shared,
    method: &'a str,
    /// What follows the noun, decoded.
    rest: String,
    query: &'a Query,
    body: &'a Bytes,
}

/// What can be told to the clock; all of it is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Clock {
    advance_ms: u64,
    skew_s: Option<i64>,
    create_time_skew_s: Option<i64>,
}

impl Call<'_> {
    fn unknown(&self) -> Trouble {
        Trouble::Unknown(format!("nothing to {} here", self.method))
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(self.body).map_err(|error| Trouble::Unreadable(error.to_string()))
    }

    fn requests(&self) -> Outcome {
        match self.method {
            "GET" => {
                let only = self.query.get("operation").map(operation).transpose()?;
                let only = only.unwrap_or(Operation::Any);
                let log = self.shared.log();
                let requests = log.all().iter();
                let wanted = requests.filter(|request| only.covers(request.operation));
                Ok(wanted.map(json::request).collect())
            }
            "DELETE" => {
                self.shared.log().clear();
                Ok(json!({}))
            }
            _ => Err(self.unknown()),
        }
    }

    fn faults(&self) -> Outcome {
        match self.method {
            "GET" => Ok(json!({"pending": self.shared.faults().pending()})),
            "DELETE" => {
                self.shared.faults().clear();
                Ok(json!({}))
            }
            "POST" => {
                let fault: Fault = self.read()?;
                let mut told = json!({});
                if let FaultKind::Gate { gate, .. } = &fault.kind {
                    let mut gates = self.shared.gates();
                    told = json!({"gate": gates.len()});
                    gates.push(gate.clone());
                }
                self.shared.faults().inject(fault);
                Ok(told)
            }
            _ => Err(self.unknown()),
        }
    }

    fn gates(&self) -> Outcome {
        let (number, verb) = self.rest.split_once('/').unwrap_or((&self.rest, ""));
        let gates = self.shared.gates();
        let gate = number
            .parse::<usize>()
            .ok()
            .and_then(|number| gates.get(number))
            .ok_or_else(|| Trouble::Unknown(format!("there is no gate {number}")))?;
        match (self.method, verb) {
            ("GET", "") => {}
            ("POST", "release") => gate.release(),
            ("POST", "discard") => gate.discard(),
            _ => return Err(self.unknown()),
        }
        Ok(json!({"reached": gate.reached()}))
    }

    fn clock(&self) -> Outcome {
        let told: Clock = self.read()?;
        let mut world = self.shared.world();
        if told.advance_ms > 0 && !world.clock.advance(Duration::from_millis(told.advance_ms)) {
            let why = "the clock is real; start with --manual-clock";
            return Err(Trouble::Unreadable(why.to_owned()));
        }
        world.clock.skew = told.skew_s.unwrap_or(world.clock.skew);
        world.clock.create_time_skew = told
            .create_time_skew_s
            .unwrap_or(world.clock.create_time_skew);
        world.settle();
        Ok(json!({}))
    }

    fn quotas(&self) -> Outcome {
        let quotas: Quotas = self.read()?;
        self.shared.world().quotas = quotas;
        Ok(json!({}))
    }

    fn complete(&self) -> Outcome {
        if self.method != "POST" {
            return Err(self.unknown());
        }
        let mut completed = 0;
        for target in self.shared.world().targets.values_mut() {
            target.complete_where(|each| {
                let chosen = self.rest.is_empty() || each.id == self.rest;
                completed += usize::from(chosen);
                chosen
            });
        }
        Ok(json!({ "completed": completed }))
    }

    fn distributions(&self) -> Outcome {
        if self.method != "PUT" || self.rest.is_empty() {
            return Err(self.unknown());
        }
        let mut distribution = Distribution::new(&self.rest);
        let aliases = self.query.get("aliases").unwrap_or_default();
        distribution.aliases = list(aliases);
        distribution.cache_tags = self.query.has("cache-tags");
        let mut world = self.shared.world();
        world.targets.insert(self.rest.clone(), distribution.into());
        Ok(json!({}))
    }

    fn buckets(&self) -> Outcome {
        if self.method != "PUT" || self.rest.is_empty() {
            return Err(self.unknown());
        }
        let mut bucket = Bucket::new(&self.rest);
        if let Some(region) = self.query.get("region") {
            region.clone_into(&mut bucket.region);
        }
        bucket.may_list = !self.query.has("without-list");
        let mut world = self.shared.world();
        let state = BucketState::new(bucket);
        world.buckets.insert(self.rest.clone(), state);
        Ok(json!({}))
    }

    /// Objects as they are, without S3's rules.
    fn objects(&self) -> Answer {
        let (bucket, key) = self.rest.split_once('/').unwrap_or((&self.rest, ""));
        let mut world = self.shared.world();
        let World { buckets, clock, .. } = &mut *world;
        let Some(bucket) = buckets.get_mut(bucket) else {
            return Answer::json(
                404,
                &json!({"error": format!("there is no bucket {bucket}")}),
            );
        };
        match self.method {
            "GET" if key.is_empty() => {
                Answer::json(200, &bucket.objects.keys().cloned().collect::<Value>())
            }
            "GET" => match bucket.objects.get(key) {
                Some(object) => Answer::new(200)
                    .header("content-type", &object.content_type)
                    .header("etag", &object.etag)
                    .body(object.body.clone()),
                None => Answer::json(404, &json!({"error": format!("there is no {key}")})),
            },
            "PUT" => {
                let content_type = self.query.get("content-type");
                let content_type = content_type.unwrap_or("binary/octet-stream");
                bucket.put(key, self.body.clone(), content_type, clock.now());
                Answer::json(200, &json!({}))
            }
            "DELETE" => {
                let existed = bucket.objects.remove(key).is_some();
                Answer::json(200, &json!({ "existed": existed }))
            }
            _ => Answer::json(404, &json!({"error": "nothing to do here"})),
        }
    }

    fn origin(&self) -> Outcome {
        let (target, path) = self.rest.split_once('/').unwrap_or((&self.rest, ""));
        let mut world = self.shared.world();
        let edge = &mut find(&mut world, target)?.edge;
        match (self.method, path) {
            ("PUT", "") => {
                let files: std::collections::BTreeMap<String, String> = self.read()?;
                edge.replace_origin(files);
            }
            ("PUT", path) => {
                let tags = list(self.query.get("tags").unwrap_or_default());
                let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
                edge.set_tagged_origin_file(path, self.body.clone(), &tags);
            }
            ("DELETE", path) if !path.is_empty() => {
                return Ok(json!({"existed": edge.remove_origin_file(path)}));
            }
            _ => return Err(self.unknown()),
        }
        Ok(json!({}))
    }

    /// Calls about one target that name nothing else.
    fn target(&self, noun: &str) -> Outcome {
        let mut world = self.shared.world();
        world.settle();
        let target = find(&mut world, &self.rest)?;
        match (self.method, noun) {
            ("GET", "invalidations") => Ok(target
                .invalidations
                .iter()
                .map(json::invalidation)
                .collect()),
            ("GET", "billed") => Ok(json!({"paths": target.billed_paths()})),
            ("GET", "stale") => Ok(target.edge.stale().iter().map(json::stale).collect()),
            ("GET", "needless") => Ok(json::needless(&target.edge.needless())),
            ("GET", "evictions") => {
                Ok(target.edge.evictions().iter().map(json::eviction).collect())
            }
            ("GET", "cached") => Ok(json!(json::texts(&target.edge.cached_urls()))),
            ("PUT", "rules") => {
                target.edge.set_rules(self.read::<EdgeRules>()?);
                Ok(json!({}))
            }
            ("POST", "warm") => {
                target.edge.warm(self.read::<Vec<String>>()?);
                Ok(json!({"cached": target.edge.cached_urls().len()}))
            }
            ("POST", "warm-all") => {
                let extra = if self.body.is_empty() {
                    Vec::new()
                } else {
                    self.read::<Vec<String>>()?
                };
                target.edge.warm_all(extra);
                Ok(json!({"cached": target.edge.cached_urls().len()}))
            }
            _ => Err(self.unknown()),
        }
    }
}

fn find<'a>(world: &'a mut World, target: &str) -> Result<&'a mut Target, Trouble> {
    let nothing = || Trouble::Unknown(format!("there is no distribution or tenant {target}"));
    world.targets.get_mut(target).ok_or_else(nothing)
}

fn operation(name: &str) -> Result<Operation, Trouble> {
    serde_json::from_value(json!(name)).map_err(|error| Trouble::Unreadable(error.to_string()))
}

/// The parts of a list with commas.
fn list(text: &str) -> Vec<String> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
