//! The subjects that the house speaks of. Whoever publishes or waits names one of these, so that one that
//! nobody declared does not compile.

use crate::topic::{Pattern, Topic};

macro_rules! subjects {
    ($($(#[doc = $doc:literal])+ $variant:ident $(($of:ident))? = $text:literal;)+) => {
        /// What a message is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Subject { $($(#[doc = $doc])+ $variant $((subjects!(@text $of)))?,)+ }

        impl Subject {
            /// Every subject, those of workers with `*` in the worker's place.
            pub const ALL: &'static [Subject] = &[$(Subject::$variant $((subjects!(@any $of)))?),+];

            /// What it is about.
            pub fn about(self) -> &'static str {
                match self { $(Subject::$variant $((subjects!(@ignore $of)))? => concat!($($doc),+).trim_ascii(),)+ }
            }

            fn text(self) -> String {
                match self { $(Subject::$variant $(($of))? => format!($text $(, $of = $of)?),)+ }
            }
        }
    };
    (@text $of:ident) => { &'static str };
    (@any $of:ident) => { "*" };
    (@ignore $of:ident) => { _ };
}

subjects! {
    /// Lines were added to the event log.
    LogAppended = "log.appended";
    /// Events were stored.
    LogIngested = "log.ingested";
    /// Attackers did something.
    AttackerObserved = "attacker.observed";
    /// Profiles of attackers are others.
    AttackerScored = "attacker.scored";
    /// A secret was offered again.
    CredentialReused = "credential.reused";
    /// Identities began, grew, joined or came apart.
    IdentityChanged = "identity.changed";
    /// Campaigns began, grew, joined or came apart.
    CampaignChanged = "campaign.changed";
    /// Something happened to incidents, or was noted of them.
    IncidentChanged = "incident.changed";
    /// Canaries were made, planted or revoked.
    CanaryChanged = "canary.changed";
    /// Another fleet is wanted.
    FleetChanged = "fleet.changed";
    /// A decky is in another state than before.
    DeckyState(decky) = "decky.{decky}.state";
    /// Something was done on a decky of its own accord: a login, a job, pages that were read.
    LifeActivity(decky) = "orchestrator.activity.{decky}";
    /// A file of a decky was changed of its own accord.
    LifeFile(decky) = "orchestrator.file.{decky}";
    /// How a worker does.
    Health(worker) = "system.{worker}.health";
    /// What a worker is to do.
    Control(worker) = "system.{worker}.control";
}

impl Subject {
    /// The topic of its messages.
    pub fn topic(self) -> Topic {
        Topic::declared(self.text())
    }

    /// The topic of messages about the state of the decky called `name`, whose name can be part of a topic.
    pub fn decky_state(name: &str) -> Option<Topic> {
        format!("decky.{name}.state").parse().ok()
    }

    /// The topic of messages about what is done of its own accord on the decky called `name`, or to a file of it.
    pub fn life(name: &str, file: bool) -> Option<Topic> {
        format!("orchestrator.{}.{name}", if file { "file" } else { "activity" }).parse().ok()
    }

    /// The pattern that selects its messages.
    pub fn pattern(self) -> Pattern {
        Pattern::from(self.topic())
    }

    /// Whether a pattern selects messages of any declared subject.
    pub fn any_of(pattern: &Pattern) -> bool {
        Subject::ALL.iter().any(|subject| pattern.matches(&subject.topic()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_is_a_topic() {
        for subject in Subject::ALL {
            let text = subject.text().replace('*', "collector");
            assert_eq!(text.parse::<Topic>().unwrap().as_str(), text);
            assert!(!subject.about().is_empty());
        }
        assert_eq!(Subject::Health("api").topic().as_str(), "system.api.health");
        let topic = Subject::decky_state("web-01").unwrap();
        assert_eq!((topic.as_str(), Subject::decky_state("a.b c")), ("decky.web-01.state", None));
        assert!(Subject::DeckyState("*").pattern().matches(&topic));
        for (file, subject) in [(false, Subject::LifeActivity("*")), (true, Subject::LifeFile("*"))] {
            assert!(subject.pattern().matches(&Subject::life("web-01", file).unwrap()));
        }
        assert!(
            Subject::any_of(&"fleet.>".parse().unwrap()) && !Subject::any_of(&"fleets.>".parse().unwrap())
        );
    }
}
