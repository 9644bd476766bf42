//! Logs and the record of logins.

use super::{
    Live,
    calendar::strftime,
    presence::Present,
    seats::{Seated, seat},
};
use crate::flavour::Flavour;
use netsvc_persona::routine::{Line, Session};

/// µs.
const DAY: i64 = 86_400_000_000;
/// Days that are looked back, and logins of people that are told.
const PAST_DAYS: i64 = 60;
const PAST: usize = 6;

/// A login: user, terminal, from, start and end in µs since the epoch.
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) tty: String,
    pub(crate) from: String,
    /// Port of the connection there.
    pub(crate) port: u16,
    pub(crate) start: i64,
    /// No end: he is there.
    pub(crate) end: Option<i64>,
    /// The daemon's process that let him in, where that is known.
    pub(crate) pid: Option<u32>,
    /// What was typed, as far as others see it.
    pub(crate) lines: Vec<Line>,
}

impl Seated for Login {
    fn span(&self) -> (i64, Option<i64>) {
        (self.start, self.end)
    }

    fn tty(&self) -> &str {
        &self.tty
    }

    fn seat(&mut self, tty: String) {
        self.tty = tty;
    }
}

/// Logins that are there, oldest first, as the session's own source sees them.
pub(crate) fn present(live: &Live) -> Vec<Login> {
    let mut there = if live.persona.routine.is_unknown() { of_source(live) } else { logins(live) };
    there.retain(|one| one.end.is_none());
    there.sort_by_key(|one| one.start);
    there
}

/// Logins as the system has written them down, latest first: those of the source itself, and those of who works here.
pub(crate) fn logins(live: &Live) -> Vec<Login> {
    if live.persona.routine.is_unknown() || live.keeps_logins() {
        return everybody(live);
    }
    let mut own = of_source(live);
    own.reverse();
    own
}

/// Logins, latest first, whether the system writes them down or not.
pub(super) fn everybody(live: &Live) -> Vec<Login> {
    let mut out = of_source(live);
    if live.persona.routine.is_unknown() {
        out.extend(of_people(live));
    } else {
        out.extend(of_routine(live));
        seat(&mut out);
    }
    out.sort_by_key(|login| std::cmp::Reverse(login.start));
    out
}

/// Logins of the source itself, oldest first.
fn of_source(live: &Live) -> Vec<Login> {
    let shown = |one: Present| Login {
        user: one.user,
        tty: one.tty,
        from: one.from.ip().to_string(),
        port: one.from.port(),
        start: one.start,
        end: one.end,
        pid: Some(one.pid.saturating_sub(13)),
        lines: Vec::new(),
    };
    live.presence.of(&live.source).into_iter().map(shown).collect()
}

/// Logins of people, as the node's routine says, up to now. They have no terminals yet.
fn of_routine(live: &Live) -> Vec<Login> {
    let now = live.now();
    let past = live.past();
    let begun = past.sessions.iter().filter(|session| session.start <= now);
    let shown = |session: &Session| Login {
        user: session.account.clone(),
        tty: String::new(),
        from: session.from.to_string(),
        port: session.port,
        start: session.start,
        end: (session.end <= now).then_some(session.end),
        pid: None,
        lines: session.lines.iter().filter(|line| line.at <= now).cloned().collect(),
    };
    begun.map(shown).collect()
}

/// Logins of those who work here, which are over: the same whoever looks, whenever he does.
fn of_people(live: &Live) -> Vec<Login> {
    let mut out = Vec::new();
    // Whoever looks may have an account that was made for his session, which has no password.
    let person = live.persona.users.iter().rfind(|user| user.password.is_some());
    let person = person.map_or("root", |user| user.name.as_str());
    let admin = live
        .persona
        .gateway
        .map_or_else(|| "console".into(), |gateway| neighbour(&gateway.to_string(), live));
    let begin = live.persona.clock(live.persona.booted_at).max(live.persona.installed_at);
    // Nobody of them is there while the source looks.
    let until =
        live.presence.of(&live.source).first().map_or(live.login_at, |first| first.start.min(live.login_at));
    let zone = i64::from(live.persona.zone.offset_minutes) * 60_000_000;
    for back in 0..PAST_DAYS {
        let day = (live.login_at + zone).div_euclid(DAY) - back;
        let drawn = |what: &str| live.fixed(&["login", what, &day.to_string()]);
        if drawn("day") % 5 > 1 {
            continue;
        }
        let within = |what: &str, low: u64, width: u64| {
            i64::try_from(low + drawn(what) % width).unwrap_or(0) * 1_000_000
        };
        let start = day * DAY - zone + within("start", 7 * 3_600, 11 * 3_600);
        let end = start + within("length", 120, 5_000);
        if start < begin || out.len() == PAST {
            break;
        }
        if end < until {
            let user = if drawn("who") % 3 == 1 { "root" } else { person };
            out.push(Login {
                user: user.to_owned(),
                tty: "pts/0".to_owned(),
                from: admin.clone(),
                port: 0,
                start,
                end: Some(end),
                pid: None,
                lines: Vec::new(),
            });
        }
    }
    out
}

