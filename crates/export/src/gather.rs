//! Reads what is told of addresses and payloads, page by page, so that no export needs memory for all of it.

use crate::{
    known::{Known, KnownIncident, Payload},
    standing::{Networks, Standing},
};
use decnet_model::{
    export::Wanted,
    record::{AddressSeen, Behind, Cluster, Following, IncidentView, Level, Showed, Tried},
};
use decnet_store::{Error, Store};
use netsvc_wire::stamp::Micros;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Login names told of one address.
const NAMES: usize = 20;
/// Sightings of a payload that are looked through for who left it.
const SIGHTINGS: u32 = 500;
/// Addresses told of one payload.
const SOURCES: usize = 20;

/// How many addresses were left out, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Ours.
    pub own: u64,
    /// Of those whom operators know.
    pub muted: u64,
}

/// What is read for an export.
#[derive(Clone, Debug)]
pub struct Source {
    store: Store,
    wanted: Wanted,
    networks: Networks,
    names: BTreeSet<String>,
    left_out: LeftOut,
}

impl Source {
    /// What there is in `store` of what is wanted; of mutes those that hold at `now`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(store: &Store, wanted: Wanted, now: Micros) -> Result<Self, Error> {
        let deckies = store.decky_list().await?;
        let names = deckies.iter().map(|decky| decky.name.to_lowercase()).collect();
        let deckies = deckies.into_iter().filter_map(|decky| decky.ip);
        let hosts = store.swarm_reports().await?.into_iter().filter_map(|report| report.address);
        let networks = Networks::new(deckies.chain(hosts), &store.alert_mute_list(now).await?);
        Ok(Source { store: store.clone(), wanted, networks, names, left_out: LeftOut::default() })
    }

    /// What is wanted.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// What was left out so far.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// The next addresses behind `following`, and where those after them begin; `None`: there are none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn addresses(
        &mut self,
        following: Following,
        limit: u32,
    ) -> Result<(Vec<Known>, Option<Following>), Error> {
        let wanted = &self.wanted;
        let rows = self.store.export_addresses(wanted.risk, wanted.since, following, limit).await?;
        let next = rows.last().map(|row| match following {
            Following::First(..) => Following::First(row.first_seen, row.first_event),
            Following::Last(..) => Following::Last(row.last_seen, row.last_event),
        });
        let mut known = Vec::with_capacity(rows.len());
        for seen in rows {
            match self.told(seen) {
                Ok(one) => known.push(one),
                Err(Standing::Own) => self.left_out.own += 1,
                Err(_) => self.left_out.muted += 1,
            }
        }
        self.complete(&mut known).await?;
        Ok((known, next))
    }

    /// The next incidents behind `following`, and where those after them begin; `None`: there are none. One in which
    /// nobody took part who is told of is not told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn incidents(
        &self,
        following: Following,
        limit: u32,
    ) -> Result<(Vec<KnownIncident>, Option<Following>), Error> {
        let views = self.store.export_incidents(self.wanted.since, following, limit).await?;
        let next = views.last().map(|view| match following {
            Following::First(..) => Following::First(view.incident.first_seen, view.incident.id),
            Following::Last(..) => Following::Last(view.incident.last_seen, view.incident.id),
        });
        let mut incidents: Vec<(IncidentView, Vec<IpAddr>)> = Vec::with_capacity(views.len());
        for view in views {
            let sources = self.store.incident_sources(view.incident.id).await?;
            incidents.push((view, sources.iter().map(|source| source.src_ip).collect()));
        }
        let addresses: BTreeSet<IpAddr> =
            incidents.iter().flat_map(|(_, sources)| sources.iter().copied()).collect();
        let known = self.known(&addresses).await?;
        let told = incidents.into_iter().map(|(view, sources)| {
            let sources =
                sources.iter().filter_map(|source| known.get(source).cloned()).take(SOURCES).collect();
            KnownIncident { view, sources }
        });
        Ok((told.filter(|one| !one.sources.is_empty()).collect(), next))
    }

    /// What is told of some addresses.
    async fn known(&self, addresses: &BTreeSet<IpAddr>) -> Result<BTreeMap<IpAddr, Known>, Error> {
        let addresses: Vec<IpAddr> = addresses.iter().copied().collect();
        let rows = self.store.export_addresses_of(self.wanted.risk, self.wanted.since, &addresses).await?;
        let mut known: Vec<Known> = rows.into_iter().filter_map(|seen| self.told(seen).ok()).collect();
        self.complete(&mut known).await?;
        Ok(known.into_iter().map(|one| (one.seen.src_ip, one)).collect())
    }

    /// An address as it is told, before the rest is known.
    ///
    /// # Errors
    /// What it is to us, where it is not told.
    fn told(&self, mut seen: AddressSeen) -> Result<Known, Standing> {
        seen.hosts.retain(|host| self.is_told(host));
        match self.networks.standing(seen.src_ip) {
            standing @ (Standing::Public | Standing::Private) => Ok(Known {
                seen,
                standing,
                identity: None,
                campaign: None,
                showed: Vec::new(),
                tried: Vec::new(),
            }),
            other @ (Standing::Own | Standing::Muted) => Err(other),
        }
    }

    /// Whether a host from which something was to be fetched is told of: one that the internet knows, and none of ours,
    /// which attackers fetch from each other.
    fn is_told(&self, host: &str) -> bool {
        if let Ok(address) = host.parse() {
            return self.networks.standing(address) == Standing::Public;
        }
        let first = host.split('.').next().unwrap_or_default();
        is_name(host) && !self.names.contains(first)
    }

    /// Adds what is in other tables.
    async fn complete(&self, known: &mut [Known]) -> Result<(), Error> {
        let addresses: Vec<IpAddr> = known.iter().map(|one| one.seen.src_ip).collect();
        let behind = self.store.export_behind(&addresses).await?;
        let identities = self.clusters(Level::Identity, behind.iter().map(|one| one.identity)).await?;
        let campaigns = self.clusters(Level::Campaign, behind.iter().filter_map(|one| one.campaign)).await?;
        let mut showed = by_address(self.store.export_showed(&addresses).await?, |one: &Showed| one.src_ip);
        let tried = match self.wanted.secrets {
            true => self.store.export_secrets(&addresses).await?,
            false => self.store.export_tried(&addresses).await?,
        };
        let mut tried = by_address(tried, |one: &Tried| one.src_ip);
        let behind: BTreeMap<IpAddr, Behind> = behind.into_iter().map(|one| (one.src_ip, one)).collect();
        for one in known {
            let address = one.seen.src_ip;
            if let Some(behind) = behind.get(&address) {
                one.identity = identities.get(&behind.identity).cloned();
                one.campaign = behind.campaign.and_then(|id| campaigns.get(&id).cloned());
            }
            one.showed = showed.remove(&address).unwrap_or_default();
            one.tried = tried.remove(&address).unwrap_or_default();
            one.tried.truncate(NAMES);
        }
        Ok(())
    }

    async fn clusters(
        &self,
        level: Level,
        ids: impl Iterator<Item = i64>,
    ) -> Result<BTreeMap<i64, Cluster>, Error> {
        let ids: Vec<i64> = ids.collect::<BTreeSet<_>>().into_iter().collect();
        let found = self.store.export_clusters(level, &ids).await?;
        Ok(found.into_iter().map(|cluster| (cluster.id, cluster)).collect())
    }

    /// The next payloads behind `following`, and where those after them begin; `None`: there are none. What only
    /// probes, we ourselves or those left whom operators know is not told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn payloads(
        &self,
        following: Following,
        limit: u32,
    ) -> Result<(Vec<Payload>, Option<Following>), Error> {
        let rows = self.store.export_payloads(self.wanted.since, following, limit).await?;
        let next = rows.last().map(|row| match following {
            Following::First(..) => Following::First(row.first_seen, row.first_event),
            Following::Last(..) => Following::Last(row.last_seen, row.first_event),
        });
        let mut payloads = Vec::new();
        for artefact in rows {
            let sightings = self.store.artefact_sightings(&artefact.sha256, SIGHTINGS).await?;
            let theirs = sightings.iter().filter(|one| !one.probe).filter_map(|one| one.src_ip);
            let told = |address: &IpAddr| {
                matches!(self.networks.standing(*address), Standing::Public | Standing::Private)
            };
            let sources: BTreeSet<IpAddr> = theirs.filter(told).collect();
            if !sources.is_empty() {
                payloads.push(Payload { artefact, sources: sources.into_iter().take(SOURCES).collect() });
            }
        }
        Ok((payloads, next))
    }
}

/// Whether a text is a name of a host on the internet (RFC 1123 §2.1), of two labels at least.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        // What ends in a number is an address that is written oddly; these ends are nobody's on the internet (RFC 6761,
        // RFC 6762, RFC 8375).
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !["local", "localhost", "invalid", "test", "internal", "lan", "arpa", "onion"].contains(&last)
}

fn by_address<T>(rows: Vec<T>, address: impl Fn(&T) -> IpAddr) -> BTreeMap<IpAddr, Vec<T>> {
    let mut found: BTreeMap<IpAddr, Vec<T>> = BTreeMap::new();
    for row in rows {
        found.entry(address(&row)).or_default().push(row);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_the_internet() {
        for (text, name) in [
            ("evil.example", true),
            ("a-b.xn--p1ai", true),
            ("web-01", false),
            ("web-01.local", false),
            ("192.0.2.1.5", false),
            ("a..example", false),
            ("-a.example", false),
            ("a b.example", false),
            ("\\x1b.example", false),
            ("", false),
        ] {
            assert_eq!(is_name(text), name, "{text:?}");
        }
    }
}
