//! The actors: seven kinds, from those who are alone to those who change their address all the time.

use crate::{
    BEGIN,
    draw::Draw,
    kit::{self, Kit, Pools},
};
use netsvc_wire::stamp::{DAY, Micros};
use std::{collections::BTreeSet, net::IpAddr};

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal, $share:literal;)+) => {
        /// A kind of actor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[doc = $about])+ $variant,)+ }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)+ }
            }

            /// How many of a thousand groups of actors are of it.
            fn share(self) -> usize {
                match self { $(Kind::$variant => $share,)+ }
            }
        }
    };
}

kinds! {
    /// One actor at one address, with things of his own: belongs to nobody.
    LoneWolf = "lone-wolf", 80;
    /// Several actors with addresses and tools of their own, who share servers, payloads and what they found.
    Operators = "operators", 40;
    /// Bots and scanners: all that they use is everybody's. What is infected by one malware has its client and gives
    /// its commands, as a program does; most malware is fetched from the bot itself, some brings nothing along.
    Noise = "noise", 740;
    /// An actor who goes and comes back weeks later, perhaps from elsewhere and with a newer client.
    Paused = "paused", 40;
    /// Actors who have nothing in common but a list of logins that few have.
    SharedWordlist = "shared-wordlist", 20;
    /// An actor who does very little a day for weeks.
    SlowBurn = "slow-burn", 40;
    /// An actor who comes from another address each time: most at the pace of a pool of proxies, some at whim.
    Hopping = "hopping", 40;
}

/// One actor.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who it is.
    pub identity: u32,
    /// With whom he works.
    pub campaign: Option<u32>,
    /// Which kind.
    pub kind: Kind,
    /// His addresses.
    pub addresses: Vec<IpAddr>,
    /// When he comes, and from which address.
    pub(crate) stays: Vec<(Micros, usize)>,
    pub(crate) kit: Kit,
    /// A client that he has later on, and from which stay on.
    pub(crate) later: Option<(usize, kit::Client)>,
}

/// Makes actors.
pub(crate) struct Cast {
    draw: Draw,
    pools: Pools,
    actors: Vec<Actor>,
    taken: BTreeSet<IpAddr>,
    campaigns: u32,
}

const HOUR: Micros = DAY / 24;

impl Cast {
    pub(crate) fn new(seed: u64) -> Cast {
        let mut draw = Draw::new(seed, 1);
        let pools = Pools::new(&mut draw);
        Cast { draw, pools, actors: Vec::new(), taken: BTreeSet::new(), campaigns: 0 }
    }

    /// Makes about `count` of them.
    pub(crate) fn fill(mut self, count: usize) -> Vec<Actor> {
        while self.actors.len() < count {
            let mut left = self.draw.below(Kind::ALL.iter().map(|kind| kind.share()).sum());
            let drawn = Kind::ALL.iter().find(|kind| {
                let here = left < kind.share();
                left = left.saturating_sub(kind.share());
                here
            });
            match drawn.copied().unwrap_or(Kind::Noise) {
                Kind::LoneWolf => self.lone_wolf(),
                Kind::Operators => self.operators(),
                Kind::Noise => self.noise(),
                Kind::Paused => self.paused(),
                Kind::SharedWordlist => self.shared_wordlist(),
                Kind::SlowBurn => self.slow_burn(),
                Kind::Hopping => self.hopping(),
            }
        }
        self.actors
    }

    fn lone_wolf(&mut self) {
        let kit = self.own_kit(50);
        let stays = self.draw.between(1, 4);
        self.enter(Kind::LoneWolf, None, kit, 1, stays, 12 * HOUR);
    }

    fn noise(&mut self) {
        let mut kit = self.common_kit();
        if self.draw.chance(55) {
            let bot = self.draw.popular(&self.pools.bots).cloned();
            if let Some(kit::Bot { client, commands, dropper }) = bot {
                // Its client is part of the malware.
                (kit.client, kit.commands, kit.dropper, kit.luck) = (client, commands, dropper, 60);
            }
        }
        let stays = self.draw.between(1, 3);
        self.enter(Kind::Noise, None, kit, 1, stays, DAY);
    }

    fn operators(&mut self) {
        self.campaigns += 1;
        let campaign = Some(self.campaigns);
        let droppers: Vec<_> = (0..self.draw.between(1, 2)).map(|_| kit::dropper(&mut self.draw)).collect();
        let playbook = kit::command(&mut self.draw);
        let decky = format!("srv-{}", self.draw.below(20));
        let found =
            (format!("svc-{}", self.draw.word(4)), format!("{}!{}", self.draw.word(5), self.draw.below(99)));
        for member in 0..self.draw.between(2, 5) {
            let mut kit = self.own_kit(70);
            kit.luck = 80;
            if self.draw.chance(85) {
                let at = self.draw.below(droppers.len());
                kit.dropper = droppers.get(at).cloned();
            }
            if self.draw.chance(40) {
                kit.commands.push(playbook.clone());
            }
            if member < 2 || self.draw.chance(50) {
                kit.told = Some((decky.clone(), found.clone()));
            }
            let (addresses, stays) = (self.draw.between(1, 4), self.draw.between(4, 8));
            self.enter(Kind::Operators, campaign, kit, addresses, stays, 8 * HOUR);
        }
    }

    fn paused(&mut self) {
        let kit = self.own_kit(60);
        let addresses = self.draw.between(1, 3);
        let stays = self.draw.between(addresses.max(2), 6);
        self.enter(Kind::Paused, None, kit, addresses, stays, 10 * HOUR);
        let pause = DAY * i64::try_from(self.draw.between(15, 60)).unwrap_or(15);
        let newer = self.draw.chance(40).then(|| kit::rare_client(&mut self.draw));
        if let Some(actor) = self.actors.last_mut() {
            let half = actor.stays.len() / 2;
            actor.stays.iter_mut().skip(half).for_each(|(at, _)| *at += pause);
            actor.later = newer.map(|client| (half, client));
        }
    }

