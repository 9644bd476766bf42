//! Alerts: which incidents somebody is told of, and what became of each message.

use super::{Severity, Stage};
use netsvc_wire::stamp::Micros;
use std::fmt;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type { $($(#[doc = $about])+ $variant,)+ }

        named!($type);

        impl $type {
            /// Every one.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Name in the store, in JSON and on the command line.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }
        }
    };
}

words! {
    /// How a message looks.
    AlertFormat {
        /// JSON with everything in it, for programs.
        Json = "json";
        /// For Slack's incoming webhooks.
        Slack = "slack";
        /// For Mattermost's and Rocket.Chat's incoming webhooks.
        Mattermost = "mattermost";
        /// For Microsoft Teams' workflows.
        Teams = "teams";
        /// For Discord's webhooks.
        Discord = "discord";
        /// For ntfy: plain text.
        Ntfy = "ntfy";
        /// In the Elastic Common Schema, for SIEMs.
        Ecs = "ecs";
        /// In the Common Event Format, for SIEMs.
        Cef = "cef";
    }
}

words! {
    /// What a message is.
    AlertKind {
        /// An incident came to a stage.
        Alert = "alert";
        /// What was held back.
        Digest = "digest";
        /// A test.
        Test = "test";
        /// Something of ours has gone quiet, or is heard of again.
        Silence = "silence";
    }
}

words! {
    /// What became of a message.
    DeliveryState {
        /// It is to be sent, for the first time or again.
        Waiting = "waiting";
        /// It was taken.
        Delivered = "delivered";
        /// It was given up.
        Failed = "failed";
        /// It was held back: too many in an hour, or quiet hours.
        Held = "held";
        /// It was told in a digest.
        Told = "told";
    }
}

/// Which incidents somebody is told of, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Where messages go, as [`crate::alert::Target`] reads it. Its path is a secret.
    pub target: String,
    /// What messages are signed with; empty: they are not.
    pub secret: String,
    /// How they look.
    pub format: AlertFormat,
    /// At least this urgent.
    pub severity: Severity,
    /// At least this far.
    pub stage: Stage,
    /// Only where this node was touched.
    pub node: Option<String>,
    /// Only where this service was touched.
    pub service: Option<String>,
    /// Only from these addresses.
    pub network: Option<String>,
    /// Messages in an hour beyond which they are held for a digest.
    pub per_hour: u64,
    /// Hours in which what is less than critical is held, as [`crate::alert::Quiet`] reads them.
    pub quiet: Option<String>,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Micros,
}

// It holds secrets.
impl fmt::Debug for AlertRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AlertRule({:?})", self.name)
    }
}

/// Incidents that nobody is told of for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMute {
    /// Its number.
    pub id: i64,
    /// Only from these addresses.
    pub network: Option<String>,
    /// Only of this node.
    pub node: Option<String>,
    /// Only of this service.
    pub service: Option<String>,
    /// Only in these hours, as [`crate::alert::Quiet`] reads them.
    pub hours: Option<String>,
    /// Why.
    pub reason: String,
    /// When it ends; `None`: when somebody ends it.
    pub until: Option<Micros>,
    /// Whose it is.
    pub created_by: String,
    /// Since when.
    pub created_at: Micros,
}

/// One message and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertDelivery {
    /// Its number.
    pub id: i64,
    /// What tells it from all others, for whoever gets it: the same when it is sent again.
    pub token: String,
    /// The rule that it comes of.
    pub rule: String,
    /// What it is.
    pub kind: AlertKind,
    /// What became of it.
    pub state: DeliveryState,
    /// The incident; 0 where it is of none.
    pub incident: i64,
    /// How far the incident had come.
    pub stage: Stage,
    /// How urgent it was.
    pub severity: Severity,
    /// What happened, in words, escaped.
    pub title: String,
    /// The message as JSON.
    pub body: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was made.
    pub created_at: Micros,
    /// When it is tried next.
    pub next_at: Micros,
    /// When it ended.
    pub done_at: Option<Micros>,
    /// What the target said last, or why it could not be reached.
    pub answer: String,
}
