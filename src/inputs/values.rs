//! Where inputs come from: flags, then variables, then defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Arg, ArgAction, Command};

use super::table::{INPUTS, Input, Kind, find};

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

fn argument(input: &'static Input) -> Arg {
    let help = if input.default.is_empty() {
        input.help.to_owned()
    } else {
        format!("{} [default: {}]", input.help, input.default)
    };
    let argument = Arg::new(input.name).long(input.name).help(help);
    match input.kind {
        Kind::Bool => argument
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .action(ArgAction::Set),
        Kind::Text => argument.value_name("VALUE").action(ArgAction::Set),
        // Several items may follow one flag, as the AWS CLI has it: --paths /a.html /b.html
        Kind::Lines | Kind::Commas => argument
            .value_name("ITEM")
            .num_args(1..)
            .action(ArgAction::Append),
    }
}

/// The text of every input that was given.
#[derive(Debug, Default)]
pub struct Values {
    texts: BTreeMap<&'static str, String>,
    /// `INPUT_…` variables that are no input: most likely misspelt.
    pub unknown: Vec<String>,
    /// Variables whose text is not UTF-8.
    pub not_utf8: Vec<String>,
}

impl Values {
    /// Gathers them from the command line (program name first) and the variables.
    ///
    /// # Errors
    /// What `clap` says of the command line, `--help` and `--version` included.
    pub fn gather(
        arguments: &[OsString],
        variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        let mut values = Values::default();
        values.take_variables(variables);
        for input in INPUTS {
            if let Some(texts) = matches.get_many::<String>(input.name) {
                let texts: Vec<_> = texts.map(String::as_str).collect();
                values.texts.insert(input.name, texts.join("\n"));
            }
        }
        Ok(values)
    }

    fn take_variables(&mut self, variables: &BTreeMap<OsString, OsString>) {
        for (key, text) in variables {
            let Some(key) = key.to_str() else { continue };
            let Some(name) = key.strip_prefix("INPUT_") else {
                continue;
            };
            let name = name.to_ascii_lowercase().replace('_', "-");
            match (find(&name), text.to_str()) {
                (None, _) => self.unknown.push(key.to_owned()),
                (Some(_), None) => self.not_utf8.push(key.to_owned()),
                (Some(_), Some(text)) if text.trim().is_empty() => {}
                // Both forms may be there; hyphens are what a runner sets, and sort first.
                (Some(input), Some(text)) => {
                    self.texts
                        .entry(input.name)
                        .or_insert_with(|| text.to_owned());
                }
            }
        }
    }

    /// The text that was given for an input, if any.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.texts
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The text given, or else the default; empty where there is neither.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.given(name)
            .unwrap_or_else(|| find(name).map_or("", |input| input.default))
    }

    /// The items of a list; the item `none` alone empties it.
    #[must_use]
    pub fn items(&self, name: &str) -> Vec<&str> {
        let commas = find(name).is_some_and(|input| input.kind == Kind::Commas);
        let lines = self.text(name).lines();
        let items: Vec<_> = lines
            .flat_map(|line| line.split(move |c| commas && c == ','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if items == ["none"] { Vec::new() } else { items }
    }
}
