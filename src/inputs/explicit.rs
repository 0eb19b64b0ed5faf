//! What an explicit run takes: a list, from up to four inputs.

use std::path::Path;

use super::Explicit;
use super::check::{Check, unrepeated};
use crate::pattern::{Pattern, Widen};

/// Longest caller reference that CloudFront is known to take, in characters.
const MAX_REFERENCE: usize = 128;

/// The inputs that an explicit run has no use for.
pub(super) const DEPLOY_ONLY: [&str; 22] = [
    "manifest",
    "previous",
    "path-prefix",
    "index-documents",
    "aliases",
    "include",
    "exclude",
    "added",
    "max-paths",
    "max-wildcards",
    "collapse",
    "query-strings",
    "always-invalidate",
    "on-change",
    "protect",
    "on-missing-manifest",
    "flush",
    "revision",
    "phase",
    "tags-on-change",
    "allow-empty",
    "write-listing",
];

impl Check<'_> {
    /// None may be accepted and ignored; `explicit` is the input that makes the run an explicit one.
    pub(super) fn refuse_deploys_own(&mut self, explicit: &str) {
        for name in DEPLOY_ONLY {
            if self.values.is_asked(name) {
                let what = format_args!("goes with `site`, not with `{explicit}`");
                self.problem(name, what);
            }
        }
    }

    /// Reads the list, in the order of the inputs; `names` are those that are given.
    pub(super) fn explicit(
        &mut self,
        names: &[&str],
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Explicit {
        let widen = if self.boolean("widen") {
            Widen::Yes
        } else {
            Widen::No
        };
        let problems = self.problems.len();
        let mut patterns = self.patterns("paths", widen);
        patterns.extend(self.paths_from(widen, read));
        let batch = self.invalidation_batch(read);
        patterns.extend(self.items_of(&batch, widen));
        patterns.extend(self.tags("tags"));
        // What several inputs name is paid once.
        let mut patterns = unrepeated(patterns);
        if widen == Widen::Yes {
            drop_covered(&mut patterns);
        }
        if patterns.is_empty() && self.problems.len() == problems {
            self.problem(names[0], "names nothing to invalidate");
        }
        let flag = self.values.given("caller-reference").map(str::to_owned);
        let caller_reference = flag.or(batch.caller_reference);
        if let Some(reference) = &caller_reference {
            self.check_reference(reference, &patterns);
        }
        Explicit {
            patterns,
            caller_reference,
        }
    }

    fn paths_from(
        &mut self,
        widen: Widen,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Vec<Pattern> {
        let Some(path) = self.values.given("paths-from") else {
            return Vec::new();
        };
        let text = match read(Path::new(path)) {
            Ok(text) => text,
            Err(error) => {
                self.problem("paths-from", format_args!("can't read `{path}`: {error}"));
                return Vec::new();
            }
        };
        let lines: Vec<_> = without_mark(&text)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let parse = |item: &str| Pattern::parse(item, widen).map_err(|e| e.to_string());
        self.each("paths-from", &lines, parse)
    }

    fn invalidation_batch(
        &mut self,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> InvalidationBatch {
        let Some(path) = self.values.given("invalidation-batch") else {
            return InvalidationBatch::default();
        };
        // The AWS CLI's way to name a file.
        read(Path::new(path.strip_prefix("file://").unwrap_or(path)))
            .map_err(|error| format!("can't read `{path}`: {error}"))
            .and_then(|text| InvalidationBatch::parse(without_mark(&text)))
            .unwrap_or_else(|what| {
                self.problem("invalidation-batch", what);
                InvalidationBatch::default()
            })
    }

    fn items_of(&mut self, batch: &InvalidationBatch, widen: Widen) -> Vec<Pattern> {
        let items: Vec<_> = batch.items.iter().map(String::as_str).collect();
        let parse = |item: &str| match item.strip_prefix('#') {
            Some(_) => Pattern::parse_tag(item).map_err(|e| e.to_string()),
            None => Pattern::parse(item, widen).map_err(|e| e.to_string()),
        };
        self.each("invalidation-batch", &items, parse)
    }

    fn check_reference(&mut self, reference: &str, patterns: &[Pattern]) {
        if reference.chars().count() > MAX_REFERENCE {
            let what = format_args!("is longer than {MAX_REFERENCE} characters");
            self.problem("caller-reference", what);
        }
        if crate::batch::ordered_batches(patterns).len() > 1 {
            self.problem(
                "caller-reference",
                "goes with one batch only: at most 3,000 files and 15 wildcards",
            );
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
#[derive(Default)]
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

/// The text without the mark that some editors put in front of UTF-8.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
