//! What goes wrong on demand.

mod gate;

pub use gate::Gate;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// Something that goes wrong for chosen calls.
///
/// Faults are asked in the order in which they were injected; the first that is due is the one
/// that happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The calls it is for.
    pub on: Operation,
    /// The distribution, tenant or `bucket/key` it is for; none means all.
    #[serde(default)]
    pub target: Option<String>,
    /// How many matching calls pass first.
    #[serde(default)]
    pub skip: usize,
    /// How many matching calls it then happens to.
    #[serde(default = "once")]
    pub times: usize,
    /// What happens.
    pub kind: FaultKind,
}

fn once() -> usize {
    1
}

impl Fault {
    /// A fault that happens to the next call.
    pub fn new(on: Operation, kind: FaultKind) -> Self {
        Self {
            on,
            target: None,
            skip: 0,
            times: once(),
            kind,
        }
    }

    /// Limits it to a distribution, a tenant or `bucket/key`.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn skip(mut self, calls: usize) -> Self {
        self.skip = calls;
        self
    }

    /// Makes it happen to this many calls.
    #[must_use]
    pub fn times(mut self, calls: usize) -> Self {
        self.times = calls;
        self
    }

    /// Makes it happen to every matching call from now on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

/// Whether the service has done what was asked when the fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Nothing has been done.
    BeforeProcessing,
    /// It has been done, and the client does not know.
    AfterProcessing,
}

/// What goes wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// An error document, in the form of the service that was called.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        #[serde(default)]
        message: String,
        /// Whether the call had its effect all the same.
        #[serde(default = "before")]
        moment: Moment,
    },
    /// Another answer than the one there should be; the call has had its effect.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Its `Content-Type`.
        content_type: String,
        /// Its body.
        body: String,
    },
    /// The connection is reset.
    Reset(Moment),
    /// The answer's header arrives, then the connection closes.
    CloseAfterHeader,
    /// Half of the body arrives, then the connection closes.
    CutBody,
    /// The whole answer arrives, but its document ends in the middle.
    TruncatedXml,
    /// A well-formed document that is not the one expected.
    WrongXml,
    /// The answer without the first `Id` element.
    WithoutId,
    /// The answer begins this late; the call has had its effect.
    SlowFirstByte(#[serde(with = "millis")] Duration),
    /// The body trickles.
    SlowBody {
        /// Bytes at a time, at least one.
        chunk: usize,
        /// The pause before each of them.
        #[serde(with = "millis")]
        every: Duration,
    },
    /// No answer, ever.
    Hang(Moment),
    /// The call waits at the gate until the test opens it, and then goes on as if nothing were.
    Gate {
        /// The gate, to be kept by the test as well.
        #[serde(skip)]
        gate: Gate,
        /// Where the call waits.
        moment: Moment,
    },
}

fn before() -> Moment {
    Moment::BeforeProcessing
}

impl FaultKind {
    /// An error before anything was done.
    pub fn error(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error {
            status,
            code: code.into(),
            message: message.into(),
            moment: Moment::BeforeProcessing,
        }
    }

    /// An error although the call had its effect.
    pub fn error_after(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error {
            status,
            code: code.into(),
            message: message.into(),
            moment: Moment::AfterProcessing,
        }
    }

    /// 400 `Throttling`, as CloudFront sends it.
    pub fn throttling() -> Self {
        Self::error(400, "Throttling", "Rate exceeded")
    }

    /// A gate before anything is done.
    pub fn gate_before(gate: &Gate) -> Self {
        Self::Gate {
            gate: gate.clone(),
            moment: Moment::BeforeProcessing,
        }
    }

    /// A gate between the effect and the answer.
    pub fn gate_after(gate: &Gate) -> Self {
        Self::Gate {
            gate: gate.clone(),
            moment: Moment::AfterProcessing,
        }
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// How many are yet to happen.
    pub(crate) fn pending(&self) -> usize {
        self.0.iter().filter(|fault| fault.times > 0).count()
    }

    /// What happens to this call.
    pub(crate) fn take(&mut self, operation: Operation, target: &str) -> Option<FaultKind> {
        for fault in &mut self.0 {
            let wanted = fault.target.as_deref().is_none_or(|only| only == target);
            if fault.times == 0 || !wanted || !fault.on.covers(operation) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times != usize::MAX {
                fault.times -= 1;
            }
            return Some(fault.kind.clone());
        }
        None
    }
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happens(faults: &mut Faults, operation: Operation, target: &str) -> bool {
        faults.take(operation, target).is_some()
    }

    #[test]
    fn skip_and_times() {
        let mut faults = Faults::default();
        let fault = Fault::new(Operation::CreateInvalidation, FaultKind::CutBody);
        faults.inject(fault.target("E1").skip(1).times(2));
        let mut call = |operation, target| happens(&mut faults, operation, target);
        assert!(!call(Operation::GetInvalidation, "E1"));
        assert!(!call(Operation::CreateInvalidation, "E2"));
        assert!(!call(Operation::CreateInvalidation, "E1"));
        assert!(call(Operation::CreateInvalidation, "E1"));
        assert!(call(Operation::CreateInvalidation, "E1"));
        assert!(!call(Operation::CreateInvalidation, "E1"));
        assert_eq!(faults.pending(), 0);
    }

    #[test]
    fn a_permanent_fault_stays() {
        let mut faults = Faults::default();
        faults.inject(Fault::new(Operation::Any, FaultKind::CutBody).always());
        for _ in 0..3 {
            assert!(happens(&mut faults, Operation::PutObject, "bucket/key"));
        }
        assert_eq!(faults.pending(), 1);
    }

    #[test]
    fn faults_in_json() {
        for json in [
            r#"{"on":"CreateInvalidation","kind":{"error":{"status":503,"code":"ServiceUnavailable"}}}"#,
            r#"{"on":"Any","target":"E1","skip":1,"times":2,"kind":{"reset":"after_processing"}}"#,
            r#"{"on":"GetObject","kind":"cut_body"}"#,
            r#"{"on":"GetObject","kind":{"slow_body":{"chunk":1,"every":5}}}"#,
            r#"{"on":"PutObject","kind":{"slow_first_byte":250}}"#,
            r#"{"on":"PutObject","kind":{"gate":{"moment":"before_processing"}}}"#,
        ] {
            let fault = serde_json::from_str::<Fault>(json);
            assert!(fault.is_ok(), "{json}: {fault:?}");
        }
        let unknown = r#"{"on":"GetObject","kind":"cut_body","time":2}"#;
        assert!(serde_json::from_str::<Fault>(unknown).is_err());
    }
}