    fn shared_wordlist(&mut self) {
        let words = kit::words(&mut self.draw, 60);
        for _ in 0..self.draw.between(5, 15) {
            let mut kit = if self.draw.chance(60) { self.own_kit(30) } else { self.common_kit() };
            (kit.words, kit.tries) = (words.clone(), 40);
            let addresses = 1 + usize::from(self.draw.chance(30) && kit.luck > 40);
            let stays = self.draw.between(addresses.max(1), 4);
            self.enter(Kind::SharedWordlist, None, kit, addresses, stays, DAY);
        }
    }

    fn slow_burn(&mut self) {
        let mut kit = self.own_kit(75);
        (kit.tries, kit.luck) = (self.draw.between(2, 5), 25);
        kit.words.truncate(24);
        let addresses = self.draw.between(1, 3);
        let stays = self.draw.between(12, 30);
        self.enter(Kind::SlowBurn, None, kit, addresses, stays, DAY);
    }

    fn hopping(&mut self) {
        let mut kit = self.own_kit(65);
        kit.words = kit::words(&mut self.draw, 400);
        // Who stays long enough is let in.
        (kit.tries, kit.slices, kit.luck) = (9, true, 95);
        kit.dropper = self.draw.chance(60).then(|| kit::dropper(&mut self.draw));
        let addresses = self.draw.between(8, 40);
        let stays = addresses + self.draw.below(addresses);
        self.enter(Kind::Hopping, None, kit, addresses, stays, 5 * HOUR);
        // Those who are at the keyboard keep no pace.
        if self.draw.chance(40) {
            self.at_whim();
        }
    }

    /// The last one who entered comes whenever he likes: half an hour or a day after the last time.
    fn at_whim(&mut self) {
        let Some(actor) = self.actors.last_mut() else { return };
        let mut at = actor.stays.first().map_or(BEGIN, |(at, _)| *at);
        for (when, _) in &mut actor.stays {
            *when = at;
            // Each length, from doubling to doubling, as often as the others.
            let step = (HOUR / 2) << self.draw.below(6);
            at += step + i64::try_from(self.draw.below(3600)).unwrap_or_default() * (step / 3600);
        }
    }

    /// What everybody uses.
    fn common_kit(&mut self) -> Kit {
        let tries = self.draw.between(3, 30);
        Kit {
            client: self.pools.common_client(&mut self.draw),
            words: self.pools.common_words(&mut self.draw),
            tries,
            slices: false,
            commands: Vec::new(),
            dropper: None,
            key: None,
            luck: 30,
            told: None,
        }
    }

    /// A kit with things of one's own: a client of `rare` percent that nobody else or few have, logins, commands.
    fn own_kit(&mut self, rare: usize) -> Kit {
        let mut kit = self.common_kit();
        if self.draw.chance(rare) {
            kit.client = match self.draw.chance(60) {
                true => kit::rare_client(&mut self.draw),
                false => self.pools.seldom_client(&mut self.draw),
            };
        }
        if self.draw.chance(70) {
            let count = self.draw.between(12, 60);
            kit.words = kit::words(&mut self.draw, count);
        }
        kit.commands = (0..self.draw.between(2, 6)).map(|_| kit::command(&mut self.draw)).collect();
        kit.key = self.draw.chance(25).then(|| kit::key(&mut self.draw));
        (kit.tries, kit.luck) = (self.draw.between(8, 25), 75);
        kit
    }

    /// An actor enters, `stays` times, from `addresses` in turn, about every `gap`.
    fn enter(
        &mut self,
        kind: Kind,
        campaign: Option<u32>,
        kit: Kit,
        addresses: usize,
        stays: usize,
        gap: Micros,
    ) {
        let addresses = self.addresses(addresses);
        let mut at = BEGIN + i64::try_from(self.draw.below(2_592_000)).unwrap_or_default() * 1_000_000;
        let mut list = Vec::new();
        for turn in 0..stays.max(addresses.len()) {
            list.push((at, turn % addresses.len()));
            let spread = usize::try_from(gap / 1_000_000).unwrap_or_default();
            at += gap / 2 + i64::try_from(self.draw.below(spread)).unwrap_or_default() * 1_000_000;
        }
        let identity = u32::try_from(self.actors.len()).unwrap_or(u32::MAX);
        self.actors.push(Actor { identity, campaign, kind, addresses, stays: list, kit, later: None });
    }

    /// Addresses that nobody has yet: a fifth of the actors are at the same few providers.
    fn addresses(&mut self, count: usize) -> Vec<IpAddr> {
        let crowded = self.draw.chance(20);
        let near = self.draw.chance(25);
        let mut network = [0_u8; 3];
        let mut list = Vec::new();
        while list.len() < count {
            if list.is_empty() || !near {
                let mut byte = |low, high| u8::try_from(self.draw.between(low, high)).unwrap_or(1);
                network =
                    if crowded { [45, 9, byte(0, 40)] } else { [byte(11, 126), byte(0, 255), byte(0, 255)] };
            }
            let [a, b, c] = network;
            let address = IpAddr::from([a, b, c, u8::try_from(self.draw.between(1, 254)).unwrap_or(1)]);
            if self.taken.insert(address) {
                list.push(address);
            } else {
                let byte = |draw: &mut Draw| u8::try_from(draw.between(0, 255)).unwrap_or(1);
                network = [130, byte(&mut self.draw), byte(&mut self.draw)];
            }
        }
        list
    }
}
