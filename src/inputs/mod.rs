//! What the user asked for: flags and variables, checked as a whole.
//!
//! Every bad input is reported in one go, because each round trip through CI costs minutes.

mod check;
mod command_line;
mod deploy;
mod explicit;
mod table;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::GlobMatcher;

use crate::failure::{Code, Failure};
use crate::pattern::Pattern;
use crate::plan::{Budget, Collapse};
use crate::record::Scope;
use crate::scan::Filter;
use crate::store::Location;
use crate::target::Target;
use crate::viewer::Mount;
use check::{Check, unique};

pub use command_line::command;
pub use table::{INPUTS, Input, Kind};
pub use values::Values;

/// Everything the user asked for.
#[derive(Debug)]
pub struct Inputs {
    /// What to do.
    pub job: Job,
    /// Where to do it, in the order given, each once; aliases are resolved by the run.
    pub targets: Vec<Target>,
    /// Change nothing.
    pub dry_run: bool,
    /// Whether and how long to wait for completion.
    pub wait: Wait,
    /// How long to wait for CloudFront's quota.
    pub quota_timeout: Duration,
    /// How to tell about it.
    pub reporting: Reporting,
    /// How to reach AWS.
    pub aws: AwsSettings,
    /// What the user should know though it is no error.
    pub warnings: Vec<String>,
}

/// What to do.
#[derive(Debug)]
pub enum Job {
    /// Compare a site with the record and invalidate the difference.
    Deploy(Box<Deploy>),
    /// Invalidate what the user lists.
    Explicit(Explicit),
}

/// A deploy of a site.
#[derive(Debug)]
pub struct Deploy {
    /// The site: a directory or a listing file.
    pub site: PathBuf,
    /// Where the record is; `None` for a trial with `previous`.
    pub manifest: Option<Location>,
    /// What to compare with instead of a record.
    pub previous: Option<PathBuf>,
    /// Which files belong to the site.
    pub filter: Filter,
    /// The settings as the record keeps them.
    pub scope: Scope,
    /// The same settings as viewer paths need them.
    pub mount: Mount,
    /// How many patterns a plan may have.
    pub budget: Budget,
    /// When to collapse.
    pub collapse: Collapse,
    /// Patterns of every deploy with changes.
    pub always_invalidate: Vec<Pattern>,
    /// Patterns of deploys in which a matching file is stale.
    pub on_change: Vec<OnChange>,
    /// Patterns that no wildcard may touch.
    pub protect: Vec<Pattern>,
    /// Cache tags that join a plan that is not empty.
    pub tags_on_change: Vec<Pattern>,
    /// What to do without a record.
    pub on_missing: OnMissing,
    /// Ignore what is remembered.
    pub flush: bool,
    /// The whole run, or its beginning before the upload.
    pub phase: Phase,
    /// Accept a site without files.
    pub allow_empty: bool,
    /// Where to write the site's listing.
    pub write_listing: Option<PathBuf>,
}

/// An `on-change` line.
#[derive(Debug)]
pub struct OnChange {
    /// Which site paths it watches.
    pub glob: GlobMatcher,
    /// What it invalidates.
    pub pattern: Pattern,
}

/// An explicit list of patterns, in the order given, each once.
#[derive(Debug)]
pub struct Explicit {
    /// The patterns.
    pub patterns: Vec<Pattern>,
    /// The caller reference to send, if the user chose one.
    pub caller_reference: Option<String>,
}

/// What to do without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissing {
    /// Invalidate everything.
    Flush,
    /// Stop.
    Fail,
    /// Take the site as it is for the baseline.
    Adopt,
}

/// Which part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// All of it.
    All,
    /// Record the intent and stop: before an upload.
    Begin,
}

/// Waiting for completion.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// Whether to.
    pub enabled: bool,
    /// How long.
    pub timeout: Duration,
    /// Whether running out of time is a failure.
    pub fail: bool,
}

/// How much the summary says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryStyle {
    /// Everything.
    Full,
    /// The headline and the numbers.
    Compact,
    /// Nothing.
    None,
}

/// How to tell about the run.
#[derive(Clone, Debug)]
pub struct Reporting {
    /// Where the JSON report goes as well.
    pub report_file: Option<PathBuf>,
    /// Where the Markdown summary goes as well.
    pub summary_file: Option<PathBuf>,
    /// How much the summary says.
    pub summary: SummaryStyle,
    /// Whether standard output holds the JSON report instead of the log.
    pub json: bool,
    /// Say more.
    pub verbose: bool,
    /// Say nothing but warnings and errors.
    pub quiet: bool,
}

impl Default for Reporting {
    fn default() -> Self {
        Reporting {
            report_file: None,
            summary_file: None,
            summary: SummaryStyle::Full,
            json: false,
            verbose: false,
            quiet: false,
        }
    }
}

