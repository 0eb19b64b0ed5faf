//! Reads single values, and collects what is wrong with them.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::time::Duration;

use super::Values;
use crate::failure::{Code, Failure};
use crate::pattern::{Pattern, Widen};

/// The longest duration that makes sense: no CI runs a job for longer, and clocks can add it.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// Empties a list.
const NONE: &str = "none";

/// Collects what is wrong while it reads the values; a value that can't be read becomes a default,
/// so that the rest is checked too.
#[derive(Debug)]
pub(super) struct Check<'a> {
    pub(super) values: &'a Values,
    pub(super) problems: Vec<String>,
    /// What looks wrong and may be meant.
    pub(super) warnings: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(values: &'a Values) -> Self {
        Check {
            values,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn problem(&mut self, name: &str, what: impl Display) {
        self.problems.push(format!("`{name}`: {what}"));
    }

    fn warning(&mut self, name: &str, what: impl Display) {
        self.warnings.push(format!("`{name}`: {what}"));
    }

    /// What the command line and the variables hold that is no input, or no text.
    pub(super) fn sources(&mut self) {
        for (name, what) in &self.values.refused {
            self.problem(name, what);
        }
        for name in &self.values.not_utf8 {
            self.problem(name, "the text is not UTF-8");
        }
        for variable in &self.values.unknown {
            self.warnings.push(format!(
                "the variable `{variable}` is no input of this program"
            ));
        }
    }

    /// The warnings, if nothing is wrong.
    ///
    /// # Errors
    /// All that is wrong, in one failure.
    pub(super) fn finish(self) -> Result<Vec<String>, Failure> {
        let what = match self.problems.as_slice() {
            [] => return Ok(self.warnings),
            [problem] => format!("bad input {problem}"),
            problems => {
                format!(
                    "{} bad inputs:\n- {}",
                    problems.len(),
                    problems.join("\n- ")
                )
            }
        };
        // What is missing may only be misspelt, and of that the warnings tell.
        let warnings = self
            .warnings
            .iter()
            .map(|text| format!("\nwarning: {text}"));
        let hint = "nothing was sent; `--help` and the README list every input".to_owned();
        Err(Failure::new(Code::BadInputs, what).hint(hint + &warnings.collect::<String>()))
    }

    pub(super) fn boolean(&mut self, name: &str) -> bool {
        match self.values.text(name) {
            "true" | "True" | "TRUE" => true,
            "false" | "False" | "FALSE" => false,
            other => {
                self.problem(name, format_args!("`{other}` is neither true nor false"));
                false
            }
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
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

    pub(super) fn number(&mut self, name: &str, least: usize, most: usize) -> usize {
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
    pub(super) fn duration(&mut self, name: &str) -> Duration {
        let text = self.values.text(name);
        let seconds = text.parse().map(Duration::from_secs).ok();
        match seconds.or_else(|| humantime::parse_duration(text).ok()) {
            Some(duration) if duration <= LONGEST => duration,
            Some(_) => {
                self.problem(name, format_args!("`{text}` is longer than 30 days"));
                Duration::ZERO
            }
            None => {
                let what = format_args!("`{text}` is not a duration such as 90, 90s, 10m or 1h");
                self.problem(name, what);
                Duration::ZERO
            }
        }
    }

    /// How long a part of a call may take.
    pub(super) fn call_timeout(&mut self, name: &str) -> Duration {
        let before = self.problems.len();
        let duration = self.duration(name);
        if duration.is_zero() && self.problems.len() == before {
            let text = self.values.text(name);
            let what = format_args!("`{text}` leaves no time at all: no call could succeed");
            self.problem(name, what);
        }
        duration
    }

    /// The items of a list; the item `none` alone empties it.
    pub(super) fn items(&mut self, name: &str) -> Vec<&'a str> {
        let mut items = self.values.items(name);
        let given = items.len();
        items.retain(|item| *item != NONE);
        if !items.is_empty() && items.len() < given {
            self.problem(
                name,
                "`none` empties the list, and so it stands alone: leave out `none`, or the rest",
            );
        }
        items
    }

    pub(super) fn patterns(&mut self, name: &str, widen: Widen) -> Vec<Pattern> {
        let items = self.items(name);
        for item in &items {
            if item.contains(",/") {
                let what = format_args!(
                    "`{item}` is taken as one path that holds a comma; if several are meant, write one a line"
                );
                self.warning(name, what);
            }
        }
        let parse = |item: &str| Pattern::parse(item, widen).map_err(|e| e.to_string());
        unrepeated(self.each(name, &items, parse))
    }

    pub(super) fn tags(&mut self, name: &str) -> Vec<Pattern> {
        let items = self.items(name);
        let parse = |item: &str| Pattern::parse_tag(item).map_err(|e| e.to_string());
        unrepeated(self.each(name, &items, parse))
    }

    /// The globs of a list that are globs.
    pub(super) fn globs(&mut self, name: &str) -> Vec<String> {
        let items = self.items(name);
        self.each(name, &items, |item| glob(item).map(|_| item.to_owned()))
    }

    /// A prefix is raw text, where all other paths are encoded.
    pub(super) fn warn_of_encoded(&mut self, name: &str) {
        let text = self.values.text(name);
        let escape = text.as_bytes().windows(3).position(|part| {
            part[0] == b'%' && part[1].is_ascii_hexdigit() && part[2].is_ascii_hexdigit()
        });
        if let Some(at) = escape {
            let escape = &text[at..at + 3];
            let what = format_args!(
                "`{text}` is taken as it is, not decoded, and `{escape}` in it is sent as `%25{}`; write the characters themselves",
                &escape[1..]
            );
            self.warning(name, what);
        }
    }

    /// Parses each item, and collects every problem.
    pub(super) fn each<T>(
        &mut self,
        name: &str,
        items: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut parsed = Vec::with_capacity(items.len());
        for item in items {
            match parse(item) {
                Ok(value) => parsed.push(value),
                Err(what) => self.problem(name, what),
            }
        }
        parsed
    }
}

/// Compiles a glob.
///
/// # Errors
/// Names it, and says what is wrong with it.
pub(super) fn glob(text: &str) -> Result<globset::GlobMatcher, String> {
    crate::scan::glob(text).map_err(|error| format!("`{text}` is no glob: {}", error.kind()))
}

/// The patterns, without those that invalidate what an earlier one does: each costs.
pub(super) fn unrepeated(patterns: Vec<Pattern>) -> Vec<Pattern> {
    unique(patterns, |pattern| pattern.folded().into_owned())
}

/// The values, without those whose key an earlier one has.
pub(super) fn unique<T, K: Eq + Hash>(mut values: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    values.retain(|value| seen.insert(key(value)));
    values
}
