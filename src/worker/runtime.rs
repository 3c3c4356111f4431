//! Implements [`Runtime`] with the timers, clock, console and Analytics Engine of Workers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use worker::send::SendWrapper;
use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset, Env};

use super::bridge::{self, Timer};
use super::wake::Wake;
use crate::platform::{Runtime, Severity};

/// The name of the Analytics Engine binding. It is optional: the log has all events too.
const METRICS: &str = "METRICS";

/// The runtime of Cloudflare Workers.
pub(super) struct WorkersRuntime {
    metrics: Option<AnalyticsEngineDataset>,
}

impl WorkersRuntime {
    pub(super) fn new(env: &Env) -> Self {
        Self {
            metrics: env.analytics_engine(METRICS).ok(),
        }
    }
}

impl Runtime for WorkersRuntime {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(Sleep {
            duration,
            timer: SendWrapper::new(None),
        })
    }

    fn now(&self) -> u64 {
        bridge::now().into()
    }

    fn log(&self, severity: Severity, line: &str) {
        match severity {
            Severity::Info => bridge::console_log(line),
            Severity::Error => bridge::console_error(line),
        }
    }

    fn count(&self, event: &'static str) {
        let Some(metrics) = &self.metrics else {
            return;
        };
        let point = AnalyticsEngineDataPointBuilder::new()
            .indexes([event])
            .doubles([1.0]);
        if let Err(error) = point.write_to(metrics) {
            bridge::console_error(&format!("cannot count {event}: {error}"));
        }
    }
}

/// A timer that starts when it is polled and is cancelled when it is dropped. Unlike
/// `worker::Delay`, it wakes the task that polled it last.
struct Sleep {
    duration: Duration,
    timer: SendWrapper<Option<(Timer, Wake)>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let milliseconds = self.duration.as_secs_f64() * 1000.0;
        let (_, wake) = self.timer.get_or_insert_with(|| {
            let wake = Wake::new();
            (Timer::new(milliseconds, wake.function()), wake)
        });
        if wake.is_called() {
            return Poll::Ready(());
        }
        wake.wait(context);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((timer, _)) = &*self.timer {
            timer.cancel();
        }
    }
}
