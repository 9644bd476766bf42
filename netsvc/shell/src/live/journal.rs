//! Logs of a node whose routine is known: of logins, of the system, and of who asked its web server.

use super::{Live, calendar::strftime, log::everybody};
use crate::flavour::Flavour;
use netsvc_persona::routine::{self, DAY, Job, MINUTE};

/// µs.
const MILLISECOND: i64 = 1_000;

/// Lines with their times.
type Lines = Vec<(i64, String)>;

impl Live {
    /// The log of logins, or that of the system, of this week or, where the path ends in `.1`, of the week before.
    pub(super) fn journal(&self, of_logins: bool, path: &str) -> String {
        let host = &self.persona.hostname;
        let lines = self.lines(of_logins, path);
        lines.iter().map(|(at, text)| format!("{} {host} {text}\n", self.log_time(*at))).collect()
    }

    /// When the log at `path` was written last.
    pub(super) fn written_at(&self, path: &str) -> Option<i64> {
        let name = path.trim_end_matches(".1");
        let lines = match name {
            "/var/log/auth.log" | "/var/log/secure" => self.lines(true, path),
            "/var/log/syslog" | "/var/log/messages" | "/var/log/cron" => self.lines(false, path),
            _ if name.contains("/access") => self.fetched(path),
            _ => return None,
        };
        lines.last().map(|(at, _)| *at)
    }

    /// The lines of a log that is begun anew each Sunday.
    fn lines(&self, of_logins: bool, path: &str) -> Lines {
        let zone = self.persona.zone.offset_minutes;
        let now = self.now();
        let today = routine::day_of(now, zone);
        let sunday = (today - (today + 4).rem_euclid(7)) * DAY - i64::from(zone) * MINUTE;
        let (from, to) = if path.ends_with(".1") {
            (self.rotated(sunday - 7 * DAY), self.rotated(sunday))
        } else {
            (self.rotated(sunday), now.saturating_add(1))
        };
        let from = from.max(self.boot());
        let mut lines = if of_logins { self.login_lines() } else { self.system_lines(path) };
        lines.extend(self.job_lines(of_logins, path));
        lines.retain(|(at, _)| from <= *at && *at < to && *at <= now);
        lines.sort_by_key(|(at, _)| *at);
        lines
    }

    /// When logs were begun anew on the day that begins at `midnight`.
    fn rotated(&self, midnight: i64) -> i64 {
        let past = self.past();
        let is_it =
            |job: &&Job| job.name == "logrotate.service" && (midnight..midnight + DAY).contains(&job.at);
        past.lately.jobs.iter().find(is_it).map_or(midnight, |job| job.at + job.took / 2)
    }

    /// What is written of those who come, go and become root.
    fn login_lines(&self) -> Lines {
        let mut out = Lines::new();
        for login in everybody(self) {
            let pid = login.pid.unwrap_or_else(|| self.pid_at(login.start));
            let name = &login.user;
            let number = |name: &str| {
                self.persona.users.iter().find(|user| user.name == name).map_or(0, |user| user.uid)
            };
            let uid = number(name);
            out.push((
                login.start - 300 * MILLISECOND,
                format!(
                    "sshd[{pid}]: Accepted password for {name} from {} port {} ssh2",
                    login.from, login.port
                ),
            ));
            out.push((
                login.start - 200 * MILLISECOND,
                format!(
                    "sshd[{pid}]: pam_unix(sshd:session): session opened for user {name}(uid={uid}) by (uid=0)"
                ),
            ));
            for line in login.lines.iter().filter(|line| !line.elevated.is_empty()) {
                let (at, tty, folder) = (line.at, &login.tty, &line.folder);
                out.push((
                    at,
                    format!(
                        "sudo: {name:>8} : TTY={tty} ; PWD={folder} ; USER=root ; COMMAND={}",
                        line.elevated
                    ),
                ));
                out.push((
                    at + 8 * MILLISECOND,
                    format!(
                        "sudo: pam_unix(sudo:session): session opened for user root(uid=0) by {name}(uid={uid})"
                    ),
                ));
                out.push((
                    at + 310 * MILLISECOND,
                    "sudo: pam_unix(sudo:session): session closed for user root".to_owned(),
                ));
            }
            if let Some(end) = login.end {
                out.push((
                    end,
                    format!("sshd[{pid}]: pam_unix(sshd:session): session closed for user {name}"),
                ));
            }
        }
        out
    }

