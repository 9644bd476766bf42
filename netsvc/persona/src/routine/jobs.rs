//! What a system does by itself: cron and timers.

use super::{
    DAY, Family, MINUTE, Routine,
    hours::{below, civil, moment},
};
use crate::subkey;

/// Something that a system did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// When it began.
    pub at: i64,
    /// How long it took, in µs.
    pub took: i64,
    /// Unit of a timer, or what cron ran.
    pub name: &'static str,
    /// What the unit says that it is; empty: cron ran it.
    pub about: &'static str,
    /// Whether an operator would care: not every hour of cron.
    pub notable: bool,
}

/// A timer that elapses once a day: unit, description, first minute, minutes that are drawn beyond, day of the week
/// from Monday on (7: each day), longest run in seconds.
type Timer = (&'static str, &'static str, u32, u32, i64, u32);

const DEBIAN: &[Timer] = &[
    ("logrotate.service", "Rotate log files", 0, 1, 7, 2),
    ("man-db.service", "Daily man-db regeneration", 0, 1, 7, 4),
    ("apt-daily.service", "Daily apt download activities", 6 * 60, 360, 7, 20),
    ("apt-daily.service", "Daily apt download activities", 18 * 60, 340, 7, 20),
    ("apt-daily-upgrade.service", "Daily apt upgrade and clean activities", 6 * 60, 60, 7, 40),
    ("fstrim.service", "Discard unused blocks on filesystems from /etc/fstab", 0, 60, 0, 6),
    ("e2scrub_all.service", "Online ext4 Metadata Check for All Filesystems", 190, 1, 6, 1),
];
const REDHAT: &[Timer] = &[
    ("logrotate.service", "Rotate log files", 0, 1, 7, 2),
    ("dnf-makecache.service", "dnf makecache", 90, 90, 7, 15),
    ("dnf-makecache.service", "dnf makecache", 6 * 60, 120, 7, 15),
    ("dnf-makecache.service", "dnf makecache", 11 * 60, 120, 7, 15),
    ("dnf-makecache.service", "dnf makecache", 16 * 60, 120, 7, 15),
    ("fstrim.service", "Discard unused blocks on filesystems from /etc/fstab", 0, 60, 0, 6),
];
const CLEANUP: (&str, &str) = ("systemd-tmpfiles-clean.service", "Cleanup of Temporary Directories");

/// What the system of a node does on a day, in the order of time.
pub(super) fn jobs(routine: &Routine, day: i64) -> Vec<Job> {
    let key = routine.key.hex_bytes().unwrap_or_default();
    let mut random = subkey::generator(&key, &["jobs", &day.to_string()]);
    let (timers, hourly, minute): (&[Timer], _, _) = match routine.system {
        Family::Debian => (DEBIAN, "cd / && run-parts --report /etc/cron.hourly", 17),
        Family::Redhat => (REDHAT, "run-parts /etc/cron.hourly", 1),
        Family::Yum => (&[], "run-parts /etc/cron.hourly", 1),
        Family::Alpine => (&[], "run-parts /etc/periodic/hourly", 0),
    };
    let weekday = (day + 3).rem_euclid(7);
    let begin = day * DAY - i64::from(routine.zone_minutes) * MINUTE;
    // Cron looks once a minute, at its beginning.
    let cron = |minute: i64, late: i64, name: &'static str, notable: bool| Job {
        at: begin + minute * MINUTE + 1_000_000 + late,
        took: 40_000 + late / 2,
        name,
        about: "",
        notable,
    };
    let mut out: Vec<Job> =
        (0..24).map(|hour| cron(hour * 60 + minute, below(&mut random, 300_000), hourly, false)).collect();
    if routine.system == Family::Debian {
        let daily = "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }";
        out.push(cron(6 * 60 + 25, below(&mut random, 300_000), daily, true));
        if weekday == 6 {
            let weekly = "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }";
            out.push(cron(6 * 60 + 47, below(&mut random, 300_000), weekly, true));
        }
        if civil(day).2 == 1 {
            let monthly = "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }";
            out.push(cron(6 * 60 + 52, below(&mut random, 300_000), monthly, true));
        }
    }
    for &(name, about, first, width, on, longest) in timers {
        let at = moment(day, routine.zone_minutes, i64::from(first) + below(&mut random, width), &mut random);
        let took = 60_000 + below(&mut random, longest.saturating_mul(1_000_000));
        if on == 7 || on == weekday {
            out.push(Job { at, took, name, about, notable: true });
        }
    }
    if matches!(routine.system, Family::Debian | Family::Redhat) {
        // A quarter of an hour after the start of the system, and then each day at about that time.
        let first = below(&mut subkey::generator(&key, &["cleanup"]), 24 * 60 - 2);
        let at = moment(day, routine.zone_minutes, first, &mut random);
        out.push(Job { at, took: 30_000, name: CLEANUP.0, about: CLEANUP.1, notable: false });
    }
    out.sort_by_key(|job| job.at);
    out
}