/// An administrator's address on the gateway's network.
fn neighbour(gateway: &str, live: &Live) -> String {
    match gateway.rsplit_once('.') {
        Some((network, _)) => format!("{network}.{}", 20 + live.fixed(&["admin"]) % 30),
        None => gateway.to_owned(),
    }
}

impl Live {
    pub(super) fn auth_log(&self) -> String {
        let host = &self.persona.hostname;
        let mut out = String::new();
        let mut line =
            |at: i64, text: String| out.push_str(&format!("{} {host} {text}\n", self.log_time(at)));
        for login in logins(self).iter().rev() {
            let drawn = |name: &str| self.fixed(&[name, &login.start.to_string()]) % 20_000;
            let pid = login.pid.map_or_else(|| 1_000 + drawn("log pid"), u64::from);
            let port = if login.port == 0 { 40_000 + drawn("log port") } else { login.port.into() };
            line(
                login.start - 300_000,
                format!(
                    "sshd[{pid}]: Accepted password for {} from {} port {port} ssh2",
                    login.user, login.from
                ),
            );
            line(
                login.start - 200_000,
                format!(
                    "sshd[{pid}]: pam_unix(sshd:session): session opened for user {}(uid=0) by (uid=0)",
                    login.user
                ),
            );
            if let Some(end) = login.end {
                line(
                    end,
                    format!("sshd[{pid}]: pam_unix(sshd:session): session closed for user {}", login.user),
                );
            }
        }
        out
    }

    pub(super) fn system_log(&self) -> String {
        let host = &self.persona.hostname;
        let boot = self.persona.clock(self.persona.booted_at);
        let mut out = String::new();
        let mut at = (self.now() / 86_400_000_000 * 86_400_000_000).max(boot);
        let mut number = 0_u32;
        while at < self.now() && number < 60 {
            let text = match number % 4 {
                0 => "CRON[{pid}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
                1 => {
                    "systemd[1]: Starting systemd-tmpfiles-clean.service - Cleanup of Temporary Directories..."
                }
                2 => "systemd[1]: systemd-tmpfiles-clean.service: Deactivated successfully.",
                _ => {
                    "systemd[1]: Finished systemd-tmpfiles-clean.service - Cleanup of Temporary Directories."
                }
            };
            let pid = 9_000 + self.fixed(&["cron", &number.to_string()]) % 20_000;
            out.push_str(&format!(
                "{} {host} {}\n",
                self.log_time(at),
                text.replace("{pid}", &pid.to_string())
            ));
            at += i64::try_from(self.fixed(&["log", &number.to_string()]) % 1_800).unwrap_or(60) * 1_000_000;
            number += 1;
        }
        out
    }

    /// When logins were noted down last, or only those that begin.
    pub(super) fn noted_at(&self, only_starts: bool) -> Option<i64> {
        let now = self.now();
        let moments = |login: Login| [Some(login.start), login.end.filter(|_| !only_starts)];
        logins(self).into_iter().flat_map(moments).flatten().filter(|at| *at <= now).max()
    }

    pub(super) fn log_time(&self, at: i64) -> String {
        let iso = self.flavour == Flavour::Debian
            && self.persona.os.version.parse::<u32>().is_ok_and(|version| version >= 12);
        strftime(if iso { "%FT%T.%N%:z" } else { "%b %e %T" }, at, &self.persona.zone)
    }
}
