//! When GitHub says slowly: how long to wait.

use std::time::Duration;

/// What an answer says about limits.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// `retry-after`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// `x-ratelimit-remaining`.
    pub(super) remaining: Option<u64>,
    /// `x-ratelimit-reset`, in seconds since 1970.
    pub(super) reset: Option<u64>,
}

/// No wait is longer: a job has better things to do.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// How long to wait before the same request is sent again, if it was refused for being one too many.
pub(super) fn pause(
    status: u16,
    limits: &Limits,
    body: &str,
    attempt: u32,
    now: u64,
) -> Option<Duration> {
    if !is_limited(status, limits, body) {
        return None;
    }
    let seconds = match (limits.retry_after, limits.remaining, limits.reset) {
        (Some(seconds), _, _) => seconds,
        (None, Some(0), Some(reset)) => reset.saturating_sub(now) + 1,
        _ => 60_u64 << attempt.min(6),
    };
    Some(Duration::from_secs(seconds)).filter(|&pause| pause <= LONGEST)
}

fn is_limited(status: u16, limits: &Limits, body: &str) -> bool {
    let body = body.to_lowercase();
    let speaks_of_it = body.contains("secondary rate limit")
        || body.contains("abuse")
        || body.contains("submitted too quickly");
    match status {
        429 => true,
        403 => limits.retry_after.is_some() || limits.remaining == Some(0) || speaks_of_it,
        422 => speaks_of_it,
        // Queries are answered with 200 all the same.
        200 => body.contains("\"rate_limited\""),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, pause};

    #[test]
    fn the_answer_tells_how_long() {
        let after = |seconds| Limits {
            retry_after: Some(seconds),
            ..Limits::default()
        };
        let spent = Limits {
            remaining: Some(0),
            reset: Some(1_030),
            ..Limits::default()
        };
        let seconds = |pause: Option<std::time::Duration>| pause.map(|pause| pause.as_secs());
        assert_eq!(seconds(pause(403, &after(7), "", 0, 0)), Some(7));
        assert_eq!(seconds(pause(429, &Limits::default(), "", 1, 0)), Some(120));
        assert_eq!(seconds(pause(403, &spent, "", 0, 1_000)), Some(31));
        assert_eq!(
            seconds(pause(
                422,
                &Limits::default(),
                "was submitted too quickly",
                0,
                0
            )),
            Some(60)
        );
        assert_eq!(
            pause(
                403,
                &Limits::default(),
                "Resource not accessible by integration",
                0,
                0
            ),
            None
        );
        assert_eq!(
            pause(
                422,
                &Limits::default(),
                "line must be part of the diff",
                0,
                0
            ),
            None
        );
        assert_eq!(
            pause(429, &after(3_600), "", 0, 0),
            None,
            "nobody waits for an hour"
        );
    }
}
