//! Where inputs come from: flags, then variables, then defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use clap::ArgMatches;

use super::command_line::{self, Refused};
use super::table::{INPUTS, Input, Kind, find};

/// The text of every input that was given.
#[derive(Debug, Default)]
pub struct Values {
    texts: BTreeMap<&'static str, String>,
    by_flag: BTreeSet<&'static str>,
    /// Arguments that can't be placed: what they are called, and why.
    pub refused: Vec<(String, String)>,
    /// `INPUT_…` variables that are no input: most likely misspelt.
    pub unknown: Vec<String>,
    /// Variables and flags whose text is not UTF-8.
    pub not_utf8: Vec<String>,
}

impl Values {
    /// Gathers them from the command line (program name first) and the variables.
    ///
    /// # Errors
    /// `--help` and `--version`: the text to print.
    pub fn gather(
        arguments: &[OsString],
        variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, clap::Error> {
        let (matches, refused) = command_line::read(arguments)?;
        let mut values = Values {
            refused,
            ..Values::default()
        };
        values.take_variables(variables);
        for input in INPUTS {
            values.take_flag(input, &matches);
        }
        Ok(values)
    }

    fn take_flag(&mut self, input: &'static Input, matches: &ArgMatches) {
        let Some(given) = matches.get_many::<OsString>(input.name) else {
            return;
        };
        let texts: Vec<_> = given.map(|text| text.to_str()).collect();
        let flag = format!("--{}", input.name);
        let Some(texts) = texts.into_iter().collect::<Option<Vec<_>>>() else {
            self.not_utf8.push(flag);
            return;
        };
        let text = match input.kind {
            Kind::Lines | Kind::Commas => texts.join("\n"),
            Kind::Text | Kind::Bool => {
                if texts.len() > 1 {
                    self.refused.push(given_again(flag, texts.len()));
                }
                texts.last().copied().unwrap_or_default().to_owned()
            }
        };
        self.texts.insert(input.name, text);
        self.by_flag.insert(input.name);
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

    /// Whether an input asks for something. A variable with the default does not, because runners
    /// set those of `action.yml`; nor does a switch that is off.
    #[must_use]
    pub fn is_asked(&self, name: &str) -> bool {
        let (Some(text), Some(input)) = (self.given(name), find(name)) else {
            return false;
        };
        match input.kind {
            Kind::Bool => !text.eq_ignore_ascii_case(input.default),
            _ => text != input.default || self.by_flag.contains(name),
        }
    }

    /// The text given, or else the default; empty where there is neither.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.given(name)
            .unwrap_or_else(|| find(name).map_or("", |input| input.default))
    }

    /// The items of a list as they stand there, `none` among them.
    #[must_use]
    pub fn items(&self, name: &str) -> Vec<&str> {
        let commas = find(name).is_some_and(|input| input.kind == Kind::Commas);
        let lines = self.text(name).lines();
        lines
            .flat_map(|line| line.split(move |c| commas && c == ','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }
}

fn given_again(flag: String, times: usize) -> Refused {
    let what = format!("is given {times} times: give it once");
    (flag, what)
}