    /// What the system's own programs write of it.
    fn system_lines(&self, path: &str) -> Lines {
        let mut out = Lines::new();
        if self.flavour.busybox() || path.starts_with("/var/log/cron") {
            return out;
        }
        // systemd names the unit beside what it is since release 249 where its makers want it so.
        let version: f64 = self.persona.os.version.parse().unwrap_or(0.0);
        let both = self.flavour == Flavour::Debian && version >= 12.0
            || self.flavour == Flavour::Ubuntu && version >= 23.0;
        let past = self.past();
        for job in past.lately.jobs.iter().filter(|job| !job.about.is_empty()) {
            let (unit, about) = (job.name, job.about);
            let shown = if both { format!("{unit} - {about}") } else { about.to_owned() };
            let end = job.at + job.took;
            out.push((job.at, format!("systemd[1]: Starting {shown}...")));
            out.push((end, format!("systemd[1]: {unit}: Deactivated successfully.")));
            out.push((end + MILLISECOND, format!("systemd[1]: Finished {shown}.")));
        }
        out
    }

    /// What cron writes, in the log of logins and in that of the system (Red Hat has one of its own for it).
    fn job_lines(&self, of_logins: bool, path: &str) -> Lines {
        let mut out = Lines::new();
        let redhat = self.flavour == Flavour::Redhat;
        if !of_logins && redhat && !path.starts_with("/var/log/cron") {
            return out;
        }
        let past = self.past();
        for job in past.lately.jobs.iter().filter(|job| job.about.is_empty()) {
            let (pid, at, end) = (self.pid_at(job.at), job.at, job.at + job.took);
            if self.flavour.busybox() {
                if !of_logins {
                    out.push((at, format!("crond[{pid}]: USER root pid {pid} cmd {}", job.name)));
                }
                continue;
            }
            let (program, unit) = if redhat { ("CROND", "crond") } else { ("CRON", "cron") };
            if of_logins {
                let of = if redhat { unit } else { program };
                let pam = format!("{of}[{pid}]: pam_unix({unit}:session): session");
                out.push((at - MILLISECOND, format!("{pam} opened for user root(uid=0) by (uid=0)")));
                out.push((end, format!("{pam} closed for user root")));
            } else {
                let command = if redhat { job.name.to_owned() } else { format!("   {}", job.name) };
                out.push((at, format!("{program}[{pid}]: (root) CMD ({command})")));
            }
        }
        out
    }

    /// The pages that colleagues asked for, of today or, where the path ends in `.1`, of yesterday.
    pub(super) fn access_log(&self, path: &str) -> String {
        self.fetched(path).into_iter().map(|(_, line)| line + "\n").collect()
    }

    fn fetched(&self, path: &str) -> Lines {
        let zone = &self.persona.zone;
        let now = self.now();
        let today = routine::day_of(now, zone.offset_minutes) * DAY - i64::from(zone.offset_minutes) * MINUTE;
        let back = if path.ends_with(".1") { DAY } else { 0 };
        let (from, to) = (today - back, (today - back + DAY).min(now));
        // Nobody's browser fetches again what it has.
        let size = match crate::fs::name(crate::fs::parent(path)) {
            "httpd" => "-",
            "apache2" => "180",
            _ => "0",
        };
        let past = self.past();
        let asked = past.lately.fetches.iter().filter(|fetch| from <= fetch.at && fetch.at < to);
        let line = |fetch: &routine::Fetch| {
            let at = strftime("%d/%b/%Y:%H:%M:%S %z", fetch.at, zone);
            let (who, page, agent) = (fetch.from, fetch.path, fetch.agent);
            (fetch.at, format!("{who} - - [{at}] \"GET {page} HTTP/1.1\" 304 {size} \"-\" \"{agent}\""))
        };
        asked.map(line).collect()
    }
}
