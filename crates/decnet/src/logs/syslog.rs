//! Our own messages as RFC 5424: APP-NAME is the part of the program, the fields are structured data.

use crate::level::PARTS;
use netsvc_wire::{escape::printable, stamp};
use std::fmt::{self, Write};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext,
        format::{FormatEvent, FormatFields, Writer},
    },
    registry::LookupSpan,
};

/// Facility "daemon" (RFC 5424 table 1), times eight.
const FACILITY: u8 = 3 << 3;
/// SD-ID of the fields, under the number that RFC 5612 gives to examples, as event lines.
const SD_ID: &str = "log@32473";
/// Longest APP-NAME and PROCID (RFC 5424 §6).
const APP_MOST: usize = 48;

/// The form of a line.
#[derive(Debug)]
pub(super) struct Rfc5424 {
    host: String,
}

impl Rfc5424 {
    /// With the name of this host.
    pub(super) fn new() -> Self {
        let name = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
        let fits = !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_graphic());
        Rfc5424 { host: if fits { name } else { "-".to_owned() } }
    }
}

impl<S, N> FormatEvent<S, N> for Rfc5424
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let at = stamp::format(stamp::now());
        let data = if fields.data.is_empty() { "-".to_owned() } else { format!("[{SD_ID}{}]", fields.data) };
        writeln!(
            out,
            "<{}>1 {at} {} {} {} - {data} {}",
            FACILITY + severity(*event.metadata().level()),
            self.host,
            component(event.metadata().target()),
            std::process::id(),
            fields.message
        )
    }
}

/// Severities of RFC 5424 table 2.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// The part of the program that a module path names: `decnet_pipeline::collector::body` is
/// `decnet.collector`, `decnet_web::serve` is `decnet.api`.
fn component(target: &str) -> String {
    let fits = |module: &&&str| target == **module || target.starts_with(&format!("{module}::"));
    let of_part = |(name, modules): &(&'static str, &'static [&'static str])| {
        let longest = modules.iter().filter(fits).map(|module| module.len()).max();
        longest.map(|length| (length, *name))
    };
    let known = PARTS.iter().filter_map(of_part).max().map(|(_, name)| name);
    let mut words = target.split("::");
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let name = known.or(second.filter(|_| first == "decnet")).unwrap_or(first);
    let name = name.strip_prefix("decnet_").unwrap_or(name);
    let name: String = name.chars().filter(char::is_ascii_graphic).collect();
    let full =
        if name.is_empty() || name == "decnet" { "decnet".to_owned() } else { format!("decnet.{name}") };
    full.chars().take(APP_MOST).collect()
}

#[derive(Default)]
struct Fields {
    message: String,
    data: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = printable(value.as_bytes()).to_string();
            return;
        }
        let name: String =
            field.name().chars().filter(|c| c.is_ascii_alphanumeric() || "_.-".contains(*c)).collect();
        // PARAM-VALUE escapes these three (RFC 5424 §6.3.3).
        let mut escaped = String::new();
        for c in printable(value.as_bytes()).as_str().chars() {
            if matches!(c, '"' | '\\' | ']') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        let _ = write!(self.data, " {}=\"{escaped}\"", name.chars().take(32).collect::<String>());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::file::LogFile;
    use tracing_subscriber::{fmt::layer, layer::SubscriberExt};

    #[test]
    fn a_part_of_the_program_has_its_name() {
        for (target, name) in [
            ("decnet_pipeline::collector::body", "decnet.collector"),
            ("decnet_pipeline::runtime::supervise", "decnet.keeper"),
            ("decnet_web::stream", "decnet.api"),
            ("decnet_engine::native::server", "decnet.netd"),
            ("decnet_store::ingest", "decnet.store"),
            ("decnet", "decnet"),
            ("sqlx::query", "decnet.sqlx"),
        ] {
            assert_eq!(component(target), name, "{target}");
        }
    }

    #[test]
    fn a_message_is_a_line_that_syslog_tools_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let file = LogFile::new(path.clone(), false);
        let layer = layer().with_ansi(false).event_format(Rfc5424::new()).with_writer(file);
        let registry = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(registry, || {
            tracing::warn!(target: "decnet_web::serve", peer = "a\"]\n<165>1", count = 3, "too many at once");
        });
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let (head, rest) = text.split_once(" decnet.api ").unwrap();
        assert!(head.starts_with("<28>1 20") && head.contains('Z'), "{head}");
        let pid = std::process::id();
        let expected = "[log@32473 peer=\"a\\\"\\]\\\\x0a<165>1\" count=\"3\"] too many at once\n";
        assert_eq!(rest, format!("{pid} - {expected}"));
    }
}
