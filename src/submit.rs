//! Submission: every batch to every target, within CloudFront's quotas, once.

use std::time::Duration;

use aws_smithy_types::date_time::Format;
use tokio::time::{Instant, sleep};

use crate::aws::AwsError;
use crate::batch::{MAX_FILES_IN_PROGRESS, MAX_WILDCARDS_IN_PROGRESS};
use crate::cloudfront::{Accepted, COMPLETED, CloudFront};
use crate::failure::{Code, Failure};
use crate::host::Host;
use crate::inputs::Wait;
use crate::pattern::Pattern;
use crate::report::{InvalidationReport, Report, TargetReport, count, thousands};
use crate::target::Target;

/// How long a request that is under way when a signal comes, or when `wait-timeout` is over, may
/// still take: after a signal the whole run has to be over in 5 s, commit included.
const LAST_ANSWER: Duration = Duration::from_millis(1_500);

/// One request to be made.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where to.
    pub target: Target,
    /// What, in the order sent.
    pub patterns: Vec<Pattern>,
    /// Under which reference.
    pub reference: String,
}

impl Request {
    fn files(&self) -> usize {
        self.patterns.len() - self.wildcards()
    }

    fn wildcards(&self) -> usize {
        self.patterns
            .iter()
            .filter(|pattern| pattern.is_wildcard())
            .count()
    }
}

/// The waits between questions to CloudFront: short at first, because most invalidations are
/// complete within 25 s (AWS, 2026), then longer, so as not to hammer one that takes minutes.
///
/// 0.5, 0.75, 1.1, 1.7, 2.5, 3.8, 5.7, 8.5, 12.8, 15, 15, … seconds: nine questions in the first
/// half minute, four a minute later on.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    next: Duration,
    limit: Duration,
}

impl Backoff {
    /// For the status of an invalidation.
    #[must_use]
    pub fn polling() -> Self {
        Backoff {
            next: Duration::from_millis(500),
            limit: Duration::from_secs(15),
        }
    }

    /// For a quota that others fill: 1, 1.5, 2.3, … 30 s, each up to a quarter longer at random, so
    /// that jobs that were refused together do not come back together.
    #[must_use]
    pub fn quota() -> Self {
        Backoff {
            next: Duration::from_secs(1),
            limit: Duration::from_secs(30),
        }
    }

    /// The next wait; `chance` from 0 to 1 lengthens it by up to a quarter.
    pub fn step(&mut self, chance: f64) -> Duration {
        let wait = self.next;
        self.next = wait.mul_f64(1.5).min(self.limit);
        wait.mul_f64(1.0 + chance / 4.0)
    }
}

/// A number from 0 to 1, from the system's randomness; 0 where there is none.
fn chance() -> f64 {
    crate::host::random().map_or(0.0, |bytes| f64::from(bytes[0]) / 255.0)
}

/// Submits all requests, those of one target in their order. A target that fails does not stop the
/// others. What is accepted goes into the report at once, so that it is known however the run ends.
///
/// # Errors
/// The failure of the target that failed, or one that names all that did.
pub async fn submit(
    cloudfront: &CloudFront,
    requests: &[Request],
    quota_timeout: Duration,
    host: &Host,
    report: &mut Report,
) -> Result<(), Failure> {
    report.progress.requests = requests.len();
    report.targets = TargetReport::of(requests);
    // What an explicit run leaves undone is not remembered: its references are its own.
    let resumable = report.manifest.is_some();
    let mut failures: Vec<(Target, Failure)> = Vec::new();
    let mut rest = requests;
    while let Some(first) = rest.first() {
        let of_target = rest
            .iter()
            .take_while(|request| request.target == first.target)
            .count();
        let (mine, others) = rest.split_at(of_target);
        rest = others;
        let mut line = Line {
            cloudfront,
            quota_timeout,
            host,
            in_progress: Vec::new(),
            in_doubt: None,
            accepted: 0,
        };
        let result = line.submit(mine, report).await;
        report.progress.in_doubt |= line.in_doubt.is_some();
        if let Err(mut failure) = result {
            if !resumable {
                failure.hint = Some(line.hint(failure.hint.take(), failure.code));
            }
            let interrupted = failure.code == Code::Interrupted;
            failures.push((first.target.clone(), failure));
            if interrupted {
                break;
            }
        }
    }
    combine(failures, requests, resumable)
}

