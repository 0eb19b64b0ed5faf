//! The two ways to run the product: through the library, and as the binary in an environment that
//! holds nothing but what the test says.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use cloudfront_delta::github::Github;
use cloudfront_delta::host::{Host, Interrupt};
use cloudfront_delta::inputs::{self, Inputs, NoInputs};
use cloudfront_delta::report::log::{Log, Voice};
use cloudfront_delta::report::{Report, publish};
use cloudfront_delta::run::run;

use crate::harness::Stage;

/// The access key of every run.
pub const ACCESS_KEY: &str = "AKIDEXAMPLE";

/// The secret that belongs to it.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI-EXAMPLE";

/// A run to be made.
pub struct Run<'a> {
    stage: &'a Stage,
    flags: BTreeMap<&'static str, String>,
    variables: BTreeMap<OsString, OsString>,
}

/// What a run through the library left.
pub struct Outcome {
    pub report: Report,
    /// The log, as it stands in CI.
    pub log: String,
}

impl<'a> Run<'a> {
    /// A run that knows only where the stand-in is.
    pub fn new(stage: &'a Stage) -> Self {
        let run = Self {
            stage,
            flags: BTreeMap::new(),
            variables: BTreeMap::new(),
        };
        // The region keeps the configuration of the developer's machine out.
        run.set("endpoint-url", stage.standin.endpoint())
            .set("region", "us-east-1")
            .variable("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .variable("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .variable("AWS_EC2_METADATA_DISABLED", "true")
            .variable("HOME", stage.name("home"))
    }

    /// Gives an input as a flag; the last one counts.
    pub fn set(mut self, input: &'static str, text: impl Into<String>) -> Self {
        self.flags.insert(input, text.into());
        self
    }

    /// Takes an input back.
    pub fn unset(mut self, input: &'static str) -> Self {
        self.flags.remove(input);
        self
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, text: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), text.into());
        self
    }

    /// Takes an environment variable back.
    pub fn without_variable(mut self, name: &str) -> Self {
        self.variables.remove(&OsString::from(name));
        self
    }

    /// Sets what GitHub's runner sets for a step.
    pub fn on_github(self) -> Self {
        let (workspace, output) = (self.stage.name("."), self.stage.name("output"));
        let summary = self.stage.name("step-summary.md");
        self.variable("GITHUB_ACTIONS", "true")
            .variable("GITHUB_WORKSPACE", workspace)
            .variable("GITHUB_OUTPUT", output)
            .variable("GITHUB_STEP_SUMMARY", summary)
    }

    fn flags(&self) -> impl Iterator<Item = OsString> {
        self.flags
            .iter()
            .map(|(name, text)| format!("--{name}={text}").into())
    }

    /// The checked inputs.
    pub fn inputs(&self) -> Result<Inputs, NoInputs> {
        let program = std::iter::once(OsString::from("cloudfront-delta"));
        let arguments: Vec<OsString> = program.chain(self.flags()).collect();
        inputs::parse(&arguments, &self.variables, &|path| {
            std::fs::read_to_string(path)
        })
    }

    /// Runs through the library, publishing included.
    #[track_caller]
    pub fn here(self) -> Outcome {
        let inputs = match self.inputs() {
            Ok(inputs) => inputs,
            Err(NoInputs::Bad(failure)) => panic!("{}", failure.what),
            Err(NoInputs::CommandLine(error)) => panic!("{error}"),
        };
        let github = Github::of(&self.variables);
        let lines = Lines::default();
        let voice = Voice {
            github: github.actions,
            ..Voice::default()
        };
        let log = Log::new(voice, Box::new(lines.clone()));
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
        let host = Host {
            github: github.clone(),
            log: log.clone(),
            progress: false,
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            interrupt: Interrupt::never(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut report = runtime.block_on(run(&inputs, &host));
        publish::publish(&github, &inputs.reporting, &log, &mut report);
        Outcome {
            report,
            log: lines.text(),
        }
    }

    /// Runs through the library; the run has to succeed.
    #[track_caller]
    pub fn succeed(self) -> Outcome {
        let outcome = self.here();
        assert_eq!(outcome.report.error, None, "{}", outcome.log);
        outcome
    }

    /// Runs through the library; the run has to fail with this code.
    #[track_caller]
    pub fn fail(self, code: &str) -> Outcome {
        let outcome = self.here();
        let found = outcome.report.error.as_ref().map(|error| error.code);
        assert_eq!(found, Some(code), "{:?}", outcome.report.error);
        outcome
    }

    /// The binary, ready to be started.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudfront-delta"));
        command
            .args(self.flags())
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.stage.directory())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    #[track_caller]
    pub fn binary(self) -> Ended {
        Ended::from(self.command().output().expect("the binary starts"))
    }
}

/// What a run of the binary left.
#[derive(Debug)]
pub struct Ended {
    /// None if a signal killed it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the binary prints UTF-8");
        Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A log to be read afterwards.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("the log is UTF-8")
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
