//! What people did on the node, as its routine says: who came when and from where, and what he left. It is made of the
//! routine and the clock each time, so it is the same whoever looks, and after a restart.

use super::Live;
use netsvc_persona::{
    Persona,
    routine::{self, DAY, Day, Edit, MINUTE, Session},
};
use std::sync::Arc;

/// Days of which everything is known; of those before only who came, and what he changed.
const WHOLE: i64 = 15;

/// What was done on the node since [`Past::begin`], up to the end of a day, all by the node's clock.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Since when.
    pub(crate) begin: i64,
    /// Who came; those who are there when the node is started anew are left out.
    pub(crate) sessions: Vec<Session>,
    /// What is changed, in the order of time.
    pub(crate) edits: Vec<Edit>,
    /// What the system and colleagues did in the last days.
    pub(crate) lately: Day,
}

impl Past {
    /// What is known of the node up to the end of the day that has `now`.
    fn of(persona: &Persona, now: i64) -> Past {
        let zone = persona.zone.offset_minutes;
        let today = routine::day_of(now, zone);
        let shift = i64::from(zone) * MINUTE;
        let end = (today + 1) * DAY - shift;
        // Records of logins are begun anew each month, and those of the month before are kept.
        let first = today - routine::civil(today).2;
        let first = first - routine::civil(first).2 + 1;
        let begin = (first * DAY - shift).max(persona.installed_at.saturating_add(DAY));
        let sessions = sessions(persona, begin, end);
        let edits = sessions.iter().flat_map(|session| &session.lines).filter_map(|line| line.edit.clone());
        let mut edits: Vec<Edit> = edits.collect();
        let offset = persona.clock_offset_ms.saturating_mul(1000);
        let mut of_others = routine::shared(&persona.routine, begin - offset, end - offset);
        of_others.iter_mut().for_each(|edit| edit.at += offset);
        edits.extend(of_others);
        edits.sort_by_key(|edit| edit.at);
        let from = (end - WHOLE * DAY).max(begin);
        let mut lately = routine::between(&persona.routine, from - offset, end - offset);
        lately.jobs.iter_mut().for_each(|job| job.at += offset);
        lately.fetches.iter_mut().for_each(|fetch| fetch.at += offset);
        // They are among the others.
        lately.sessions.clear();
        lately.shared.clear();
        Past { begin, sessions, edits, lately }
    }
}

/// Who came to a node between two moments of its clock.
pub(super) fn sessions(persona: &Persona, from: i64, to: i64) -> Vec<Session> {
    let offset = persona.clock_offset_ms.saturating_mul(1000);
    let boot = persona.clock(persona.booted_at);
    let mut all = routine::sessions(&persona.routine, from - offset, to - offset);
    for session in &mut all {
        session.start += offset;
        session.end += offset;
        for line in &mut session.lines {
            line.at += offset;
            line.until += offset;
            if let Some(edit) = &mut line.edit {
                edit.at += offset;
            }
        }
    }
    all.retain(|session| session.end < boot || boot + 2 * MINUTE < session.start);
    all
}

impl Live {
    /// What was done on the node.
    pub(crate) fn past(&self) -> Arc<Past> {
        let now = self.now();
        let day = routine::day_of(now, self.persona.zone.offset_minutes);
        self.presence.past(&self.persona, day, || Past::of(&self.persona, now))
    }

    /// Who works here now.
    pub(crate) fn colleagues(&self) -> Vec<Session> {
        if self.persona.routine.is_unknown() {
            return Vec::new();
        }
        let now = self.now();
        let past = self.past();
        let is_there = |session: &&Session| session.start <= now && now < session.end;
        past.sessions.iter().filter(is_there).cloned().collect()
    }

    /// What somebody has typed in the logins of his that are over, as his history has it: the last 500 lines.
    pub(super) fn typed(&self, home: &str) -> Option<String> {
        let now = self.now();
        let past = self.past();
        let is_his = |session: &&Session| session.home == home && session.end <= now;
        let mut own: Vec<&Session> = past.sessions.iter().filter(is_his).collect();
        // A shell writes its history when it ends.
        own.sort_by_key(|session| session.end);
        let lines: Vec<&str> =
            own.iter().flat_map(|session| &session.lines).map(|line| line.text.as_str()).collect();
        let kept = lines.get(lines.len().saturating_sub(500)..).unwrap_or_default();
        (!kept.is_empty()).then(|| kept.join("\n") + "\n")
    }

    /// Files that people have made on the node, with the login name of who owns each.
    pub(crate) fn kept_files(&self) -> Vec<(String, String)> {
        if self.persona.routine.is_unknown() {
            return Vec::new();
        }
        let now = self.now();
        let past = self.past();
        let mut all: Vec<(String, String)> = Vec::new();
        for edit in past.edits.iter().filter(|edit| edit.at <= now) {
            if !all.iter().any(|(path, _)| *path == edit.path) {
                all.push((edit.path.clone(), edit.owner.clone()));
            }
        }
        all
    }

    /// What a file holds that people change.
    pub(super) fn kept(&self, path: &str) -> String {
        let now = self.now();
        let past = self.past();
        let mut out = String::new();
        for edit in past.edits.iter().filter(|edit| edit.at <= now && edit.path == path) {
            if out.is_empty() {
                out.push_str(&edit.head);
            }
            out.push_str(&edit.text);
        }
        out
    }

    /// When a file or folder was changed last by what is done on the node; `None`: by nothing of it.
    pub(crate) fn changed_at(&self, path: &str) -> Option<i64> {
        if self.persona.routine.is_unknown() {
            return None;
        }
        let now = self.now();
        let past = self.past();
        let ended = |session: &&Session| session.end <= now;
        if let Some(home) = path.strip_suffix("/.bash_history") {
            let own = past.sessions.iter().filter(ended).filter(|session| session.home == home);
            return own.map(|session| session.end).max();
        }
        if let Some(record) = ["wtmp", "lastlog"].iter().find(|name| path == format!("/var/log/{name}")) {
            return self.noted_at(*record == "lastlog");
        }
        if path.starts_with("/var/log/") {
            return self.written_at(path);
        }
        if path.starts_with("/var/lib/apt/periodic/") {
            let done = |job: &&routine::Job| job.name == "apt-daily.service" && job.at + job.took <= now;
            return past.lately.jobs.iter().filter(done).map(|job| job.at + job.took).max();
        }
        let touched =
            |edit: &&Edit| edit.at <= now && (edit.path == path || crate::fs::parent(&edit.path) == path);
        past.edits.iter().filter(touched).map(|edit| edit.at).max()
    }
}
