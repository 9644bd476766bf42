//! The entry of the server itself (rootDSE), and where else there is more.
//!
//! Source: [MS-ADTS] §3.1.1.3.2 and entries of servers of each release.

use super::{
    super::{dn, entry::Entry},
    Release, place,
};
use netsvc_daemon::{date, organisation::Organisation};

/// Numbers below 1.2.840.113556.1.4, or whole names, in the order in which servers list them.
const CONTROLS: &[&str] = &[
    "319",
    "801",
    "473",
    "528",
    "417",
    "619",
    "841",
    "529",
    "805",
    "521",
    "970",
    "1338",
    "474",
    "1339",
    "1340",
    "1413",
    "2.16.840.1.113730.3.4.9",
    "2.16.840.1.113730.3.4.10",
    "1504",
    "1852",
    "802",
    "1907",
    "1948",
    "1974",
    "1341",
    "2026",
    "2064",
    "2065",
    "2066",
    "2090",
    "2205",
    "2204",
    "2206",
    "2211",
    "2239",
    "2255",
    "2256",
    "2309",
    "2330",
    "2354",
];
const POLICIES: &[&str] = &[
    "MaxPoolThreads",
    "MaxPercentDirSyncRequests",
    "MaxDatagramRecv",
    "MaxReceiveBuffer",
    "InitRecvTimeout",
    "MaxConnections",
    "MaxConnIdleTime",
    "MaxPageSize",
    "MaxBatchReturnMessages",
    "MaxQueryDuration",
    "MaxDirSyncDuration",
    "MaxTempTableSize",
    "MaxResultSetSize",
    "MinResultSets",
    "MaxResultSetsPerConn",
    "MaxNotificationPerConn",
    "MaxValRange",
    "MaxValRangeTransitive",
    "ThreadMemoryLimit",
    "SystemMemoryLimitPercent",
];
const CAPABILITIES: &[&str] = &["800", "1670", "1791", "1935", "2080", "2237"];
const MECHANISMS: &[&str] = &["GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5"];
const EXTENSIONS: &[&str] = &[
    "1.3.6.1.4.1.1466.20037",
    "1.3.6.1.4.1.1466.101.119.1",
    "1.2.840.113556.1.4.1781",
    "1.3.6.1.4.1.4203.1.11.3",
    "1.2.840.113556.1.4.2212",
];

/// Names in the order in which releases up to 2016 tell them; since 2019 it is another one.
const OLDER: &[&str] = &[
    "currentTime",
    "subschemaSubentry",
    "dsServiceName",
    "namingContexts",
    "defaultNamingContext",
    "schemaNamingContext",
    "configurationNamingContext",
    "rootDomainNamingContext",
    "supportedControl",
    "supportedLDAPVersion",
    "supportedLDAPPolicies",
    "highestCommittedUSN",
    "supportedSASLMechanisms",
    "dnsHostName",
    "ldapServiceName",
    "serverName",
    "supportedCapabilities",
    "isSynchronized",
    "isGlobalCatalogReady",
    "domainFunctionality",
    "forestFunctionality",
    "domainControllerFunctionality",
];
const NEWER: &[&str] = &[
    "domainFunctionality",
    "forestFunctionality",
    "domainControllerFunctionality",
    "rootDomainNamingContext",
    "ldapServiceName",
    "isGlobalCatalogReady",
    "supportedSASLMechanisms",
    "supportedLDAPVersion",
    "supportedLDAPPolicies",
    "supportedControl",
    "supportedCapabilities",
    "subschemaSubentry",
    "serverName",
    "schemaNamingContext",
    "namingContexts",
    "isSynchronized",
    "highestCommittedUSN",
    "dsServiceName",
    "dnsHostName",
    "defaultNamingContext",
    "currentTime",
    "configurationNamingContext",
];

/// The server that an entry is about.
pub(in super::super) struct Subject<'a> {
    pub(in super::super) organisation: &'a Organisation,
    /// Name of the domain's own entry.
    pub(in super::super) base: &'a str,
    pub(in super::super) hostname: &'a str,
    pub(in super::super) fqdn: &'a str,
}

