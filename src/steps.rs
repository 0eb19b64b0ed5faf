//! The steps that the pipeline names: what each does to store, log and report.

use crate::batch::batches;
use crate::chain::{CONCURRENCY, Chain, Committed, Knowledge};
use crate::changes::Changes;
use crate::doubt::Doubt;
use crate::failure::{Code, Failure};
use crate::gzip;
use crate::host::Host;
use crate::inputs::{Deploy, Inputs, OnMissing, Phase};
use crate::listing::Listing;
use crate::owner;
use crate::planning::{Planned, planned};
use crate::record::{Begun, Deploying, Record, Submitted, Unsettled};
use crate::reference::{DeployId, caller_reference};
use crate::report::describe::describe_plan;
use crate::report::headline::headline;
use crate::report::{InvalidationReport, Mode, PlanReport, Report, count, max_cost_usd};
use crate::scan::{Scan, scan};
use crate::session::Session;
use crate::store::Location;
use crate::submit::{Request, interrupted, submit, wait};
use crate::target::Target;
use crate::viewer::{ViewerPaths, flush_patterns};

/// What stays the same through a deploy.
#[derive(Debug)]
pub struct Deployment<'a> {
    /// What the user asked for.
    pub inputs: &'a Inputs,
    /// The deploy among it.
    pub job: &'a Deploy,
    /// What surrounds the run.
    pub host: &'a Host,
    /// Clients and targets.
    pub session: Session,
    /// The current listing.
    pub site: Listing,
    /// What identifies the deploy.
    pub deploying: Deploying,
    /// Where the record is.
    pub location: Location,
}

