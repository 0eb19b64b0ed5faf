//! The calls that the stand-in knows.

use serde::{Deserialize, Serialize};

/// A call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Any call; for matching only, no request is logged under it.
    Any,
    /// CloudFront: create an invalidation on a distribution.
    CreateInvalidation,
    /// CloudFront: read an invalidation of a distribution.
    GetInvalidation,
    /// CloudFront: page through the invalidations of a distribution.
    ListInvalidations,
    /// CloudFront: create an invalidation on a distribution tenant.
    CreateInvalidationForDistributionTenant,
    /// CloudFront: read an invalidation of a distribution tenant.
    GetInvalidationForDistributionTenant,
    /// CloudFront: page through the invalidations of a distribution tenant.
    ListInvalidationsForDistributionTenant,
    /// CloudFront: page through the distributions.
    ListDistributions,
    /// CloudFront: page through the distribution tenants.
    ListDistributionTenants,
    /// CloudFront: read a distribution tenant by its id.
    GetDistributionTenant,
    /// CloudFront: read a distribution tenant by one of its domains.
    GetDistributionTenantByDomain,
    /// S3: read an object.
    GetObject,
    /// S3: read an object's headers.
    HeadObject,
    /// S3: write an object.
    PutObject,
    /// S3: remove an object.
    DeleteObject,
    /// S3: ask whether a bucket exists, and where.
    HeadBucket,
    /// S3: ask for a bucket's region.
    GetBucketLocation,
    /// S3: list keys.
    ListObjectsV2,
    /// S3: make a bucket.
    CreateBucket,
    /// A viewer's request, under `/edge/`.
    View,
    /// Something else.
    Unknown,
}

impl Operation {
    /// Whether this names the other call, or any.
    pub(crate) fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }

    /// Whether S3's form of errors applies.
    pub(crate) fn is_s3(self) -> bool {
        matches!(
            self,
            Self::GetObject
                | Self::HeadObject
                | Self::PutObject
                | Self::DeleteObject
                | Self::HeadBucket
                | Self::GetBucketLocation
                | Self::ListObjectsV2
                | Self::CreateBucket
        )
    }
}
