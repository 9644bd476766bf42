//! Servers for names and for the time that deckies ask, on their segment or outside of it.

use crate::fleet::Network;
use netsvc_persona::Servers;
use std::net::Ipv4Addr;

/// Reads a list of servers.
///
/// # Errors
/// What is wrong with it and what would be right, to follow its key and value.
pub fn list(text: &str) -> Result<Vec<Ipv4Addr>, String> {
    let mut servers = Vec::new();
    for item in text.split(',').map(str::trim) {
        let server = host(item)?;
        if servers.contains(&server) {
            return Err(format!("names {server} twice; remove one"));
        }
        servers.push(server);
    }
    if Servers::MOST < servers.len() {
        return Err(format!("names {} servers; leave {} at most", servers.len(), Servers::MOST));
    }
    Ok(servers)
}

/// Reads one server.
///
/// # Errors
/// As [`list`].
pub fn host(text: &str) -> Result<Ipv4Addr, String> {
    let address: Ipv4Addr = text.parse().map_err(|_| {
        format!("names {text:?}, which is no IPv4 address; write them as 10.9.0.53, 10.9.0.54")
    })?;
    let nobody = address.octets()[0] == 0 || 224 <= address.octets()[0] || address.is_loopback();
    if nobody {
        return Err(format!("names {address}, which is no host's address on a network; name a server's"));
    }
    Ok(address)
}

/// Why deckies of `network` cannot ask one of `servers`; `None`: they can.
pub fn misplaced(servers: &[Ipv4Addr], network: &Network) -> Option<String> {
    // Deckies on loopback addresses ask nobody.
    if network.address.is_loopback() {
        return None;
    }
    servers.iter().find_map(|server| {
        if !network.contains(*server) {
            let why = || {
                format!(
                    "names {server}, which is outside of {network}, and there is no gateway to it; add gw = in \
                     [general], or name a server of the segment"
                )
            };
            return network.gateway.is_none().then(why);
        }
        let nobody = *server == network.address || *server == network.broadcast();
        nobody.then(|| format!("names {server}, which is no host of {network}; name one that is"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_up_to_four_hosts_once() {
        assert_eq!(list("10.9.0.53, 10.9.0.54"), Ok(vec![[10, 9, 0, 53].into(), [10, 9, 0, 54].into()]));
        for (text, wrong) in [
            ("dns.corp", "names \"dns.corp\", which is no IPv4 address; write them as 10.9.0.53, 10.9.0.54"),
            ("10.9.0.53,", "names \"\", which is no IPv4 address; write them as 10.9.0.53, 10.9.0.54"),
            ("224.0.0.1", "names 224.0.0.1, which is no host's address on a network; name a server's"),
            ("127.0.0.1", "names 127.0.0.1, which is no host's address on a network; name a server's"),
            ("10.9.0.5, 10.9.0.5", "names 10.9.0.5 twice; remove one"),
            ("1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5", "names 5 servers; leave 4 at most"),
        ] {
            assert_eq!(list(text), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn a_server_outside_needs_a_gateway() {
        let mut network: Network = "10.66.0.0/21".parse().unwrap();
        let outside = misplaced(&[[10, 66, 0, 5].into(), [10, 9, 0, 53].into()], &network).unwrap();
        assert!(outside.contains("10.9.0.53, which is outside of 10.66.0.0/21") && outside.contains("gw ="));
        network.gateway = Some([10, 66, 0, 1].into());
        assert_eq!(misplaced(&[[10, 9, 0, 53].into()], &network), None);
        let broadcast = misplaced(&[[10, 66, 7, 255].into()], &network).unwrap();
        assert_eq!(broadcast, "names 10.66.7.255, which is no host of 10.66.0.0/21; name one that is");
    }
}
