//! The program's flags.

use std::fmt;
use std::time::Duration;

use cloudfront_standin::{
    Bucket, Completion, Config, Distribution, EvictionTime, ReferenceConflict, Tenant, WrongRegion,
};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A stand-in for CloudFront, its edge caches and S3 on loopback, for tests.

Usage: cloudfront-standin [FLAGS]

  --listen ADDR               where to listen (127.0.0.1:0, a free port)
  --distribution ID[=ALIAS,…] a distribution and its alternate domain names; repeatable
  --tenant ID@DIST[=DOMAIN,…] a distribution tenant and its domains; repeatable
  --cache-tags                allow invalidation by tag on all of the above
  --bucket NAME[@REGION]      a bucket; with a region, others are redirected; repeatable
  --complete-after MS         how long an invalidation is in progress (0)
  --complete-on-demand        until POST /_standin/complete
  --quota-files N             files in progress per distribution (3000)
  --quota-wildcards N         wildcards in progress per distribution (15)
  --quota-request N           items in one request (3000)
  --evict-at-completion       clear caches when an invalidation completes, not at once
  --conflict-409              answer InvalidationBatchAlreadyExists to a used reference
  --accept-apostrophe         accept a raw ' in paths
  --require-authorization     refuse calls that are not signed
  --manual-clock              let time pass only by POST /_standin/clock
  --tls FILE                  serve HTTPS and write the authority's certificate to FILE
                              (if built with the feature `tls`)
  --help                      print this

Prints `listening on http://ADDR` and serves until it is killed. README.md describes the calls
under /_standin/ by which a test looks into it.
";

/// A flag that is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadFlag(String);

impl fmt::Display for BadFlag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the flags say.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) config: Config,
    /// Where the authority's certificate is to be written.
    #[cfg(feature = "tls")]
    pub(crate) authority: Option<String>,
}

/// Reads the flags; none if help is wanted.
pub(crate) fn parse(flags: impl Iterator<Item = String>) -> Result<Option<Flags>, BadFlag> {
    let mut config = Config::new();
    #[cfg(feature = "tls")]
    let mut authority = None;
    let mut cache_tags = false;
    let mut flags = flags.flat_map(|flag| match flag.split_once('=') {
        // `--flag=value`; the `=` of `--distribution ID=ALIAS` is in the value.
        Some((name, value)) if name.starts_with("--") => {
            vec![name.to_owned(), value.to_owned()]
        }
        _ => vec![flag],
    });
    while let Some(flag) = flags.next() {
        let mut value = || {
            let missing = || BadFlag(format!("{flag} needs a value"));
            flags.next().ok_or_else(missing)
        };
        match flag.as_str() {
            "--help" | "-h" => return Ok(None),
            "--listen" => config.listen = number(&flag, &value()?)?,
            "--distribution" => config.distributions.push(distribution(&value()?)),
            "--tenant" => config.tenants.push(tenant(&value()?)?),
            "--cache-tags" => cache_tags = true,
            "--bucket" => config.buckets.push(bucket(&value()?)),
            "--complete-after" => {
                let delay = Duration::from_millis(number(&flag, &value()?)?);
                config.completion = Completion::After(delay);
            }
            "--complete-on-demand" => config.completion = Completion::OnDemand,
            "--quota-files" => config.quotas.files_in_progress = number(&flag, &value()?)?,
            "--quota-wildcards" => config.quotas.wildcards_in_progress = number(&flag, &value()?)?,
            "--quota-request" => config.quotas.items_per_request = number(&flag, &value()?)?,
            "--evict-at-completion" => config.eviction = EvictionTime::Completion,
            "--conflict-409" => {
                config.reference_conflict = ReferenceConflict::InvalidationBatchAlreadyExists;
            }
            "--accept-apostrophe" => config.accept_apostrophe = true,
            "--require-authorization" => config.require_authorization = true,
            "--manual-clock" => config.manual_clock = true,
            #[cfg(feature = "tls")]
            "--tls" => {
                config.tls = true;
                authority = Some(value()?);
            }
            _ => return Err(BadFlag(format!("unknown flag {flag}"))),
        }
    }
    for distribution in &mut config.distributions {
        distribution.cache_tags = cache_tags;
    }
    for tenant in &mut config.tenants {
        tenant.cache_tags = cache_tags;
    }
    Ok(Some(Flags {
        config,
        #[cfg(feature = "tls")]
        authority,
    }))
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, BadFlag> {
    let bad = |_| BadFlag(format!("{flag} does not take {value:?}"));
    value.parse().map_err(bad)
}

/// `ID[=NAME,…]`
fn named(value: &str) -> (&str, Vec<String>) {
    let (id, names) = value.split_once('=').unwrap_or((value, ""));
    let names = names.split(',').filter(|name| !name.is_empty());
    (id, names.map(str::to_owned).collect())
}

fn distribution(value: &str) -> Distribution {
    let (id, aliases) = named(value);
    let mut distribution = Distribution::new(id);
    distribution.aliases = aliases;
    distribution
}

fn tenant(value: &str) -> Result<Tenant, BadFlag> {
    let (id, domains) = named(value);
    let (id, distribution) = id
        .split_once('@')
        .ok_or_else(|| BadFlag(format!("--tenant takes ID@DISTRIBUTION, not {value:?}")))?;
    let mut tenant = Tenant::new(id, distribution);
    tenant.domains = domains;
    Ok(tenant)
}

fn bucket(value: &str) -> Bucket {
    match value.split_once('@') {
        Some((name, region)) => Bucket::new(name).region(region, WrongRegion::PermanentRedirect),
        None => Bucket::new(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(flags: &str) -> Result<Option<Flags>, BadFlag> {
        parse(flags.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags() {
        let flags = "--listen 127.0.0.1:9 --distribution E1=a.example,b.example \
                     --distribution=E2=c.example --tenant dt_1@E2=d.example --bucket b@eu-west-1 \
                     --bucket c --complete-after=200 --quota-files 7 --cache-tags";
        let config = parsed(flags).ok().flatten().expect("flags").config;
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.distributions[0].aliases, ["a.example", "b.example"]);
        assert_eq!(config.distributions[1].id, "E2");
        assert_eq!(config.distributions[1].aliases, ["c.example"]);
        assert!(config.distributions[1].cache_tags);
        assert_eq!(config.tenants[0].distribution, "E2");
        assert_eq!(config.buckets[0].region, "eu-west-1");
        assert_eq!(config.buckets[1].region, "us-east-1");
        let delay = Duration::from_millis(200);
        assert_eq!(config.completion, Completion::After(delay));
        assert_eq!(config.quotas.files_in_progress, 7);
    }

    #[test]
    fn bad_flags() {
        for flags in [
            "--nonsense",
            "--listen",
            "--quota-files many",
            "--tenant dt_1",
        ] {
            assert!(parsed(flags).is_err(), "{flags}");
        }
        assert!(matches!(parsed("--help"), Ok(None)));
    }
}
