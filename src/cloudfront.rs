//! The calls to CloudFront, for distributions and tenants alike.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudfront::types::{Aliases, Invalidation, InvalidationBatch, Paths};
use aws_sdk_cloudfront::{Client, config};
use aws_smithy_types::DateTime;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::time::Instant;

use crate::aws::{AwsError, Observer};
use crate::failure::{Code, Failure};
use crate::host::Interrupt;
use crate::pattern::Pattern;
use crate::report::log::Log;
use crate::target::Target;

/// How much older than its request an invalidation has to be to count as made earlier. `Date` has
/// whole seconds, and the clocks of two servers of one service may differ by about one.
const REUSED_AFTER: Duration = Duration::from_secs(2);

/// How often a call is made again whose answer could not be understood. The request may have been
/// processed; its reference makes it safe to repeat.
const GARBLED_ATTEMPTS: u32 = 3;

/// Invalidations per page when looking up what is in progress, and distributions per page when
/// looking up an alias: the most that the service gives.
const PAGE: i32 = 100;

/// An invalidation that CloudFront has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// `InProgress`, `Completed`, or a status that this program does not know.
    pub status: String,
    /// When the service says that it was made.
    pub create_time: DateTime,
    /// Its address.
    pub location: Option<String>,
    /// Whether it was made well before this request: the service returned an earlier one.
    pub reused: bool,
}

/// The status of a finished invalidation. Any other is "not done".
pub const COMPLETED: &str = "Completed";

/// A client for CloudFront.
#[derive(Clone, Debug)]
pub struct CloudFront {
    client: Client,
    log: Log,
    interrupt: Interrupt,
}

impl CloudFront {
    /// A client with the shared configuration. An attempt may take as long as a connection and
    /// twice an answer may (65 s by default): once until the answer begins, once for the rest of it,
    /// because the limit for answers does not count from there on.
    #[must_use]
    pub fn new(config: &SdkConfig, log: Log, interrupt: Interrupt) -> Self {
        let limits = config.timeout_config();
        let limit = |limit: fn(&TimeoutConfig) -> Option<Duration>| {
            limits.and_then(limit).unwrap_or_default()
        };
        let attempt =
            limit(TimeoutConfig::connect_timeout) + 2 * limit(TimeoutConfig::read_timeout);
        let mut timeouts = limits
            .cloned()
            .map_or_else(TimeoutConfig::builder, TimeoutConfig::into_builder);
        if !attempt.is_zero() {
            timeouts = timeouts.operation_attempt_timeout(attempt);
        }
        let config = config::Builder::from(config)
            .timeout_config(timeouts.build())
            .build();
        CloudFront {
            client: Client::from_conf(config),
            log,
            interrupt,
        }
    }

    /// What sees the requests of one call, and ends it after a signal.
    fn observer(&self) -> Observer {
        Observer::new(self.log.clone()).until(self.interrupt.clone())
    }

    /// Asks for an invalidation. The same reference with the same patterns returns the invalidation
    /// that was made earlier and bills nothing.
    ///
    /// # Errors
    /// The service's or the transport's, classified.
    pub async fn create(
        &self,
        target: &Target,
        patterns: &[Pattern],
        reference: &str,
    ) -> Result<Accepted, AwsError> {
        let started = Instant::now();
        let mut attempt = 1;
        let mut may_have_arrived = false;
        loop {
            let seen = self.observer();
            let result = self
                .create_once(target, patterns, reference, started, &seen)
                .await;
            may_have_arrived |= seen.may_have_arrived();
            match result {
                Err(error)
                    if error.code == Code::UnexpectedAnswer && attempt < GARBLED_ATTEMPTS =>
                {
                    attempt += 1;
                }
                Err(error) => {
                    return Err(AwsError {
                        may_have_arrived,
                        ..error
                    });
                }
                Ok(accepted) => return Ok(accepted),
            }
        }
    }

    async fn create_once(
        &self,
        target: &Target,
        patterns: &[Pattern],
        reference: &str,
        started: Instant,
        seen: &Observer,
    ) -> Result<Accepted, AwsError> {
        let batch = batch(patterns, reference).map_err(AwsError::internal)?;
        let (location, invalidation) = match target {
            Target::Tenant(id) => {
                let request = self
                    .client
                    .create_invalidation_for_distribution_tenant()
                    .id(id)
                    .invalidation_batch(batch);
                let answer = request.customize().interceptor(seen.clone()).send().await;
                let answer = answer.map_err(|error| AwsError::of(&error))?;
                (answer.location, answer.invalidation)
            }
            Target::Distribution(id) | Target::Alias(id) => {
                let request = self
                    .client
                    .create_invalidation()
                    .distribution_id(id)
                    .invalidation_batch(batch);
                let answer = request.customize().interceptor(seen.clone()).send().await;
                let answer = answer.map_err(|error| AwsError::of(&error))?;
                (answer.location, answer.invalidation)
            }
        };
        let invalidation = invalidation.filter(|invalidation| !invalidation.id().is_empty());
        let Some(invalidation) = invalidation else {
            return Err(AwsError::garbled("the answer names no invalidation"));
        };
        let reused = seen
            .date()
            .is_some_and(|date| is_reused(&invalidation.create_time, &date, started.elapsed()));
        Ok(accepted(invalidation, location, reused))
    }