impl Deployment<'_> {
    /// Loads the record. `None` ends a dry run that can't know.
    ///
    /// # Errors
    /// See [`Chain::load`].
    pub async fn load(&self, report: &mut Report) -> Result<Option<Chain>, Failure> {
        let store = self.session.store(self.inputs, &self.location, self.host)?;
        let unknown = Record::unknown(self.deploying.scope.clone());
        let failure = match Chain::load(store, &self.location, unknown, self.job.on_missing).await {
            Ok(chain) => return Ok(Some(chain)),
            Err(failure) => failure,
        };
        if !self.inputs.dry_run || !matches!(self.location, Location::S3 { .. }) {
            return Err(failure);
        }
        let patterns = flush_patterns(&self.job.mount);
        report.reason = Some(format!("would flush: {}", failure.chain()));
        if let Some(hint) = &failure.hint {
            warn(
                self.host,
                report,
                format!("the record can't be read: {hint}"),
            );
        }
        report.plan = Some(PlanReport {
            path_count: patterns.len(),
            wildcard_count: patterns
                .iter()
                .filter(|pattern| pattern.is_wildcard())
                .count(),
            paths: patterns.iter().map(ToString::to_string).collect(),
            ..PlanReport::default()
        });
        set_cost(report, patterns.len() * self.session.targets.len().max(1));
        describe_plan(&self.host.log, report);
        Ok(None)
    }

    /// Whether this run takes the site as it is for the baseline: only if there is no record at
    /// all.
    #[must_use]
    pub fn adopts(&self, chain: &Chain) -> bool {
        self.job.on_missing == OnMissing::Adopt
            && chain.knowledge == Knowledge::Absent
            && !self.job.flush
    }

    /// Does so. False if someone else wrote a record meanwhile.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn adopt(&self, mut chain: Chain, report: &mut Report) -> Result<bool, Failure> {
        report.mode = Mode::FirstDeploy;
        report.plan = Some(PlanReport {
            optimal: true,
            ..PlanReport::default()
        });
        report.files.added = self.site.len();
        let reason = if self.inputs.dry_run {
            "the site as it is would be adopted as the baseline: nothing would be submitted"
        } else {
            "the site as it is was adopted as the baseline: nothing was submitted"
        };
        report.reason = Some(reason.to_owned());
        self.host.log.headline(reason);
        if self.inputs.dry_run {
            return Ok(true);
        }
        let adopted = chain
            .adopt(self.deploying.clone(), self.site.clone())
            .await?;
        if let (true, Some(manifest)) = (adopted, &mut report.manifest) {
            manifest.committed = true;
            manifest.deploy = chain.record.deploy.map(|id| id.to_string());
        }
        Ok(adopted)
    }

    /// Refuses a run that leaves out a target of the record.
    ///
    /// # Errors
    /// Names the targets and the two ways out.
    pub fn guard_targets(&self, record: &Record) -> Result<(), Failure> {
        let targets = &self.session.targets;
        let unresolved = targets
            .iter()
            .any(|target| matches!(target, Target::Alias(_)));
        let trial = self.inputs.dry_run && (targets.is_empty() || unresolved);
        let dropped = record.dropped_targets(&self.deploying.targets);
        if dropped.is_empty() || trial {
            return Ok(());
        }
        let names = dropped.join(", ");
        let what = format!("the record names {names}, which this run does not");
        Err(Failure::new(Code::TargetDropped, what).hint(format!(
            "two jobs that share a record miss what the other one did. Either name all targets in one job \
             (`distribution-id` takes several), or give each its own record (`manifest` ending in `/` does). \
             If {names} is gone for good, delete the record: the next run invalidates everything once"
        )))
    }

    /// The targets that the record does not know, and that therefore need everything invalidated.
    #[must_use]
    pub fn new_targets(&self, record: &Record, doubt: Option<&Doubt>) -> Vec<Target> {
        if doubt.is_some() {
            return Vec::new();
        }
        let is_new = |target: &&Target| {
            let resolved = !matches!(target, Target::Alias(_));
            resolved && !record.targets.iter().any(|known| known == target.name())
        };
        self.session
            .targets
            .iter()
            .filter(is_new)
            .cloned()
            .collect()
    }

    /// Nothing to invalidate. With `wait` the recorded invalidations are waited for.
    ///
    /// # Errors
    /// See [`wait`].
    pub async fn unchanged(
        &self,
        record: &Record,
        changes: &Changes<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        describe_unchanged(self.job, changes, self.host, report);
        if let Some(manifest) = &mut report.manifest {
            manifest.deploy = record.deploy.map(|id| id.to_string());
            manifest.committed = true;
        }
        self.wait_for_recorded(record, report).await
    }

    /// Waits for the invalidations of an earlier deploy, if the user wants to.
    async fn wait_for_recorded(&self, record: &Record, report: &mut Report) -> Result<(), Failure> {
        if !self.inputs.wait.enabled || self.inputs.dry_run || record.submitted.is_empty() {
            return Ok(());
        }
        let mut earlier = Report::default();
        earlier.invalidations = record
            .submitted
            .iter()
            .map(InvalidationReport::of_record)
            .collect();
        let cloudfront = self.session.cloudfront()?;
        let targets = &self.session.targets;
        let result = wait(
            cloudfront,
            targets,
            self.inputs.wait,
            self.host,
            &mut earlier,
        )
        .await;
        report.waited = Some(earlier.status());
        report.warnings.append(&mut earlier.warnings);
        result
    }

    /// Puts the plan into report and log.
    pub fn describe(
        &self,
        planned: &Planned,
        doubt: Option<&Doubt>,
        new_targets: &[Target],
        report: &mut Report,
    ) {
        describe(
            planned,
            doubt,
            new_targets,
            self.session.targets.len(),
            self.host,
            report,
        );
    }

    /// What edges may hold in other versions once the run has begun. A target that the record does
    /// not know adds nothing: the record still will not know it.
    ///
    /// Where `protect` keeps a flush from being one wildcard, all known paths are named instead of
    /// everything: whoever resumes the run has to know them too.
    #[must_use]
    pub fn unsettled_by(
        &self,
        doubt: Option<&Doubt>,
        record: &Record,
        changes: &Changes,
    ) -> Unsettled {
        if doubt.is_none() {
            return changes.to_unsettled();
        }
        if self.job.protect.is_empty() || record.deploy.is_none() {
            return Unsettled::All;
        }
        let files = self.site.iter().chain(record.files.iter());
        Unsettled::Paths(files.map(|(path, _)| path.to_owned()).collect())
    }

    /// The intent is recorded.
    pub fn begun(&self, begun: Begun, report: &mut Report) {
        report.progress.intent = true;
        if let Some(manifest) = &mut report.manifest {
            manifest.deploy = Some(begun.deploy.to_string());
            manifest.resumed = begun.resumed;
        }
        if begun.resumed {
            self.host
                .log
                .line("continuing a deploy that was begun before");
        }
        if self.job.phase == Phase::Begin {
            let text = "the intent is recorded; upload now, then run again without `phase: begin`";
            self.host.log.line(text);
        }
    }

    /// The requests: each target's plan, cut into batches that have references of their own.
    #[must_use]
    pub fn requests(
        &self,
        planned: &Planned,
        new_targets: &[Target],
        deploy: DeployId,
    ) -> Vec<Request> {
        let mut requests = Vec::new();
        for target in &self.session.targets {
            let plan = match &planned.flush {
                Some(flush) if new_targets.contains(target) => flush,
                _ => &planned.plan,
            };
            let batches = batches(&plan.patterns);
            let total = batches.len();
            for (index, patterns) in batches.into_iter().enumerate() {
                let reference =
                    caller_reference(target.name(), deploy, index + 1, total, &patterns);
                requests.push(Request {
                    target: target.clone(),
                    patterns,
                    reference,
                });
            }
        }
        requests
    }

    /// Submits them.
    ///
    /// # Errors
    /// See [`submit`].
    pub async fn submit(&self, requests: &[Request], report: &mut Report) -> Result<(), Failure> {
        let cloudfront = self.session.cloudfront()?;
        submit(
            cloudfront,
            requests,
            self.inputs.quota_timeout,
            self.host,
            report,
        )
        .await
    }

    /// An answer was older than this run, though no run was resumed: the record is older than
    /// reality, and deploys were made of which it does not know. Everything is invalidated under a
    /// new chain.
    ///
    /// # Errors
    /// If planning, the store or CloudFront fails, or another run came in between.
    pub async fn start_anew(
        &self,
        chain: &mut Chain,
        report: &mut Report,
    ) -> Result<DeployId, Failure> {
        let doubt = Doubt::Outdated;
        let nothing = Changes::default();
        let planned = planned(
            self.job,
            &chain.record,
            &self.site,
            &nothing,
            Some(&doubt),
            false,
        )?;
        report.invalidations.clear();
        self.describe(&planned, Some(&doubt), &[], report);
        let Some(begun) = chain.begin_anew(&self.deploying).await? else {
            return Err(Failure::new(
                Code::ManifestConflict,
                "another run changed the record while this one found it outdated",
            )
            .hint(CONCURRENCY));
        };
        self.begun(begun, report);
        let requests = self.requests(&planned, &[], begun.deploy);
        self.submit(&requests, report).await?;
        Ok(begun.deploy)
    }

    /// Remembers the deploy.
    ///
    /// # Errors
    /// See [`Chain::commit`].
    pub async fn commit(
        mut self,
        chain: &mut Chain,
        deploy: DeployId,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let made = report.invalidations.iter();
        let submitted: Vec<Submitted> = made.map(InvalidationReport::to_submitted).collect();
        let files = std::mem::take(&mut self.site);
        report.progress.writing = true;
        let committed = chain
            .commit(deploy, &self.deploying, files, &submitted)
            .await;
        report.progress.writing = false;
        match committed? {
            Committed::Done => {
                if let Some(manifest) = &mut report.manifest {
                    manifest.committed = true;
                }
                self.host.log.line(if chain.record.unsettled.is_empty() {
                    "the deploy is remembered"
                } else {
                    "the deploy is remembered; another one was not known to be over, so the next deploy covers \
                     their paths once more"
                });
            }
            Committed::Superseded => {
                let text = format!(
                    "another deploy began while this one ran; its record now says that the paths of this one are to \
                     be covered again. To prevent it, {CONCURRENCY}"
                );
                warn(self.host, report, text);
            }
        }
        Ok(self)
    }

    /// Waits, if the user wants to: where nothing had to be submitted, for what the record still
    /// has.
    ///
    /// # Errors
    /// See [`wait`].
    pub async fn wait(&self, record: &Record, report: &mut Report) -> Result<(), Failure> {
        if !self.inputs.wait.enabled {
            return Ok(());
        }
        if report.invalidations.is_empty() {
            return self.wait_for_recorded(record, report).await;
        }
        let cloudfront = self.session.cloudfront()?;
        wait(
            cloudfront,
            &self.session.targets,
            self.inputs.wait,
            self.host,
            report,
        )
        .await
    }
}

