//! Where a fleet is to stand: loopback addresses, the lab, or the segment of an interface.

use super::{Context, lab};
use crate::output;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use decnet_engine::{lab::Lab, loopback, native};
use decnet_model::fleet::{Fleet, LOOPBACK_NETWORK, Network};
use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use std::{collections::BTreeSet, net::Ipv4Addr};

/// Hosts of a segment of our own that a fleet leaves free at the beginning.
const SKIPPED_LOOPBACK: usize = 255;
const SKIPPED_LAB: usize = 9;
/// The kernel's routing table.
const ROUTES: &str = "/proc/net/route";

/// The options that say where.
#[derive(Args, Debug, Clone, Default)]
pub struct Ground {
    /// Put the fleet into the lab, which is started if it is not up (see `decnet lab`)
    #[arg(long, conflicts_with = "interface")]
    pub lab: bool,
    /// Put the fleet on the segment of this interface; its subnet, gateway and own address are read
    /// from it. Needs root
    #[arg(long, value_name = "IF")]
    pub interface: Option<String>,
}

/// Where a fleet is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Runtime.
    pub runtime: String,
    /// The segment.
    pub network: Network,
    /// Whether it is the lab's.
    pub lab: bool,
    /// Addresses that are somebody's.
    pub taken: BTreeSet<Ipv4Addr>,
    /// Lowest addresses of the segment that a fleet leaves free if it can.
    pub skipped: usize,
}

impl Ground {
    /// Finds the place. `act`: the fleet is to be deployed there, so the lab is started if need be.
    ///
    /// # Errors
    /// When the options contradict each other, or there is no such place for this user.
    pub fn site(
        &self,
        runtime: Option<&str>,
        subnet: Option<&Network>,
        context: &Context,
        act: bool,
    ) -> Result<Site> {
        let placed = self.lab || self.interface.is_some();
        match runtime {
            Some(loopback::NAME) if placed => {
                bail!("--runtime loopback has a segment of its own: leave out --lab and --interface")
            }
            Some(native::NAME) if !placed => {
                bail!("--runtime native needs a segment: --lab, or --interface IF as root")
            }
            _ => {}
        }
        match &self.interface {
            Some(name) => {
                ensure!(
                    !act || nix::unistd::geteuid().is_root(),
                    "--interface {name}: only root can put deckies on a real segment; --lab needs no root"
                );
                on_interface(name, subnet)
            }
            None if self.lab => in_lab(context, subnet, act),
            None => {
                if runtime.is_none() {
                    output::note(
                        "runtime loopback, ports offset by 10000: --lab or --interface IF gives deckies a segment",
                    );
                }
                on_loopback(subnet)
            }
        }
    }
}

impl Site {
    /// Checks that every decky of `fleet` has its place here.
    ///
    /// # Errors
    /// Names the first that has none.
    pub fn check(&self, fleet: &Fleet) -> Result<()> {
        for decky in fleet.deckies.values() {
            let (name, ip) = (&decky.name, decky.ip);
            ensure!(self.network.contains(ip), "{name}: {ip} is not in {}", self.network);
            let somebodys = self.network.gateway == Some(ip) || self.taken.contains(&ip);
            ensure!(!somebodys, "{name}: {ip} is the address of another host");
        }
        Ok(())
    }
}

fn on_loopback(subnet: Option<&Network>) -> Result<Site> {
    let network = subnet.cloned().unwrap_or(LOOPBACK_NETWORK);
    ensure!(
        network.address.is_loopback(),
        "--subnet {network}: the runtime loopback needs a segment in 127.0.0.0/8"
    );
    let runtime = loopback::NAME.to_owned();
    Ok(Site { runtime, network, lab: false, taken: BTreeSet::new(), skipped: SKIPPED_LOOPBACK })
}

fn in_lab(context: &Context, subnet: Option<&Network>, act: bool) -> Result<Site> {
    let paths = context.paths();
    let wanted = lab::Up {
        network: subnet.cloned().map_or_else(lab::default_network, Ok)?,
        attackers: 1,
        json: false,
    };
    let found = match Lab::find(&paths.run()) {
        Some(lab) => Some(lab),
        None if act => Some(lab::ensure_up(&paths, &wanted)?.0),
        None => None,
    };
    let (network, taken) = match found {
        Some(lab) => {
            let state = lab.state();
            (lab::network(state), state.attackers.iter().map(|host| host.address).collect())
        }
        // As it will be once it is up.
        None => {
            let gateway = wanted.network.hosts().next();
            let attackers = wanted.network.hosts().last().into_iter().collect();
            (Network { gateway, ..wanted.network.clone() }, attackers)
        }
    };
    if let Some(subnet) = subnet {
        let same = (subnet.address, subnet.prefix) == (network.address, network.prefix);
        ensure!(same, "--subnet {subnet}: a lab with network {network} is up; `decnet lab down` ends it");
    }
    let runtime = native::NAME.to_owned();
    Ok(Site { runtime, network, lab: true, taken, skipped: SKIPPED_LAB })
}

