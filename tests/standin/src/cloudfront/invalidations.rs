//! Creating, reading and listing invalidations.

use super::paths::{self, Allowed};
use super::target::{Invalidation, Load, Status};
use super::{Call, Refusal};
use crate::answer::{Answer, timestamp};
use crate::config::{Completion, EvictionTime, ReferenceConflict};
use crate::world::World;
use crate::xml::{self, Element};

/// How many entries a page of a list has when the caller does not say.
pub(super) const PAGE: usize = 100;

/// An invalidation batch as it was sent.
#[derive(Debug)]
struct Batch {
    paths: Vec<String>,
    quantity: usize,
    caller_reference: String,
}

impl Batch {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Err(Refusal::missing_body());
        }
        let root = Element::parse(body).ok_or_else(Refusal::malformed)?;
        if root.name != "InvalidationBatch" {
            return Err(Refusal::malformed());
        }
        let paths = root.child("Paths").ok_or_else(Refusal::malformed)?;
        let items = paths.child("Items").map(|items| &items.children[..]);
        let quantity = paths.child_text("Quantity").map(str::trim);
        Ok(Self {
            paths: items
                .unwrap_or_default()
                .iter()
                .filter(|item| item.name == "Path")
                .map(|item| item.text.clone())
                .collect(),
            quantity: quantity
                .and_then(|quantity| quantity.parse().ok())
                .ok_or_else(Refusal::malformed)?,
            caller_reference: root
                .child_text("CallerReference")
                .filter(|reference| !reference.is_empty())
                .ok_or_else(Refusal::malformed)?
                .to_owned(),
        })
    }
}

/// `CreateInvalidation`, on either kind of target.
pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer, Refusal> {
    let target = world
        .targets
        .get(&call.target)
        .filter(|target| call.fits(target))
        .ok_or_else(|| call.no_such_target())?;
    let batch = Batch::read(&call.body)?;
    if batch.quantity != batch.paths.len() {
        return Err(Refusal::inconsistent_quantities());
    }
    let allowed = Allowed {
        tags: target.cache_tags(),
        apostrophe: world.accept_apostrophe,
    };
    let valid = |path: &String| paths::is_valid(path, allowed);
    if batch.paths.is_empty() || !batch.paths.iter().all(valid) {
        return Err(Refusal::invalid_paths());
    }
    if batch.paths.len() > world.quotas.items_per_request {
        return Err(Refusal::batch_too_large());
    }
    if let Some(&earlier) = target.by_reference.get(&batch.caller_reference) {
        let same = target.invalidations[earlier].paths == batch.paths;
        return match (same, world.reference_conflict) {
            (true, _) => Ok(again(world, call, earlier)),
            (false, ReferenceConflict::InvalidArgument) => Err(Refusal::used_reference()),
            (false, ReferenceConflict::InvalidationBatchAlreadyExists) => {
                Err(Refusal::batch_already_exists())
            }
        };
    }
    let mut load = target.load();
    check_quotas(world, &mut load, &batch.paths)?;

    let invalidation = Invalidation {
        id: invalidation_id(world.next_number()),
        caller_reference: batch.caller_reference,
        paths: batch.paths,
        create_time: world.clock.create_time(),
        status: Status::InProgress,
        calls: 1,
        due: match world.completion {
            Completion::After(delay) => Some(world.clock.elapsed() + delay),
            Completion::OnDemand => None,
        },
        evicts_late: world.eviction == EvictionTime::Completion,
    };
    let answer = created(call, &invalidation);
    if let Some(target) = world.targets.get_mut(&call.target) {
        target.accept(invalidation);
    }
    Ok(answer)
}

/// The answer to a reference that was used before for the same batch.
fn again(world: &mut World, call: &Call, at: usize) -> Answer {
    let target = world.targets.get_mut(&call.target);
    let earlier = target.and_then(|target| target.invalidations.get_mut(at));
    match earlier {
        Some(earlier) => {
            earlier.calls += 1;
            created(call, earlier)
        }
        // The caller has just found it under this very lock.
        None => unreachable!("an invalidation is never removed"),
    }
}

fn check_quotas(world: &World, load: &mut Load, paths: &[String]) -> Result<(), Refusal> {
    load.add(paths);
    if load.wildcards > world.quotas.wildcards_in_progress {
        return Err(Refusal::too_many_in_progress("wildcard invalidations"));
    }
    if load.files > world.quotas.files_in_progress {
        return Err(Refusal::too_many_in_progress("invalidations"));
    }
    Ok(())
}

fn created(call: &Call, invalidation: &Invalidation) -> Answer {
    let location = format!(
        "https://cloudfront.amazonaws.com/{}/{}/{}/invalidation/{}",
        call.version,
        call.collection(),
        call.target,
        invalidation.id
    );
    let mut answer = described(201, call, invalidation);
    answer.headers.push(("location", location));
    answer
}

/// `GetInvalidation`, on either kind of target.
pub(super) fn get(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let target = world
        .targets
        .get(&call.target)
        .filter(|target| call.fits(target))
        .ok_or_else(|| call.no_such_target())?;
    target
        .invalidations
        .iter()
        .find(|invalidation| Some(&invalidation.id) == call.invalidation.as_ref())
        .map(|invalidation| described(200, call, invalidation))
        .ok_or_else(Refusal::no_such_invalidation)
}

fn described(status: u16, call: &Call, invalidation: &Invalidation) -> Answer {
    let document = xml::document("Invalidation", &call.namespace(), |document| {
        document.text("Id", &invalidation.id);
        document.text("Status", invalidation.status.as_str());
        document.text("CreateTime", timestamp(invalidation.create_time));
        document.element("InvalidationBatch", |document| {
            document.element("Paths", |document| {
                document.items(&invalidation.paths, |document, path| {
                    document.text("Path", path);
                });
            });
            document.text("CallerReference", &invalidation.caller_reference);
        });
    });
    let mut answer = Answer::xml(status, document);
    answer.invalidation_id = Some(invalidation.id.clone());
    answer
}

/// `ListInvalidations`, on either kind of target: the newest first.
pub(super) fn list(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let target = world
        .targets
        .get(&call.target)
        .filter(|target| call.fits(target))
        .ok_or_else(|| call.no_such_target())?;
    let newest_first: Vec<&Invalidation> = target.invalidations.iter().rev().collect();
    let page = call.page(&newest_first, |invalidation| &invalidation.id)?;
    let document = xml::document("InvalidationList", &call.namespace(), |document| {
        page.describe(document);
        document.items(page.items, |document, invalidation| {
            document.element("InvalidationSummary", |document| {
                document.text("Id", &invalidation.id);
                document.text("CreateTime", timestamp(invalidation.create_time));
                document.text("Status", invalidation.status.as_str());
            });
        });
    });
    Ok(Answer::xml(200, document))
}

/// An id that looks like the service's: `I` and 25 capitals and digits.
fn invalidation_id(number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest = u128::from(number) << 64 | u128::from(crate::world::scramble(number));
    let mut id = String::from("I");
    for _ in 0..24 {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        id.push(char::from(DIGITS[digit]));
        rest /= 36;
    }
    id
}
