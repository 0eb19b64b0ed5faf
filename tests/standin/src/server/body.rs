//! A response body that can trickle or break off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How long a body that breaks off waits first, so that what precedes the break is on its way.
const BREATH: Duration = Duration::from_millis(30);

/// A response body.
#[derive(Debug)]
pub(crate) struct Body {
    chunks: VecDeque<Bytes>,
    pause: Duration,
    pausing: Option<Pin<Box<Sleep>>>,
    breaks_off: bool,
    /// What the header promises.
    length: usize,
}

impl Body {
    /// The whole body at once.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            length: bytes.len(),
            chunks: VecDeque::from([bytes]),
            pause: Duration::ZERO,
            pausing: None,
            breaks_off: false,
        }
    }

    /// A few bytes at a time, with a pause before each.
    pub(super) fn trickling(bytes: Bytes, chunk: usize, pause: Duration) -> Self {
        let mut body = Self::whole(Bytes::new());
        body.length = bytes.len();
        body.pause = pause;
        body.chunks.clear();
        let mut rest = bytes;
        while !rest.is_empty() {
            let chunk = chunk.max(1).min(rest.len());
            body.chunks.push_back(rest.split_to(chunk));
        }
        body
    }

    /// The first bytes of a body of which the header promises the whole, then the end.
    pub(super) fn breaking_off(bytes: &Bytes, after: usize) -> Self {
        let mut body = Self::whole(bytes.slice(..after));
        // A promise of nothing would be kept.
        body.length = bytes.len().max(after + 1);
        body.breaks_off = true;
        body
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let last = self.chunks.iter().all(Bytes::is_empty);
        let pause = match (last, self.breaks_off) {
            (true, true) => BREATH,
            (true, false) => return Poll::Ready(None),
            (false, _) => self.pause,
        };
        if !pause.is_zero() {
            let pausing = self.pausing.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(pausing.as_mut().poll(context));
            self.pausing = None;
        }
        Poll::Ready(match self.chunks.pop_front() {
            Some(chunk) if !chunk.is_empty() => Some(Ok(Frame::data(chunk))),
            _ => Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted))),
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.breaks_off && self.chunks.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}
