//! An update of one host, step by step. Pure: what is done and seen comes in by [`World`].
//!
//! Each step is noted before the next begins, and can be done twice. So whatever ends the one that does it, another one
//! goes on from the note, and the host ends with the new release or with the old one, all of it.
//!
//! ```text
//! Staged -stop-> Stopped -keep-> Kept -flip-> Flipped -start-> Trial -settle-> Ended
//!    any of them: Doomed -stop-> Halted -restore-> Restored -flip back-> Reverted -start-> Ended
//! ```

use netsvc_wire::stamp::Micros;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// How long everything has to be well before it is believed.
const SETTLE: Micros = 5_000_000;
/// How long nothing may run at all.
const DOWN: Micros = 15_000_000;
/// How often a trial is begun anew after this host went down in it.
const TRIALS: u32 = 3;
/// How often a step back is tried that another one can follow.
const TRIES: u32 = 5;

/// How far an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The release is unpacked beside the one that runs.
    Staged,
    /// The workers are stopped.
    Stopped,
    /// What could be changed is kept beside.
    Kept,
    /// The new release is the one that is started.
    Flipped,
    /// It was started and has to prove itself.
    Trial,
    /// It has not: everything goes back.
    Doomed,
    /// It is stopped.
    Halted,
    /// What was kept is back in its place.
    Restored,
    /// The old release is the one that is started.
    Reverted,
    /// It is over; `reason` says why where it went back.
    Ended,
}

/// An update, as it is noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Which; the master's name for it.
    pub id: String,
    /// The release before; `None`: the program that was installed by hand or package.
    pub from: Option<String>,
    /// The new release.
    pub to: String,
    /// Seconds that it has to prove itself.
    pub patience: u64,
    /// How far it is.
    pub phase: Phase,
    /// Since when, µs.
    pub since: Micros,
    /// Since when everything is well, µs.
    #[serde(default)]
    pub well: Option<Micros>,
    /// Since when nothing runs, µs.
    #[serde(default)]
    pub down: Option<Micros>,
    /// Trials that were begun.
    #[serde(default)]
    pub trials: u32,
    /// Why it goes back; empty: it does not.
    #[serde(default)]
    pub reason: String,
}

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Stop the workers, all but who does this.
    Stop,
    /// Keep beside what the new release could change.
    Keep,
    /// Have the new release started from now on.
    Flip,
    /// Start the workers of the new release.
    Start,
    /// Put back what was kept, where the old release needs it.
    Restore,
    /// Have the old release started from now on.
    FlipBack,
    /// Start the workers of the old release.
    StartBack,
}

/// What is seen of the workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether anything runs.
    pub runs: bool,
    /// What is wrong with a worker.
    pub bad: Option<String>,
    /// The release by which this host was heard by its master, or is one.
    pub heard: Option<String>,
}

/// The host on which it is done.
pub trait World {
    /// Now, µs.
    fn now(&self) -> Micros;
    /// Waits.
    fn wait(&mut self, time: Duration);
    /// Notes how far it is, on the medium.
    ///
    /// # Errors
    /// Why it is not.
    fn note(&mut self, update: &Update) -> Result<(), String>;
    /// Does something; once more is the same.
    ///
    /// # Errors
    /// Why it is not done.
    fn act(&mut self, act: Act, update: &Update) -> Result<(), String>;
    /// Looks at the workers.
    fn look(&mut self, update: &Update) -> Seen;
}

impl Update {
    /// One whose release is unpacked.
    pub fn staged(id: &str, from: Option<String>, to: &str, patience: u64, now: Micros) -> Update {
        Update {
            id: id.to_owned(),
            from,
            to: to.to_owned(),
            patience,
            phase: Phase::Staged,
            since: now,
            well: None,
            down: None,
            trials: 0,
            reason: String::new(),
        }
    }

    /// What is to be done now, and how far it is then; `None`: to look, or nothing.
    fn next(&self) -> Option<(Act, Phase)> {
        Some(match self.phase {
            Phase::Staged => (Act::Stop, Phase::Stopped),
            Phase::Stopped => (Act::Keep, Phase::Kept),
            Phase::Kept => (Act::Flip, Phase::Flipped),
            Phase::Flipped => (Act::Start, Phase::Trial),
            Phase::Doomed => (Act::Stop, Phase::Halted),
            Phase::Halted => (Act::Restore, Phase::Restored),
            Phase::Restored => (Act::FlipBack, Phase::Reverted),
            Phase::Reverted => (Act::StartBack, Phase::Ended),
            Phase::Trial | Phase::Ended => return None,
        })
    }

    fn goes_back(&self) -> bool {
        matches!(self.phase, Phase::Doomed | Phase::Halted | Phase::Restored | Phase::Reverted)
    }

