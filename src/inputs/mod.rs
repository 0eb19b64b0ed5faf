//! What the user asked for: flags and variables, checked as a whole.
//!
//! Every bad input is reported in one go, because each round trip through CI costs minutes.

mod table;
mod values;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::time::Duration;

use globset::GlobMatcher;

use crate::changes::Added;
use crate::failure::{Code, Failure};
use crate::pattern::{Pattern, Widen};
use crate::plan::{Budget, Collapse};
use crate::record::Scope;
use crate::scan::Filter;
use crate::store::Location;
use crate::target::Target;
use crate::viewer::{Aliases, Mount, PathPrefix};

pub use table::{INPUTS, Input, Kind};
pub use values::{Values, command};

/// Most wildcards that a plan may have: CloudFront's quota of wildcards in progress.
const MAX_WILDCARDS: usize = 15;

/// Longest caller reference that CloudFront is known to take, in characters.
const MAX_REFERENCE: usize = 128;

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
    /// `AWS_ENDPOINT_URL_S3`.
    pub s3_endpoint_url: Option<&'a str>,
}

/// Why there are no [`Inputs`].
#[derive(Debug)]
pub enum NoInputs {
    /// `--help` or `--version`, or a command line that `clap` refuses: print this.
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
    let mut check = Check {
        values,
        problems: Vec::new(),
    };
    for variable in &values.not_utf8 {
        check.problem(variable, "the text is not UTF-8");
    }
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
    let warnings = values
        .unknown
        .iter()
        .map(|variable| format!("the variable `{variable}` is no input of this program"))
        .collect();
    match (job, check.finish()) {
        (_, Err(failure)) => Err(failure),
        (None, Ok(())) => Err(Failure::new(Code::BadInputs, "there is nothing to do")),
        (Some(job), Ok(())) => Ok(Inputs {
            job,
            targets,
            dry_run,
            wait,
            quota_timeout,
            reporting,
            aws,
            warnings,
        }),
    }
}

/// How to tell that inputs are bad: as far as those that say so are good.
#[must_use]
pub fn reporting(arguments: &[OsString], variables: &BTreeMap<OsString, OsString>) -> Reporting {
    let Ok(values) = Values::gather(arguments, variables) else {
        return Reporting::default();
    };
    let mut check = Check {
        values: &values,
        problems: Vec::new(),
    };
    check.reporting()
}

