//! Somebody says that he has the address of a node. The node defends it once (RFC 5227, 2.4 b) and then asks him
//! whether he has it, three times over some seconds. Who has it answers: then the node goes, and comes back when
//! nobody has answered for it for a long while. Who only says so does not answer: then the node stays, and it is
//! told of as what it is. No packet makes a node go that is not an answer to a question.

use crate::bytes::Mac;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Time until each question, since the claim or the question before, and from the last one to the verdict, µs.
const QUESTIONS: [i64; 3] = [1_000_000, 3_000_000, 5_000_000];
const VERDICT: i64 = 2_000_000;
/// Questions that have to be answered, the last one among them.
const ANSWERS: u32 = 2;
/// For how long nothing comes of further claims once one was settled, and once a node has come back; and that an
/// address is asked for is no news; µs.
const REST: i64 = 300_000_000;
const REST_BACK: i64 = 600_000_000;
/// Time between two questions whether an address is still taken, and for how long nobody may have said so before the
/// node comes back, µs.
const LOOK: i64 = 30_000_000;
const SILENCE: i64 = 300_000_000;
/// Nodes that go because of one host: a real one has few addresses.
const OF_ONE: usize = 2;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The host is asked whether he has the address.
    Ask(Mac),
    /// He has it.
    Withdraw(Mac),
    /// He has shown it `claims` times; whether he has `said` so rather than only sent from there, and whether he
    /// `answers`, although the node stays.
    Keep { mac: Mac, claims: u32, said: bool, answers: bool },
    /// Everybody is asked whether he has the address.
    AskAll,
    /// Nobody has it any more, or the node is to stay whoever has it.
    Return,
}

/// A claim that is looked into.
#[derive(Clone, Copy, Debug)]
struct Claim {
    mac: Mac,
    claims: u32,
    said: bool,
    asked: usize,
    answered: u32,
    /// Whether the last question was not answered yet.
    waits: bool,
    due: i64,
}

/// A node that has gone.
#[derive(Clone, Copy, Debug)]
struct Gone {
    mac: Mac,
    since: i64,
    /// Whether it comes back whoever has its address.
    stays: bool,
    heard: i64,
    due: i64,
}

/// All claims, by the address that they are about: no more than there are nodes.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    open: BTreeMap<Ipv4Addr, Claim>,
    /// Until when nothing comes of further ones.
    rest: BTreeMap<Ipv4Addr, i64>,
    gone: BTreeMap<Ipv4Addr, Gone>,
    /// Until when it is no news that somebody asks whether the address is free.
    asked: BTreeMap<Ipv4Addr, i64>,
}

impl Claims {
    /// Somebody asks whether a node's address is free; true when that is news.
    pub(crate) fn wanted(&mut self, now: i64, node: Ipv4Addr) -> bool {
        let news = self.asked.get(&node).is_none_or(|until| *until <= now);
        if news {
            self.asked.insert(node, now.saturating_add(REST_BACK));
        }
        news
    }

    /// `mac` has `said` by ARP that it has the address of a node, or sends from it; true when that is news.
    pub(crate) fn heard(&mut self, now: i64, node: Ipv4Addr, mac: Mac, said: bool) -> bool {
        if let Some(claim) = self.open.get_mut(&node) {
            claim.claims = claim.claims.saturating_add(u32::from(claim.mac == mac));
            claim.said |= said && claim.mac == mac;
            return false;
        }
        if self.rest.get(&node).is_some_and(|until| now < *until) {
            return false;
        }
        let due = now.saturating_add(QUESTIONS[0]);
        self.rest.remove(&node);
        self.open.insert(node, Claim { mac, claims: 1, said, asked: 0, answered: 0, waits: false, due });
        true
    }

    /// `mac` has told the node alone that it has its address.
    pub(crate) fn answered(&mut self, node: Ipv4Addr, mac: Mac) {
        let claim = self.open.get_mut(&node).filter(|claim| claim.mac == mac && claim.waits);
        if let Some(claim) = claim {
            claim.waits = false;
            claim.answered += 1;
        }
    }

    /// Somebody has the address of a node that has gone. False when none has.
    pub(crate) fn still(&mut self, now: i64, node: Ipv4Addr, mac: Mac) -> bool {
        let Some(gone) = self.gone.get_mut(&node) else { return false };
        (gone.heard, gone.mac) = (now, mac);
        true
    }

    /// The nodes that have gone: who has their address, and since when, µs.
    pub(crate) fn gone(&self) -> impl Iterator<Item = (Ipv4Addr, Mac, i64)> {
        self.gone.iter().map(|(node, gone)| (*node, gone.mac, gone.since))
    }

