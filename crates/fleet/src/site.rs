//! Where a fleet is to stand: loopback addresses, the lab, or the segment of an interface.
//!
//! Errors name what was asked for by the command line's options, which an API has as fields.

use crate::{
    Config,
    error::{Error, SiteError},
    lab, placed,
};
use decnet_engine::lab::Lab;
use decnet_model::{
    fleet::{Fleet, LOOPBACK_NETWORK, Network},
    runtime::Runtime,
};
use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use std::{collections::BTreeSet, net::Ipv4Addr};

/// Hosts of a segment of our own that a fleet leaves free at the beginning.
const SKIPPED_LOOPBACK: usize = 255;
const SKIPPED_LAB: usize = 9;
/// Network of containers on a bridge of the host's own, unless another is named.
const BRIDGE_NETWORK: Network =
    Network { address: Ipv4Addr::new(10, 67, 0, 0), prefix: 24, gateway: None, interface: None };
/// The kernel's routing table.
const ROUTES: &str = "/proc/net/route";

/// What somebody says about the place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// In the lab.
    pub lab: bool,
    /// On the segment of this interface.
    pub interface: Option<String>,
    /// With this runtime; `None`: with the one that fits the rest.
    pub runtime: Option<Runtime>,
    /// On this network; `None`: on that of the lab or the interface.
    pub subnet: Option<Network>,
}

/// Where a fleet is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Runtime.
    pub runtime: Runtime,
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
    /// Whether a segment is named.
    pub fn is_placed(&self) -> bool {
        self.lab || self.interface.is_some()
    }

    /// Finds the place. `act`: the fleet is to be deployed there, so the lab is started if need be.
    ///
    /// # Errors
    /// When the wishes contradict each other, or there is no such place for this user.
    pub fn site(&self, config: &Config, act: bool) -> Result<Site, Error> {
        match self.runtime {
            Some(Runtime::Loopback) if self.is_placed() => return Err(SiteError::LoopbackPlaced.into()),
            Some(Runtime::Docker) => return Ok(self.of_containers(act)?),
            Some(Runtime::Native) if !self.is_placed() => {
                let routes = fs_err::read_to_string(ROUTES).unwrap_or_default();
                let interface = default_interface(&routes).ok_or(SiteError::NativeUnplaced)?;
                return Ground { interface: Some(interface), ..self.clone() }.site(config, act);
            }
            _ => {}
        }
        match &self.interface {
            Some(name) if act && !nix::unistd::geteuid().is_root() => {
                Err(SiteError::NotRoot(name.clone()).into())
            }
            Some(name) => Ok(on_interface(name, self.subnet.as_ref())?),
            None if self.lab => in_lab(config, self.subnet.as_ref(), act),
            None => Ok(on_loopback(self.subnet.as_ref())?),
        }
    }
}

impl Ground {
    /// The place of containers: the segment of an interface, or a bridge of the host's own.
    fn of_containers(&self, act: bool) -> Result<Site, SiteError> {
        if self.lab {
            return Err(SiteError::DockerInLab);
        }
        if act && !nix::unistd::geteuid().is_root() {
            return Err(SiteError::DockerNotRoot);
        }
        if let Some(name) = &self.interface {
            return Ok(Site { runtime: Runtime::Docker, ..on_interface(name, self.subnet.as_ref())? });
        }
        let network = self.subnet.clone().unwrap_or(BRIDGE_NETWORK);
        // The bridge itself has the first address.
        let gateway = network.hosts().next();
        let taken = gateway.into_iter().collect();
        let network = Network { gateway, ..network };
        Ok(Site { runtime: Runtime::Docker, network, lab: false, taken, skipped: SKIPPED_LAB })
    }
}

impl Site {
    /// Checks that every decky of `fleet` has its place here.
    ///
    /// # Errors
    /// Names the first that has none.
    pub fn check(&self, fleet: &Fleet) -> Result<(), SiteError> {
        for decky in placed::seen(fleet).deckies.values() {
            let (name, ip) = (&decky.name, decky.ip);
            if !self.network.contains(ip) {
                return Err(SiteError::Outside { decky: name.clone(), ip, network: self.network.clone() });
            }
            if self.network.gateway == Some(ip) || self.taken.contains(&ip) {
                return Err(SiteError::Taken { decky: name.clone(), ip });
            }
        }
        Ok(())
    }
}

fn on_loopback(subnet: Option<&Network>) -> Result<Site, SiteError> {
    let network = subnet.cloned().unwrap_or(LOOPBACK_NETWORK);
    if !network.address.is_loopback() {
        return Err(SiteError::NotLoopback(network));
    }
    let (taken, skipped) = (BTreeSet::new(), SKIPPED_LOOPBACK);
    Ok(Site { runtime: Runtime::Loopback, network, lab: false, taken, skipped })
}