/// The entry at the time `now`, when `grown` changes were made since the start.
pub(in super::super) fn entry(server: &Subject<'_>, release: &Release, now: i64, grown: i64) -> Entry {
    let mut entry = Entry::default();
    let order = if release.levels_first() { NEWER } else { OLDER };
    for name in order {
        let values = values(server, release, name, now, grown);
        entry.put(*name, values.into_iter().map(String::into_bytes).collect());
    }
    let extensions = EXTENSIONS.iter().map(|name| name.as_bytes().to_vec()).collect();
    entry.operational("supportedExtension", extensions);
    entry.operational("objectClass", vec![b"top".to_vec()]);
    entry
}

fn values(server: &Subject<'_>, release: &Release, name: &str, now: i64, grown: i64) -> Vec<String> {
    let base = server.base;
    let domain = &server.organisation.domain;
    let configuration = format!("CN=Configuration,{base}");
    let host = server.hostname.to_ascii_uppercase();
    let own = format!("CN={host},CN=Servers,{}", place::site(base));
    let below = |name: &&str| {
        if name.contains('.') { (*name).to_owned() } else { format!("1.2.840.113556.1.4.{name}") }
    };
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let one = |text: String| vec![text];
    match name {
        "domainFunctionality" | "forestFunctionality" | "domainControllerFunctionality" => {
            one(release.level().to_string())
        }
        "rootDomainNamingContext" | "defaultNamingContext" => one(base.to_owned()),
        "ldapServiceName" => {
            one(format!("{domain}:{}$@{}", host.to_ascii_lowercase(), domain.to_ascii_uppercase()))
        }
        "isGlobalCatalogReady" | "isSynchronized" => one("TRUE".to_owned()),
        "supportedSASLMechanisms" => texts(MECHANISMS),
        "supportedLDAPVersion" => texts(&["3", "2"]),
        "supportedLDAPPolicies" => texts(POLICIES),
        "supportedControl" => CONTROLS.iter().take(release.controls() + 2).map(below).collect(),
        "supportedCapabilities" => CAPABILITIES.iter().map(below).collect(),
        "subschemaSubentry" => one(format!("CN=Aggregate,CN=Schema,{configuration}")),
        "serverName" => one(own),
        "schemaNamingContext" => one(format!("CN=Schema,{configuration}")),
        "namingContexts" => vec![
            base.to_owned(),
            configuration.clone(),
            format!("CN=Schema,{configuration}"),
            format!("DC=DomainDnsZones,{base}"),
            format!("DC=ForestDnsZones,{base}"),
        ],
        "highestCommittedUSN" => one((number(server, now) + grown).to_string()),
        "dsServiceName" => one(format!("CN=NTDS Settings,{own}")),
        "dnsHostName" => one(server.fqdn.to_owned()),
        "currentTime" => one(format!("{}.0Z", date::compact(now))),
        "configurationNamingContext" => one(configuration),
        _ => Vec::new(),
    }
}

/// The number of changes by now: a few an hour since the domain was made.
fn number(server: &Subject<'_>, now: i64) -> i64 {
    let drawn = server.organisation.secret(&["changes", server.fqdn]);
    let drawn = i64::from(u16::from_be_bytes([drawn[0], drawn[1]]));
    let hours = (now - server.organisation.founded).max(0) / 3_600_000_000;
    12_000 + drawn % 4096 + hours * (2 + drawn % 5)
}

/// Other naming contexts below one that is searched from its top on ([MS-ADTS] §3.1.1.3.1.3.1).
pub(in super::super) fn references(base: &str, domain: &str, context: usize, key: &str) -> Vec<String> {
    let top = dn::normal(base).unwrap_or_default();
    match context {
        place::DOMAIN if key == top => vec![
            format!("ldap://ForestDnsZones.{domain}/DC=ForestDnsZones,{base}"),
            format!("ldap://DomainDnsZones.{domain}/DC=DomainDnsZones,{base}"),
            format!("ldap://{domain}/CN=Configuration,{base}"),
        ],
        place::CONFIGURATION if key == format!("cn=configuration,{top}") => {
            vec![format!("ldap://{domain}/CN=Schema,CN=Configuration,{base}")]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_name_the_same_attributes() {
        let (mut older, mut newer) = (OLDER.to_vec(), NEWER.to_vec());
        older.sort_unstable();
        newer.sort_unstable();
        assert_eq!(older, newer);
    }
}
