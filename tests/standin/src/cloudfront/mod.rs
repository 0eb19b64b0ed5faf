//! The CloudFront API: XML over HTTP, under an API version's date.

mod invalidations;
mod lists;
mod paths;
mod refusal;
mod target;

pub(crate) use refusal::error_document;
pub(crate) use target::Target;
pub use target::{Invalidation, Status};

use bytes::Bytes;
use refusal::Refusal;

use crate::answer::Answer;
use crate::operation::Operation;
use crate::route::Query;
use crate::world::World;

/// A call to the CloudFront API.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The API version's date, as in the path.
    pub(crate) version: String,
    pub(crate) operation: Operation,
    /// The distribution or tenant; empty if none is named.
    pub(crate) target: String,
    pub(crate) invalidation: Option<String>,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    pub(crate) request_id: String,
}

/// Does what a call asks for.
pub(crate) fn answer(world: &mut World, call: &Call) -> Answer {
    world.settle();
    let result = match call.operation {
        Operation::CreateInvalidation | Operation::CreateInvalidationForDistributionTenant => {
            invalidations::create(world, call)
        }
        Operation::GetInvalidation | Operation::GetInvalidationForDistributionTenant => {
            invalidations::get(world, call)
        }
        Operation::ListInvalidations | Operation::ListInvalidationsForDistributionTenant => {
            invalidations::list(world, call)
        }
        Operation::ListDistributions => lists::distributions(world, call),
        Operation::ListDistributionTenants => lists::tenants(world, call),
        Operation::GetDistributionTenant => lists::tenant(world, call),
        Operation::GetDistributionTenantByDomain => lists::tenant_by_domain(world, call),
        _ => Err(Refusal::unknown_operation()),
    };
    result.unwrap_or_else(|refusal| refusal.answer(&call.version, &call.request_id))
}

impl Call {
    /// Whether the target is of the kind that the call is about.
    fn fits(&self, target: &Target) -> bool {
        target.tenant().is_some() == self.is_about_tenant()
    }

    fn is_about_tenant(&self) -> bool {
        matches!(
            self.operation,
            Operation::CreateInvalidationForDistributionTenant
                | Operation::GetInvalidationForDistributionTenant
                | Operation::ListInvalidationsForDistributionTenant
        )
    }

    /// The part of the path that names the kind of target.
    fn collection(&self) -> &'static str {
        if self.is_about_tenant() {
            "distribution-tenant"
        } else {
            "distribution"
        }
    }

    fn no_such_target(&self) -> Refusal {
        if self.is_about_tenant() {
            Refusal::entity_not_found()
        } else {
            Refusal::no_such_distribution()
        }
    }

    fn namespace(&self) -> String {
        namespace(&self.version)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    fn page<'a, T>(
        &self,
        all: &'a [T],
        id: impl Fn(&T) -> &str,
    ) -> Result<lists::Page<'a, T>, Refusal> {
        lists::page(
            all,
            id,
            self.parameter("Marker"),
            self.parameter("MaxItems"),
        )
    }
}

/// The XML namespace of an API version.
fn namespace(version: &str) -> String {
    format!("http://cloudfront.amazonaws.com/doc/{version}/")
}
