//! The broker of a node as one attacker finds it: who subscribed to what, what is kept for topics, and what waits for
//! clients. All of it is bounded, for him and for the process.

use super::{
    mailbox::Mailbox,
    message::{Content, Message},
    topic,
};
use crate::room::{Held, Pool, Room};
use std::{collections::BTreeMap, sync::Arc};

/// Clients whose sessions a broker has; the oldest without a connection goes first.
const SESSIONS: usize = 128;
/// Subscriptions of one session.
const FILTERS: usize = 64;
/// Bytes of the filters of all sessions, which stay without a connection and are compared with each message.
const FILTER_BYTES: usize = 1 << 20;
/// Bytes of messages that a broker keeps for topics.
const KEPT: usize = 256 * 1024;
/// Bytes of names, filters and messages, waiting and kept, of one broker, and of all brokers of the process.
const OWN: usize = 4 << 20;
const IN_ALL: usize = 64 << 20;
/// Bytes that a session or a subscription counts for beside its name.
const OVERHEAD: usize = 128;
/// Wills that wait for their delay.
const WILLS: usize = 64;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    /// Filter as it was asked for.
    pub(super) filter: Vec<u8>,
    pub(super) quality: u8,
    /// Whether the client's own messages are left out.
    pub(super) others_only: bool,
    /// Whether messages say whether they were kept.
    pub(super) as_published: bool,
    pub(super) number: Option<u32>,
}

/// A client's session.
#[derive(Debug)]
struct Session {
    subscriptions: Vec<Subscription>,
    mailbox: Mailbox,
    /// Number of its connection; `None` when it has none.
    connection: Option<u64>,
    /// Second at which it is forgotten while it has none.
    expires: i64,
    /// Order of arrival.
    order: u64,
    /// Bytes of its name and its subscriptions.
    held: Held,
}

/// A will with its delay.
#[derive(Debug)]
struct Will {
    due: i64,
    client: Vec<u8>,
    content: Content,
    kept: bool,
}

/// What is counted since the process began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) published: u64,
    pub(super) delivered: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// How many subscriptions, kept messages, sessions and connections there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) filters: usize,
    pub(super) kept: usize,
    pub(super) sessions: usize,
    pub(super) connected: usize,
}

/// A broker.
#[derive(Debug)]
pub(super) struct Broker {
    sessions: BTreeMap<Vec<u8>, Session>,
    kept: BTreeMap<Vec<u8>, (Arc<Content>, Held)>,
    kept_bytes: usize,
    room: Arc<Room>,
    wills: Vec<(Will, Held)>,
    next: u64,
    shares: usize,
    pub(super) counters: Counters,
}

/// A client that was let in.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) mailbox: Mailbox,
    /// Number of the connection.
    pub(super) connection: u64,
    /// Whether there was a session.
    pub(super) present: bool,
}

