//! The clients and targets of a run.

use aws_config::SdkConfig;

use crate::aws;
use crate::cloudfront::CloudFront;
use crate::failure::{Code, Failure};
use crate::host::Host;
use crate::inputs::{Deploy, Inputs};
use crate::listing::Listing;
use crate::record::Deploying;
use crate::store::{FileStore, Location, S3Store, Store};
use crate::target::Target;

/// The clients and targets of a run.
#[derive(Debug)]
pub struct Session {
    /// The targets, aliases looked up (but in a dry run, which does not ask CloudFront).
    pub targets: Vec<Target>,
    config: Option<SdkConfig>,
    cloudfront: Option<CloudFront>,
}

impl Session {
    /// Reaches for AWS as far as the run needs it: a dry run with a local record does not.
    ///
    /// # Errors
    /// See [`Session::connect`].
    pub async fn open(inputs: &Inputs, job: &Deploy, host: &Host) -> Result<Self, Failure> {
        if !inputs.dry_run {
            return Session::connect(inputs, host).await;
        }
        let config = match job.manifest {
            Some(Location::S3 { .. }) => {
                Some(aws::configure(&inputs.aws, host.credentials.clone()).await?)
            }
            _ => None,
        };
        Ok(Session {
            targets: inputs.targets.clone(),
            config,
            cloudfront: None,
        })
    }

    /// Reaches for AWS and looks aliases up.
    ///
    /// # Errors
    /// If the configuration can't be loaded, or an alias can't be found.
    pub async fn connect(inputs: &Inputs, host: &Host) -> Result<Self, Failure> {
        let config = aws::configure(&inputs.aws, host.credentials.clone()).await?;
        let cloudfront = CloudFront::new(&config, host.log.clone(), host.interrupt.clone());
        let mut targets: Vec<Target> = Vec::new();
        for target in &inputs.targets {
            let found = match target {
                Target::Alias(alias) => {
                    let found = cloudfront.find_alias(alias).await?;
                    host.log.line(&format!("{alias} is {found}"));
                    found
                }
                named => named.clone(),
            };
            if !targets.contains(&found) {
                targets.push(found);
            }
        }
        Ok(Session {
            targets,
            config: Some(config),
            cloudfront: Some(cloudfront),
        })
    }

    /// The client.
    ///
    /// # Errors
    /// In a dry run, which has none.
    pub fn cloudfront(&self) -> Result<&CloudFront, Failure> {
        self.cloudfront
            .as_ref()
            .ok_or_else(|| Failure::new(Code::NoNetwork, "a dry run does not reach for CloudFront"))
    }

    /// The record's store.
    ///
    /// # Errors
    /// If the record is on S3 and nothing was configured to reach it.
    pub fn store(
        &self,
        inputs: &Inputs,
        location: &Location,
        host: &Host,
    ) -> Result<Store, Failure> {
        match (location, &self.config) {
            (Location::File(path), _) => Ok(Store::File(FileStore::new(path.clone()))),
            (Location::S3 { bucket, key }, Some(config)) => Ok(Store::S3(Box::new(S3Store::new(
                config.clone(),
                inputs.aws.s3_endpoint_url.clone(),
                inputs.aws.read_timeout,
                host.log.clone(),
                (bucket.clone(), key.clone()),
            )))),
            (Location::S3 { .. }, None) => Err(Failure::new(
                Code::ManifestUnavailable,
                "the run did not reach for AWS",
            )),
        }
    }

    /// What the run is about to deploy; `run` is its name. O(n) for n files: it hashes the listing.
    ///
    /// # Errors
    /// None in practice: see [`Listing::id`].
    pub fn deploying(&self, job: &Deploy, site: &Listing, run: &str) -> Result<Deploying, Failure> {
        let site = site.id().map_err(|error| {
            Failure::new(Code::ListingInvalid, "the listing has no id").because(error)
        })?;
        let names = self.targets.iter().map(|target| target.name().to_owned());
        let mut targets: Vec<_> = names.collect();
        targets.sort_unstable();
        Ok(Deploying {
            site,
            scope: job.scope.clone(),
            targets,
            run: run.to_owned(),
        })
    }
}
