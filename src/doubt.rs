//! When to invalidate everything: more is invalidated in doubt, never less, and the reason is said.

use std::fmt;

use crate::chain::Knowledge;
use crate::record::{Deploying, Record, Unsettled};

/// Why a difference to the record is not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nobody deployed through this program yet.
    NoRecord,
    /// The record can't be understood.
    Unreadable(String),
    /// The first deploy was begun and never finished.
    NeverCommitted,
    /// Settings changed that decide what a viewer path is.
    Scope(Vec<&'static str>),
    /// The user said so.
    Asked,
    /// A run that was to invalidate everything may not have.
    Unsettled,
    /// An answer showed that deploys were made of which the record does not know.
    Outdated,
}

impl Doubt {
    /// The first reason to flush, if there is any.
    #[must_use]
    pub fn of(
        knowledge: &Knowledge,
        record: &Record,
        deploying: &Deploying,
        asked: bool,
    ) -> Option<Self> {
        match knowledge {
            Knowledge::Absent => return Some(Doubt::NoRecord),
            Knowledge::Unreadable(why) => return Some(Doubt::Unreadable(why.clone())),
            Knowledge::Known => {}
        }
        if record.deploy.is_none() {
            return Some(Doubt::NeverCommitted);
        }
        if asked {
            return Some(Doubt::Asked);
        }
        let differences = record.scope.differences(&deploying.scope);
        if !differences.is_empty() {
            return Some(Doubt::Scope(differences));
        }
        (record.unsettled == Unsettled::All).then_some(Doubt::Unsettled)
    }

    /// Whether this is a first deploy rather than a flush of something known.
    #[must_use]
    pub fn is_first_deploy(&self) -> bool {
        matches!(self, Doubt::NoRecord | Doubt::NeverCommitted)
    }

    /// Whether the record knows a previous deploy all the same.
    #[must_use]
    pub fn has_baseline(&self) -> bool {
        !self.is_first_deploy() && !matches!(self, Doubt::Unreadable(_))
    }

    /// Whether the user should be warned: something is wrong, or may be.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        matches!(self, Doubt::Unreadable(_) | Doubt::Outdated)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::NoRecord => f.write_str("there is no record of a previous deploy"),
            Doubt::Unreadable(why) => write!(f, "the record of the previous deploy can't be read: {why}"),
            Doubt::NeverCommitted => f.write_str("no deploy has been finished yet"),
            Doubt::Scope(names) => {
                let verb = if names.len() == 1 { "has" } else { "have" };
                write!(f, "`{}` {verb} changed since the previous deploy", names.join("`, `"))
            }
            Doubt::Asked => f.write_str("`flush` is set"),
            Doubt::Unsettled => f.write_str(
                "an earlier run that was to invalidate everything was not finished, or another run came in between",
            ),
            Doubt::Outdated => f.write_str(
                "CloudFront returned an invalidation that was made before this run, so the record is older than \
                 reality: a copy was restored, or two records are in use",
            ),
        }
    }
}