    /// A node that has gone is to stay: it comes back with the next look, although somebody may have its address.
    pub(crate) fn stay(&mut self, node: Ipv4Addr) {
        if let Some(gone) = self.gone.get_mut(&node) {
            gone.stays = true;
        }
    }

    /// Whether a claim is looked into.
    pub(crate) fn waits(&self) -> bool {
        !self.open.is_empty()
    }

    /// Forgets all about a node.
    pub(crate) fn forget(&mut self, node: Ipv4Addr) {
        self.open.remove(&node);
        self.rest.remove(&node);
        self.gone.remove(&node);
        self.asked.remove(&node);
    }

    /// What is due at `now`, where `most` nodes may be gone. `may_go`: whether a node may go because of a host.
    pub(crate) fn due(
        &mut self,
        now: i64,
        most: usize,
        may_go: impl Fn(Ipv4Addr, Mac) -> bool,
    ) -> Vec<(Ipv4Addr, Act)> {
        let mut acts = Vec::new();
        let mut settled = Vec::new();
        for (node, claim) in self.open.iter_mut().filter(|(_, claim)| claim.due <= now) {
            if claim.asked < QUESTIONS.len() {
                claim.asked += 1;
                claim.waits = true;
                let pause = QUESTIONS.get(claim.asked).copied().unwrap_or(VERDICT);
                claim.due = now.saturating_add(pause);
                acts.push((*node, Act::Ask(claim.mac)));
            } else {
                settled.push((*node, *claim));
            }
        }
        for (node, claim) in settled {
            self.open.remove(&node);
            let has_room = self.gone.len() < most;
            acts.push((node, self.settle(now, node, &claim, |node, mac| has_room && may_go(node, mac))));
        }
        self.rest.retain(|_, until| now < *until);
        self.look(now, &mut acts);
        acts
    }

    fn settle(
        &mut self,
        now: i64,
        node: Ipv4Addr,
        claim: &Claim,
        may_go: impl Fn(Ipv4Addr, Mac) -> bool,
    ) -> Act {
        let answers = !claim.waits && ANSWERS <= claim.answered;
        let same = self.gone.values().filter(|gone| gone.mac == claim.mac).count();
        if answers && same < OF_ONE && may_go(node, claim.mac) {
            let due = now.saturating_add(LOOK);
            self.gone.insert(node, Gone { mac: claim.mac, since: now, stays: false, heard: now, due });
            return Act::Withdraw(claim.mac);
        }
        self.rest.insert(node, now.saturating_add(REST));
        Act::Keep { mac: claim.mac, claims: claim.claims, said: claim.said, answers }
    }

