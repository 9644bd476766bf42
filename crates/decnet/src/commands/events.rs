//! `events`: what was recorded, newest last.

use super::{Context, shown};
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::record::{EventRow, Filter, Page};
use netsvc_wire::{Class, Kind, stamp};
use std::{net::IpAddr, time::Duration};

/// Rows read at once while following.
const BATCH: u32 = 1000;

/// Show recorded events
///
/// The newest are shown last. Every value is escaped: nothing that an attacker sent reaches the
/// terminal as it was.
#[derive(Args, Debug)]
pub struct Events {
    /// Go on with new events as they come, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Most events shown (without --follow: the newest so many)
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    filter: FilterArgs,
    /// Show every value whole, however long
    #[arg(long)]
    wide: bool,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

/// Conditions; all that are given must hold.
#[derive(Args, Debug, Default)]
pub struct FilterArgs {
    /// Only of this decky
    #[arg(long)]
    pub decky: Option<String>,
    /// Only of this service
    #[arg(long)]
    pub service: Option<String>,
    /// Only of this kind, for example auth_attempt or command
    #[arg(long)]
    pub kind: Option<String>,
    /// Only from this address
    #[arg(long)]
    pub src: Option<IpAddr>,
    /// Only of this session
    #[arg(long)]
    pub session: Option<String>,
    /// Only at or after this time (RFC 3339, or a span back from now such as 30m, 12h, 7d)
    #[arg(long)]
    pub since: Option<String>,
    /// Only before this time
    #[arg(long)]
    pub until: Option<String>,
    /// Only with this text in a field
    #[arg(long)]
    pub text: Option<String>,
    /// Only events at least this important: scan, interaction, evidence
    #[arg(long, value_parser = ["noise", "scan", "interaction", "evidence"])]
    pub class: Option<String>,
}

impl FilterArgs {
    /// The filter for the store; `now` resolves spans.
    ///
    /// # Errors
    /// When a time or kind is none.
    pub fn filter(&self, now: i64) -> Result<Filter> {
        if let Some(kind) = &self.kind
            && Kind::from_name(kind).is_none()
        {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            bail!("no event kind is called {kind:?}; there are: {}", known.join(", "));
        }
        Ok(Filter {
            node: self.decky.clone(),
            service: self.service.clone(),
            kind: self.kind.clone(),
            src_ip: self.src,
            session: self.session.clone(),
            since: self.since.as_deref().map(|text| moment(text, now)).transpose()?,
            until: self.until.as_deref().map(|text| moment(text, now)).transpose()?,
            text: self.text.clone(),
            class: self.class.as_deref().map(class),
        })
    }
}

fn class(name: &str) -> Class {
    match name {
        "evidence" => Class::Evidence,
        "interaction" => Class::Interaction,
        "scan" => Class::Scan,
        _ => Class::Noise,
    }
}

/// A time as RFC 3339, a date, or a span before `now`.
fn moment(text: &str, now: i64) -> Result<i64> {
    if let Some(at) = stamp::parse(text).or_else(|| stamp::parse(&format!("{text}T00:00:00Z"))) {
        return Ok(at);
    }
    let (count, unit) = text.split_at_checked(text.len().saturating_sub(1)).unwrap_or_default();
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    match count.parse::<i64>() {
        Ok(count) if seconds > 0 && count >= 0 => Ok(now - count.saturating_mul(seconds * 1_000_000)),
        _ => bail!(
            "{text:?} is no time: write 2026-01-31T12:00:00Z, 2026-01-31, or a span such as 30m, 12h, 7d"
        ),
    }
}

impl Events {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(context.now())?;
        let mut rows = store.event_list(&filter, Page::newest(self.limit)).await.context("read events")?;
        rows.reverse();
        rows.iter().for_each(|row| self.show(row));
        if !self.follow {
            return Ok(());
        }
        let mut last = match rows.last() {
            Some(row) => row.id,
            None => store.event_last().await.context("read events")?,
        };
        loop {
            let rows = store.event_list(&filter, Page::after(last, BATCH)).await.context("read events")?;
            rows.iter().for_each(|row| self.show(row));
            last = rows.last().map_or(last, |row| row.id);
            if rows.is_empty() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    fn show(&self, row: &EventRow) {
        if self.json {
            output::json(&shown::event(row));
        } else {
            output::line(&line(row, self.wide));
        }
    }
}

/// Longest value of a field that is not asked for whole.
const VALUE: usize = 160;

/// An event as one line for people; `wide`: with every value whole.
pub fn line(row: &EventRow, wide: bool) -> String {
    const HIDDEN: &[&str] =
        &["src_ip", "src_port", "dst_ip", "dst_port", "session", "secret_b64", "transport"];
    let source = row.src_ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let name = |text: &str| output::captured(text.as_bytes(), usize::MAX);
    let mut line = format!(
        "{} {:<16} {:<7} {:<19} {source:<15}",
        output::moment(row.at),
        name(&row.node),
        name(&row.service),
        name(&row.kind)
    );
    let longest = if wide { usize::MAX } else { VALUE };
    for (field, value) in row.fields.iter().filter(|(field, _)| !HIDDEN.contains(&field.as_str())) {
        line.push_str(&format!(" {}={}", name(field), output::captured(value, longest)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_absolute_or_spans() {
        let now = 1_764_000_000_000_000;
        assert_eq!(moment("90s", now).unwrap(), now - 90_000_000);
        assert_eq!(moment("1970-01-02", now).unwrap(), 86_400_000_000);
        assert!(moment("yesterday", now).unwrap_err().to_string().contains("30m"));
        assert!(moment("m", now).is_err());
    }
}
