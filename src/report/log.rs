//! The log: a few lines that read well in a CI log, and the runner's commands.

use std::io::Write;
use std::sync::{Arc, Mutex};

use anstyle::{AnsiColor, Style};

use crate::github::{escape_property, harmless, message};
use crate::report::ErrorReport;

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

    /// Whether a group is folded away until someone opens it.
    #[must_use]
    pub fn folds(&self) -> bool {
        self.voice.github
    }

    /// Whether more is said.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.voice.verbose
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
            self.write(&format!("::group::{}", message(title)));
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
                message(text)
            ));
        } else {
            self.paragraph(YELLOW, "warning:", text);
        }
    }

    /// The failure that ends the run: what happened, what state things are in, what to do.
    pub fn error(&self, error: &ErrorReport) {
        let more = [("state", &error.state), ("hint", &error.hint)];
        let more = more.map(|(what, text)| text.as_ref().map(|text| (what, text)));
        if self.voice.github {
            let title = escape_property(&format!("cloudfront-delta: {}", error.code));
            let mut text = error.message.clone();
            for (what, more) in more.into_iter().flatten() {
                text = format!("{text}\n{what}: {more}");
            }
            self.write(&format!("::error title={title}::{}", message(&text)));
            return;
        }
        let code = format!("error[{}]:", error.code);
        self.paragraph(RED, &code, &error.message);
        for (what, text) in more.into_iter().flatten() {
            self.paragraph(BOLD, &format!("{what}:"), text);
        }
    }

    fn paragraph(&self, style: Style, head: &str, text: &str) {
        let mut lines = text.lines().map(harmless);
        let first = lines.next().unwrap_or_default();
        self.write(&format!("{} {first}", self.paint(style, head)));
        lines.for_each(|line| self.write(&line));
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
