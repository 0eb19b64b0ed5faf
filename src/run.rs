//! The pipeline: one run from inputs to report.

use std::collections::BTreeSet;

use crate::batch::ordered_batches;
use crate::chain::{Chain, MAX_RACES};
use crate::changes::Changes;
use crate::doubt::Doubt;
use crate::failure::{Code, Failure};
use crate::host::Host;
use crate::inputs::{Deploy, Explicit, Inputs, Job, Phase};
use crate::planning::planned;
use crate::record::Record;
use crate::reference::{DeployId, caller_reference};
use crate::report::describe::describe_plan;
use crate::report::{ErrorReport, FileCounts, ManifestReport, Mode, PlanReport, Report};
use crate::scan::{Scan, scan};
use crate::session::Session;
use crate::steps::{self, Deployment};
use crate::submit::{Request, submit, wait};

/// Runs, and tells about it. A failure is in the report's `error`.
pub async fn run(inputs: &Inputs, host: &Host) -> Report {
    let mut report = Report::default();
    run_into(inputs, host, &mut report).await;
    report
}

/// Runs, and keeps `report` true at every moment, so that it can be shown if the run is dropped.
pub async fn run_into(inputs: &Inputs, host: &Host, report: &mut Report) {
    report.dry_run = inputs.dry_run;
    report.begin = matches!(&inputs.job, Job::Deploy(job) if job.phase == Phase::Begin);
    for warning in &inputs.warnings {
        steps::warn(host, report, warning.clone());
    }
    let result = match &inputs.job {
        Job::Deploy(job) => deploy(inputs, job, host, report).await,
        Job::Explicit(job) => explicit(inputs, job, host, report).await,
    };
    steps::settle_cost(report);
    if let Err(failure) = result {
        let state = report.state();
        report.error = Some(ErrorReport::of(&failure, Some(state)));
    }
}

/// A deploy: scan, load, diff, plan, intent, submit, commit, wait.
async fn deploy(
    inputs: &Inputs,
    job: &Deploy,
    host: &Host,
    report: &mut Report,
) -> Result<(), Failure> {
    let site = steps::scan_site(job, host).await?;
    if job.write_listing.is_some() {
        steps::write_listing(job, &site, host)?;
        if inputs.targets.is_empty() && !inputs.dry_run {
            report.mode = Mode::Unchanged;
            report.reason = Some("only the listing was asked for".to_owned());
            return Ok(());
        }
    }
    if job.previous.is_some() {
        return trial(job, &site, host, report);
    }
    let session = Session::open(inputs, job, host).await?;
    let deploying = session.deploying(job, &site, &host.github.run)?;
    let location = job.manifest.clone().unwrap_or_default();
    report.manifest = Some(ManifestReport {
        location: location.to_string(),
        ..Default::default()
    });
    let deployment = Deployment {
        inputs,
        job,
        host,
        session,
        site,
        deploying,
        location,
    };

    for _ in 0..MAX_RACES {
        let Some(mut chain) = deployment.load(report).await? else {
            return Ok(());
        };
        deployment.guard_targets(&chain.record)?;
        if deployment.adopts(&chain) {
            if deployment.adopt(chain, report).await? {
                return Ok(());
            }
            continue;
        }
        let doubt = Doubt::of(
            &chain.knowledge,
            &chain.record,
            &deployment.deploying,
            job.flush,
        );
        let new_targets = deployment.new_targets(&chain.record, doubt.as_ref());
        let unsettled = chain.record.unsettled.paths();
        let site = &deployment.site;
        let changes = Changes::between(&chain.record.files, site, &unsettled, job.scope.added);
        report.files = FileCounts::of(&changes);
        let nothing_new = doubt.is_none() && new_targets.is_empty() && changes.is_empty();
        // An upload is announced whatever it changes: others that overlap it have to know of it.
        let uploading = job.phase == Phase::Begin;
        if nothing_new && chain.record.intent.is_none() && !uploading {
            return deployment.unchanged(&chain.record, &changes, report).await;
        }
        let flushes = !new_targets.is_empty();
        let planned = planned(job, &chain.record, site, &changes, doubt.as_ref(), flushes);
        match &planned {
            Ok(_) if nothing_new => steps::describe_unchanged(job, &changes, host, report),
            Ok(planned) => deployment.describe(planned, doubt.as_ref(), &new_targets, report),
            // Nothing was uploaded or sent, and nothing will be.
            Err(_) if uploading || inputs.dry_run => {}
            Err(_) => host
                .log
                .line("there is no plan; what was uploaded is written down"),
        }
        if inputs.dry_run || (uploading && planned.is_err()) {
            return planned.map(drop);
        }

        let stale = deployment.unsettled_by(doubt.as_ref(), &chain.record, &changes);
        report.progress.writing = true;
        let begun = chain.begin(&deployment.deploying, stale, uploading).await;
        report.progress.writing = false;
        let Some(begun) = begun? else { continue };
        deployment.begun(begun, report);
        let planned = planned?;
        if uploading {
            return Ok(());
        }
        let requests = deployment.requests(&planned, &new_targets, begun.deploy);
        deployment.submit(&requests, report).await?;
        let deploy = if !begun.resumed && report.any_reused() {
            deployment.start_anew(&mut chain, report).await?
        } else {
            begun.deploy
        };
        let deployment = deployment.commit(&mut chain, deploy, report).await?;
        return deployment.wait(&chain.record, report).await;
    }
    Err(Chain::too_many_races())
}

