//! Updates in a made-up world with a clock of its own: releases that crash, hang or stay silent, and power that is lost
//! between any two steps.

use super::machine::{Act, Phase, Seen, Update, World, drive};
use netsvc_wire::stamp::Micros;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

/// What a release is like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Release {
    Good,
    Crashes,
    Hangs,
    Silent,
    Ill,
    /// Changes the settings, and crashes.
    Spoils,
    /// Well for less than it takes to be believed, and again and again.
    Flaps,
}

/// A host, of which what is on the medium outlives its power.
#[derive(Clone, Debug)]
struct Host {
    release: Release,
    clock: Micros,
    // On the medium.
    noted: Update,
    link: &'static str,
    settings: &'static str,
    kept: Option<&'static str>,
    // In memory.
    runs: Option<&'static str>,
    started: Micros,
    /// Steps until the power is lost.
    power: Option<u32>,
    /// Acts that fail, each once.
    broken: Vec<Act>,
}

impl Host {
    fn with(release: Release) -> Host {
        Host {
            release,
            clock: 1_000_000_000,
            noted: Update::staged("1", Some("1.0.0".to_owned()), "1.1.0", 60, 1_000_000_000),
            link: "1.0.0",
            settings: "old",
            kept: None,
            runs: Some("1.0.0"),
            started: 0,
            power: None,
            broken: Vec::new(),
        }
    }

    fn step(&mut self) {
        if let Some(left) = &mut self.power {
            assert!(*left > 0, "power");
            *left -= 1;
        }
    }

    fn start(&mut self) {
        self.runs = Some(self.link);
        self.started = self.clock;
        if self.link == "1.1.0" && self.release == Release::Spoils {
            self.settings = "spoiled";
        }
    }

    /// Looks that the host has one release or the other, all of it.
    fn check(&self, ended: &Update, told: &str) {
        assert_eq!(ended.phase, Phase::Ended, "{told}");
        assert_eq!(self.noted, *ended, "{told}");
        let wanted = if ended.reason.is_empty() { "1.1.0" } else { "1.0.0" };
        assert_eq!((self.link, self.runs), (wanted, Some(wanted)), "{told}");
        assert_eq!(self.settings, "old", "{told}");
    }
}

impl World for Host {
    fn now(&self) -> Micros {
        self.clock
    }

    fn wait(&mut self, time: Duration) {
        self.clock += i64::try_from(time.as_micros()).unwrap();
    }

    fn note(&mut self, update: &Update) -> Result<(), String> {
        self.step();
        self.noted = update.clone();
        Ok(())
    }

    fn act(&mut self, act: Act, _: &Update) -> Result<(), String> {
        self.step();
        if let Some(at) = self.broken.iter().position(|broken| *broken == act) {
            self.broken.remove(at);
            return Err(format!("{act:?} is broken"));
        }
        match act {
            Act::Stop => self.runs = None,
            Act::Keep => self.kept = Some(self.settings),
            Act::Flip => self.link = "1.1.0",
            Act::FlipBack => self.link = "1.0.0",
            Act::Restore => self.settings = self.kept.unwrap_or(self.settings),
            Act::Start | Act::StartBack => self.start(),
        }
        // The power may be lost between what is done and its note, too.
        self.step();
        Ok(())
    }

    fn look(&mut self, _: &Update) -> Seen {
        let age = self.clock - self.started;
        let new = self.runs == Some("1.1.0");
        let is = |release| new && self.release == release;
        let up = self.runs.is_some() && !is(Release::Crashes) && !is(Release::Spoils);
        let quiet = is(Release::Hangs) || is(Release::Silent) || !up;
        let ill =
            is(Release::Hangs) || is(Release::Ill) || (is(Release::Flaps) && (age / 1_000_000) % 4 == 3);
        Seen {
            runs: up,
            bad: ill.then(|| "fleet: hangs".to_owned()),
            heard: self.runs.filter(|_| !quiet && age > 2_000_000).map(str::to_owned),
        }
    }
}

