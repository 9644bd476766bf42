//! One round of questions to one attacker, from whether it may be asked to the events that tell of it: the one way of
//! the worker and of the verb.

use super::{
    own::own,
    scope::{Outside, Scope},
    session::{Found, Manner, Pace, Session},
};
use decnet_model::record::{Probed, UNPLACED};
use decnet_store::{Error as StoreError, Fence, Store};
use netsvc_wire::{
    BadHeaderText, Event, HeaderText, Kind, field,
    stamp::{self, DAY, Micros},
};
use std::{collections::BTreeMap, net::IpAddr};

/// APP-NAME of its events.
const APP: &str = "prober";

/// Who asks, and how.
#[derive(Debug)]
pub struct Prober {
    store: Store,
    fence: Option<Fence>,
    scope: Scope,
    manner: Manner,
    pace: Pace,
    names: (HeaderText, HeaderText),
}

/// Why somebody is not asked.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// It must not be.
    #[error("{}", .0.reason())]
    Outside(Outside),
    /// It was asked within the last day.
    #[error("it was asked within the last day")]
    Early,
    /// The store failed.
    #[error("read and note who is asked")]
    Store(#[from] StoreError),
}

/// What came out of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// What was found.
    pub found: Vec<Found>,
    /// What is another than the time before: which, and what it was.
    pub others: Vec<(String, String)>,
    /// What is written down of it.
    pub events: Vec<Event>,
}

impl Round {
    /// What `one` was the time before, if it is another now.
    pub fn earlier(&self, one: &Found) -> Option<&str> {
        let key = one.key();
        self.others.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }
}

impl Prober {
    /// One that asks those whom `scope` admits. With a `fence` it is the worker, of which there is one.
    ///
    /// # Errors
    /// When a name cannot stand in a line.
    pub fn new(
        store: Store,
        fence: Option<Fence>,
        scope: Scope,
        manner: Manner,
    ) -> Result<Self, BadHeaderText> {
        let pace = Pace::new(manner.per_minute);
        Ok(Prober { store, fence, scope, manner, pace, names: (UNPLACED.parse()?, APP.parse()?) })
    }

    /// Addresses that nobody asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own(&self) -> Result<Vec<IpAddr>, StoreError> {
        own(&self.store).await
    }

    /// Whether nobody may be asked.
    pub fn is_off(&self) -> bool {
        self.scope.is_off()
    }

    /// What came out the time before, if `address` may be asked now. What costs least is looked at first.
    ///
    /// # Errors
    /// Why it may not.
    pub async fn before(
        &self,
        address: IpAddr,
        own: &[IpAddr],
        again: bool,
    ) -> Result<Option<Probed>, NotAsked> {
        self.scope.admits(address, own).map_err(NotAsked::Outside)?;
        let before = self.store.probed_get(address).await?;
        if !again && before.as_ref().is_some_and(|probed| is_early(probed, stamp::now())) {
            return Err(NotAsked::Early);
        }
        // Anybody can send datagrams from anybody's address, to have us ask whom he likes.
        if !self.store.has_connected(address).await? {
            return Err(NotAsked::Outside(Outside::Unproved));
        }
        Ok(before)
    }

    /// Asks `address` everything, unless it is one of `own`. That it is asked is noted before anything leaves: whatever
    /// happens, nobody is asked twice in a day.
    ///
    /// # Errors
    /// Why it is not asked.
    pub async fn ask(
        &mut self,
        address: IpAddr,
        own: &[IpAddr],
        again: bool,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Round, NotAsked> {
        let address = address.to_canonical();
        let before = self.before(address, own, again).await?;
        let found = before.as_ref().map_or_else(|| "{}".to_owned(), |probed| probed.found.clone());
        let note = Probed { src_ip: address, asked_at: stamp::now(), found };
        self.store.probed_put(self.fence.as_ref(), note.clone()).await?;
        let found = Session::new(address, &self.manner, &mut self.pace, stop).run().await;
        let (known, others) = compare(before.as_ref(), &found);
        self.store.probed_put(self.fence.as_ref(), Probed { found: known, ..note }).await?;
        let mut round = Round { found, others, events: Vec::new() };
        round.events = self.events(address, &round);
        Ok(round)
    }

    fn events(&self, address: IpAddr, round: &Round) -> Vec<Event> {
        let mut events = Vec::new();
        for one in &round.found {
            events.push(self.event(Kind::ProbeResult, address, one));
            if let Some(earlier) = round.earlier(one) {
                let event = self.event(Kind::FingerprintRotated, address, one);
                events.push(event.with(field::BEFORE, earlier));
            }
        }
        events
    }

    /// It is ours, not a deed of the attacker's: he is whom it went to, not where it came from.
    fn event(&self, kind: Kind, address: IpAddr, one: &Found) -> Event {
        let mut event = Event::new(stamp::now(), self.names.0.clone(), self.names.1.clone(), kind)
            .with(field::DST_IP, address.to_string())
            .with(field::DST_PORT, one.port.to_string())
            .with(field::PROBE, one.kind.name())
            .with(field::VALUE, one.value.as_str())
            .with(field::PHASE, one.phase);
        event.fields.extend(one.fields.iter().cloned());
        event
    }
}

/// Whether somebody was asked so shortly ago that it is too early.
fn is_early(probed: &Probed, now: Micros) -> bool {
    now.saturating_sub(probed.asked_at) < DAY
}

/// What came out the time before, and now: everything, and what is another than it was.
fn compare(before: Option<&Probed>, found: &[Found]) -> (String, Vec<(String, String)>) {
    let mut known: BTreeMap<String, String> =
        before.and_then(|probed| serde_json::from_str(&probed.found).ok()).unwrap_or_default();
    let mut others = Vec::new();
    for one in found {
        let earlier = known.insert(one.key(), one.value.clone());
        if let Some(earlier) = earlier.filter(|earlier| *earlier != one.value) {
            others.push((one.key(), earlier));
        }
    }
    (serde_json::to_string(&known).unwrap_or_default(), others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::record::FingerprintKind;

    #[test]
    fn what_is_another_than_before_is_told() {
        let found = |value: &str| Found {
            kind: FingerprintKind::Jarm,
            port: 443,
            phase: "tls",
            value: value.to_owned(),
            fields: Vec::new(),
        };
        let (known, others) = compare(None, &[found("a")]);
        assert!(others.is_empty());
        let before = Probed { src_ip: [192, 0, 2, 1].into(), asked_at: 0, found: known };
        let (known, others) = compare(Some(&before), &[found("b")]);
        assert_eq!(others, [("jarm:443".to_owned(), "a".to_owned())]);
        let before = Probed { found: known, ..before };
        assert_eq!(compare(Some(&before), &[]).0, before.found, "what was not seen this time stays");
        assert!(is_early(&before, DAY - 1) && !is_early(&before, DAY));
    }
}