/// A trial: compares with `previous` as if it were the record, and changes nothing.
fn trial(
    job: &Deploy,
    site: &crate::listing::Listing,
    host: &Host,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut record = Record::unknown(job.scope.clone());
    if let Some(previous) = &job.previous {
        let scanned = Scan {
            site: previous.clone(),
            input: "previous",
            filter: job.filter.clone(),
            never: Vec::new(),
            progress: host.progress,
        };
        record.files = scan(&scanned)?;
    }
    let doubt = job.flush.then_some(Doubt::Asked);
    let settled = BTreeSet::new();
    let changes = Changes::between(&record.files, site, &settled, job.scope.added);
    report.files = FileCounts::of(&changes);
    if doubt.is_none() && changes.is_empty() {
        steps::describe_unchanged(job, &changes, host, report);
        return Ok(());
    }
    let planned = planned(job, &record, site, &changes, doubt.as_ref(), false)?;
    steps::describe(&planned, doubt.as_ref(), &[], 1, host, report);
    Ok(())
}

/// An explicit list: submit, wait. No record is read or written.
async fn explicit(
    inputs: &Inputs,
    job: &Explicit,
    host: &Host,
    report: &mut Report,
) -> Result<(), Failure> {
    report.mode = Mode::Explicit;
    report.plan = Some(PlanReport {
        paths: job.patterns.iter().map(ToString::to_string).collect(),
        path_count: job.patterns.len(),
        wildcard_count: job
            .patterns
            .iter()
            .filter(|pattern| pattern.is_wildcard())
            .count(),
        optimal: true,
        ..PlanReport::default()
    });
    steps::set_cost(report, job.patterns.len() * inputs.targets.len().max(1));
    describe_plan(&host.log, report);
    if inputs.dry_run {
        return Ok(());
    }
    let session = Session::connect(inputs, host).await?;
    // Fresh for each run, the same for every attempt of it.
    let random = crate::host::random().map_err(|error| {
        Failure::new(Code::Interrupted, "the system gives no random bytes").because(error)
    })?;
    let batches = ordered_batches(&job.patterns);
    let mut requests = Vec::new();
    for target in &session.targets {
        for (index, patterns) in batches.iter().enumerate() {
            let (number, total) = (index + 1, batches.len());
            let reference = job.caller_reference.clone().unwrap_or_else(|| {
                caller_reference(
                    target.name(),
                    DeployId::new(random),
                    number,
                    total,
                    patterns,
                )
            });
            requests.push(Request {
                target: target.clone(),
                patterns: patterns.clone(),
                reference,
            });
        }
    }
    let cloudfront = session.cloudfront()?;
    submit(cloudfront, &requests, inputs.quota_timeout, host, report).await?;
    if inputs.wait.enabled {
        wait(cloudfront, &session.targets, inputs.wait, host, report).await?;
    }
    Ok(())
}
