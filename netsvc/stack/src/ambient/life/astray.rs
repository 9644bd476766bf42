//! How a node asks for names that nobody has.

use super::Life;
use crate::ambient::{
    Task, Turn,
    chance::SECOND,
    dns,
    multicast::{self, Multicast},
    netbios,
    speech::Kernel,
    stray::{AGAIN, Asking, Poisoner, Stray, mistyped},
};
use std::net::Ipv4Addr;

impl Life {
    /// Takes up how the service is set.
    pub(crate) fn ask_as(&mut self, asking: Asking) {
        self.asking = Some(asking);
    }

    /// Whether it asks for names that nobody has.
    pub(crate) fn asks(&self) -> bool {
        self.asking.is_some_and(|asking| asking.asks)
    }

    /// Whether the service is there, and not only what the system does by itself.
    pub(crate) fn is_named(&self) -> bool {
        self.asking.is_some()
    }

    /// Asks for such a name, or does so again.
    pub(super) fn go_astray(&mut self, step: u8, turn: &mut Turn<'_>) {
        let Some(asking) = self.asking.filter(|asking| asking.asks) else { return };
        if step == 0 {
            let name = mistyped(&mut self.chance);
            self.stray = Some(Box::new(Stray::new(&name, &mut self.chance, self.habits.ports, turn.now)));
            let (low, high) = asking.pause;
            let pause = self.chance.seconds((low.saturating_mul(60), high.saturating_mul(60)));
            // People keep no step: a fifth more or less.
            let pause = pause.saturating_add(self.chance.between(-pause / 5, pause / 5));
            turn.later(pause.max(30 * SECOND), Task::Stray(0));
        }
        if let Some(wait) = AGAIN.get(usize::from(step)) {
            turn.later(*wait, Task::Stray(step.saturating_add(1)));
        }
        let Some(stray) = self.stray.clone() else { return };
        let windows = self.habits.kernel == Kernel::Windows;
        if step == 0
            && let Some(how) = self.habits.multicast.filter(|_| windows)
        {
            let local = format!("{}.local", stray.name);
            self.say(turn, &multicast::address(how, &local));
        }
        if step < 2 && self.habits.llmnr {
            self.say(turn, &multicast::llmnr(stray.id, stray.from, &stray.name, dns::A));
        }
        if step != 1 && self.habits.netbios.is_some() {
            let (name, broadcast) = (netbios::name(&stray.name), turn.node.broadcast());
            self.say(turn, &netbios::query(stray.netbios, broadcast, &name, netbios::WORKSTATION));
        }
        if !self.habits.llmnr && self.habits.netbios.is_none() && step == 0 {
            // Devices and Macs know multicast DNS alone.
            let local = format!("{}.local", stray.name);
            self.say(turn, &multicast::address(self.habits.multicast.unwrap_or(Multicast::Windows), &local));
        }
    }

    /// Whether a question for such a name may still be answered.
    pub(crate) fn has_asked(&self, now: i64) -> bool {
        self.stray.as_ref().is_some_and(|stray| now <= stray.until)
    }

    /// Takes a datagram from one port of `host` to another; `None`: it answers no question for a name that nobody has.
    pub(crate) fn hear_stray(
        &mut self,
        now: i64,
        host: Ipv4Addr,
        ports: (u16, u16),
        data: &[u8],
    ) -> Option<Option<Poisoner>> {
        self.stray.as_mut()?.hear(now, host, ports, data)
    }
}