/// Scans the site and refuses an empty one.
///
/// # Errors
/// See [`scan`].
pub async fn scan_site(job: &Deploy, host: &Host) -> Result<Listing, Failure> {
    let never = match &job.manifest {
        Some(Location::File(path)) => crate::store::files_of(path),
        _ => Vec::new(),
    };
    let scanned = Scan {
        site: job.site.clone(),
        input: "site",
        filter: job.filter.clone(),
        never,
        progress: host.progress,
    };
    // Off the async thread, so that a signal is heard while a large site is hashed.
    let scanning = tokio::task::spawn_blocking(move || scan(&scanned));
    let site = tokio::select! {
        scanned = scanning => scanned.unwrap_or_else(|error| {
            Err(Failure::new(Code::SiteUnreadable, "the scan broke off").because(error))
        })?,
        () = host.interrupt.raised() => return Err(interrupted()),
    };
    if site.is_empty() && !job.allow_empty {
        let what = format!("the site `{}` has no files", job.site.display());
        return Err(Failure::new(Code::SiteEmpty, what).hint(
            "check that the build ran and that `include` and `exclude` leave something; set `allow-empty: true` if \
             the site really is gone",
        ));
    }
    Ok(site)
}

/// Writes the listing where the user wants it.
///
/// # Errors
/// If it can't be written.
pub fn write_listing(job: &Deploy, site: &Listing, host: &Host) -> Result<(), Failure> {
    let Some(path) = &job.write_listing else {
        return Ok(());
    };
    let write = || -> anyhow::Result<()> {
        let bytes = gzip::pack(&path.to_string_lossy(), site.to_json()?)?;
        Ok(owner::write_file(path, &bytes)?)
    };
    write().map_err(|error| {
        let what = format!("can't write the listing `{}`", path.display());
        Failure::new(Code::OutputUnwritable, what).because(error)
    })?;
    let files = count(site.len(), "file");
    host.log.line(&format!(
        "wrote the listing of {files} to {}",
        path.display()
    ));
    Ok(())
}

