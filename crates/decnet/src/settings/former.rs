//! Settings of DECNET 1, the Python program, that there are no more: what takes their place. Those of the same name
//! and meaning are in the table of settings.

/// Variables, and what does what they did. A name that ends in `_` stands for all that begin so.
const FORMER: &[(&str, &str)] = &[
    ("DECNET_PROFILE_REQUESTS", "there is no profiler of requests; `perf` serves instead"),
    ("DECNET_PROFILE_DIR", "there is no profiler of requests"),
    (
        "DECNET_JWT_EXP_MINUTES",
        "sessions end by themselves; `decnet token create --days` says how long a token lives",
    ),
    ("DECNET_INGEST_LOG_FILE", "the event log is log/decnet.log in DECNET_STATE_DIR"),
    ("DECNET_AGENT_LOG_FILE", "the event log is log/decnet.log in DECNET_STATE_DIR"),
    ("DECNET_BATCH_SIZE", "the ingester finds the size of its batches itself"),
    ("DECNET_BATCH_MAX_WAIT_MS", "the ingester wakes when something was written"),
    ("DECNET_ADMIN_USER", "the first operator is called admin; `decnet user create` makes others"),
    ("DECNET_DEVELOPER", "DECNET_LOG_LEVEL = debug says more; weak secrets are refused everywhere"),
    ("DECNET_DEVELOPER_TRACING", "there is no tracing; /api/v1/metrics has numbers for Prometheus"),
    ("DECNET_OTEL_ENDPOINT", "there is no tracing; /api/v1/metrics has numbers for Prometheus"),
    ("DECNET_BUS_TYPE", "the bus is a socket; DECNET_BUS_ENABLED = no does without"),
    ("DECNET_DB_PATH", "DECNET_DB_URL = sqlite:PATH names the file of SQLite"),
    ("DECNET_DB_POOL_SIZE", "the pool of connections has a fixed size"),
    ("DECNET_DB_MAX_OVERFLOW", "the pool of connections has a fixed size"),
    ("DECNET_DB_POOL_RECYCLE", "connections are looked at before they are used"),
    ("DECNET_DB_POOL_PRE_PING", "connections are looked at before they are used"),
    (
        "DECNET_CORS_ORIGINS",
        "the dashboard comes from the interface itself; DECNET_API_NAMES says by which names",
    ),
    ("DECNET_WEBHOOK_ALLOW_PRIVATE", "targets may be in private networks; only admins set them"),
    ("DECNET_WEBHOOK_", "alerts are sent again with growing waits (`decnet alerts`)"),
    ("DECNET_LIMITER_ENABLED", "the interface always limits how often logins are tried"),
    ("DECNET_TRUSTED_PROXIES", "DECNET_API_PROXIES names who hands requests on and is believed for whom"),
    ("DECNET_SSE_MAX_PER_USER", "the number of event streams of a user is fixed"),
    ("DECNET_SECRET_KEY", "DECNET_JWT_SECRET signs what has to be signed"),
    ("DECNET_ARTIFACTS_ROOT", "artefacts are in the folder artifacts of DECNET_STATE_DIR"),
    ("DECNET_RUN_DIR", "the compose file of containers is in the folder docker of DECNET_STATE_DIR"),
    (
        "DECNET_COLLECTOR_",
        "the collector takes every line; floods are counted where they are made (kind `flood`)",
    ),
    ("DECNET_SNIFFER_IFACE", "the packet gate sees the segment that `deploy --interface` names"),
    ("DECNET_EMBED_SNIFFER", "the sniffer is a worker and a process of its own"),
    (
        "DECNET_PROBE_PORTS_",
        "probe.tls-ports, probe.ssh-ports and probe.banner-ports say it, within probe.ranges",
    ),
    ("DECNET_OSFP_PROVIDERS", "systems of attackers are not guessed by providers"),
    ("DECNET_NODE_BIN", "no program of Node.js is started"),
    (
        "DECNET_GEOIP_",
        "addresses are looked up in files of the folder intel of DECNET_STATE_DIR (`decnet enrich`)",
    ),
    (
        "DECNET_ASN_",
        "addresses are looked up in files of the folder intel of DECNET_STATE_DIR (`decnet enrich`)",
    ),
    (
        "DECNET_RPKI_",
        "addresses are looked up in files of the folder intel of DECNET_STATE_DIR (`decnet enrich`)",
    ),
    ("DECNET_PTR_ENABLED", "addresses of attackers are not looked up in the DNS"),
    ("DECNET_INTEL_", "a provider is asked where it has a key (`decnet config show`, section intel)"),
    ("DECNET_MALWAREBAZAAR_AUTH_KEY", "DECNET_VIRUSTOTAL_API_KEY has hashes of files asked about"),
    (
        "DECNET_MAL_HASH_REFRESH_INTERVAL_S",
        "an answer about a file has a time of its own for which it is good",
    ),
    (
        "DECNET_REALISM_",
        "DECNET_EMAILGEN_LLM names a model that may say what people write; all else is derived",
    ),
    ("DECNET_EMAILGEN_PERSONAS", "`decnet personas import` takes people of a domain"),
    ("DECNET_CANARY_HTTP_BIND", "DECNET_CANARY_BIND is the address for pages and names"),
    ("DECNET_CANARY_DNS_BIND", "DECNET_CANARY_BIND is the address for pages and names"),
    ("DECNET_CANARY_BLOB_DIR", "canaries are in the store"),
    ("DECNET_CANARY_BASELINE", "`plant` of a fleet file lays canaries on deckies"),
    ("DECNET_CANARY_FINGERPRINT_SECRET", "ids of canaries are drawn, so no secret is needed"),
    ("DECNET_LOG_DIRECTORY", "the event log is log/decnet.log in DECNET_STATE_DIR"),
    ("DECNET_CLUSTERER_TYPE", "there is one way to join attackers to identities (`decnet identities`)"),
    (
        "DECNET_CAMPAIGN_CLUSTERER_TYPE",
        "there is one way to join identities to campaigns (`decnet campaigns`)",
    ),
    (
        "DECNET_TTP_",
        "rules of techniques are files in the folder rules of DECNET_STATE_DIR (`decnet techniques`)",
    ),
    ("DECNET_VECTORSTORE_", "nothing is kept as vectors"),
    ("DECNET_ATTACK_", "the part of ATT&CK that rules may name is part of the program"),
    ("DECNET_ORG_ID", "nothing is exported under the name of an organisation"),
    (
        "DECNET_TARPIT_POLL_INTERVAL",
        "the gate holds connections itself (`decnet decky tarpit`); nothing is polled",
    ),
    ("DECNET_UPDATER_", "releases come over the agent's connection (`decnet swarm update`)"),
    ("DECNET_AGENT_DIR", "what an agent holds is in DECNET_STATE_DIR"),
    (
        "DECNET_ENROLL_BUNDLE_DIR",
        "`decnet swarm enroll` prints the command by which a host joins; there is no bundle",
    ),
    ("DECNET_SWARMCTL_URL", "`decnet swarm` works on the master's state folder, not over a network"),
    ("DECNET_SWARM_", "`decnet config show` lists the settings of a swarm that there are"),
    ("DECNET_SWARMCTL_", "`decnet config show` lists the settings of a swarm that there are"),
    ("DECNET_MASTER_HOST", "DECNET_SWARM_MASTER_HOST names the master"),
    ("DECNET_HOST_UUID", "a host gets its id when it joins (`decnet join`)"),
    ("DECNET_VERIFY_HOSTNAME", "both sides of a swarm always show certificates"),
    ("DECNET_API_TOKEN", "the command line works on the state folder and needs no token"),
    ("DECNET_TESTING", "tests need no switch"),
    ("DECNET_CONTRACT_TEST", "tests need no switch"),
    ("DECNET_FP_SOCK", "nothing of ours is inside of what attackers see"),
    ("DECNET_NMAP_OS", "`nmap_os` or `face` of a fleet file says how a decky looks"),
    ("DECNET_OPEN_PORTS", "nothing of ours is inside of what attackers see"),
    ("DECNET_API_USER", "DECNET_USER is the user of the processes"),
    ("DECNET_API_GROUP", "DECNET_GROUP is the group of the processes"),
];

