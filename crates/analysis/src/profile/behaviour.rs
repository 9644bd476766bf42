//! How somebody behaves, and by which numbers that is said.

use super::Profile;
use decnet_model::record::Behaviour;

/// Gap between commands in milliseconds from which on a person may have typed them.
const TYPED: u64 = 700;

/// How an address behaves, and why that is said.
pub fn behaviour(profile: &Profile) -> (Behaviour, String) {
    let logins = &profile.logins;
    let (principals, secrets) = (logins.principals.count(), logins.secrets.count());
    let (nodes, services) = (profile.nodes.count(), profile.services.len());
    if profile.commanded >= 3 && profile.typing.count >= 2 {
        let middle = profile.typing.middle();
        let told = format!("{} commands, one about every {middle} ms", profile.commanded);
        let by_hand = TYPED <= middle && profile.typing.variation() >= 0.2;
        return (if by_hand { Behaviour::Interactive } else { Behaviour::Scripted }, told);
    }
    if profile.counts.events < 3 {
        return (Behaviour::Unknown, format!("{} events", profile.counts.events));
    }
    if logins.attempts >= 8 {
        let told = format!("{} attempts, {principals} names, {secrets} secrets", logins.attempts);
        let spraying = principals >= 8 && secrets * 4 <= principals;
        return (if spraying { Behaviour::Spraying } else { Behaviour::BruteForce }, told);
    }
    if profile.commanded > 0 {
        return (Behaviour::Scripted, format!("{} commands in as many sessions", profile.commanded));
    }
    let calls = &profile.calls;
    if calls.count >= 8 && calls.variation() < 0.2 && calls.mean() >= 10_000.0 && nodes == 1 && services == 1
    {
        let told =
            format!("a connection about every {:.0} s, {} times", calls.mean() / 1000.0, calls.count + 1);
        return (Behaviour::Beaconing, told);
    }
    let wide = nodes >= 3 || services >= 3 || profile.counts.scans > profile.counts.connections * 4;
    if wide && !profile.counts.is_interactive() || nodes + services as u64 >= 6 {
        let mean = profile.pace.mean() / 1000.0;
        let told = format!("{nodes} deckies, {services} services, an event about every {mean:.1} s");
        let slow = profile.pace.mean() >= 10_000.0;
        return (if slow { Behaviour::SlowScan } else { Behaviour::Scanning }, told);
    }
    (Behaviour::Mixed, format!("{} events at {nodes} deckies", profile.counts.events))
}
