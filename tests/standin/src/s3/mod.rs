//! The part of S3 that holds a deploy's record: objects with conditional writes, path-style.

mod bucket;
mod chunked;
mod objects;
mod refusal;

pub(crate) use bucket::BucketState;
pub use bucket::Object;
pub(crate) use refusal::error_document;

use bytes::Bytes;
use refusal::Refusal;

use crate::answer::Answer;
use crate::config::WrongRegion;
use crate::operation::Operation;
use crate::requests::CredentialScope;
use crate::route::Query;
use crate::world::World;
use crate::xml;

/// The namespace of S3's documents.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A call to S3.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: Query,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) request_id: String,
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The region that the request is signed for.
    fn region(&self) -> Option<String> {
        let scope = CredentialScope::parse(self.header("authorization")?)?;
        Some(scope.region)
    }
}

/// Does what a call asks for.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    let resource = format!("/{}/{}", call.bucket, call.key);
    let result = if call.operation == Operation::CreateBucket {
        Ok(create_bucket(world, call))
    } else {
        in_bucket(world, call)
    };
    result.unwrap_or_else(|refusal| refusal.answer(&resource, &call.request_id))
}

fn create_bucket(world: &mut World, call: &Call) -> Answer {
    let bucket = crate::config::Bucket::new(&call.bucket);
    world
        .buckets
        .entry(call.bucket.clone())
        .or_insert_with(|| BucketState::new(bucket));
    Answer::new(200).header("location", format!("/{}", call.bucket))
}

fn in_bucket(world: &mut World, call: &Call) -> Result<Answer, Refusal> {
    let now = world.clock.now();
    let bucket = world
        .buckets
        .get_mut(&call.bucket)
        .ok_or_else(|| Refusal::no_such_bucket(&call.bucket))?;
    // The location can be asked for from anywhere: that is what it is for.
    if call.operation != Operation::GetBucketLocation {
        check_region(bucket, call)?;
    }
    match call.operation {
        Operation::HeadBucket => {
            Ok(Answer::new(200).header("x-amz-bucket-region", &bucket.config.region))
        }
        Operation::GetBucketLocation => Ok(location(&bucket.config.region)),
        Operation::ListObjectsV2 => objects::list(bucket, call),
        Operation::GetObject => objects::get(bucket, call),
        Operation::HeadObject => objects::head(bucket, call),
        Operation::PutObject => objects::put(bucket, call, now),
        Operation::DeleteObject => objects::delete(bucket, call),
        _ => Err(Refusal::not_implemented()),
    }
}

fn check_region(bucket: &BucketState, call: &Call) -> Result<(), Refusal> {
    let region = &bucket.config.region;
    let Some(signed) = call.region().filter(|signed| signed != region) else {
        return Ok(());
    };
    match bucket.config.wrong_region {
        WrongRegion::Serve => Ok(()),
        WrongRegion::PermanentRedirect => Err(Refusal::permanent_redirect(&call.bucket, region)),
        WrongRegion::AuthorizationHeaderMalformed => {
            Err(Refusal::wrong_region_signed(&signed, region))
        }
    }
}

/// `GetBucketLocation`: `us-east-1` is an empty document, for historical reasons.
fn location(region: &str) -> Answer {
    let constraint = if region == "us-east-1" { "" } else { region };
    let mut document = xml::document("LocationConstraint", NAMESPACE, |_| {});
    if let Some(at) = document.rfind("</") {
        document.insert_str(at, constraint);
    }
    document_answer(200, document)
}

fn document_answer(status: u16, document: String) -> Answer {
    Answer::new(status)
        .header("content-type", "application/xml")
        .body(document)
}
