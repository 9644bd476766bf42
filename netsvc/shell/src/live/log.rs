//! Logs and the record of logins.

use super::{Live, calendar::strftime};
use crate::flavour::Flavour;

/// A login of the past: user, terminal, from, start and end in µs since the epoch.
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) tty: String,
    pub(crate) from: String,
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
}

/// Logins, latest first; the session itself is the first one.
pub(crate) fn logins(live: &Live) -> Vec<Login> {
    let mut out = Vec::new();
    if let Some(tty) = &live.facts.tty {
        let from = live.facts.peer_ip.to_string();
        out.push(Login { user: live.user.clone(), tty: tty.clone(), from, start: live.login_at, end: None });
    }
    let person = live.persona.users.last().map_or("root", |user| user.name.as_str());
    let admin = live
        .persona
        .gateway
        .map_or_else(|| "console".into(), |gateway| neighbour(&gateway.to_string(), live));
    let boot = live.persona.clock(live.persona.booted_at);
    let mut at = live.login_at;
    for number in 0..6_u32 {
        let gap = 7_200 + live.fixed(&["login gap", &number.to_string()]) % 700_000;
        at -= i64::try_from(gap).unwrap_or(0) * 1_000_000;
        if at < boot.max(live.persona.installed_at) {
            break;
        }
        let length =
            i64::try_from(120 + live.fixed(&["login length", &number.to_string()]) % 5_000).unwrap_or(60);
        out.push(Login {
            user: if number % 3 == 1 { "root".into() } else { person.into() },
            tty: "pts/0".into(),
            from: admin.clone(),
            start: at,
            end: Some((at + length * 1_000_000).min(live.login_at - 1_000_000)),
        });
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
            let pid = 1_000 + self.fixed(&["log pid", &login.start.to_string()]) % 20_000;
            let port = 40_000 + self.fixed(&["log port", &login.start.to_string()]) % 20_000;
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

    fn log_time(&self, at: i64) -> String {
        let iso = self.flavour == Flavour::Debian
            && self.persona.os.version.parse::<u32>().is_ok_and(|version| version >= 12);
        strftime(if iso { "%FT%T.%N%:z" } else { "%b %e %T" }, at, &self.persona.zone)
    }
}
