//! What surrounds a run: the runner, the log, signals, chance, and whose credentials.

use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::sync::watch;

use crate::github::Github;
use crate::report::log::Log;

/// What surrounds a run.
#[derive(Debug)]
pub struct Host {
    /// What the runner tells.
    pub github: Github,
    /// Where log lines go.
    pub log: Log,
    /// Whether to draw progress bars.
    pub progress: bool,
    /// Credentials to use instead of the chain's; for callers of the library.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Whether someone wants the run to end.
    pub interrupt: Interrupt,
}

impl Host {
    /// Nothing around: no runner, no log, no signals.
    #[must_use]
    pub fn quiet() -> Self {
        Host {
            github: Github::default(),
            log: Log::silent(),
            progress: false,
            credentials: None,
            interrupt: Interrupt::never(),
        }
    }
}

/// Whether the run was asked to end.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// One that is never raised.
    #[must_use]
    pub fn never() -> Self {
        Interrupt(watch::channel(false).1)
    }

    /// One that is raised when `true` is sent.
    #[must_use]
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Interrupt(receiver))
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is raised; for ever, if nobody can raise it any more.
    pub async fn raised(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|raised| *raised).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// 32 random bytes from the system.
///
/// # Errors
/// If the system has none to give.
#[allow(clippy::disallowed_methods, reason = "this module owns randomness")]
pub fn random() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}
