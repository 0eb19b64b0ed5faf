//! The stand-in's clock: real or advanced by hand, and how wrong it is.

use std::time::{Duration, Instant, SystemTime};

/// Time as the service has it.
#[derive(Debug)]
pub(crate) struct Clock {
    started: SystemTime,
    ticking: Ticking,
    /// Seconds by which every time that the service tells is ahead.
    pub(crate) skew: i64,
    /// Seconds by which `CreateTime` is ahead of the service's other times.
    pub(crate) create_time_skew: i64,
}

#[derive(Debug)]
enum Ticking {
    Real(Instant),
    Manual(Duration),
}

impl Clock {
    pub(crate) fn new(manual: bool) -> Self {
        Self {
            started: SystemTime::now(),
            ticking: if manual {
                Ticking::Manual(Duration::ZERO)
            } else {
                Ticking::Real(Instant::now())
            },
            skew: 0,
            create_time_skew: 0,
        }
    }

    /// Time since the start, free of skew.
    pub(crate) fn elapsed(&self) -> Duration {
        match &self.ticking {
            Ticking::Real(since) => since.elapsed(),
            Ticking::Manual(elapsed) => *elapsed,
        }
    }

    /// Moves a manual clock; whether it is one.
    pub(crate) fn advance(&mut self, by: Duration) -> bool {
        match &mut self.ticking {
            Ticking::Real(_) => false,
            Ticking::Manual(elapsed) => {
                *elapsed += by;
                true
            }
        }
    }

    /// The time that the service tells.
    pub(crate) fn now(&self) -> SystemTime {
        shift(self.started + self.elapsed(), self.skew)
    }

    /// The time that the service gives an invalidation made now.
    pub(crate) fn create_time(&self) -> SystemTime {
        shift(self.now(), self.create_time_skew)
    }
}

fn shift(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time - by } else { time + by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_and_skews_add_up() {
        let mut clock = Clock::new(true);
        let start = clock.now();
        assert!(clock.advance(Duration::from_secs(3)));
        assert_eq!(clock.now(), start + Duration::from_secs(3));
        clock.skew = -600;
        clock.create_time_skew = 7;
        assert_eq!(clock.create_time(), start - Duration::from_secs(590));
        assert_eq!(clock.elapsed(), Duration::from_secs(3));
    }

    #[test]
    fn a_real_clock_cannot_be_advanced() {
        assert!(!Clock::new(false).advance(Duration::from_secs(1)));
    }
}
