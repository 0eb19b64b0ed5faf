//! The command line: what `clap` understands of it, and what it does not.
//!
//! `clap` stops at the first argument that it can't place. Here each such argument is noted and
//! taken out, and the rest is read again, so that one run tells of all of them.

use std::ffi::{OsStr, OsString};

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::table::{INPUTS, Input, Kind};
use crate::github::harmless;

/// The command line, made from [`INPUTS`].
#[must_use]
pub fn command() -> Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold());
    let command = Command::new("cloudfront-delta")
        .version(env!("CARGO_PKG_VERSION"))
        .about(env!("CARGO_PKG_DESCRIPTION"))
        .styles(styles)
        .after_help(
            "Each input can be given as a variable too: --max-paths as INPUT_MAX-PATHS or \
             INPUT_MAX_PATHS. A flag beats a variable; an empty variable is not given.\n\
             AWS is configured as for every AWS tool: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, \
             AWS_CA_BUNDLE, HTTPS_PROXY, NO_PROXY and the chain of credentials.\n\
             Exit status: 0 done or nothing to do, 1 failed, 2 bad inputs.",
        );
    INPUTS
        .iter()
        .fold(command, |command, input| command.arg(argument(input)))
}

/// Every value is taken as it is, and every flag as often as it comes: what is wrong with them is
/// said together with everything else that is wrong.
fn argument(input: &'static Input) -> Arg {
    let help = if input.default.is_empty() {
        input.help.to_owned()
    } else {
        format!("{} [default: {}]", input.help, input.default)
    };
    let argument = Arg::new(input.name)
        .long(input.name)
        .help(help)
        .value_parser(value_parser!(OsString))
        .allow_negative_numbers(true)
        .action(ArgAction::Append);
    match input.kind {
        Kind::Bool => argument
            .value_name("BOOL")
            .num_args(0..=1)
            .default_missing_value("true"),
        Kind::Text => argument.value_name("VALUE"),
        // Several items may follow one flag, as the AWS CLI has it: --paths /a.html /b.html
        Kind::Lines | Kind::Commas => argument.value_name("ITEM").num_args(1..),
    }
}

/// An argument that can't be placed: its name, and what is wrong with it.
pub(super) type Refused = (String, String);

/// Reads the arguments (program name first); what can't be placed is left out.
///
/// # Errors
/// `--help` and `--version`: the text to print.
pub(super) fn read(arguments: &[OsString]) -> Result<(ArgMatches, Vec<Refused>), clap::Error> {
    let mut arguments = arguments.to_vec();
    let mut refused = Vec::new();
    loop {
        let error = match command().try_get_matches_from(&arguments) {
            Ok(matches) => return Ok((matches, refused)),
            Err(error) if !error.use_stderr() => return Err(error),
            Err(error) => error,
        };
        let at = if error.kind() == ErrorKind::UnknownArgument {
            unknown(&arguments)
        } else {
            without_value(&arguments, &error)
        };
        if at == 0 || at >= arguments.len() {
            // Nothing that can be taken out is at fault: no error of `clap` is known to be so.
            refused.push(("the command line".to_owned(), error.kind().to_string()));
            arguments.truncate(1);
            continue;
        }
        refused.push(describe(&error, &arguments[at]));
        arguments.drain(at..at + length_of(&arguments[at..], error.kind()));
    }
}

/// Where the first argument is that `clap` does not know: the shortest beginning of the command
/// line that it refuses for one ends with it.
fn unknown(arguments: &[OsString]) -> usize {
    let is_refused = |length: &usize| {
        let beginning = command().try_get_matches_from(&arguments[..*length]);
        beginning.is_err_and(|error| error.kind() == ErrorKind::UnknownArgument)
    };
    let lengths: Vec<usize> = (1..=arguments.len()).collect();
    lengths.partition_point(|length| !is_refused(length))
}

/// Where the flag is that `clap` wants a value for.
fn without_value(arguments: &[OsString], error: &clap::Error) -> usize {
    let Some(flag) = context(error, ContextKind::InvalidArg) else {
        return 0;
    };
    // As in "--site <VALUE>".
    let flag = flag.split_whitespace().next().unwrap_or_default();
    let lacks_one = |at: usize| {
        arguments[at] == *flag && arguments.get(at + 1).is_none_or(|next| is_flag(next))
    };
    (1..arguments.len()).find(|at| lacks_one(*at)).unwrap_or(0)
}

/// How many arguments belong to the first one: an unknown flag's values can't be placed either.
fn length_of(arguments: &[OsString], kind: ErrorKind) -> usize {
    let takes_values = kind == ErrorKind::UnknownArgument
        && is_flag(&arguments[0])
        && !arguments[0].to_string_lossy().contains('=');
    let values = arguments[1..].iter().take_while(|next| !is_flag(next));
    if takes_values { 1 + values.count() } else { 1 }
}

fn is_flag(argument: &OsStr) -> bool {
    let bytes = argument.as_encoded_bytes();
    bytes.len() > 1 && bytes[0] == b'-'
}

fn describe(error: &clap::Error, argument: &OsStr) -> Refused {
    let text = argument.to_string_lossy();
    let name = harmless(text.split('=').next().unwrap_or_default());
    let what = match (error.kind(), context(error, ContextKind::SuggestedArg)) {
        (ErrorKind::UnknownArgument, Some(similar)) => {
            format!("is no flag of this program; did you mean `{similar}`?")
        }
        (ErrorKind::UnknownArgument, None) if is_flag(argument) => {
            "is no flag of this program; `--help` lists them".to_owned()
        }
        (ErrorKind::UnknownArgument, None) => "belongs to no flag; `--help` lists them".to_owned(),
        _ => format!("lacks a value; one that begins with a hyphen is given as `{name}=…`"),
    };
    (name, what)
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}
