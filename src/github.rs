//! GitHub's runner: the environment it gives, the commands it understands, the files it reads.
//!
//! From GitHub's documentation of workflow commands, and the runner's source for what it does with
//! a line: whatever begins with `::` after blanks is a command, and the older form `##[…]` is one
//! anywhere in a line. Names of files come from outside, so nothing printed may hold either.
#![allow(
    clippy::disallowed_methods,
    reason = "this module owns the runner's files"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What the runner tells a step.
#[derive(Clone, Debug, Default)]
pub struct Github {
    /// Whether this is a job on GitHub (or a runner that says it is).
    pub actions: bool,
    /// `RUNNER_DEBUG=1`: debug logging is on.
    pub debug: bool,
    /// `GITHUB_OUTPUT`.
    pub output: Option<PathBuf>,
    /// `GITHUB_STEP_SUMMARY`.
    pub summary: Option<PathBuf>,
    /// `GITHUB_WORKSPACE`.
    pub workspace: Option<PathBuf>,
    /// `GITHUB_RUN_ID`: the run of the workflow, the same if it is run again. Empty elsewhere.
    pub run: String,
}

impl Github {
    /// Reads the variables.
    #[must_use]
    pub fn of(variables: &BTreeMap<OsString, OsString>) -> Self {
        let text = |name: &str| {
            variables
                .get(&OsString::from(name))
                .filter(|text| !text.is_empty())
        };
        let path = |name| text(name).map(PathBuf::from);
        Github {
            actions: text("GITHUB_ACTIONS").is_some_and(|text| text == "true"),
            debug: text("RUNNER_DEBUG").is_some_and(|text| text == "1"),
            output: path("GITHUB_OUTPUT"),
            summary: path("GITHUB_STEP_SUMMARY"),
            workspace: path("GITHUB_WORKSPACE"),
            run: text("GITHUB_RUN_ID").map_or_else(String::new, |id| id.to_string_lossy().into()),
        }
    }
}

/// Escapes the message of a command.
#[must_use]
pub fn escape_data(text: &str) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    text.replace("##[", "##\u{200b}[")
}

/// The message of an annotation: its lines made [`harmless`] one by one, and escaped.
#[must_use]
pub fn message(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(harmless).collect();
    escape_data(&lines.join("\n"))
}

/// Escapes a property of a command, such as a title.
#[must_use]
pub fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text as one line that no runner takes for a command: control characters are escaped, a leading
/// `::` and any `##[` are broken up by an invisible space.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        // Line and paragraph separators break lines in some viewers; the bidirectional controls
        // make a line read as something else.
        let misleading = matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || misleading {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    if line.contains("##[") {
        line = line.replace("##[", "##\u{200b}[");
    }
    if line.trim_start().starts_with("::") {
        line.insert(line.len() - line.trim_start().len(), '\u{200b}');
    }
    line
}

/// One output in the form that the file of `GITHUB_OUTPUT` takes. `delimiter` must not occur in the
/// value; only a value with several lines needs it.
#[must_use]
pub fn output(name: &str, value: &str, delimiter: &str) -> String {
    if value.contains(['\n', '\r']) {
        format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
    } else {
        format!("{name}={value}\n")
    }
}

/// Appends to a file of the runner's.
///
/// # Errors
/// If it can't be written.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs_err::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped_as_github_documents() {
        assert_eq!(escape_data("50%\r\n::x"), "50%25%0D%0A::x");
        assert_eq!(escape_property("a: b, c%"), "a%3A b%2C c%25");
    }

    #[test]
    fn no_printed_name_is_a_command() {
        let rows = [
            ("plain", "plain"),
            ("::add-mask::x", "\u{200b}::add-mask::x"),
            (" \u{a0}::set-output", " \u{a0}\u{200b}::set-output"),
            ("a\n::error::x", "a\\u{a}::error::x"),
            ("a\r::error::x", "a\\u{d}::error::x"),
            ("x ##[error]y", "x ##\u{200b}[error]y"),
            ("a::b", "a::b"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{2028}::stop", "\\u{2028}::stop"),
            ("abc\u{202e}txt.exe", "abc\\u{202e}txt.exe"),
        ];
        for (text, expected) in rows {
            assert_eq!(harmless(text), expected);
        }
    }

    #[test]
    fn an_annotation_keeps_its_lines_and_nothing_that_misleads() {
        let text = "50%: \u{1b}[2J`a\u{202e}b`\n\n::error::x\r\nhint: ##[group]";
        let expected =
            "50%25: \\u{1b}[2J`a\\u{202e}b`%0A%0A\u{200b}::error::x%0Ahint: ##\u{200b}[group]";
        assert_eq!(message(text), expected);
    }

    #[test]
    fn outputs_of_several_lines_have_a_delimiter() {
        assert_eq!(output("a", "b", "EOF"), "a=b\n");
        assert_eq!(output("a", "b\nc", "EOF"), "a<<EOF\nb\nc\nEOF\n");
    }
}