fn in_lab(config: &Config, subnet: Option<&Network>, act: bool) -> Result<Site, Error> {
    let usual = lab::Wanted::default();
    let wanted = lab::Wanted { network: subnet.cloned().unwrap_or(usual.network), ..usual };
    let found = match Lab::find(&config.paths.run()) {
        Some(lab) => Some(lab),
        None if act => Some(lab::ensure_up(config, &wanted)?.0),
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
    if let Some(asked) = subnet
        && (asked.address, asked.prefix) != (network.address, network.prefix)
    {
        return Err(SiteError::LabElsewhere { asked: asked.clone(), there: network }.into());
    }
    Ok(Site { runtime: Runtime::Native, network, lab: true, taken, skipped: SKIPPED_LAB })
}

fn on_interface(name: &str, subnet: Option<&Network>) -> Result<Site, SiteError> {
    let entries = getifaddrs().map_err(|error| SiteError::Interfaces(error.into()))?;
    let entries: Vec<_> = entries.collect();
    let ours = || entries.iter().filter(|entry| entry.interface_name == name);
    let Some(first) = ours().next() else {
        let there: BTreeSet<_> = entries.iter().map(|entry| entry.interface_name.clone()).collect();
        return Err(SiteError::NoInterface { name: name.to_owned(), there: there.into_iter().collect() });
    };
    if first.flags.contains(InterfaceFlags::IFF_LOOPBACK) {
        return Err(SiteError::LoopbackInterface(name.to_owned()));
    }
    if !first.flags.contains(InterfaceFlags::IFF_UP) {
        return Err(SiteError::Down(name.to_owned()));
    }
    let mut own = Vec::new();
    for entry in ours() {
        let address = entry.address.as_ref().and_then(|address| address.as_sockaddr_in());
        let mask = entry.netmask.as_ref().and_then(|mask| mask.as_sockaddr_in());
        if let (Some(address), Some(mask)) = (address, mask) {
            own.push((address.ip(), u32::from(mask.ip()).count_ones()));
        }
    }
    let network: Network = match (subnet, own.first()) {
        (Some(subnet), _) => subnet.clone(),
        (None, Some((address, prefix))) => format!("{address}/{prefix}").parse()?,
        (None, None) => return Err(SiteError::NoAddress(name.to_owned())),
    };
    let gateway = gateway(&fs_err::read_to_string(ROUTES).unwrap_or_default(), name);
    let gateway = gateway.filter(|&address| network.contains(address));
    Ok(Site {
        runtime: Runtime::Native,
        network: Network { gateway, interface: Some(name.to_owned()), ..network },
        lab: false,
        taken: own.into_iter().map(|(address, _)| address).collect(),
        skipped: 0,
    })
}

/// The interface of the default route with the lowest metric in the kernel's table `routes`.
fn default_interface(routes: &str) -> Option<String> {
    let of = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let (name, destination) = (*columns.first()?, *columns.get(1)?);
        let (metric, mask) = (columns.get(6)?.parse::<u32>().ok()?, *columns.get(7)?);
        (destination == "00000000" && mask == "00000000").then(|| (metric, name.to_owned()))
    };
    routes.lines().filter_map(of).min().map(|(_, name)| name)
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
    use decnet_model::paths::Paths;
    use netsvc_persona::stage::Limits;

    fn config() -> Config {
        Config {
            paths: Paths::new(std::env::temp_dir().join("decnet-no-such-installation")),
            program: None,
            stage_binary: None,
            sd_id: String::new(),
            limits: Limits::default(),
        }
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
    fn the_usual_interface_is_that_of_the_best_default_route() {
        let routes = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                      wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                      eth1\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                      eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(default_interface(routes).as_deref(), Some("eth1"));
        assert_eq!(default_interface("Iface\tDestination\n"), None);
    }

    #[test]
    fn a_lab_that_is_not_up_is_planned_as_it_will_be() {
        let site = Ground { lab: true, ..Ground::default() }.site(&config(), false).unwrap();
        assert_eq!((site.runtime, site.lab), (Runtime::Native, true));
        assert_eq!(site.network.gateway, Some(Ipv4Addr::new(10, 66, 0, 1)));
        assert_eq!(site.taken, BTreeSet::from([Ipv4Addr::new(10, 66, 7, 254)]));
    }

    #[test]
    fn containers_without_an_interface_stand_on_a_bridge() {
        let ground = Ground { runtime: Some(Runtime::Docker), ..Ground::default() };
        let site = ground.site(&config(), false).unwrap();
        assert_eq!((site.runtime, site.network.to_string().as_str()), (Runtime::Docker, "10.67.0.0/24"));
        assert_eq!(site.network.gateway, Some(Ipv4Addr::new(10, 67, 0, 1)));
    }

    #[test]
    fn wishes_that_contradict_each_other_are_refused() {
        let check = |lab: bool, on: Option<&str>, runtime: Option<Runtime>, subnet: &str, part: &str| {
            let (interface, subnet) = (on.map(str::to_owned), subnet.parse().ok());
            let refused = Ground { lab, interface, runtime, subnet }.site(&config(), false);
            let text = refused.unwrap_err().to_string();
            assert!(text.contains(part), "{text}");
        };
        check(true, None, Some(Runtime::Loopback), "", "--lab");
        check(true, None, Some(Runtime::Docker), "", "--lab");
        check(false, None, None, "192.0.2.0/24", "127.0.0.0/8");
        check(false, Some("no-such-if"), None, "", "there are: ");
        check(false, Some("lo"), None, "", "loopback interface");
    }
}