impl Broker {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Broker {
            sessions: BTreeMap::new(),
            kept: BTreeMap::new(),
            kept_bytes: 0,
            room: Arc::new(Room::new(OWN, IN_ALL, pool)),
            wills: Vec::new(),
            next: 0,
            shares: 0,
            counters: Counters::default(),
        }
    }

    /// Connects the client `name`, with a fresh session or the one that it had.
    pub(super) fn join(&mut self, name: &[u8], fresh: bool, now: i64) -> Joined {
        self.tidy(now);
        self.next += 1;
        // Who comes back in time is not dead.
        self.wills.retain(|(will, _)| will.client != name);
        let old = self.sessions.remove(name);
        if let Some(session) = old.as_ref().filter(|session| session.connection.is_some()) {
            session.mailbox.replace();
        }
        let kept = old.filter(|_| !fresh);
        let present = kept.is_some();
        let mailbox = Mailbox::new(&self.room);
        if let Some(session) = &kept {
            while let Some(message) = session.mailbox.take() {
                mailbox.put(message);
            }
        }
        self.make_room();
        let (subscriptions, held) = kept.map(|session| (session.subscriptions, session.held)).unzip();
        let session = Session {
            subscriptions: subscriptions.unwrap_or_default(),
            mailbox: mailbox.clone(),
            connection: Some(self.next),
            expires: i64::MAX,
            order: self.next,
            held: held.unwrap_or_else(|| self.named(name)),
        };
        self.sessions.insert(name.to_vec(), session);
        Joined { mailbox, connection: self.next, present }
    }

    /// The connection of the client `name` has ended; its session stays for so many seconds.
    pub(super) fn leave(&mut self, name: &[u8], connection: u64, stays: i64, now: i64) {
        let Some(session) = self.sessions.get_mut(name) else { return };
        if session.connection != Some(connection) {
            return;
        }
        if stays == 0 {
            self.sessions.remove(name);
            return;
        }
        session.connection = None;
        session.expires = now.saturating_add(stays);
        session.mailbox.settle();
    }

    /// Publishes the will of a client that is gone, now or later.
    pub(super) fn will(&mut self, client: &[u8], content: Content, kept: bool, delay: i64, now: i64) {
        let wait = delay > 0 && self.wills.len() < WILLS;
        let held = wait.then(|| Held::take(&self.room, client.len() + content.size())).flatten();
        match held {
            Some(held) => {
                let will = Will { due: now + delay, client: client.to_vec(), content, kept };
                self.wills.push((will, held));
            }
            None => {
                self.publish(client, content, kept);
            }
        }
    }

    /// Does what is due.
    pub(super) fn tidy(&mut self, now: i64) {
        self.sessions.retain(|_, session| session.connection.is_some() || now < session.expires);
        let due: Vec<(Will, Held)> = {
            let (due, later) =
                std::mem::take(&mut self.wills).into_iter().partition(|(will, _)| will.due <= now);
            self.wills = later;
            due
        };
        for (will, _) in due {
            self.publish(&will.client, will.content, will.kept);
        }
        let over: Vec<Vec<u8>> = self
            .kept
            .iter()
            .filter(|(_, (content, _))| content.is_over(now))
            .map(|(name, _)| name.clone())
            .collect();
        for name in over {
            self.forget(&name);
        }
    }

    fn make_room(&mut self) {
        if SESSIONS <= self.sessions.len() {
            self.forget_session();
        }
    }

    /// Room for the name of a session. Others go for it; who is alone has one.
    fn named(&mut self, name: &[u8]) -> Held {
        loop {
            match Held::take(&self.room, OVERHEAD + name.len()) {
                Some(held) => return held,
                None if self.sessions.is_empty() => return Held::of(&self.room),
                None => self.forget_session(),
            }
        }
    }

    fn forget_session(&mut self) {
        let idle = self.sessions.iter().filter(|(_, session)| session.connection.is_none());
        let oldest = idle.min_by_key(|(_, session)| session.order).map(|(name, _)| name.clone());
        let any =
            || self.sessions.iter().min_by_key(|(_, session)| session.order).map(|(name, _)| name.clone());
        if let Some(session) = oldest.or_else(any).and_then(|name| self.sessions.remove(&name)) {
            session.mailbox.replace();
        }
    }

    /// Adds a subscription; whether the client had none like it, and `None` when it or the broker has too many.
    pub(super) fn subscribe(&mut self, name: &[u8], wanted: Subscription) -> Option<bool> {
        let all = self.sessions.values().flat_map(|session| &session.subscriptions);
        let held: usize = all.map(|known| known.filter.len()).sum();
        let session = self.sessions.get_mut(name)?;
        if let Some(known) = session.subscriptions.iter_mut().find(|known| known.filter == wanted.filter) {
            *known = wanted;
            return Some(false);
        }
        let bytes = session.held.bytes() + OVERHEAD + wanted.filter.len();
        if FILTERS <= session.subscriptions.len()
            || FILTER_BYTES < held + wanted.filter.len()
            || !session.held.set(bytes)
        {
            return None;
        }
        session.subscriptions.push(wanted);
        Some(true)
    }

    /// Removes a subscription; whether there was one.
    pub(super) fn unsubscribe(&mut self, name: &[u8], filter: &[u8]) -> bool {
        let Some(session) = self.sessions.get_mut(name) else { return false };
        let before = session.subscriptions.len();
        session.subscriptions.retain(|known| known.filter != filter);
        let had = session.subscriptions.len() < before;
        if had {
            session.held.set(session.held.bytes().saturating_sub(OVERHEAD + filter.len()));
        }
        had
    }

    /// Subscriptions of a client.
    pub(super) fn subscriptions(&self, name: &[u8]) -> Vec<Subscription> {
        self.sessions.get(name).map(|session| session.subscriptions.clone()).unwrap_or_default()
    }

    /// Kept messages that `filter` selects.
    pub(super) fn kept(&self, filter: &[u8]) -> Vec<Arc<Content>> {
        let found = self.kept.values().filter(|(content, _)| topic::matches(filter, &content.topic));
        found.map(|(content, _)| content.clone()).collect()
    }

    /// How much there is.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            filters: self.sessions.values().map(|session| session.subscriptions.len()).sum(),
            kept: self.kept.len(),
            sessions: self.sessions.len(),
            connected: self.sessions.values().filter(|session| session.connection.is_some()).count(),
        }
    }

    /// Publishes a message of `client`; whether anybody had subscribed to it.
    pub(super) fn publish(&mut self, client: &[u8], content: Content, keep: bool) -> bool {
        self.counters.published += 1;
        let content = Arc::new(content);
        if keep {
            self.keep(&content);
        }
        self.shares += 1;
        let mut groups: BTreeMap<Vec<u8>, Vec<(Mailbox, Message)>> = BTreeMap::new();
        let mut found = false;
        for (name, session) in &self.sessions {
            let mut own: Option<Message> = None;
            for wanted in &session.subscriptions {
                let Some((group, filter)) = topic::parts(&wanted.filter) else { continue };
                if !topic::matches(filter, &content.topic) || wanted.others_only && name == client {
                    continue;
                }
                found = true;
                let message = Message {
                    content: content.clone(),
                    quality: wanted.quality.min(content.quality),
                    kept: keep && wanted.as_published,
                    subscriptions: wanted.number.into_iter().collect(),
                };
                if group.is_some() {
                    let members = groups.entry(wanted.filter.clone()).or_default();
                    members.push((session.mailbox.clone(), message));
                    continue;
                }
                // A client gets a message once, in the best quality that it asked for.
                match &mut own {
                    None => own = Some(message),
                    Some(first) => {
                        first.quality = first.quality.max(message.quality);
                        first.subscriptions.extend(message.subscriptions);
                    }
                }
            }
            if let Some(message) = own.filter(|own| session.connection.is_some() || 0 < own.quality) {
                session.mailbox.put(message);
            }
        }
        for members in groups.into_values() {
            let at = self.shares.checked_rem(members.len()).unwrap_or_default();
            if let Some((mailbox, message)) = members.into_iter().nth(at) {
                mailbox.put(message);
            }
        }
        found
    }

    fn keep(&mut self, content: &Arc<Content>) {
        self.forget(&content.topic);
        let size = content.size();
        if content.payload.is_empty() || KEPT < self.kept_bytes + size {
            return;
        }
        let Some(held) = Held::take(&self.room, size) else { return };
        self.kept_bytes += size;
        self.kept.insert(content.topic.clone(), (content.clone(), held));
    }

    fn forget(&mut self, name: &[u8]) {
        if let Some((_, held)) = self.kept.remove(name) {
            self.kept_bytes = self.kept_bytes.saturating_sub(held.bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(name: &str, payload: &str, quality: u8) -> Content {
        let (topic, payload) = (name.into(), payload.into());
        Content { topic, payload, quality, carried: Vec::new(), expires: None }
    }

    fn wanted(filter: &str, quality: u8) -> Subscription {
        let filter = filter.into();
        Subscription { filter, quality, others_only: false, as_published: false, number: None }
    }

    #[test]
    fn messages_reach_who_subscribed_once_and_in_the_lower_quality() {
        let mut broker = Broker::new(Arc::default());
        let (one, two) = (broker.join(b"one", true, 0), broker.join(b"two", true, 0));
        broker.subscribe(b"one", wanted("a/#", 0));
        broker.subscribe(b"one", wanted("a/+", 1));
        broker.subscribe(b"two", wanted("$share/g/a/b", 2));
        assert!(broker.publish(b"x", content("a/b", "1", 2), false));
        assert!(!broker.publish(b"x", content("c", "1", 2), false));
        assert_eq!(one.mailbox.take().map(|message| message.quality), Some(1));
        assert!(one.mailbox.take().is_none());
        assert_eq!(two.mailbox.take().map(|message| message.quality), Some(2));
    }

    #[test]
    fn filters_of_all_sessions_are_bounded_in_bytes() {
        let mut broker = Broker::new(Arc::default());
        let long = "x".repeat(60_000);
        let mut taken = 0;
        for number in 0..100 {
            let name = format!("c{number}");
            broker.join(name.as_bytes(), false, 0);
            taken += usize::from(broker.subscribe(name.as_bytes(), wanted(&long, 0)).is_some());
        }
        assert_eq!(taken, FILTER_BYTES / long.len());
        assert_eq!(broker.subscribe(b"c0", wanted(&long, 1)), Some(false));
        assert_eq!(broker.subscribe(b"c99", wanted("a/#", 1)), Some(true));
    }

    #[test]
    fn a_session_waits_for_its_client_as_long_as_it_may() {
        let mut broker = Broker::new(Arc::default());
        let first = broker.join(b"one", false, 0);
        broker.subscribe(b"one", wanted("a", 1));
        broker.leave(b"one", first.connection, 60, 0);
        broker.publish(b"x", content("a", "1", 1), false);
        let second = broker.join(b"one", false, 59);
        assert!(second.present && second.mailbox.take().is_some());
        broker.leave(b"one", second.connection, 60, 100);
        assert!(!broker.join(b"one", false, 160).present);
    }

    #[test]
    fn what_is_kept_is_bounded_and_given_up_when_it_is_empty() {
        let mut broker = Broker::new(Arc::default());
        for number in 0..10_000 {
            broker.publish(b"x", content(&format!("t/{number}"), "value", 0), true);
        }
        assert!(broker.kept_bytes <= KEPT && 1000 < broker.kept.len());
        broker.publish(b"x", content("t/1", "", 0), true);
        assert!(broker.kept(b"t/1").is_empty() && broker.kept(b"t/2").len() == 1);
        for number in 0..1000 {
            broker.join(format!("c{number}").as_bytes(), true, 0);
        }
        assert!(broker.sessions.len() <= SESSIONS);
    }

    #[test]
    fn what_a_broker_holds_is_counted_and_given_back() {
        let pool = Arc::new(Pool::default());
        let mut broker = Broker::new(pool.clone());
        let long = "n".repeat(60_000);
        for number in 0..200 {
            let name = format!("{long}{number}");
            let joined = broker.join(name.as_bytes(), true, 0);
            broker.subscribe(name.as_bytes(), wanted("#", 1));
            broker.leave(name.as_bytes(), joined.connection, 60, 0);
            broker.will(name.as_bytes(), content("w", &long, 1), true, 10, 0);
        }
        for number in 0..300 {
            broker.publish(b"x", content(&format!("t/{number}"), &long, 1), true);
        }
        assert!((OWN / 2..=OWN).contains(&pool.held()), "{}", pool.held());
        broker.tidy(100);
        let kept: usize = broker.kept.values().map(|(_, held)| held.bytes()).sum();
        assert_eq!((pool.held(), broker.sessions.len()), (kept, 0));
        drop(broker);
        assert_eq!(pool.held(), 0);
    }
}
