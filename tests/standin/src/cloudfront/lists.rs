//! Listing distributions and finding tenants.

use super::invalidations::PAGE;
use super::{Call, Refusal};
use crate::answer::Answer;
use crate::config::{Distribution, Tenant};
use crate::world::World;
use crate::xml::{self, Document, Element};

/// The account that the stand-in's ARNs name.
const ACCOUNT: &str = "123456789012";

/// When everything that has such a time was changed last; nothing looks at it.
const CHANGED: &str = "2026-01-02T03:04:05.678Z";

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) items: &'a [T],
    marker: String,
    next: Option<String>,
    size: usize,
}

impl<T> Page<'_, T> {
    /// Writes what CloudFront says about a page before its items.
    pub(super) fn describe(&self, document: &mut Document) {
        document.text("Marker", &self.marker);
        if let Some(next) = &self.next {
            document.text("NextMarker", next);
        }
        document.text("MaxItems", self.size);
        document.text("IsTruncated", self.next.is_some());
    }
}

/// The page after a marker, which is the id of the last entry of the page before.
pub(super) fn page<'a, T>(
    all: &'a [T],
    id: impl Fn(&T) -> &str,
    marker: Option<&str>,
    size: Option<&str>,
) -> Result<Page<'a, T>, Refusal> {
    let size = match size.filter(|size| !size.is_empty()) {
        Some(size) => size
            .parse::<usize>()
            .ok()
            .filter(|&size| size > 0)
            .map(|size| size.min(PAGE))
            .ok_or_else(|| Refusal::invalid_argument("The parameter MaxItems is not valid."))?,
        None => PAGE,
    };
    let marker = marker.unwrap_or_default();
    let start = if marker.is_empty() {
        0
    } else {
        let at = all.iter().position(|each| id(each) == marker);
        at.ok_or_else(|| Refusal::invalid_argument("The parameter Marker is not valid."))? + 1
    };
    let end = all.len().min(start + size);
    let items = &all[start..end];
    let more = end < all.len();
    Ok(Page {
        items,
        marker: marker.to_owned(),
        next: items
            .last()
            .filter(|_| more)
            .map(|last| id(last).to_owned()),
        size,
    })
}

/// `ListDistributions`.
pub(super) fn distributions(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let all: Vec<&Distribution> = world
        .targets
        .values()
        .filter_map(|target| target.distribution())
        .collect();
    let page = call.page(&all, |distribution| &distribution.id)?;
    let document = xml::document("DistributionList", &call.namespace(), |document| {
        page.describe(document);
        document.items(page.items, |document, distribution| {
            document.element("DistributionSummary", |document| {
                summarise(document, distribution);
            });
        });
    });
    Ok(Answer::xml(200, document))
}

fn summarise(document: &mut Document, distribution: &Distribution) {
    let id = &distribution.id;
    document.text("Id", id);
    document.text(
        "ARN",
        format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}"),
    );
    document.text("ETag", format!("ET{id}"));
    document.text("Status", "Deployed");
    document.text("LastModifiedTime", CHANGED);
    document.text("DomainName", domain_name(id));
    document.element("Aliases", |document| {
        document.items(&distribution.aliases, |document, alias| {
            document.text("CNAME", alias);
        });
    });
    document.element("Origins", |document| {
        document.items(&["origin"], |document, origin| {
            document.element("Origin", |document| {
                document.text("Id", origin);
                document.text("DomainName", "site.s3.amazonaws.com");
                document.text("OriginPath", "");
            });
        });
    });
    document.element("DefaultCacheBehavior", |document| {
        document.text("TargetOriginId", "origin");
        document.text("ViewerProtocolPolicy", "redirect-to-https");
    });
    for empty in ["CacheBehaviors", "CustomErrorResponses"] {
        document.element(empty, |document| document.text("Quantity", 0));
    }
    document.text("Comment", "");
    document.text("PriceClass", "PriceClass_All");
    document.text("Enabled", true);
    document.element("ViewerCertificate", |document| {
        document.text(
            "CloudFrontDefaultCertificate",
            distribution.aliases.is_empty(),
        );
    });
    document.element("Restrictions", |document| {
        document.element("GeoRestriction", |document| {
            document.text("RestrictionType", "none");
            document.text("Quantity", 0);
        });
    });
    document.text("WebACLId", "");
    document.text("HttpVersion", "http2");
    document.text("IsIPV6Enabled", true);
    document.text("Staging", false);
}

/// The name that CloudFront gives a distribution.
fn domain_name(id: &str) -> String {
    format!("d{}.cloudfront.net", id.to_ascii_lowercase())
}

/// `ListDistributionTenants`.
pub(super) fn tenants(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let request = Element::parse(&call.body).unwrap_or_default();
    let only = request
        .child("AssociationFilter")
        .and_then(|filter| filter.child_text("DistributionId"));
    let all: Vec<&Tenant> = world
        .targets
        .values()
        .filter_map(|target| target.tenant())
        .filter(|tenant| only.is_none_or(|only| tenant.distribution == only))
        .collect();
    let page = page(
        &all,
        |tenant| &tenant.id,
        request.child_text("Marker"),
        request.child_text("MaxItems"),
    )?;
    let namespace = call.namespace();
    let document = xml::document("ListDistributionTenantsResult", &namespace, |document| {
        if let Some(next) = &page.next {
            document.text("NextMarker", next);
        }
        document.element("DistributionTenantList", |document| {
            for tenant in page.items {
                document.element("DistributionTenantSummary", |document| {
                    describe_tenant(document, tenant);
                    document.text("ETag", format!("ET{}", tenant.id));
                });
            }
        });
    });
    Ok(Answer::xml(200, document))
}

/// `GetDistributionTenant`.
pub(super) fn tenant(world: &World, call: &Call) -> Result<Answer, Refusal> {
    find_tenant(world, call, |tenant| tenant.id == call.target)
}

/// `GetDistributionTenantByDomain`.
pub(super) fn tenant_by_domain(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let domain = call.parameter("domain").unwrap_or_default();
    find_tenant(world, call, |tenant| {
        let mut domains = tenant.domains.iter();
        domains.any(|known| known.eq_ignore_ascii_case(domain))
    })
}

fn find_tenant(
    world: &World,
    call: &Call,
    wanted: impl Fn(&Tenant) -> bool,
) -> Result<Answer, Refusal> {
    let mut tenants = world.targets.values().filter_map(|target| target.tenant());
    let tenant = tenants
        .find(|tenant| wanted(tenant))
        .ok_or_else(Refusal::entity_not_found)?;
    let document = xml::document("DistributionTenant", &call.namespace(), |document| {
        describe_tenant(document, tenant);
    });
    Ok(Answer::xml(200, document).header("etag", format!("ET{}", tenant.id)))
}

fn describe_tenant(document: &mut Document, tenant: &Tenant) {
    let id = &tenant.id;
    document.text("Id", id);
    document.text("DistributionId", &tenant.distribution);
    document.text("Name", id);
    document.text(
        "Arn",
        format!("arn:aws:cloudfront::{ACCOUNT}:distribution-tenant/{id}"),
    );
    document.element("Domains", |document| {
        for domain in &tenant.domains {
            document.element("member", |document| {
                document.text("Domain", domain);
                document.text("Status", "active");
            });
        }
    });
    document.text("ConnectionGroupId", "cg_standin");
    document.text("CreatedTime", CHANGED);
    document.text("LastModifiedTime", CHANGED);
    document.text("Enabled", true);
    document.text("Status", "Deployed");
}
