//! The binary: what surrounds a run, and the exit status.
#![allow(
    clippy::disallowed_methods,
    reason = "this is where the environment, standard streams and the files that inputs name come in"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cloudfront_delta::failure::{Code, Failure};
use cloudfront_delta::github::Github;
use cloudfront_delta::host::{Host, Interrupt};
use cloudfront_delta::inputs::{self, Inputs, NoInputs, Reporting};
use cloudfront_delta::report::log::{Log, Voice};
use cloudfront_delta::report::{ErrorReport, Report, publish};
use cloudfront_delta::run::run_into;
use cloudfront_delta::submit::interrupted;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long a run may go on after a signal: a container gets 7.5 s from GitHub's runner, of which
/// writing the outputs takes a part.
const LAST_WORDS: Duration = Duration::from_millis(4_500);

fn main() -> ExitCode {
    let variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let github = Github::of(&variables);
    let inputs = match inputs::parse(&arguments, &variables, &read) {
        Ok(inputs) => inputs,
        Err(NoInputs::CommandLine(help)) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
        Err(NoInputs::Bad(failure)) => {
            let reporting = inputs::reporting(&arguments, &variables);
            let log = log(&github, &reporting, &variables);
            return finish(&github, &reporting, &log, Report::of_failure(&failure));
        }
    };
    let log = log(&github, &inputs.reporting, &variables);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let report = match runtime {
        Ok(runtime) => {
            let report = runtime.block_on(run_until_signal(&inputs, &github, &log, &variables));
            // A scan that a signal ended may still be reading; nobody waits for it.
            runtime.shutdown_background();
            report
        }
        Err(error) => Report::of_failure(
            &Failure::new(Code::Interrupted, "the async runtime could not start").because(error),
        ),
    };
    finish(&github, &inputs.reporting, &log, report)
}

/// Runs until done, or until a signal and a little longer.
async fn run_until_signal(
    inputs: &Inputs,
    github: &Github,
    log: &Log,
    variables: &BTreeMap<OsString, OsString>,
) -> Report {
    let (raise, interrupt) = Interrupt::channel();
    let ci = variables.contains_key(&OsString::from("CI")) || github.actions;
    let host = Host {
        github: github.clone(),
        log: log.clone(),
        progress: io::stderr().is_terminal() && !ci && !inputs.reporting.quiet,
        credentials: None,
        interrupt,
    };
    // Handlers first: PID 1 of a container ignores signals that it has none for.
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    let mut report = Report::default();
    let ended = tokio::select! {
        () = run_into(inputs, &host, &mut report) => true,
        () = last_words(signals, &raise, log) => false,
    };
    if !ended {
        let mut failure = interrupted();
        if report.manifest.is_none() {
            // What an explicit run leaves undone is not remembered.
            failure.hint = Some("run the job again with the paths that were not accepted".into());
        }
        report.error = Some(ErrorReport::of(&failure, Some(report.state())));
    }
    report
}

/// Raises the interrupt at the first signal; returns when the run has had its time.
async fn last_words(
    signals: (io::Result<Signal>, io::Result<Signal>),
    raise: &watch::Sender<bool>,
    log: &Log,
) {
    let (Ok(mut int), Ok(mut term)) = signals else {
        log.warning("signals can't be handled here: the run ends only by itself");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
    }
    log.line("a signal asks this run to end");
    let _ = raise.send(true);
    tokio::time::sleep(LAST_WORDS).await;
}

/// Writes outputs, summary and report, and makes the exit status.
fn finish(github: &Github, reporting: &Reporting, log: &Log, mut report: Report) -> ExitCode {
    publish::publish(github, reporting, log, &mut report);
    if let Some(error) = &report.error {
        log.error(error);
    }
    if reporting.json
        && let Err(error) = print(&report)
    {
        let what = format!("can't write the report to standard output: {error}");
        let failure = Failure::new(Code::OutputUnwritable, what)
            .hint("check what standard output leads to; `--report-file` writes the same to a file");
        log.error(&ErrorReport::of(&failure, Some(report.state())));
        return ExitCode::from(report.exit_status().max(failure.code.exit_status()));
    }
    ExitCode::from(report.exit_status())
}

/// Prints the report; what is asked for must not get lost unnoticed.
fn print(report: &Report) -> io::Result<()> {
    let json = report.to_json()?;
    let mut output = io::stdout();
    output.write_all(json.as_bytes())?;
    output.flush()
}

fn log(github: &Github, reporting: &Reporting, variables: &BTreeMap<OsString, OsString>) -> Log {
    // With JSON on standard output, people read the other one.
    let plain = variables
        .get(&OsString::from("NO_COLOR"))
        .is_some_and(|text| !text.is_empty());
    let terminal = if reporting.json {
        io::stderr().is_terminal()
    } else {
        io::stdout().is_terminal()
    };
    let voice = Voice {
        github: github.actions,
        verbose: reporting.verbose || github.debug,
        quiet: reporting.quiet,
        colour: terminal && !plain,
    };
    let writer: Box<dyn Write + Send> = if reporting.json {
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    };
    Log::new(voice, writer)
}

/// Reads a file that an input names; `-` is standard input.
fn read(path: &Path) -> io::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs_err::read_to_string(path)
}