/// Collects what is wrong while it reads the values; a value that can't be read becomes a default,
/// so that the rest is checked too.
struct Check<'a> {
    values: &'a Values,
    problems: Vec<String>,
}

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

    fn problem(&mut self, name: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("`{name}`: {what}"));
    }

    fn finish(self) -> Result<(), Failure> {
        let what = match self.problems.as_slice() {
            [] => return Ok(()),
            [problem] => format!("bad input {problem}"),
            problems => {
                format!(
                    "{} bad inputs:\n- {}",
                    problems.len(),
                    problems.join("\n- ")
                )
            }
        };
        Err(Failure::new(Code::BadInputs, what)
            .hint("nothing was read or sent; `--help` and the README list every input"))
    }

    fn boolean(&mut self, name: &str) -> bool {
        match self.values.text(name) {
            "true" | "True" | "TRUE" => true,
            "false" | "False" | "FALSE" => false,
            other => {
                self.problem(name, format_args!("`{other}` is neither true nor false"));
                false
            }
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
        let text = self.values.text(name);
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == text) {
            return *value;
        }
        let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        self.problem(
            name,
            format_args!("`{text}` is none of {}", names.join(", ")),
        );
        choices[0].1
    }

    fn number(&mut self, name: &str, least: usize, most: usize) -> usize {
        let text = self.values.text(name);
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let what = format_args!("`{text}` is not a whole number from {least} to {most}");
                self.problem(name, what);
                least
            }
        }
    }

    /// `90`, `90s`, `10m`, `1h 30m`.
    fn duration(&mut self, name: &str) -> Duration {
        let text = self.values.text(name);
        let seconds = text.parse().map(Duration::from_secs).ok();
        seconds
            .or_else(|| humantime::parse_duration(text).ok())
            .unwrap_or_else(|| {
                self.problem(
                    name,
                    format_args!("`{text}` is not a duration such as 90, 90s or 10m"),
                );
                Duration::ZERO
            })
    }

    fn patterns(&mut self, name: &str, widen: Widen) -> Vec<Pattern> {
        let items = self.values.items(name);
        self.each(name, &items, |item| {
            Pattern::parse(item, widen).map_err(|e| e.to_string())
        })
    }

    fn tags(&mut self, name: &str) -> Vec<Pattern> {
        let items = self.values.items(name);
        self.each(name, &items, |item| {
            Pattern::parse_tag(item).map_err(|e| e.to_string())
        })
    }

    /// Parses each item, drops repeated ones, and collects every problem.
    fn each<T: Clone + Eq + Hash>(
        &mut self,
        name: &str,
        items: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut parsed: Vec<T> = Vec::with_capacity(items.len());
        let mut seen = HashSet::new();
        for item in items {
            match parse(item) {
                Ok(value) if seen.insert(value.clone()) => parsed.push(value),
                Ok(_) => {}
                Err(what) => self.problem(name, what),
            }
        }
        parsed
    }

    fn targets(&mut self) -> Vec<Target> {
        let values = self.values;
        let items = |name| values.items(name);
        let mut targets = self.each(
            "distribution-id",
            &items("distribution-id"),
            Target::distribution,
        );
        let name = "distribution-tenant-id";
        targets.extend(self.each(name, &items(name), Target::tenant));
        let name = "distribution-alias";
        targets.extend(self.each(name, &items(name), Target::alias));
        targets
    }

    fn aws(&mut self, surroundings: Surroundings) -> AwsSettings {
        let given = |name| self.values.given(name).map(str::to_owned);
        let endpoint_url = given("endpoint-url");
        if let Some(url) = &endpoint_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            let what = format!("`{url}` does not begin with http:// or https://");
            self.problem("endpoint-url", what);
        }
        AwsSettings {
            endpoint_url,
            s3_endpoint_url: surroundings.s3_endpoint_url.map(str::to_owned),
            profile: self.values.given("profile").map(str::to_owned),
            region: self.values.given("region").map(str::to_owned),
            ca_bundle: self
                .values
                .given("ca-bundle")
                .or(surroundings.ca_bundle)
                .map(PathBuf::from),
            connect_timeout: self.duration("connect-timeout"),
            read_timeout: self.duration("read-timeout"),
        }
    }

    fn job(
        &mut self,
        targets: &[Target],
        dry_run: bool,
        surroundings: Surroundings,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Option<Job> {
        const EXPLICIT: [&str; 4] = ["paths", "paths-from", "tags", "invalidation-batch"];
        let explicit: Vec<_> = EXPLICIT
            .into_iter()
            .filter(|name| self.values.given(name).is_some())
            .collect();
        let site = self.values.given("site");
        match (site, explicit.as_slice()) {
            (None, []) => {
                self.problem("site", "is required: the directory of the built site (or give `paths`, `paths-from` or `tags` to invalidate a list)");
                // The rest is checked as if there were one, so that all is said at once.
                self.deploy(PathBuf::new(), targets, dry_run, surroundings);
                None
            }
            (Some(_), [name, ..]) => {
                self.problem(name, "does not go with `site`: either a site is compared with its record, or a list is invalidated as given");
                None
            }
            (Some(site), []) => {
                let site = PathBuf::from(site);
                Some(Job::Deploy(Box::new(self.deploy(
                    site,
                    targets,
                    dry_run,
                    surroundings,
                ))))
            }
            (None, names) => {
                self.need_targets(targets, dry_run);
                Some(Job::Explicit(self.explicit(names, read)))
            }
        }
    }

    fn need_targets(&mut self, targets: &[Target], dry_run: bool) {
        let tried = [
            "distribution-id",
            "distribution-tenant-id",
            "distribution-alias",
        ];
        let given = tried.iter().any(|name| self.values.given(name).is_some());
        if targets.is_empty() && !given && !dry_run {
            self.problem(
                "distribution-id",
                "is required: the id of the CloudFront distribution, such as E2EXAMPLE1",
            );
        }
    }

    fn deploy(
        &mut self,
        site: PathBuf,
        targets: &[Target],
        dry_run: bool,
        surroundings: Surroundings,
    ) -> Deploy {
        for name in ["widen", "caller-reference"] {
            if self.values.given(name).is_some_and(|text| text != "false") {
                self.problem(name, "goes with `paths` or `paths-from`, not with `site`");
            }
        }
        let write_listing = self.values.given("write-listing").map(PathBuf::from);
        let previous = self.values.given("previous").map(PathBuf::from);
        if previous.is_some() && !dry_run {
            self.problem(
                "previous",
                "goes with `dry-run: true` only: a real run compares with its record",
            );
        }
        let mut scope = self.scope();
        let filter = Filter::new(&scope.include, &scope.exclude).unwrap_or_else(|error| {
            // Which of the two it was is in the error: globset names the glob.
            self.problem("include` or `exclude", error);
            Filter::default()
        });
        let mount = self.mount(&scope);
        // The record compares what was meant, not how it was written.
        mount.prefix.as_str().clone_into(&mut scope.path_prefix);
        let listing_only = write_listing.is_some() && targets.is_empty();
        if !listing_only && previous.is_none() {
            self.need_targets(targets, dry_run);
        }
        let manifest = if previous.is_some() || listing_only {
            None
        } else {
            self.manifest(targets, &scope, surroundings)
        };
        let phase = self.choice("phase", &[("all", Phase::All), ("begin", Phase::Begin)]);
        let budget = Budget {
            max_paths: self.number("max-paths", 1, 1_000_000),
            max_wildcards: self.number("max-wildcards", 0, MAX_WILDCARDS),
        };
        let protect = self.patterns("protect", Widen::No);
        let always_invalidate = self.patterns("always-invalidate", Widen::No);
        let on_change = self.on_change();
        Deploy {
            site,
            manifest,
            previous,
            filter,
            mount,
            scope,
            budget,
            collapse: self.choice(
                "collapse",
                &[
                    ("over-budget", Collapse::OverBudget),
                    ("always", Collapse::Always),
                    ("never", Collapse::Never),
                ],
            ),
            always_invalidate,
            on_change,
            protect,
            tags_on_change: self.tags("tags-on-change"),
            on_missing: self.choice(
                "on-missing-manifest",
                &[
                    ("flush", OnMissing::Flush),
                    ("fail", OnMissing::Fail),
                    ("adopt", OnMissing::Adopt),
                ],
            ),
            flush: self.boolean("flush"),
            phase,
            allow_empty: self.boolean("allow-empty"),
            write_listing,
        }
    }

    fn scope(&mut self) -> Scope {
        let list = |name| {
            self.values
                .items(name)
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        let mut scope = Scope {
            path_prefix: String::new(),
            index_documents: list("index-documents"),
            aliases: list("aliases"),
            include: list("include"),
            exclude: list("exclude"),
            revision: self.values.text("revision").to_owned(),
            query_strings: false,
            added: Added::Invalidate,
        };
        scope.query_strings = self.boolean("query-strings");
        scope.added = self.choice(
            "added",
            &[("invalidate", Added::Invalidate), ("skip", Added::Skip)],
        );
        for name in &scope.index_documents {
            if name.contains('/') {
                self.problem(
                    "index-documents",
                    format_args!("`{name}` is a path, not a file name"),
                );
            }
        }
        scope.path_prefix = self.values.text("path-prefix").to_owned();
        // The record compares sets: the order in which a user writes them means nothing.
        for list in [&mut scope.aliases, &mut scope.index_documents] {
            list.sort_unstable();
            list.dedup();
        }
        scope
    }

    fn mount(&mut self, scope: &Scope) -> Mount {
        let has = |alias: &str| scope.aliases.iter().any(|name| name == alias);
        let aliases = Aliases {
            slash: has("slash"),
            bare: has("bare"),
            extensionless: has("extensionless"),
        };
        for name in &scope.aliases {
            if !["slash", "bare", "extensionless"].contains(&name.as_str()) {
                let what = format_args!("`{name}` is none of slash, bare, extensionless, none");
                self.problem("aliases", what);
            }
        }
        let prefix = PathPrefix::parse(&scope.path_prefix).unwrap_or_else(|error| {
            self.problem("path-prefix", error);
            PathPrefix::default()
        });
        Mount {
            prefix,
            index_documents: scope.index_documents.clone(),
            aliases,
            query_strings: scope.query_strings,
        }
    }

    fn manifest(
        &mut self,
        targets: &[Target],
        scope: &Scope,
        surroundings: Surroundings,
    ) -> Option<Location> {
        let Some(text) = self.values.given("manifest") else {
            if surroundings.on_github {
                self.problem(
                    "manifest",
                    "is required on GitHub, whose machine forgets local files; paste these two lines below `with:` and name your bucket:\n    manifest: s3://YOUR-BUCKET/cloudfront-delta/\n    on-missing-manifest: flush",
                );
                return None;
            }
            return Some(Location::default());
        };
        match Location::parse(text, targets, &scope.path_prefix) {
            Ok(location) => Some(location),
            Err(what) => {
                self.problem("manifest", what);
                None
            }
        }
    }

    fn on_change(&mut self) -> Vec<OnChange> {
        let mut lines = Vec::new();
        for item in self.values.items("on-change") {
            let Some((glob, pattern)) = item.rsplit_once("=>") else {
                let what = format_args!("`{item}` is not of the form `glob => pattern`");
                self.problem("on-change", what);
                continue;
            };
            match (
                crate::scan::glob(glob.trim()),
                Pattern::parse(pattern.trim(), Widen::No),
            ) {
                (Ok(glob), Ok(pattern)) => lines.push(OnChange { glob, pattern }),
                (glob, pattern) => {
                    if let Err(error) = glob {
                        self.problem("on-change", error);
                    }
                    if let Err(error) = pattern {
                        self.problem("on-change", error);
                    }
                }
            }
        }
        lines
    }

    fn explicit(
        &mut self,
        names: &[&str],
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Explicit {
        const DEPLOY_ONLY: [&str; 12] = [
            "previous",
            "always-invalidate",
            "on-change",
            "protect",
            "flush",
            "phase",
            "tags-on-change",
            "write-listing",
            "collapse",
            "include",
            "exclude",
            "on-missing-manifest",
        ];
        for name in DEPLOY_ONLY {
            let default = table::find(name).map_or("", |input| input.default);
            if self.values.given(name).is_some_and(|text| text != default) {
                self.problem(
                    name,
                    format_args!("goes with `site`, not with `{}`", names[0]),
                );
            }
        }
        let widen = if self.boolean("widen") {
            Widen::Yes
        } else {
            Widen::No
        };
        let mut patterns = self.patterns("paths", widen);
        let mut caller_reference = self.values.given("caller-reference").map(str::to_owned);
        if let Some(path) = self.values.given("paths-from") {
            match read(Path::new(path)) {
                Ok(text) => {
                    let lines: Vec<_> = text
                        .lines()
                        .map(str::trim)
                        .filter(|line| !line.is_empty())
                        .collect();
                    let parse = |item: &str| Pattern::parse(item, widen).map_err(|e| e.to_string());
                    patterns.extend(self.each("paths-from", &lines, parse));
                }
                Err(error) => {
                    self.problem("paths-from", format_args!("can't read `{path}`: {error}"));
                }
            }
        }
        if let Some(path) = self.values.given("invalidation-batch") {
            let batch = read(Path::new(path.strip_prefix("file://").unwrap_or(path)))
                .map_err(|error| format!("can't read `{path}`: {error}"))
                .and_then(|text| InvalidationBatch::parse(&text));
            match batch {
                Ok(batch) => {
                    let items: Vec<_> = batch.items.iter().map(String::as_str).collect();
                    let parse = |item: &str| match item.strip_prefix('#') {
                        Some(_) => Pattern::parse_tag(item).map_err(|e| e.to_string()),
                        None => Pattern::parse(item, widen).map_err(|e| e.to_string()),
                    };
                    patterns.extend(self.each("invalidation-batch", &items, parse));
                    caller_reference = caller_reference.or(batch.caller_reference);
                }
                Err(what) => self.problem("invalidation-batch", what),
            }
        }
        patterns.extend(self.tags("tags"));
        // What several inputs name is paid once.
        let mut seen = HashSet::new();
        patterns.retain(|pattern| seen.insert(pattern.clone()));
        if widen == Widen::Yes {
            drop_covered(&mut patterns);
        }
        if patterns.is_empty() && self.problems.is_empty() {
            self.problem(names[0], "names nothing to invalidate");
        }
        if let Some(reference) = &caller_reference {
            if reference.chars().count() > MAX_REFERENCE {
                let what = format_args!("is longer than {MAX_REFERENCE} characters");
                self.problem("caller-reference", what);
            }
            if crate::batch::ordered_batches(&patterns).len() > 1 {
                self.problem(
                    "caller-reference",
                    "goes with one batch only: at most 3,000 files and 15 wildcards",
                );
            }
        }
        Explicit {
            patterns,
            caller_reference,
        }
    }
}

/// Drops each pattern that a wildcard beside it covers: widening makes such, and they would cost.
fn drop_covered(patterns: &mut Vec<Pattern>) {
    let wildcards: Vec<_> = patterns
        .iter()
        .filter(|p| p.is_wildcard())
        .cloned()
        .collect();
    patterns.retain(|pattern| {
        let text = pattern.prefix().unwrap_or(pattern.as_str());
        !wildcards.iter().any(|wildcard| {
            wildcard != pattern
                && wildcard
                    .prefix()
                    .is_some_and(|prefix| text.starts_with(prefix))
        })
    });
}

/// The AWS CLI's `--invalidation-batch` file.
struct InvalidationBatch {
    items: Vec<String>,
    caller_reference: Option<String>,
}

impl InvalidationBatch {
    fn parse(text: &str) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "PascalCase")]
        struct Paths {
            quantity: usize,
            items: Vec<String>,
        }
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "PascalCase")]
        struct Batch {
            paths: Paths,
            caller_reference: Option<String>,
        }
        let batch: Batch = serde_json::from_str(text)
            .map_err(|error| format!("is not the AWS CLI's JSON: {error}"))?;
        let (said, found) = (batch.paths.quantity, batch.paths.items.len());
        if said != found {
            return Err(format!("`Quantity` says {said}, but `Items` has {found}"));
        }
        Ok(InvalidationBatch {
            items: batch.paths.items,
            caller_reference: batch.caller_reference,
        })
    }
}