fn on_interface(name: &str, subnet: Option<&Network>) -> Result<Site> {
    let entries: Vec<_> = getifaddrs().context("list the interfaces")?.collect();
    let ours = || entries.iter().filter(|entry| entry.interface_name == name);
    let Some(first) = ours().next() else {
        let names: BTreeSet<_> = entries.iter().map(|entry| entry.interface_name.as_str()).collect();
        let names: Vec<_> = names.into_iter().collect();
        bail!("--interface {name}: there is no such interface; there are: {}", names.join(", "));
    };
    ensure!(
        !first.flags.contains(InterfaceFlags::IFF_LOOPBACK),
        "--interface {name}: it is the loopback interface; deckies need an Ethernet segment"
    );
    ensure!(first.flags.contains(InterfaceFlags::IFF_UP), "--interface {name}: it is down");
    let mut own = Vec::new();
    for entry in ours() {
        let address = entry.address.as_ref().and_then(|address| address.as_sockaddr_in());
        let mask = entry.netmask.as_ref().and_then(|mask| mask.as_sockaddr_in());
        if let (Some(address), Some(mask)) = (address, mask) {
            own.push((address.ip(), u32::from(mask.ip()).count_ones()));
        }
    }
    let network = match (subnet, own.first()) {
        (Some(subnet), _) => subnet.clone(),
        (None, Some((address, prefix))) => format!("{address}/{prefix}").parse()?,
        (None, None) => bail!("--interface {name}: it has no IPv4 address; name its network with --subnet"),
    };
    let gateway = gateway(&fs_err::read_to_string(ROUTES).unwrap_or_default(), name);
    let gateway = gateway.filter(|&address| network.contains(address));
    Ok(Site {
        runtime: native::NAME.to_owned(),
        network: Network { gateway, interface: Some(name.to_owned()), ..network },
        lab: false,
        taken: own.into_iter().map(|(address, _)| address).collect(),
        skipped: 0,
    })
}

/// The default gateway over `interface` in the kernel's table `routes`: addresses as hexadecimal numbers in
/// the byte order of the host.
fn gateway(routes: &str, interface: &str) -> Option<Ipv4Addr> {
    routes.lines().find_map(|line| {
        let mut columns = line.split_whitespace();
        let (name, destination, gateway) = (columns.next()?, columns.next()?, columns.next()?);
        let gateway = u32::from_str_radix(gateway, 16).ok().filter(|&gateway| gateway != 0)?;
        (name == interface && destination == "00000000").then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn context() -> Context {
        let folder = std::env::temp_dir().join("decnet-no-such-installation");
        let layer = vec![(
            "DECNET_STATE_DIR".to_owned(),
            folder.display().to_string(),
            crate::settings::Origin::Flag("test"),
        )];
        Context::new(Settings::resolve(&[layer]).ok().unwrap())
    }

    #[test]
    fn a_gateway_is_read_from_the_routes_of_its_interface() {
        let routes = "Iface\tDestination\tGateway \tFlags\n\
                      eth0\t0000A8C0\t00000000\t0001\n\
                      eth1\t00000000\t0101A8C0\t0003\n\
                      eth0\t00000000\t0100A8C0\t0003\n";
        assert_eq!(gateway(routes, "eth0"), Some(Ipv4Addr::from(0x0100_A8C0_u32.to_ne_bytes())));
        assert_eq!(gateway(routes, "eth2"), None);
    }

    #[test]
    fn a_lab_that_is_not_up_is_planned_as_it_will_be() {
        let site = Ground { lab: true, interface: None }.site(None, None, &context(), false).unwrap();
        assert_eq!((site.runtime.as_str(), site.lab), ("native", true));
        assert_eq!(site.network.gateway, Some(Ipv4Addr::new(10, 66, 0, 1)));
        assert_eq!(site.taken, BTreeSet::from([Ipv4Addr::new(10, 66, 7, 254)]));
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        let check = |ground: Ground, runtime: Option<&str>, subnet: Option<&str>, part: &str| {
            let subnet = subnet.map(|text| text.parse().unwrap());
            let refused = ground.site(runtime, subnet.as_ref(), &context(), false);
            let text = refused.unwrap_err().to_string();
            assert!(text.contains(part), "{text}");
        };
        let lab = Ground { lab: true, interface: None };
        let on = |name: &str| Ground { lab: false, interface: Some(name.to_owned()) };
        check(lab, Some("loopback"), None, "--lab");
        check(Ground::default(), Some("native"), None, "--interface IF");
        check(Ground::default(), None, Some("192.0.2.0/24"), "127.0.0.0/8");
        check(on("no-such-if"), None, None, "there are: ");
        check(on("lo"), None, None, "loopback interface");
    }
}
