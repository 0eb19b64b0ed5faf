//! The log: a few lines that read well in a CI log, and the runner's commands.

use std::io::Write;
use std::sync::{Arc, Mutex};

use anstyle::{AnsiColor, Style};

use crate::github::{escape_data, escape_property, harmless};
use crate::report::{ErrorReport, Mode, Report, count, thousands};

/// How much is said, and in whose language.
#[derive(Clone, Copy, Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on one another"
)]
pub struct Voice {
    /// Speak the commands of GitHub's runner: groups and annotations.
    pub github: bool,
    /// Say more.
    pub verbose: bool,
    /// Say nothing but warnings and errors.
    pub quiet: bool,
    /// Use colours.
    pub colour: bool,
}

/// Where log lines go. Cheap to clone; lines of several holders never mix.
#[derive(Clone)]
pub struct Log {
    voice: Voice,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("voice", &self.voice)
            .finish_non_exhaustive()
    }
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

impl Log {
    /// A log that writes to `writer`.
    #[must_use]
    pub fn new(voice: Voice, writer: Box<dyn Write + Send>) -> Self {
        Log {
            voice,
            writer: Arc::new(Mutex::new(writer)),
        }
    }

    /// A log that nobody reads.
    #[must_use]
    pub fn silent() -> Self {
        Log::new(
            Voice {
                quiet: true,
                ..Voice::default()
            },
            Box::new(std::io::sink()),
        )
    }

    /// One line that most people want to read.
    pub fn line(&self, text: &str) {
        if !self.voice.quiet {
            self.write(&harmless(text));
        }
    }

    /// The line of the run: what it comes down to.
    pub fn headline(&self, text: &str) {
        if !self.voice.quiet {
            self.write(&self.paint(BOLD, &harmless(text)));
        }
    }

    /// One line for those who asked for more.
    pub fn detail(&self, text: &str) {
        if self.voice.verbose && !self.voice.quiet {
            self.write(&self.paint(DIM, &harmless(text)));
        }
    }

    /// Lines that are folded on GitHub and shown as a list elsewhere.
    pub fn group<'a>(&self, title: &str, lines: impl Iterator<Item = &'a str>) {
        if self.voice.quiet {
            return;
        }
        if self.voice.github {
            self.write(&format!("::group::{}", escape_data(title)));
        } else {
            self.write(&format!("{}:", harmless(title)));
        }
        for line in lines {
            // A list item can't begin a line with `::`.
            self.write(&format!("  - {}", harmless(line)));
        }
        if self.voice.github {
            self.write("::endgroup::");
        }
    }

    /// Something the user should know though nothing failed.
    pub fn warning(&self, text: &str) {
        if self.voice.github {
            self.write(&format!(
                "::warning title=cloudfront-delta::{}",
                escape_data(text)
            ));
        } else {
            self.write(&format!(
                "{} {}",
                self.paint(YELLOW, "warning:"),
                harmless(text)
            ));
        }
    }

    /// The failure that ends the run: what happened, what state things are in, what to do.
    pub fn error(&self, error: &ErrorReport) {
        let mut text = error.message.clone();
        if let Some(state) = &error.state {
            text.push_str("\n\nstate: ");
            text.push_str(state);
        }
        if let Some(hint) = &error.hint {
            text.push_str("\n\nhint: ");
            text.push_str(hint);
        }
        if self.voice.github {
            let title = escape_property(&format!("cloudfront-delta: {}", error.code));
            self.write(&format!("::error title={title}::{}", escape_data(&text)));
            return;
        }
        let head = self.paint(RED, &format!("error[{}]:", error.code));
        let mut lines = text.lines();
        self.write(&format!(
            "{head} {}",
            harmless(lines.next().unwrap_or_default())
        ));
        for line in lines {
            self.write(&harmless(line));
        }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.voice.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A log that can't be written is no reason to fail a deploy.
    fn write(&self, line: &str) {
        if let Ok(mut writer) = self.writer.lock() {
            let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
        }
    }
}

/// The title of the list of paths.
pub const PATHS: &str = "paths to invalidate";

/// Says what the plan is and why, in a few lines.
pub fn describe_plan(log: &Log, report: &Report) {
    let files = report.files;
    let changed = files.added + files.modified + files.removed;
    if report.mode != Mode::FirstDeploy {
        let unsettled = match files.unsettled {
            0 => String::new(),
            number => format!(
                ", and {} of a run that was not finished",
                count(number, "file")
            ),
        };
        log.line(&format!(
            "{} changed: {} added, {} modified, {} removed{unsettled}",
            count(changed, "file"),
            thousands(files.added),
            thousands(files.modified),
            thousands(files.removed)
        ));
    }
    let Some(plan) = &report.plan else { return };
    log.headline(&headline(report));
    if let Some(reason) = &report.reason {
        log.line(&format!("why: {reason}"));
    }
    for cover in &plan.covers {
        if report.mode == Mode::Delta {
            log.line(&format!("  {cover}"));
        }
        for (kind, examples) in [
            ("stale", &cover.stale_examples),
            ("evicted", &cover.kept_examples),
        ] {
            for example in examples {
                log.detail(&format!("    {kind}: {example}"));
            }
        }
    }
    log.line(&format!(
        "cost: at most {} USD, nothing within the 1,000 paths that an account has free each month",
        plan.max_cost_usd
    ));
    log.group(PATHS, plan.paths.iter().map(String::as_str));
}

/// What the run comes down to, in one sentence.
#[must_use]
pub fn headline(report: &Report) -> String {
    let Some(plan) = &report.plan else {
        return "the run ended before there was a plan".to_owned();
    };
    let paths = match (plan.path_count, plan.wildcard_count) {
        (paths, 0) => count(paths, "path"),
        (paths, wildcards) if paths == wildcards => count(paths, "wildcard"),
        (paths, wildcards) => {
            format!(
                "{}, {} among them,",
                count(paths, "path"),
                count(wildcards, "wildcard")
            )
        }
    };
    let would = match (report.dry_run, plan.path_count) {
        (true, _) => "would cover",
        (false, 1) => "covers",
        (false, _) => "cover",
    };
    match report.mode {
        Mode::Unchanged => "nothing changed: nothing to invalidate".to_owned(),
        Mode::Delta => {
            let stale = count(plan.stale, "stale viewer path");
            match plan.over_invalidated + plan.over_invalidated_by_given {
                0 => format!("{paths} {would} {stale} and nothing else"),
                1 => format!("{paths} {would} {stale}; 1 kept path is evicted for nothing"),
                kept => {
                    let kept = count(kept, "kept path");
                    format!("{paths} {would} {stale}; {kept} are evicted for nothing")
                }
            }
        }
        Mode::Explicit => format!("{}, as given", paths.trim_end_matches(',')),
        Mode::FirstDeploy if plan.path_count == 0 => {
            "the site is the baseline from now on".to_owned()
        }
        _ => format!("{paths} {would} everything"),
    }
}