/// How to reach AWS, as far as flags say; the environment says the rest.
#[derive(Clone, Debug, Default)]
pub struct AwsSettings {
    /// `--endpoint-url`.
    pub endpoint_url: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, which beats the flag for S3 alone.
    pub s3_endpoint_url: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--ca-bundle` or `AWS_CA_BUNDLE`.
    pub ca_bundle: Option<PathBuf>,
    /// `--connect-timeout`.
    pub connect_timeout: Duration,
    /// `--read-timeout`.
    pub read_timeout: Duration,
}

/// What else decides how inputs are understood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// Whether this is a job on GitHub, whose machine forgets local files.
    pub on_github: bool,
    /// `AWS_CA_BUNDLE`.
    pub ca_bundle: Option<&'a str>,
    /// `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<&'a str>,
    /// `AWS_ENDPOINT_URL_CLOUDFRONT`.
    pub cloudfront_endpoint_url: Option<&'a str>,
    /// `AWS_ENDPOINT_URL_S3`.
    pub s3_endpoint_url: Option<&'a str>,
}

/// Why there are no [`Inputs`].
#[derive(Debug)]
pub enum NoInputs {
    /// `--help` or `--version`: print this.
    CommandLine(clap::Error),
    /// Bad inputs, all of them.
    Bad(Failure),
}