/// What takes the place of a variable of DECNET 1.
pub(super) fn instead(variable: &str) -> Option<&'static str> {
    let exact = FORMER.iter().find(|(name, _)| *name == variable);
    let family = || FORMER.iter().find(|(name, _)| name.ends_with('_') && variable.starts_with(name));
    exact.or_else(family).map(|(_, instead)| *instead)
}

/// Every variable of DECNET 1 that is not read any more, with what takes its place.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FORMER.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Name;

    /// What DECNET 1.2.1 read, all of it.
    const READ: &str = "SYSTEM_LOGS EMBED_PROFILER EMBED_SNIFFER EMBED_COLLECTOR PROFILE_REQUESTS PROFILE_DIR \
        API_HOST API_PORT JWT_SECRET JWT_EXP_MINUTES INGEST_LOG_FILE AGENT_LOG_FILE SWARM_SYSLOG_PORT \
        SWARM_MASTER_HOST HOST_UUID MASTER_HOST SWARMCTL_PORT SWARMCTL_HOST SWARMCTL_URL LISTENER_HOST API_TOKEN \
        BATCH_SIZE BATCH_MAX_WAIT_MS WEB_HOST WEB_PORT ADMIN_USER ADMIN_PASSWORD DEVELOPER MODE DISALLOW_MASTER \
        BUS_ENABLED BUS_TYPE BUS_SOCKET BUS_GROUP DEVELOPER_TRACING OTEL_ENDPOINT DB_TYPE DB_URL DB_HOST DB_PORT \
        DB_NAME DB_USER DB_PASSWORD DB_PATH DB_POOL_SIZE DB_MAX_OVERFLOW DB_POOL_RECYCLE DB_POOL_PRE_PING \
        CORS_ORIGINS VERIFY_HOSTNAME WEBHOOK_ALLOW_PRIVATE WEBHOOK_CIRCUIT_THRESHOLD WEBHOOK_BUS_RECONNECT_SECS \
        LIMITER_ENABLED TRUSTED_PROXIES SSE_MAX_PER_USER SECRET_KEY ARTIFACTS_ROOT RUN_DIR COLLECTOR_RL_WINDOW_SEC \
        COLLECTOR_RL_EVENT_TYPES COLLECTOR_DROP_APPS COLLECTOR_RECONCILE_S COLLECTOR_SESSION_AGG_TTL_SEC \
        SNIFFER_IFACE PROBE_PORTS_SSH OSFP_PROVIDERS CANARY_HTTP_BASE CANARY_DNS_ZONE NODE_BIN GEOIP_ENABLED \
        GEOIP_PROVIDER GEOIP_ROOT ASN_ROOT RPKI_ROOT PTR_ENABLED INTEL_ENABLED INTEL_PROVIDERS GREYNOISE_API_KEY \
        ABUSEIPDB_API_KEY THREATFOX_API_KEY MALWAREBAZAAR_AUTH_KEY MAL_HASH_REFRESH_INTERVAL_S REALISM_LLM \
        REALISM_MODEL CLUSTERER_TYPE CAMPAIGN_CLUSTERER_TYPE TTP_TAGGER_TYPE TTP_RULE_STORE_TYPE VECTORSTORE_TYPE \
        EMAILGEN_LLM EMAILGEN_MODEL EMAILGEN_PERSONAS EMAILGEN_TIMEOUT REALISM_TIMEOUT REALISM_PERSONAS \
        REALISM_FAKE_OUTPUT CANARY_HTTP_PORT CANARY_HTTP_BIND CANARY_DNS_PORT CANARY_DNS_BIND CANARY_BLOB_DIR \
        CANARY_BASELINE CANARY_FINGERPRINT_SECRET LOG_DIRECTORY \
        ATTACK_ROOT ORG_ID TARPIT_POLL_INTERVAL UPDATER_PORT AGENT_DIR ENROLL_BUNDLE_DIR TESTING CONTRACT_TEST \
        FP_SOCK NMAP_OS OPEN_PORTS";

    #[test]
    fn every_variable_of_the_first_release_works_or_says_what_takes_its_place() {
        let renamed = ["DECNET_WEB_HOST", "DECNET_WEB_PORT"];
        for name in READ.split_whitespace() {
            let variable = format!("DECNET_{name}");
            let works = Name::ALL.iter().any(|name| name.knob().variable == variable)
                || ["DECNET_EMBED_COLLECTOR", "DECNET_EMBED_PROFILER"].contains(&variable.as_str())
                || renamed.contains(&variable.as_str());
            assert!(works || instead(&variable).is_some(), "{variable}");
        }
        assert_eq!(instead("DECNET_API_PORT"), None);
    }
}