    /// Looks after the nodes that have gone.
    fn look(&mut self, now: i64, acts: &mut Vec<(Ipv4Addr, Act)>) {
        for (node, gone) in self.gone.iter_mut().filter(|(_, gone)| gone.stays || gone.due <= now) {
            gone.due = now.saturating_add(LOOK);
            let back = gone.stays || SILENCE <= now.saturating_sub(gone.heard);
            acts.push((*node, if back { Act::Return } else { Act::AskAll }));
        }
        for (node, _) in acts.iter().filter(|(_, act)| *act == Act::Return) {
            self.gone.remove(node);
            self.rest.insert(*node, now.saturating_add(REST_BACK));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
    const REAL: Mac = [2, 0, 0, 0, 0, 1];
    const LIAR: Mac = [2, 0, 0, 0, 0, 2];
    const SECOND: i64 = 1_000_000;

    /// What is done in so many seconds while `answers` says who answers questions, with the second of each act.
    fn run(
        claims: &mut Claims,
        seconds: std::ops::Range<i64>,
        answers: impl Fn(i64, Mac) -> bool,
    ) -> Vec<(i64, Act)> {
        let mut all = Vec::new();
        for second in seconds {
            for (node, act) in claims.due(second * SECOND, usize::MAX, |_, _| true) {
                assert_eq!(node, NODE);
                match act {
                    Act::Ask(mac) if answers(second, mac) => claims.answered(NODE, mac),
                    Act::AskAll if answers(second, REAL) => {
                        assert!(claims.still(second * SECOND, NODE, REAL))
                    }
                    _ => {}
                }
                all.push((second, act));
            }
        }
        all
    }

    #[test]
    fn who_has_the_address_gets_it_and_gives_it_back() {
        let mut claims = Claims::default();
        assert!(claims.heard(0, NODE, REAL, true));
        assert!(!claims.heard(1, NODE, REAL, true), "defended once");
        let acts = run(&mut claims, 0..12, |_, _| true);
        let asked = Act::Ask(REAL);
        assert_eq!(acts, [(1, asked), (4, asked), (9, asked), (11, Act::Withdraw(REAL))]);
        assert_eq!(claims.gone().collect::<Vec<_>>(), [(NODE, REAL, 11 * SECOND)]);
        // It is there for an hour, and then no more.
        let acts = run(&mut claims, 12..3940, |second, _| second < 3600);
        let (last, act) = acts.last().copied().unwrap();
        assert_eq!(act, Act::Return);
        assert!((3600 + 270..3600 + 331).contains(&last), "{last}");
        assert!(acts.iter().rev().skip(1).all(|(_, act)| *act == Act::AskAll));
        // It has come back to stay for some time.
        assert!(!claims.heard((last + 599) * SECOND, NODE, REAL, true));
        assert!(claims.heard((last + 600) * SECOND, NODE, REAL, true));
    }

    #[test]
    fn who_only_says_so_gets_nothing_however_often() {
        let mut claims = Claims::default();
        claims.heard(0, NODE, LIAR, true);
        for number in 0..100 {
            assert!(!claims.heard(number * 100_000, NODE, LIAR, true));
        }
        let acts = run(&mut claims, 0..12, |_, _| false);
        assert_eq!(
            acts.last(),
            Some(&(11, Act::Keep { mac: LIAR, claims: 101, said: true, answers: false }))
        );
        assert!(
            !claims.heard(310 * SECOND, NODE, LIAR, true) && claims.heard(311 * SECOND, NODE, LIAR, true)
        );
    }

    #[test]
    fn who_answers_once_or_no_more_does_not_have_it() {
        for (answers, goes) in
            [([1, 4, 99], false), ([4, 9, 99], true), ([1, 9, 99], true), ([9, 99, 99], false)]
        {
            let mut claims = Claims::default();
            claims.heard(0, NODE, REAL, true);
            let acts = run(&mut claims, 0..12, |second, _| answers.contains(&second));
            assert_eq!(acts.last().map(|(_, act)| *act == Act::Withdraw(REAL)), Some(goes), "{answers:?}");
        }
    }

    #[test]
    fn one_host_does_not_make_all_nodes_go() {
        let mut claims = Claims::default();
        let mut goes = 0;
        for number in 0..20 {
            let node = Ipv4Addr::from_bits(NODE.to_bits() + number);
            claims.heard(0, node, REAL, true);
        }
        for second in 0..12 {
            for (node, act) in claims.due(second * SECOND, usize::MAX, |_, _| true) {
                claims.answered(node, REAL);
                goes += usize::from(act == Act::Withdraw(REAL));
            }
        }
        assert_eq!(goes, OF_ONE);
    }

    #[test]
    fn many_hosts_make_no_more_nodes_go_than_can_be_spared() {
        let mut claims = Claims::default();
        for number in 0..20 {
            let mac = [2, 0, 0, 0, 1, number];
            claims.heard(0, Ipv4Addr::from_bits(NODE.to_bits() + u32::from(number)), mac, true);
        }
        for second in 0..12 {
            for (node, act) in claims.due(second * SECOND, 3, |_, _| true) {
                if let Act::Ask(mac) = act {
                    claims.answered(node, mac);
                }
            }
        }
        assert_eq!(claims.gone().count(), 3);
    }

    #[test]
    fn nobody_goes_who_may_not() {
        let mut claims = Claims::default();
        claims.heard(0, NODE, REAL, true);
        for second in 0..12 {
            for (_, act) in claims.due(second * SECOND, usize::MAX, |_, mac| mac != REAL) {
                claims.answered(NODE, REAL);
                assert!(!matches!(act, Act::Withdraw(_)));
            }
        }
        assert_eq!(claims.gone().count(), 0);
    }

    proptest! {
        /// Packets that come at no question, of as many hosts as you like, never make a node go.
        #[test]
        fn nothing_unasked_makes_a_node_go(
            packets in prop::collection::vec((0..4_u8, any::<bool>(), 0..4000_i64), 1..200),
        ) {
            let (mut claims, mut now) = (Claims::default(), 0);
            for (host, alone, pause) in packets {
                now += pause * 1000;
                let mac = [2, 0, 0, 0, 0, host];
                if alone && !claims.open.get(&NODE).is_some_and(|claim| claim.waits) {
                    claims.answered(NODE, mac);
                } else {
                    claims.heard(now, NODE, mac, true);
                }
                for (_, act) in claims.due(now, usize::MAX, |_, _| true) {
                    prop_assert!(!matches!(act, Act::Withdraw(_)));
                }
                prop_assert!(claims.open.len() <= 1 && claims.rest.len() <= 1);
            }
        }
    }
}
