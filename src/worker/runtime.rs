//! Implements [`Runtime`] with the timers, clock, console and Analytics Engine of Workers.

use std::time::Duration;

use futures_util::future::BoxFuture;
use worker::send::SendFuture;
use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset, Date, Delay, Env};

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
        Box::pin(SendFuture::new(Delay::from(duration)))
    }

    fn now(&self) -> u64 {
        Date::now().as_millis() / 1000
    }

    fn log(&self, severity: Severity, line: &str) {
        match severity {
            Severity::Info => worker::console_log!("{line}"),
            Severity::Error => worker::console_error!("{line}"),
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
            worker::console_error!("cannot count {event}: {error}");
        }
    }
}
