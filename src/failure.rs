//! What went wrong, said so that a person with a red deploy knows what to do.
//!
//! Every failure has a stable [`Code`] (listed in `docs/errors.md`), a sentence that says what
//! happened, the causes below it, and a hint. The state things are in (submitted? committed?) is
//! added by the pipeline, which alone knows it.

use std::fmt;

/// Declares the codes once: the variant, its stable name, and the exit status it leads to.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $exit:literal;)+) => {
        /// The stable name of a failure: scripts may branch on it, `docs/errors.md` explains it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// All codes, in the order of `docs/errors.md`.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The name as printed, kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// The exit status: 2 for bad inputs, 1 for everything else.
            #[must_use]
            pub fn exit_status(self) -> u8 {
                match self { $(Code::$variant => $exit,)+ }
            }
        }
    };
}

codes! {
    /// One or more inputs are missing, malformed, or contradict one another.
    BadInputs = "bad-inputs", 2;
    /// The site directory or a file in it can't be read.
    SiteUnreadable = "site-unreadable", 1;
    /// The site has no files and `allow-empty` is off.
    SiteEmpty = "site-empty", 1;
    /// A file name in the site is not UTF-8.
    NameNotUtf8 = "name-not-utf8", 1;
    /// A symbolic link is broken, or leads back to a directory that holds it.
    BrokenLink = "broken-link", 1;
    /// A listing file is not a listing of version 1.
    ListingInvalid = "listing-invalid", 1;
    /// There is no record and `on-missing-manifest` is `fail`.
    ManifestMissing = "manifest-missing", 1;
    /// The record can't be understood and `on-missing-manifest` is `fail`.
    ManifestUnreadable = "manifest-unreadable", 1;
    /// The store refused access to the record.
    ManifestDenied = "manifest-denied", 1;
    /// The store failed while the record was loaded or written.
    ManifestUnavailable = "manifest-unavailable", 1;
    /// Other runs kept changing the record.
    ManifestConflict = "manifest-conflict", 1;
    /// The record names a target that this run does not.
    TargetDropped = "target-dropped", 1;
    /// No set of patterns fits the budgets and protected patterns.
    NoPlan = "no-plan", 1;
    /// The independent check found a stale path that the plan misses: a defect of this program.
    PlanUncovered = "plan-uncovered", 1;
    /// No distribution, or several, answer to a `distribution-alias`.
    AliasNotFound = "alias-not-found", 1;
    /// AWS refused the call: the role lacks a permission.
    AccessDenied = "access-denied", 1;
    /// The distribution, tenant or invalidation does not exist in this account.
    NoSuchDistribution = "no-such-distribution", 1;
    /// CloudFront refused a path or another argument.
    InvalidArgument = "invalid-argument", 1;
    /// The caller reference was used before with other paths.
    ReferenceTaken = "reference-taken", 1;
    /// CloudFront found the batch too large.
    BatchTooLarge = "batch-too-large", 1;
    /// CloudFront counted other items than the request said.
    InconsistentQuantities = "inconsistent-quantities", 1;
    /// CloudFront received no body.
    MissingBody = "missing-body", 1;
    /// CloudFront's quota of invalidations in progress stayed full for `quota-timeout`.
    TooManyInProgress = "too-many-in-progress", 1;
    /// AWS kept answering "too many requests".
    Throttled = "throttled", 1;
    /// AWS kept answering with a server error.
    ServiceUnavailable = "service-unavailable", 1;
    /// The credentials have expired.
    ExpiredToken = "expired-token", 1;
    /// The signature was refused.
    BadSignature = "bad-signature", 1;
    /// AWS does not know the access key or session token.
    BadCredentials = "bad-credentials", 1;
    /// No credentials were found.
    NoCredentials = "no-credentials", 1;
    /// The service could not be reached.
    NoNetwork = "no-network", 1;
    /// The TLS handshake failed.
    Tls = "tls", 1;
    /// The service did not answer in time.
    Timeout = "timeout", 1;
    /// The service answered with something that can't be understood.
    UnexpectedAnswer = "unexpected-answer", 1;
    /// The invalidation was not complete within `wait-timeout` and `wait-timeout-action` is `fail`.
    WaitTimeout = "wait-timeout", 1;
    /// A signal ended the run.
    Interrupted = "interrupted", 1;
    /// An output, summary or report file could not be written.
    OutputUnwritable = "output-unwritable", 1;
    /// Several targets failed, each in its own way.
    SeveralTargets = "several-targets", 1;
}

/// A failure of the run: what happened, why, and what to do.
///
/// `Display` prints the sentence alone; [`Failure::chain`] adds the causes.
#[derive(Debug)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// One sentence, without a full stop, that names the thing.
    pub what: String,
    /// What to do, in the imperative; may have several lines.
    pub hint: Option<String>,
    /// What state things are in: what was submitted, what was committed.
    pub state: Option<String>,
    source: Option<anyhow::Error>,
}

impl Failure {
    /// A failure with its sentence.
    #[must_use]
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Failure {
            code,
            what: what.into(),
            hint: None,
            state: None,
            source: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause, whose own causes stay with it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// The sentence and its causes, outermost first, joined by colons; a cause that the text so
    /// far already contains is not repeated.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.what.clone();
        for cause in self.source.iter().flat_map(|source| source.chain()) {
            let cause = cause.to_string();
            if !text.contains(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(names.iter().all(|name| {
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        }));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn chain_names_each_cause_once() {
        let inner = std::io::Error::other("disk full");
        let failure = Failure::new(
            Code::ManifestUnavailable,
            "could not write `m.json`: disk full",
        )
        .because(anyhow::Error::from(inner).context("temporary file"));
        assert_eq!(
            failure.chain(),
            "could not write `m.json`: disk full: temporary file"
        );
    }
}