    fn at(&self, phase: Phase, now: Micros) -> Update {
        let trials = self.trials + u32::from(phase == Phase::Trial);
        Update { phase, since: now, well: None, down: None, trials, ..self.clone() }
    }

    fn doomed(&self, reason: String, now: Micros) -> Update {
        Update { reason, ..self.at(Phase::Doomed, now) }
    }

    /// After whoever did this has ended in the middle: a trial gets its whole time once more, a few times.
    fn resumed(&self, now: Micros) -> Update {
        match self.phase {
            Phase::Trial if TRIALS <= self.trials => {
                self.doomed("this host went down each time that it was tried".to_owned(), now)
            }
            // The workers of this release may be gone: they are started once more.
            Phase::Trial => self.at(Phase::Flipped, now),
            // Whoever started this host may have started workers: what is kept or put back is nobody's meanwhile. Once
            // it was kept it is not kept again: the new release may have been started.
            Phase::Stopped => self.at(Phase::Staged, now),
            Phase::Halted | Phase::Restored | Phase::Reverted => self.at(Phase::Doomed, now),
            Phase::Staged | Phase::Kept | Phase::Flipped | Phase::Doomed | Phase::Ended => self.clone(),
        }
    }

    /// What follows of what is seen in a trial.
    fn judged(&self, seen: &Seen, now: Micros) -> Update {
        // A clock that was set back begins the trial anew.
        let since = self.since.min(now);
        let patience = i64::try_from(self.patience).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        let heard = seen.heard.as_deref() == Some(self.to.as_str());
        if seen.runs && seen.bad.is_none() && heard {
            let well = self.well.unwrap_or(now).min(now);
            if SETTLE <= now - well {
                return self.at(Phase::Ended, now);
            }
            return Update { well: Some(well), down: None, since, ..self.clone() };
        }
        let down = (!seen.runs).then(|| self.down.unwrap_or(now).min(now));
        if down.is_some_and(|down| DOWN <= now - down) {
            return self.doomed("it does not run: it ends as soon as it is started".to_owned(), now);
        }
        if patience <= now - since {
            let why = match (&seen.bad, seen.heard.as_deref()) {
                _ if !seen.runs => "it does not run".to_owned(),
                (Some(bad), _) => format!("not all is well: {bad}"),
                (None, None) => "the master has not heard it".to_owned(),
                (None, Some(other)) => format!("what runs calls itself {other}"),
            };
            return self.doomed(format!("{why}, within {} s", self.patience), now);
        }
        Update { well: None, down, since, ..self.clone() }
    }
}

/// Brings an update to its end, from wherever it stands.
///
/// # Errors
/// When it cannot be noted how far it is; whoever tries again goes on from there.
pub fn drive(world: &mut impl World, noted: &Update) -> Result<Update, String> {
    let mut update = noted.resumed(world.now());
    let mut tries = 0;
    if update != *noted {
        world.note(&update)?;
    }
    while update.phase != Phase::Ended {
        let next = match update.next() {
            None => {
                world.wait(LOOK);
                let seen = world.look(&update);
                update.judged(&seen, world.now())
            }
            Some((act, phase)) => match world.act(act, &update) {
                Ok(()) => {
                    tries = 0;
                    update.at(phase, world.now())
                }
                Err(why) if !update.goes_back() => update.doomed(why, world.now()),
                Err(why) => {
                    tries += 1;
                    world.wait(LOOK);
                    // That the old release is the one that is started cannot be left out; all else can.
                    if tries < TRIES || act == Act::FlipBack {
                        continue;
                    }
                    tries = 0;
                    let reason = format!("{}; and then: {why}", update.reason);
                    Update { reason, ..update.at(phase, world.now()) }
                }
            },
        };
        // How long all is well is nothing to remember.
        if next.phase != update.phase {
            world.note(&next)?;
        }
        update = next;
    }
    Ok(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_neither_dooms_nor_settles() {
        let at = 1_000_000_000;
        let trial = Update { phase: Phase::Trial, ..Update::staged("1", None, "1.1.0", 60, at) };
        let silent = trial.judged(&Seen::default(), at - 900_000_000);
        assert_eq!(
            (silent.phase, silent.since, silent.down),
            (Phase::Trial, at - 900_000_000, Some(at - 900_000_000))
        );
        let well = Seen { runs: true, bad: None, heard: Some("1.1.0".to_owned()) };
        let first = trial.judged(&well, at);
        let back = first.judged(&well, at - 900_000_000);
        assert_eq!((back.phase, back.well), (Phase::Trial, Some(at - 900_000_000)));
        assert_eq!(back.judged(&well, at - 895_000_000).phase, Phase::Ended);
    }
}