/// Puts a run that has nothing to do into report and log.
pub fn describe_unchanged(job: &Deploy, changes: &Changes, host: &Host, report: &mut Report) {
    let nothing = std::iter::empty;
    let paths = ViewerPaths::classify(&job.mount, nothing(), changes.kept(), nothing());
    report.mode = Mode::Unchanged;
    report.plan = Some(PlanReport {
        kept: paths.kept().len(),
        optimal: true,
        ..PlanReport::default()
    });
    report.compared = true;
    host.log.headline(&headline(report));
}

/// Puts a plan into report and log.
pub fn describe(
    planned: &Planned,
    doubt: Option<&Doubt>,
    new_targets: &[Target],
    targets: usize,
    host: &Host,
    report: &mut Report,
) {
    let only_new = planned.plan.patterns.is_empty() && !new_targets.is_empty();
    report.mode = match doubt {
        Some(doubt) if doubt.is_first_deploy() => Mode::FirstDeploy,
        Some(_) => Mode::Flush,
        None if only_new => Mode::Flush,
        None => Mode::Delta,
    };
    report.compared = doubt.is_none_or(Doubt::has_baseline);
    report.reason = doubt.map(ToString::to_string);
    if !new_targets.is_empty() {
        let names: Vec<_> = new_targets.iter().map(Target::name).collect();
        let names = names.join(", ");
        report.reason = Some(format!(
            "the record does not know {names}: everything is invalidated there"
        ));
    }
    let plan = planned
        .flush
        .as_ref()
        .filter(|_| only_new)
        .unwrap_or(&planned.plan);
    report.plan = Some(PlanReport::of(plan, &planned.tradeoff));
    let new = new_targets.len();
    let known = targets.max(1) - new.min(targets);
    let flush_paths = planned
        .flush
        .as_ref()
        .map_or(0, |flush| flush.patterns.len());
    set_cost(
        report,
        planned.plan.patterns.len() * known + flush_paths * new,
    );
    for warning in &planned.warnings {
        warn(host, report, warning.clone());
    }
    if let Some(doubt) = doubt.filter(|doubt| doubt.is_alarming()) {
        warn(
            host,
            report,
            format!("everything is invalidated, because {doubt}"),
        );
    }
    if !plan.optimal {
        let gap = count(plan.gap, "path");
        let text = format!(
            "the search for the best plan was cut short: another one may evict up to {gap} fewer"
        );
        warn(host, report, text);
    }
    describe_plan(&host.log, report);
}

/// Warns in log and summary.
pub fn warn(host: &Host, report: &mut Report, text: String) {
    host.log.warning(&text);
    report.warnings.push(text);
}

/// Says what the plan costs at most.
pub fn set_cost(report: &mut Report, paths: usize) {
    if let Some(plan) = &mut report.plan {
        plan.max_cost_usd = max_cost_usd(paths);
    }
    report.planned_paths = paths;
}

/// What CloudFront had made earlier is not paid again.
pub fn settle_cost(report: &mut Report) {
    let reused = report.invalidations.iter().filter(|made| made.reused);
    let again: usize = reused.map(|made| made.path_count).sum();
    let paths = report.planned_paths.saturating_sub(again);
    if let Some(plan) = &mut report.plan {
        plan.max_cost_usd = max_cost_usd(paths);
    }
}