fn combine(
    mut failures: Vec<(Target, Failure)>,
    requests: &[Request],
    resumable: bool,
) -> Result<(), Failure> {
    let interrupted = failures
        .iter()
        .position(|(_, f)| f.code == Code::Interrupted);
    if let Some(index) = interrupted {
        return Err(failures.swap_remove(index).1);
    }
    let targets = requests.iter().map(|request| &request.target);
    let total = targets.collect::<std::collections::BTreeSet<_>>().len();
    match failures.len() {
        0 => Ok(()),
        1 => failures.pop().map_or(Ok(()), |(target, mut failure)| {
            if let (false, Some(hint), 2..) = (resumable, &mut failure.hint, total) {
                *hint = format!("{hint}; name {target} alone then: the others would be paid again");
            }
            Err(failure)
        }),
        failed => {
            let same = failures
                .iter()
                .all(|(_, failure)| failure.code == failures[0].1.code);
            let code = if same {
                failures[0].1.code
            } else {
                Code::SeveralTargets
            };
            let list: Vec<_> = failures
                .iter()
                .map(|(target, f)| format!("{target}: {}", f.chain()))
                .collect();
            let what = format!(
                "{failed} of {total} targets failed:\n- {}",
                list.join("\n- ")
            );
            let hint = failures[0].1.hint.clone().filter(|_| same);
            let hint = hint.unwrap_or_else(|| {
                if resumable {
                    "mend each, then run the job again: targets that accepted are not paid twice"
                } else {
                    "mend each, then run the job again for these targets alone"
                }
                .into()
            });
            Err(Failure::new(code, what).hint(hint))
        }
    }
}

/// The requests of one target.
struct Line<'a> {
    cloudfront: &'a CloudFront,
    quota_timeout: Duration,
    host: &'a Host,
    /// Our own invalidations that are not known to be complete: id, files, wildcards.
    in_progress: Vec<(String, usize, usize)>,
    /// The reference of a request whose answer is not known.
    in_doubt: Option<String>,
    /// How many requests were accepted.
    accepted: usize,
}

