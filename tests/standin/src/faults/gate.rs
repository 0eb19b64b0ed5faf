//! A point where a call waits until the test has seen it there.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// A point where calls wait until the test lets them go on. Clones are the same gate.
///
/// A call that waits does so whether or not its client still lives: what becomes of a request whose
/// client was killed is decided by [`release`](Gate::release) or [`discard`](Gate::discard), not
/// by a race.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reached: Mutex<usize>,
    arrival: Condvar,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open,
    Discarding,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Inner {
            reached: Mutex::new(0),
            arrival: Condvar::new(),
            state: watch::Sender::new(State::Closed),
        }))
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until a call stands at the gate (or has passed it); false if none came in time.
    #[must_use]
    pub fn wait_reached(&self, timeout: Duration) -> bool {
        self.wait_reached_by(1, timeout)
    }

    /// Waits until this many calls have come to the gate; false if fewer came in time.
    #[must_use]
    pub fn wait_reached_by(&self, calls: usize, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut reached = self
            .0
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *reached < calls {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            reached = self
                .0
                .arrival
                .wait_timeout(reached, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// How many calls have come to the gate so far.
    pub fn reached(&self) -> usize {
        *self
            .0
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the gate: calls that wait go on, later ones do not wait.
    pub fn release(&self) {
        self.0.state.send_replace(State::Open);
    }

    /// Drops the calls that wait, and later ones, by a reset: at a gate before processing they
    /// have no effect.
    pub fn discard(&self) {
        self.0.state.send_replace(State::Discarding);
    }

    /// Waits at the gate; whether the call may go on.
    pub(crate) async fn pass(&self) -> bool {
        {
            let mut reached = self
                .0
                .reached
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *reached += 1;
            self.0.arrival.notify_all();
        }
        let mut state = self.0.state.subscribe();
        let decided = state.wait_for(|state| *state != State::Closed).await;
        decided.is_ok_and(|state| *state == State::Open)
    }
}
