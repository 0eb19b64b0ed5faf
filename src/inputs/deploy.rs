//! What a deploy of a site takes, and what does not go together in it.

use std::path::PathBuf;

use super::check::{Check, glob};
use super::{Deploy, OnChange, OnMissing, Phase, Surroundings};
use crate::changes::Added;
use crate::pattern::{Pattern, Widen};
use crate::plan::{Budget, Collapse};
use crate::record::Scope;
use crate::scan::Filter;
use crate::store::Location;
use crate::target::Target;
use crate::viewer::{Aliases, Mount, PathPrefix};

/// Most wildcards that a plan may have: CloudFront's quota of wildcards in progress.
const MAX_WILDCARDS: usize = 15;

/// The inputs that a deploy has no use for.
const EXPLICIT_ONLY: [&str; 2] = ["widen", "caller-reference"];

impl Check<'_> {
    /// None may be accepted and ignored.
    pub(super) fn refuse_unless_explicit(&mut self) {
        for name in EXPLICIT_ONLY {
            if self.values.is_asked(name) {
                self.problem(name, "goes with `paths` or `paths-from`, not with `site`");
            }
        }
    }

    pub(super) fn deploy(
        &mut self,
        site: PathBuf,
        targets: &[Target],
        dry_run: bool,
        surroundings: Surroundings,
    ) -> Deploy {
        let write_listing = self.values.given("write-listing").map(PathBuf::from);
        let previous = self.values.given("previous").map(PathBuf::from);
        if previous.is_some() && !dry_run {
            self.problem(
                "previous",
                "goes with `dry-run: true` only: a real run compares with its record",
            );
        }
        if previous.is_some() && self.values.is_asked("manifest") {
            self.problem(
                "manifest",
                "does not go with `previous`: a trial compares with that, and leaves every record alone",
            );
        }
        let mut scope = self.scope();
        let filter = self.filter(&scope);
        let mount = self.mount(&scope);
        // The record compares what was meant, not how it was written.
        mount.prefix.as_str().clone_into(&mut scope.path_prefix);
        let listing_only = write_listing.is_some() && targets.is_empty();
        if !listing_only && previous.is_none() {
            self.need_targets(targets, dry_run);
        }
        let manifest = if previous.is_some() || listing_only {
            None
        } else {
            self.manifest(targets, &scope, surroundings)
        };
        let phase = self.choice("phase", &[("all", Phase::All), ("begin", Phase::Begin)]);
        let on_missing = self.on_missing(phase);
        let budget = Budget {
            max_paths: self.number("max-paths", 1, 1_000_000),
            max_wildcards: self.number("max-wildcards", 0, MAX_WILDCARDS),
        };
        let protect = self.patterns("protect", Widen::No);
        let always_invalidate = self.patterns("always-invalidate", Widen::No);
        let on_change = self.on_change();
        self.keep_from_protected(&always_invalidate, &on_change, &protect);
        Deploy {
            site,
            manifest,
            previous,
            filter,
            mount,
            scope,
            budget,
            collapse: self.choice(
                "collapse",
                &[
                    ("over-budget", Collapse::OverBudget),
                    ("always", Collapse::Always),
                    ("never", Collapse::Never),
                ],
            ),
            always_invalidate,
            on_change,
            protect,
            tags_on_change: self.tags("tags-on-change"),
            on_missing,
            flush: self.boolean("flush"),
            phase,
            allow_empty: self.boolean("allow-empty"),
            write_listing,
        }
    }

    /// The filter of the globs, which are known to be globs one by one.
    fn filter(&mut self, scope: &Scope) -> Filter {
        Filter::new(&scope.include, &scope.exclude).unwrap_or_else(|error| {
            self.problem("include", error);
            Filter::default()
        })
    }

    fn on_missing(&mut self, phase: Phase) -> OnMissing {
        let on_missing = self.choice(
            "on-missing-manifest",
            &[
                ("flush", OnMissing::Flush),
                ("fail", OnMissing::Fail),
                ("adopt", OnMissing::Adopt),
            ],
        );
        if (on_missing, phase) == (OnMissing::Adopt, Phase::Begin) {
            // After the upload that this announces, the site would be taken for what caches hold.
            self.problem(
                "on-missing-manifest",
                "`adopt` does not go with `phase: begin`: adopt the site that is deployed, once, in a run of its own before the first `phase: begin`",
            );
        }
        on_missing
    }

    /// A given wildcard that touches a protected pattern leaves no plan, whatever changes.
    fn keep_from_protected(
        &mut self,
        always_invalidate: &[Pattern],
        on_change: &[OnChange],
        protect: &[Pattern],
    ) {
        let always = always_invalidate
            .iter()
            .map(|pattern| ("always-invalidate", pattern));
        let lines = on_change.iter().map(|line| ("on-change", &line.pattern));
        for (name, given) in always.chain(lines) {
            if let Some(protected) = protect.iter().find(|other| given.touches(other)) {
                let what = format_args!(
                    "`{given}` touches `{protected}`, from which `protect` keeps wildcards away: narrow one of the two"
                );
                self.problem(name, what);
            }
        }
    }

    fn list(&mut self, name: &str) -> Vec<String> {
        self.items(name).into_iter().map(str::to_owned).collect()
    }

    fn scope(&mut self) -> Scope {
        let mut scope = Scope {
            path_prefix: String::new(),
            index_documents: self.list("index-documents"),
            aliases: self.list("aliases"),
            include: self.globs("include"),
            exclude: self.globs("exclude"),
            revision: self.values.text("revision").to_owned(),
            query_strings: false,
            added: Added::Invalidate,
        };
        scope.query_strings = self.boolean("query-strings");
        scope.added = self.choice(
            "added",
            &[("invalidate", Added::Invalidate), ("skip", Added::Skip)],
        );
        for name in &scope.index_documents {
            if name.contains('/') {
                self.problem(
                    "index-documents",
                    format_args!("`{name}` is a path, not a file name"),
                );
            }
        }
        scope.path_prefix = self.values.text("path-prefix").to_owned();
        // The record compares sets: the order in which a user writes them means nothing.
        for list in [&mut scope.aliases, &mut scope.index_documents] {
            list.sort_unstable();
            list.dedup();
        }
        scope
    }

    fn mount(&mut self, scope: &Scope) -> Mount {
        let has = |alias: &str| scope.aliases.iter().any(|name| name == alias);
        let aliases = Aliases {
            slash: has("slash"),
            bare: has("bare"),
            extensionless: has("extensionless"),
        };
        for name in &scope.aliases {
            if !["slash", "bare", "extensionless"].contains(&name.as_str()) {
                let what = format_args!("`{name}` is none of slash, bare, extensionless");
                self.problem("aliases", what);
            }
        }
        let prefix = PathPrefix::parse(&scope.path_prefix).unwrap_or_else(|error| {
            self.problem("path-prefix", error);
            PathPrefix::default()
        });
        self.warn_of_encoded("path-prefix");
        Mount {
            prefix,
            index_documents: scope.index_documents.clone(),
            aliases,
            query_strings: scope.query_strings,
        }
    }

    fn manifest(
        &mut self,
        targets: &[Target],
        scope: &Scope,
        surroundings: Surroundings,
    ) -> Option<Location> {
        let Some(text) = self.values.given("manifest") else {
            // Beside an explicit list, it is the site that may be too much.
            if surroundings.on_github && self.explicit_inputs().is_empty() {
                self.problem(
                    "manifest",
                    "is required on GitHub, whose machine forgets local files; paste these two lines below `with:` and name your bucket:\n    manifest: s3://YOUR-BUCKET/cloudfront-delta/\n    on-missing-manifest: flush",
                );
                return None;
            }
            return Some(Location::default());
        };
        match Location::parse(text, targets, &scope.path_prefix) {
            Ok(location) => Some(location),
            Err(what) => {
                self.problem("manifest", what);
                None
            }
        }
    }

    fn on_change(&mut self) -> Vec<OnChange> {
        let mut lines = Vec::new();
        for item in self.items("on-change") {
            let Some((text, pattern)) = item.rsplit_once("=>") else {
                let what = format_args!("`{item}` is not of the form `glob => pattern`");
                self.problem("on-change", what);
                continue;
            };
            match (glob(text.trim()), Pattern::parse(pattern.trim(), Widen::No)) {
                (Ok(glob), Ok(pattern)) => lines.push(OnChange { glob, pattern }),
                (glob, pattern) => {
                    if let Err(error) = glob {
                        self.problem("on-change", error);
                    }
                    if let Err(error) = pattern {
                        self.problem("on-change", error);
                    }
                }
            }
        }
        lines
    }
}