    /// The status of an invalidation.
    ///
    /// # Errors
    /// The service's or the transport's, classified.
    pub async fn status(&self, target: &Target, id: &str) -> Result<String, AwsError> {
        let seen = self.observer();
        let invalidation = match target {
            Target::Tenant(tenant) => {
                let request = self
                    .client
                    .get_invalidation_for_distribution_tenant()
                    .distribution_tenant_id(tenant)
                    .id(id);
                let answer = request.customize().interceptor(seen).send().await;
                answer.map_err(|error| AwsError::of(&error))?.invalidation
            }
            Target::Distribution(distribution) | Target::Alias(distribution) => {
                let request = self
                    .client
                    .get_invalidation()
                    .distribution_id(distribution)
                    .id(id);
                let answer = request.customize().interceptor(seen).send().await;
                answer.map_err(|error| AwsError::of(&error))?.invalidation
            }
        };
        invalidation
            .map(|invalidation| as_documented(invalidation.status))
            .filter(|status| !status.is_empty())
            .ok_or_else(|| AwsError::garbled("the answer names no status"))
    }

    /// Finds the distribution that has an alternate domain name: an exact one, or the wildcard name
    /// (`*.example.com`) that stands for it.
    ///
    /// # Errors
    /// If none has it (or, which CloudFront forbids, several), and what the service says.
    pub async fn find_alias(&self, alias: &str) -> Result<Target, Failure> {
        let mut marker: Option<String> = None;
        let (mut exact, mut wildcard) = (Vec::new(), Vec::new());
        let wildcard_name = alias.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        loop {
            let seen = self.observer();
            let request = self
                .client
                .list_distributions()
                .max_items(PAGE)
                .set_marker(marker.take());
            let page = request
                .customize()
                .interceptor(seen)
                .send()
                .await
                .map_err(|error| {
                    AwsError::of(&error).into_failure(
                        &format!("could not look up `{alias}`"),
                        "cloudfront:ListDistributions",
                    )
                })?;
            let Some(list) = page.distribution_list else {
                break;
            };
            for distribution in list.items() {
                let names = distribution
                    .aliases()
                    .map(Aliases::items)
                    .unwrap_or_default();
                if names.iter().any(|name| name.eq_ignore_ascii_case(alias)) {
                    exact.push(distribution.id.clone());
                } else if names
                    .iter()
                    .any(|name| Some(name) == wildcard_name.as_ref())
                {
                    wildcard.push(distribution.id.clone());
                }
            }
            // A page that names itself as the next one would be asked for without end.
            marker = list
                .next_marker
                .filter(|next| list.is_truncated && *next != list.marker);
            if marker.is_none() {
                break;
            }
        }
        let found = if exact.is_empty() { wildcard } else { exact };
        match found.as_slice() {
            [id] => Ok(Target::Distribution(id.clone())),
            [] => Err(Failure::new(
                Code::AliasNotFound,
                format!("no distribution of this account has the alternate domain name `{alias}`"),
            )
            .hint("`aws cloudfront list-distributions` shows the names; credentials of another account see others")),
            several => Err(Failure::new(
                Code::AliasNotFound,
                format!("several distributions have the name `{alias}`: {}", several.join(", ")),
            )
            .hint("give the right one as `distribution-id`")),
        }
    }
}

fn batch(
    patterns: &[Pattern],
    reference: &str,
) -> Result<InvalidationBatch, aws_smithy_types::error::operation::BuildError> {
    let items = patterns
        .iter()
        .map(|pattern| pattern.as_str().to_owned())
        .collect();
    // 3,000 at most, so the conversion never saturates.
    let quantity = i32::try_from(patterns.len()).unwrap_or(i32::MAX);
    let paths = Paths::builder()
        .quantity(quantity)
        .set_items(Some(items))
        .build()?;
    InvalidationBatch::builder()
        .paths(paths)
        .caller_reference(reference)
        .build()
}

fn accepted(invalidation: Invalidation, location: Option<String>, reused: bool) -> Accepted {
    Accepted {
        id: invalidation.id,
        status: as_documented(invalidation.status),
        create_time: invalidation.create_time,
        location,
        reused,
    }
}

/// A status as the service documents it: servers that stand for it write it otherwise (moto:
/// `COMPLETED`).
fn as_documented(status: String) -> String {
    if status.eq_ignore_ascii_case(COMPLETED) {
        COMPLETED.to_owned()
    } else {
        status
    }
}

/// Whether an invalidation was made well before the call that returned it. `date` is the
/// service's own clock when it answered, so this machine's clock does not matter.
fn is_reused(created: &DateTime, date: &DateTime, call: Duration) -> bool {
    let age = date.as_secs_f64() - created.as_secs_f64();
    age > (call + REUSED_AFTER).as_secs_f64()
}

impl AwsError {
    fn internal(error: impl std::fmt::Display) -> Self {
        AwsError {
            code: Code::InvalidArgument,
            message: error.to_string(),
            request_id: None,
            status: None,
            may_have_arrived: true,
        }
    }

    fn garbled(message: &str) -> Self {
        AwsError {
            code: Code::UnexpectedAnswer,
            message: message.to_owned(),
            request_id: None,
            status: None,
            may_have_arrived: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_is_reused_if_it_is_older_than_its_call() {
        let date = DateTime::from_secs(1_000);
        let rows = [
            (DateTime::from_secs(1_000), 0, false),
            (DateTime::from_secs_and_nanos(998, 500_000_000), 0, false),
            (DateTime::from_secs(997), 0, true),
            (DateTime::from_secs(997), 2, false),
            (DateTime::from_secs(990), 2, true),
            // Clocks of servers may differ.
            (DateTime::from_secs(1_003), 0, false),
        ];
        for (created, call, expected) in rows {
            assert_eq!(
                is_reused(&created, &date, Duration::from_secs(call)),
                expected,
                "{created:?}"
            );
        }
    }
}