/// Gathers and checks all inputs. `read` reads the files that inputs name (`-` is standard input).
///
/// # Errors
/// All that is wrong, in one failure.
pub fn parse(
    arguments: &[OsString],
    variables: &BTreeMap<OsString, OsString>,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Result<Inputs, NoInputs> {
    let values = Values::gather(arguments, variables).map_err(NoInputs::CommandLine)?;
    let variable = |name: &str| {
        variables
            .get(&OsString::from(name))
            .and_then(|text| text.to_str())
            .filter(|t| !t.is_empty())
    };
    let surroundings = Surroundings {
        on_github: variable("GITHUB_ACTIONS") == Some("true"),
        ca_bundle: variable("AWS_CA_BUNDLE"),
        endpoint_url: variable("AWS_ENDPOINT_URL"),
        cloudfront_endpoint_url: variable("AWS_ENDPOINT_URL_CLOUDFRONT"),
        s3_endpoint_url: variable("AWS_ENDPOINT_URL_S3"),
    };
    from_values(&values, surroundings, read).map_err(NoInputs::Bad)
}

/// Checks gathered values.
///
/// # Errors
/// All that is wrong, in one failure.
pub fn from_values(
    values: &Values,
    surroundings: Surroundings,
    read: &dyn Fn(&Path) -> std::io::Result<String>,
) -> Result<Inputs, Failure> {
    let mut check = Check::new(values);
    check.sources();
    let targets = check.targets();
    let dry_run = check.boolean("dry-run");
    let job = check.job(&targets, dry_run, surroundings, read);
    let wait = Wait {
        enabled: check.boolean("wait"),
        timeout: check.duration("wait-timeout"),
        fail: check.choice("wait-timeout-action", &[("warn", false), ("fail", true)]),
    };
    let quota_timeout = check.duration("quota-timeout");
    let reporting = check.reporting();
    let aws = check.aws(surroundings);
    let warnings = check.finish()?;
    let job = job.ok_or_else(|| Failure::new(Code::BadInputs, "there is nothing to do"))?;
    Ok(Inputs {
        job,
        targets,
        dry_run,
        wait,
        quota_timeout,
        reporting,
        aws,
        warnings,
    })
}

/// How to tell that inputs are bad: as far as those that say so are good.
#[must_use]
pub fn reporting(arguments: &[OsString], variables: &BTreeMap<OsString, OsString>) -> Reporting {
    let Ok(values) = Values::gather(arguments, variables) else {
        return Reporting::default();
    };
    Check::new(&values).reporting()
}

/// The inputs that name targets.
const TARGETS: [&str; 3] = [
    "distribution-id",
    "distribution-tenant-id",
    "distribution-alias",
];

/// The inputs that make a run an explicit one.
const EXPLICIT: [&str; 4] = ["paths", "paths-from", "tags", "invalidation-batch"];

impl Check<'_> {
    fn reporting(&mut self) -> Reporting {
        Reporting {
            report_file: self.values.given("report-file").map(PathBuf::from),
            summary_file: self.values.given("summary-file").map(PathBuf::from),
            summary: self.choice(
                "summary",
                &[
                    ("full", SummaryStyle::Full),
                    ("compact", SummaryStyle::Compact),
                    ("none", SummaryStyle::None),
                ],
            ),
            json: self.choice("output", &[("text", false), ("json", true)]),
            verbose: self.boolean("verbose"),
            quiet: self.boolean("quiet"),
        }
    }

    fn targets(&mut self) -> Vec<Target> {
        let [distributions, tenants, aliases] = TARGETS;
        let mut targets = Vec::new();
        for (name, parse) in [
            (
                distributions,
                Target::distribution as fn(&str) -> Result<Target, String>,
            ),
            (tenants, Target::tenant),
            (aliases, Target::alias),
        ] {
            let items = self.items(name);
            targets.extend(self.each(name, &items, parse));
        }
        unique(targets, Clone::clone)
    }

    fn need_targets(&mut self, targets: &[Target], dry_run: bool) {
        // One that can't be read was meant as one, and is said to be wrong already.
        let given = TARGETS
            .iter()
            .any(|name| !matches!(self.values.items(name)[..], [] | ["none"]));
        if targets.is_empty() && !given && !dry_run {
            self.problem(
                "distribution-id",
                "is required: the id of the CloudFront distribution, such as E2EXAMPLE1",
            );
        }
    }

    fn aws(&mut self, surroundings: Surroundings) -> AwsSettings {
        let given = |name| self.values.given(name).map(str::to_owned);
        let settings = AwsSettings {
            endpoint_url: given("endpoint-url"),
            s3_endpoint_url: surroundings.s3_endpoint_url.map(str::to_owned),
            profile: given("profile"),
            region: given("region"),
            ca_bundle: self
                .values
                .given("ca-bundle")
                .or(surroundings.ca_bundle)
                .map(PathBuf::from),
            connect_timeout: self.call_timeout("connect-timeout"),
            read_timeout: self.call_timeout("read-timeout"),
        };
        let flag = self.values.given("endpoint-url");
        // What the flag beats is not used, and may be anything.
        let unless_beaten = |url| if flag.is_some() { None } else { url };
        for (name, url) in [
            ("endpoint-url", flag),
            ("AWS_ENDPOINT_URL", unless_beaten(surroundings.endpoint_url)),
            (
                "AWS_ENDPOINT_URL_CLOUDFRONT",
                unless_beaten(surroundings.cloudfront_endpoint_url),
            ),
            ("AWS_ENDPOINT_URL_S3", surroundings.s3_endpoint_url),
        ] {
            if let Some(Err(what)) = url.map(check_url) {
                self.problem(name, what);
            }
        }
        settings
    }

    /// The inputs given that make the run an explicit one.
    fn explicit_inputs(&self) -> Vec<&'static str> {
        let mut names = EXPLICIT.to_vec();
        names.retain(|name| self.values.given(name).is_some());
        names
    }

    fn job(
        &mut self,
        targets: &[Target],
        dry_run: bool,
        surroundings: Surroundings,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Option<Job> {
        let explicit = self.explicit_inputs();
        let site = self.values.given("site");
        match (site, explicit.as_slice()) {
            (None, []) => {
                self.problem("site", "is required: the directory of the built site (or give `paths`, `paths-from` or `tags` to invalidate a list)");
                // The rest is checked as if there were one, so that all is said at once.
                self.deploy(PathBuf::new(), targets, dry_run, surroundings);
                None
            }
            (Some(_), names) if !names.is_empty() => {
                let verb = if names.len() == 1 { "does" } else { "do" };
                self.problem(
                    &names.join("`, `"),
                    format_args!("{verb} not go with `site`: either a site is compared with its record, or a list is invalidated as given"),
                );
                // Neither is the one that was meant, so both are looked at.
                self.deploy(PathBuf::new(), targets, dry_run, surroundings);
                self.explicit(names, read);
                None
            }
            (Some(site), _) => {
                self.refuse_unless_explicit();
                let deploy = self.deploy(site.into(), targets, dry_run, surroundings);
                Some(Job::Deploy(Box::new(deploy)))
            }
            (None, names) => {
                self.need_targets(targets, dry_run);
                self.refuse_deploys_own(names[0]);
                Some(Job::Explicit(self.explicit(names, read)))
            }
        }
    }
}

/// Checks what is to be the URL of an endpoint.
///
/// # Errors
/// Says what is wrong with it; the SDK would show the whole request instead.
fn check_url(url: &str) -> Result<(), String> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .ok_or_else(|| format!("`{url}` does not begin with http:// or https://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let address = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match address.rsplit_once(':') {
        // The colons of `[::1]` lead to no port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    let sound = !host.is_empty()
        && url.chars().all(|c| c.is_ascii_graphic())
        && port.is_none_or(|port| port.parse::<u16>().is_ok());
    if sound {
        Ok(())
    } else {
        Err(format!(
            "`{url}` is not the URL of an endpoint, such as https://localhost:4566"
        ))
    }
}
