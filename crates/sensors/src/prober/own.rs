//! Addresses that nobody asks, whatever the ranges say: our own and those that we live by.

use decnet_model::host;
use decnet_store::{Error as StoreError, Store};
use serde_json::Value;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Where resolvers stand: what programs ask, and what a resolver of this host asks in turn.
const RESOLVERS: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/// Addresses of deckies, running or not, and of topologies, with their gateways and servers; of the hosts of a swarm;
/// of this host, its gateways and those that it asks for names.
///
/// # Errors
/// When the database fails.
pub(super) async fn own(store: &Store) -> Result<Vec<IpAddr>, StoreError> {
    let mut found = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    found.extend(of_host());
    for (ip, plan) in store.decky_plans().await? {
        found.extend(ip);
        written(&plan, &mut found);
    }
    if let Some(intent) = store.fleet_get().await? {
        written(&intent, &mut found);
    }
    found.extend(store.swarm_reports().await?.into_iter().filter_map(|report| report.address));
    for topology in store.topology_list().await? {
        written(&topology.document, &mut found);
    }
    let mut found: Vec<IpAddr> = found.into_iter().map(|address| address.to_canonical()).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn of_host() -> Vec<IpAddr> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut found = host::addresses(&text("/proc/self/net/fib_trie"), &text("/proc/self/net/if_inet6"));
    found.extend(host::gateways(&text("/proc/self/net/route"), &text("/proc/self/net/ipv6_route")));
    found.extend(RESOLVERS.iter().flat_map(|path| host::resolvers(&text(path))));
    found
}

/// Whom deckies keep waiting: those that an operator names there are attackers.
const NOT_OURS: [&str; 2] = ["tarpit", "slow"];

/// Addresses that a document of ours names anywhere but there: whatever is written elsewhere is no attacker's.
fn written(document: &str, found: &mut Vec<IpAddr>) {
    let Ok(whole) = serde_json::from_str::<Value>(document) else { return };
    let mut open = vec![&whole];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.extend(text.parse::<IpAddr>().ok()),
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                let ours = members.iter().filter(|(name, _)| !NOT_OURS.contains(&name.as_str()));
                open.extend(ours.map(|(_, value)| value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_a_document_has_them() {
        let mut found = Vec::new();
        written(
            r#"{"ip":"192.0.2.9","placed":{"gateway":"192.0.2.1","place":{"addresses":[{"ip":"10.1.0.4"}]}},
                "network":"192.0.2.0/24","name":"web-01","servers":{"dns":["2001:db8::53"]},"count":4,
                "tarpit":{"sources":[{"network":"203.0.113.7","prefix":32}]}}"#,
            &mut found,
        );
        found.sort_unstable();
        let expected = ["10.1.0.4", "192.0.2.1", "192.0.2.9", "2001:db8::53"];
        assert_eq!(found, expected.map(|text| text.parse::<IpAddr>().unwrap()));
        written("no document", &mut found);
        assert_eq!(found.len(), 4);
    }

    #[tokio::test]
    async fn this_host_is_among_them_without_any_fleet() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("decnet.db").to_str().unwrap()).await.unwrap();
        let own = own(&store).await.unwrap();
        assert!(own.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{own:?}");
        assert!(of_host().iter().all(|address| own.contains(address)), "{own:?}");
    }
}
