//! Figures of the Python original 1.2.1, as measured on two virtual cores (AMD EPYC, 24 GiB, Debian 12,
//! CPython 3.11); medians. The section is that of the page of baselines that they were written down in.

use crate::table::Baseline;

const fn of(figure: f64, section: &'static str) -> Baseline {
    Baseline { figure, section }
}

/// Lines per second: `collector.parse_rfc5424`.
pub(crate) const PARSE: Baseline = of(102_000.0, "4a");
/// µs of CPU of a line: the same.
pub(crate) const PARSE_CPU: Baseline = of(9.8, "4a");
/// Lines per second: ingester into SQLite.
pub(crate) const INGEST: Baseline = of(423.0, "4b");
/// µs of CPU of a line: the same.
pub(crate) const INGEST_CPU: Baseline = of(1_700.0, "4b");
/// Correlation engine: lines, seconds, MiB of resident memory.
pub(crate) const CORRELATE: [(u64, Baseline, Baseline); 2] =
    [(20_000, of(0.78, "4c"), of(70.0, "4c")), (200_000, of(8.2, "4c"), of(446.0, "4c"))];
/// Messages per second and subscriber, unthrottled, 1 publisher, 1 subscriber (35 % dropped).
pub(crate) const BUS_RATE: Baseline = of(24_600.0, "5");
/// Latency in µs at 1,000 messages/s with one subscriber, median and 99 %.
pub(crate) const BUS_LATENCY: (Baseline, Baseline) = (of(340.0, "5"), of(880.0, "5"));
/// What a login costs the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login {
    /// Slug of the service.
    pub(crate) service: &'static str,
    /// Logins per second.
    pub(crate) rate: Option<Baseline>,
    /// Server CPU in µs per login.
    pub(crate) cpu: Option<Baseline>,
}

/// Logins, one connection each.
pub(crate) const LOGINS: [Login; 7] = [
    Login { service: "ftp", rate: Some(of(3_122.0, "3")), cpu: Some(of(215.0, "3")) },
    Login { service: "smtp", rate: Some(of(2_291.0, "3")), cpu: Some(of(227.0, "3")) },
    Login { service: "redis", rate: Some(of(44.0, "3")), cpu: Some(of(577.0, "3")) },
    Login { service: "mysql", rate: Some(of(17.8, "3")), cpu: Some(of(755.0, "3")) },
    // Busybox's telnetd was not measured.
    Login { service: "telnet", rate: None, cpu: None },
    Login { service: "http", rate: Some(of(1_127.0, "3")), cpu: Some(of(916.0, "3")) },
    Login { service: "ssh", rate: Some(of(48.0, "3")), cpu: Some(of(11_500.0, "3")) },
];

/// Seconds of a plan without anything made (`deploy --dry-run`): Docker's part was not measured.
pub(crate) const PLANS: [(u32, Baseline); 1] = [(1_000, of(3.6, "2"))];
/// MiB of PSS of one service process: 22 of them have 330.
pub(crate) const SERVICE_PSS: f64 = 15.0;
/// MiB of PSS of the workers as shipped.
pub(crate) const WORKERS_PSS: f64 = 852.0;
