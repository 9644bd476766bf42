//! Numbers for Prometheus (text exposition format 0.0.4).

use crate::{ApiState, Problem, problem::ProblemBody};
use axum::{
    extract::State,
    http::{HeaderName, header},
};
use decnet_store::record::{DeliveryState, View};
use serde_json::Value;
use std::fmt::Write;

/// What the format calls itself.
const FORMAT: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// Numbers of the installation for Prometheus: scrape them with a token for programs as `authorization`.
#[utoipa::path(
    get, path = "/metrics", tag = "state", security(("bearer" = [])),
    responses(
        (status = OK, content_type = "text/plain", body = String),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn metrics(
    State(state): State<ApiState>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let mut page = Page::default();
    let totals = state.store().totals().await?;
    for (name, about, value) in [
        ("events", "Events that are kept.", totals.events),
        ("sessions", "Sessions.", totals.sessions),
        ("credentials", "Distinct credentials.", totals.credentials),
        ("artifacts", "Distinct artefacts.", totals.artefacts),
        ("attackers", "Addresses that touched the fleet.", totals.attackers),
        ("events_missing", "Events that are known to be missing.", totals.missing),
        ("events_retired", "Events that were deleted by age or number.", totals.retired),
    ] {
        page.family(name, "gauge", about);
        page.sample(name, &[], value as f64);
    }
    page.family("last_event", "counter", "Number of the last event that was stored.");
    page.sample("last_event", &[], totals.last_event as f64);
    page.family("view_behind", "gauge", "Events that a view has not dealt with yet.");
    for &view in View::ALL {
        let behind = totals.last_event.saturating_sub(state.store().cursor(view).await?).max(0);
        page.sample("view_behind", &[("view", view.name())], behind as f64);
    }
    page.family("alerts", "gauge", "Messages of alerts that have not arrived, by what became of them.");
    for waiting in [DeliveryState::Waiting, DeliveryState::Held, DeliveryState::Failed] {
        let count = state.store().alert_total(waiting).await?;
        page.sample("alerts", &[("state", waiting.name())], count as f64);
    }
    workers(&state, &mut page);
    Ok((FORMAT, page.0))
}

fn workers(state: &ApiState, page: &mut Page) {
    let workers = state.house().workers();
    page.family("worker_good", "gauge", "1 where a worker runs and has nothing to complain of.");
    for worker in &workers {
        page.sample("worker_good", &[("worker", worker.name)], f64::from(u8::from(worker.good)));
    }
    page.family("worker_restarts", "counter", "How often a worker was started again.");
    for worker in &workers {
        page.sample("worker_restarts", &[("worker", worker.name)], worker.restarts as f64);
    }
    page.family("worker_memory_bytes", "gauge", "Memory of the process that a worker lives in.");
    for (name, memory) in workers.iter().filter_map(|worker| Some((worker.name, worker.memory?))) {
        page.sample("worker_memory_bytes", &[("worker", name)], memory as f64);
    }
    page.family("worker_waiting", "gauge", "What waits for a worker: bytes of the log, events, messages.");
    for (name, lag) in workers.iter().filter_map(|worker| Some((worker.name, worker.lag?))) {
        page.sample("worker_waiting", &[("worker", name)], lag as f64);
    }
    page.family("worker_count", "untyped", "What workers count.");
    for worker in &workers {
        for (name, value) in worker.counters.as_object().into_iter().flatten() {
            if let Some(value) = value.as_f64().filter(|_| matches!(value, Value::Number(_))) {
                page.sample("worker_count", &[("worker", worker.name), ("name", name)], value);
            }
        }
    }
}

/// A page in the text format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, about: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.0, "# HELP decnet_{name} {about}\n# TYPE decnet_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<_> =
            labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "decnet_{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_in_the_text_format() {
        let mut page = Page::default();
        page.family("x", "gauge", "About.");
        page.sample("x", &[], 2.0);
        page.sample("x", &[("a", "q\"\\\n"), ("b", "c")], 0.5);
        assert_eq!(
            page.0,
            "# HELP decnet_x About.\n# TYPE decnet_x gauge\ndecnet_x 2\ndecnet_x{a=\"q\\\"\\\\\\n\",b=\"c\"} 0.5\n"
        );
    }
}