#[test]
fn a_good_release_stays_and_each_bad_one_goes_back_by_itself_with_its_reason() {
    for (release, wanted) in [
        (Release::Good, ""),
        (Release::Crashes, "it does not run: it ends as soon as it is started"),
        (Release::Spoils, "it does not run: it ends as soon as it is started"),
        (Release::Hangs, "not all is well: fleet: hangs, within 60 s"),
        (Release::Ill, "not all is well: fleet: hangs, within 60 s"),
        (Release::Silent, "the master has not heard it, within 60 s"),
        (Release::Flaps, "not all is well: fleet: hangs, within 60 s"),
    ] {
        let mut host = Host::with(release);
        let noted = host.noted.clone();
        let ended = drive(&mut host, &noted).unwrap();
        if release == Release::Flaps {
            assert!(ended.reason.ends_with("within 60 s"), "{}", ended.reason);
        } else {
            assert_eq!(ended.reason, wanted, "{release:?}");
        }
        host.check(&ended, &format!("{release:?}"));
    }
}

#[test]
fn a_step_that_fails_leads_back_and_a_step_back_is_tried_again() {
    for act in [Act::Stop, Act::Keep, Act::Flip, Act::Start] {
        let mut host = Host { broken: vec![act], ..Host::with(Release::Good) };
        let noted = host.noted.clone();
        let ended = drive(&mut host, &noted).unwrap();
        assert_eq!(ended.reason, format!("{act:?} is broken"));
        host.check(&ended, &format!("{act:?}"));
    }
    for act in [Act::Restore, Act::FlipBack, Act::StartBack] {
        let mut host = Host { broken: vec![act, act], ..Host::with(Release::Spoils) };
        let noted = host.noted.clone();
        let ended = drive(&mut host, &noted).unwrap();
        host.check(&ended, &format!("{act:?}"));
    }
    // Where it cannot be put back, it is said, and the old release runs all the same.
    let mut host = Host { broken: vec![Act::Restore; 5], ..Host::with(Release::Crashes) };
    let noted = host.noted.clone();
    let ended = drive(&mut host, &noted).unwrap();
    assert!(ended.reason.ends_with("and then: Restore is broken"), "{}", ended.reason);
    host.check(&ended, "it cannot be put back");
}

/// Ends the power after each number of steps, once or again and again.
#[test]
fn whenever_the_power_is_lost_the_host_ends_with_one_release_or_the_other() {
    let releases = [Release::Good, Release::Crashes, Release::Hangs, Release::Silent, Release::Spoils];
    for release in releases {
        for steps in 0..40 {
            for every in [false, true] {
                let told = format!("{release:?}, {steps}, {every}");
                let mut host = Host { power: Some(steps), ..Host::with(release) };
                let mut ended = None;
                for attempt in 0..60 {
                    let noted = host.noted.clone();
                    if let Ok(done) = catch_unwind(AssertUnwindSafe(|| drive(&mut host, &noted))) {
                        ended = Some(done.unwrap());
                        break;
                    }
                    // A boot starts whatever the link says, or nothing.
                    host.runs = None;
                    host.clock += 600_000_000;
                    if attempt % 2 == 0 {
                        host.start();
                    }
                    // Less than the way back has, which begins anew each time, and it never ends.
                    host.power = every.then_some(steps.max(14));
                }
                host.check(&ended.unwrap_or_else(|| panic!("{told}: no end")), &told);
                if release == Release::Good && !every {
                    assert_eq!(host.link, "1.1.0", "{told}: a good one is not lost by one power loss");
                }
            }
        }
    }
}

#[test]
fn a_host_that_goes_down_in_each_trial_keeps_the_old_release() {
    let mut host = Host::with(Release::Good);
    host.noted = Update { phase: Phase::Trial, trials: 3, ..host.noted.clone() };
    host.link = "1.1.0";
    host.kept = Some("old");
    let noted = host.noted.clone();
    let ended = drive(&mut host, &noted).unwrap();
    assert!(ended.reason.contains("went down each time"), "{}", ended.reason);
    host.check(&ended, "three trials");
}