impl Line<'_> {
    async fn submit(&mut self, requests: &[Request], report: &mut Report) -> Result<(), Failure> {
        for (index, request) in requests.iter().enumerate() {
            let accepted = match self.one(request).await {
                Ok(accepted) => accepted,
                Err(failure) => return Err(self.stopped(failure, requests, index)),
            };
            let made = InvalidationReport {
                target: request.target.name().to_owned(),
                id: accepted.id.clone(),
                status: accepted.status,
                caller_reference: request.reference.clone(),
                create_time: accepted
                    .create_time
                    .fmt(Format::DateTime)
                    .unwrap_or_default(),
                location: accepted.location,
                path_count: request.patterns.len(),
                reused: accepted.reused,
            };
            let part = if requests.len() == 1 {
                String::new()
            } else {
                format!(" ({} of {})", index + 1, requests.len())
            };
            let how = if made.reused {
                "had accepted earlier, nothing to pay:"
            } else {
                "accepted"
            };
            let paths = count(made.path_count, "path");
            self.host.log.line(&format!(
                "{} {how} {} with {paths}{part}",
                made.target, made.id
            ));
            if made.status != COMPLETED {
                self.in_progress
                    .push((accepted.id, request.files(), request.wildcards()));
            }
            self.accepted += 1;
            report.invalidations.push(made);
        }
        Ok(())
    }

    /// Makes one request as soon as there is room for it.
    async fn one(&mut self, request: &Request) -> Result<Accepted, Failure> {
        if self.host.interrupt.is_raised() {
            return Err(interrupted());
        }
        let deadline = Instant::now() + self.quota_timeout;
        self.make_room(request, deadline).await?;
        self.create(request, deadline).await
    }

    /// Says what was and what was not accepted, where the target's requests were several.
    fn stopped(&self, mut failure: Failure, requests: &[Request], index: usize) -> Failure {
        let (accepted, rest) = requests.split_at(index);
        let size = |requests: &[Request]| -> usize {
            requests.iter().map(|request| request.patterns.len()).sum()
        };
        let (accepted, missing) = (size(accepted), size(rest));
        if requests.len() == 1 {
            return failure;
        }
        let verb = if missing == 1 { "was" } else { "were" };
        let missing = count(missing, "path");
        let paths = rest.iter().flat_map(|request| &request.patterns);
        self.host.log.group(
            &format!("{}: {missing} {verb} not accepted", requests[index].target),
            paths.map(Pattern::as_str),
        );
        let all = count(size(requests), "path");
        failure.what = format!(
            "{}; {} of {all} were accepted, {missing} {verb} not",
            failure.what,
            thousands(accepted)
        );
        failure
    }

    /// What to do after an explicit run, which the next one does not continue.
    fn hint(&self, hint: Option<String>, code: Code) -> String {
        let hint = hint.filter(|_| code != Code::Interrupted);
        let mut hint = hint.unwrap_or_else(|| "run the job again".to_owned());
        if self.accepted > 0 {
            hint.push_str(
                "; give it the paths alone that were not accepted, which the log lists: the others would be paid again",
            );
        }
        if let Some(reference) = &self.in_doubt {
            hint = format!(
                "{hint}; with `--caller-reference {reference}` the same paths return the invalidation in doubt, if it was \
                 made, and cost nothing then"
            );
        }
        hint
    }

    /// Waits until what this run has in progress leaves room for the next batch.
    async fn make_room(&mut self, request: &Request, deadline: Instant) -> Result<(), Failure> {
        let mut backoff = Backoff::polling();
        let mut said = false;
        loop {
            let files: usize = self.in_progress.iter().map(|(_, files, _)| files).sum();
            let wildcards: usize = self
                .in_progress
                .iter()
                .map(|(_, _, wildcards)| wildcards)
                .sum();
            let fits = files + request.files() <= MAX_FILES_IN_PROGRESS
                && wildcards + request.wildcards() <= MAX_WILDCARDS_IN_PROGRESS;
            let Some((id, ..)) = self.in_progress.first().filter(|_| !fits) else {
                return Ok(());
            };
            if !said {
                said = true;
                self.host.log.line(&format!(
                    "{}: waiting until {id} is complete, because CloudFront takes {} files and \
                     {MAX_WILDCARDS_IN_PROGRESS} wildcards at a time",
                    request.target,
                    thousands(MAX_FILES_IN_PROGRESS)
                ));
            }
            // The refusal of the request itself is waited out too, so asking is only a courtesy:
            // without permission to ask, or after the deadline, the request is just made.
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.pause(backoff.step(0.0).min(left)).await?;
            match self.cloudfront.status(&request.target, id).await {
                Ok(status) if status == COMPLETED => {
                    self.in_progress.remove(0);
                }
                Err(error) if error.code == Code::AccessDenied => return Ok(()),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Makes the request, and waits while the quota is full. The last attempt is made when time is
    /// over.
    async fn create(&mut self, request: &Request, deadline: Instant) -> Result<Accepted, Failure> {
        let mut backoff = Backoff::quota();
        let mut said = false;
        loop {
            let call =
                self.cloudfront
                    .create(&request.target, &request.patterns, &request.reference);
            let grace = async {
                self.host.interrupt.raised().await;
                sleep(LAST_ANSWER).await;
            };
            let answer = tokio::select! {
                answer = call => answer,
                () = grace => {
                    self.in_doubt = Some(request.reference.clone());
                    return Err(interrupted());
                }
            };
            let error = match answer {
                Ok(accepted) => return Ok(accepted),
                Err(error) => error,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if error.code != Code::TooManyInProgress || left.is_zero() {
                if is_in_doubt(&error) {
                    self.in_doubt = Some(request.reference.clone());
                }
                return Err(match error.code {
                    Code::Interrupted => interrupted(),
                    _ => self.refused(error, request),
                });
            }
            if !said {
                said = true;
                self.host.log.line(&format!(
                    "{}: CloudFront's quota of invalidations in progress is full ({}); waiting for others to \
                     complete, {} at most (`quota-timeout`)",
                    request.target,
                    error.message,
                    humantime::format_duration(self.quota_timeout)
                ));
            }
            self.pause(backoff.step(chance()).min(left)).await?;
        }
    }

    fn refused(&self, error: AwsError, request: &Request) -> Failure {
        let full = error.code == Code::TooManyInProgress;
        let mut what = format!("could not invalidate `{}`", request.target);
        if full && !self.quota_timeout.is_zero() {
            let waited = humantime::format_duration(self.quota_timeout);
            what = format!("{what}, though it was tried for {waited}");
        }
        error.into_failure(&what, "cloudfront:CreateInvalidation")
    }

    async fn pause(&self, wait: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = sleep(wait) => Ok(()),
            () = self.host.interrupt.raised() => Err(interrupted()),
        }
    }
}

/// Whether the request may have been processed although there was no good answer.
fn is_in_doubt(error: &AwsError) -> bool {
    error.may_have_arrived
        && matches!(
            error.code,
            Code::Timeout
                | Code::UnexpectedAnswer
                | Code::ServiceUnavailable
                | Code::NoNetwork
                | Code::Interrupted
        )
}

/// The failure of a run that a signal ended.
#[must_use]
pub fn interrupted() -> Failure {
    Failure::new(Code::Interrupted, "the run was interrupted by a signal")
        .hint("run the job again: it continues where this one stopped")
}

/// Waits until all of the report's invalidations are completed.
///
/// # Errors
/// If time runs out and the user wants that to be a failure. Otherwise that is a warning: the
/// invalidations were accepted and can't be lost.
pub async fn wait(
    cloudfront: &CloudFront,
    targets: &[Target],
    wait: Wait,
    host: &Host,
    report: &mut Report,
) -> Result<(), Failure> {
    let started = Instant::now();
    let deadline = started + wait.timeout;
    let mut backoff = Backoff::polling();
    let mut said = false;
    let mut trouble: Option<AwsError> = None;
    loop {
        // The last questions are asked when time is over: what completes in time counts.
        let last = Instant::now() >= deadline;
        let limit = if last {
            Instant::now() + LAST_ANSWER
        } else {
            deadline
        };
        for made in &mut report.invalidations {
            if made.status == COMPLETED {
                continue;
            }
            let Some(target) = targets.iter().find(|target| target.name() == made.target) else {
                continue;
            };
            let question = tokio::time::timeout_at(limit, cloudfront.status(target, &made.id));
            let answer = tokio::select! {
                answer = question => answer,
                () = host.interrupt.raised() => break,
            };
            match answer {
                Ok(Ok(status)) => made.status = status,
                Ok(Err(error)) if is_final(&error) => {
                    let what = format!("could not ask for the status of `{}`", made.id);
                    let failure = error.into_failure(&what, "cloudfront:GetInvalidation");
                    return give_up(wait, host, report, failure);
                }
                Ok(Err(error)) => trouble = Some(error),
                Err(_) => {}
            }
        }
        let open = report
            .invalidations
            .iter()
            .filter(|made| made.status != COMPLETED)
            .count();
        let seconds = started.elapsed().as_secs_f64();
        if open == 0 {
            host.log.line(&format!("completed after {seconds:.1} s"));
            return Ok(());
        }
        if host.interrupt.is_raised() {
            return Err(interrupted()
                .hint("nothing is left to be done: CloudFront has accepted it and goes on"));
        }
        if last {
            let waited = humantime::format_duration(wait.timeout);
            let what = format!("the invalidation is not completed after {waited}");
            let mut failure = Failure::new(Code::WaitTimeout, what).hint(
                "CloudFront has accepted it and goes on; raise `wait-timeout` to see the end of it",
            );
            if let Some(error) = trouble {
                failure = failure.because(anyhow::anyhow!(error.message));
            }
            return give_up(wait, host, report, failure);
        }
        if !said {
            said = true;
            let limit = humantime::format_duration(wait.timeout);
            host.log.line(&format!(
                "waiting for completion, {limit} at most; AWS says 25 s for most"
            ));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        tokio::select! {
            () = sleep(backoff.step(0.0).min(left)) => {}
            () = host.interrupt.raised() => {}
        }
    }
}

/// Errors that the next question will meet again.
fn is_final(error: &AwsError) -> bool {
    matches!(
        error.code,
        Code::AccessDenied
            | Code::NoSuchDistribution
            | Code::ExpiredToken
            | Code::NoCredentials
            | Code::BadCredentials
    )
}

fn give_up(wait: Wait, host: &Host, report: &mut Report, failure: Failure) -> Result<(), Failure> {
    if wait.fail {
        return Err(failure);
    }
    let warning = match &failure.hint {
        Some(hint) => format!("{}; {hint}", failure.chain()),
        None => failure.chain(),
    };
    host.log.warning(&warning);
    report.warnings.push(warning);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_asks_often_at_first_and_seldom_later() {
        let mut backoff = Backoff::polling();
        let mut elapsed = Duration::ZERO;
        let mut questions_in_25_s = 0;
        for _ in 0..40 {
            elapsed += backoff.step(0.0);
            if elapsed <= Duration::from_secs(25) {
                questions_in_25_s += 1;
            }
        }
        assert_eq!(questions_in_25_s, 8);
        // Ten minutes take at most that many questions.
        assert!(elapsed > Duration::from_secs(450), "{elapsed:?}");
        assert_eq!(backoff.step(0.0), Duration::from_secs(15));
    }

    #[test]
    fn chance_lengthens_by_a_quarter_at_most() {
        let (mut least, mut most) = (Backoff::quota(), Backoff::quota());
        for _ in 0..20 {
            let (a, b) = (least.step(0.0), most.step(1.0));
            assert_eq!(b, a.mul_f64(1.25));
            assert!(b <= Duration::from_millis(37_500));
        }
    }
}
