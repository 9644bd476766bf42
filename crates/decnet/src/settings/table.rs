//! Every knob there is: the one table that `config show`, the documentation and the code read.

/// A knob.
#[derive(Debug, Clone, Copy)]
pub struct Knob {
    /// Name as `section.key`.
    pub key: &'static str,
    /// Environment variable.
    pub variable: &'static str,
    /// Value when nothing is set; empty: none.
    pub default: &'static str,
    /// What a value looks like.
    pub kind: Kind,
    /// What it does.
    pub about: &'static str,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A folder or file.
    Path,
    /// A port, 1 to 65535.
    Port,
    /// A whole number from 1.
    Count,
    /// Yes or no.
    Flag,
    /// Addresses and networks, comma-separated.
    Addresses,
    /// Roles and who has them.
    Roles,
    /// What is kept of single kinds of events.
    Retention,
    /// How much the program says, and parts of it.
    Levels,
    /// Workers of the list.
    Workers,
    /// One of these words.
    Word(&'static [&'static str]),
}

macro_rules! knobs {
    ($($name:ident = $key:literal, $variable:literal, $default:literal, $kind:expr, $about:literal;)+) => {
        /// A knob by name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Name { $(#[doc = $about] $name,)+ }

        impl Name {
            /// All knobs, in the order of the table.
            pub const ALL: &'static [Name] = &[$(Name::$name),+];

            /// The knob's row.
            pub fn knob(self) -> Knob {
                match self { $(Name::$name => Knob {
                    key: $key, variable: $variable, default: $default, kind: $kind, about: $about,
                },)+ }
            }
        }
    };
}

knobs! {
    StateDir = "decnet.state-dir", "DECNET_STATE_DIR", "/var/lib/decnet", Kind::Path,
        "Folder of the database, the event log, spools and artefacts";
    StageBinary = "decnet.netsvcd", "DECNET_NETSVCD", "", Kind::Path,
        "The service binary; without it, `netsvcd` beside this program, then the PATH";
    NmapDatabase = "decnet.nmap-os-db", "DECNET_NMAP_OS_DB", "/usr/share/nmap/nmap-os-db", Kind::Path,
        "nmap's database of operating systems, where `face = nmap:NAME` is looked up";
    User = "decnet.user", "DECNET_USER", "", Kind::Text,
        "User that the processes of the house become when root starts them, by name or number; a fixed one without it";
    Group = "decnet.group", "DECNET_GROUP", "", Kind::Text,
        "Group of those processes, by name or number; the user's own without it";
    Embed = "workers.embed", "DECNET_EMBED", "", Kind::Workers,
        "Workers that live in the process of the interface; DECNET_EMBED_COLLECTOR = yes names one more, and so on";
    Mode = "decnet.mode", "DECNET_MODE", "auto", Kind::Word(&["auto", "master", "agent"]),
        "What this host is: an agent where it has joined a swarm, else a master; or one of the two in any case";
    DisallowMaster = "decnet.disallow-master", "DECNET_DISALLOW_MASTER", "yes", Kind::Flag,
        "Whether an agent hides and refuses the verbs that are the master's";
    LogLevel = "logging.level", "DECNET_LOG_LEVEL", "info", Kind::Levels,
        "How much the program says about itself, and parts of it: info,collector=debug. `decnet log level` changes it \
         while the program runs";
    LogFormat = "logging.format", "DECNET_LOG_FORMAT", "text", Kind::Word(&["text", "json"]),
        "Form of the program's own messages";
    SystemLogs = "logging.system-logs", "DECNET_SYSTEM_LOGS", "", Kind::Path,
        "File that the program's own messages go to as RFC 5424; without it the terminal, or run/decnet.log \
         in the background";
    DbType = "database.type", "DECNET_DB_TYPE", "sqlite", Kind::Word(&["sqlite", "mysql"]),
        "Kind of database";
    DbUrl = "database.url", "DECNET_DB_URL", "", Kind::Secret,
        "Database as a URL; goes before the other database settings";
    DbHost = "database.host", "DECNET_DB_HOST", "localhost", Kind::Text, "Host of the MySQL or MariaDB server";
    DbPort = "database.port", "DECNET_DB_PORT", "3306", Kind::Port, "Port of the MySQL or MariaDB server";
    DbName = "database.name", "DECNET_DB_NAME", "decnet", Kind::Text, "Name of the database";
    DbUser = "database.user", "DECNET_DB_USER", "decnet", Kind::Text, "User of the database";
    DbPassword = "database.password", "DECNET_DB_PASSWORD", "", Kind::Secret, "Password of the database";
    ApiHost = "api.host", "DECNET_API_HOST", "127.0.0.1", Kind::Text, "Address that the API listens on";
    ApiPort = "api.port", "DECNET_API_PORT", "8000", Kind::Port, "Port that the API listens on";
    ApiWorkers = "api.workers", "DECNET_API_WORKERS", "2", Kind::Count, "Threads that answer requests to the API";
    ApiNames = "api.names", "DECNET_API_NAMES", "", Kind::Text,
        "Names that the API and the dashboard answer to, comma-separated; addresses, localhost, api.host and web.host \
         always are";
    ApiProxies = "api.proxies", "DECNET_API_PROXIES", "127.0.0.0/8,::1", Kind::Addresses,
        "Addresses and networks, comma-separated, that hand requests on (the dashboard's among them) and are believed \
         for whom (X-Forwarded-For)";
    WebHost = "web.host", "DECNET_WEB_HOST", "127.0.0.1", Kind::Text, "Address that the dashboard listens on";
    WebPort = "web.port", "DECNET_WEB_PORT", "8080", Kind::Port, "Port that the dashboard listens on";
    WebTls = "web.tls", "DECNET_WEB_TLS", "no", Kind::Flag,
        "Whether the API and the dashboard speak TLS, and nothing else, on their ports";
    WebCertificate = "web.certificate", "DECNET_WEB_CERTIFICATE", "", Kind::Path,
        "Certificate that they show, and what signed it after it (PEM); it is read again when it changes. Without it \
         one is made and kept in the state folder, tls/certificate.pem";
    WebKey = "web.key", "DECNET_WEB_KEY", "", Kind::Path,
        "Private key of web.certificate (PEM, without a password); without it, in the same file";
    ApiCa = "api.ca", "DECNET_API_CA", "", Kind::Path,
        "Certificates (PEM) by which the dashboard knows an API on another host that speaks TLS: its own, or those \
         that signed it; without it, that of this host";
    AlertTarget = "alerts.target", "DECNET_ALERT_TARGET", "", Kind::Secret,
        "Where the rule `configured` tells of incidents: https, http, syslog+udp, syslog+tcp, smtps, smtp+starttls or \
         smtp; without it there is no such rule";
    AlertSecret = "alerts.secret", "DECNET_ALERT_SECRET", "", Kind::Secret,
        "What messages of the rule `configured` are signed with; of mail, the password at its server";
    AlertFormat = "alerts.format", "DECNET_ALERT_FORMAT", "json",
        Kind::Word(&["json", "slack", "mattermost", "teams", "discord", "ntfy", "ecs", "cef"]),
        "How messages of the rule `configured` look; ecs and cef over syslog, too";
    AlertSeverity = "alerts.severity", "DECNET_ALERT_SEVERITY", "medium",
        Kind::Word(&["info", "low", "medium", "high", "critical"]),
        "How urgent what the rule `configured` tells is at least";
    AlertPerHour = "alerts.per-hour", "DECNET_ALERT_PER_HOUR", "20", Kind::Count,
        "Messages of the rule `configured` in an hour beyond which they are held for a digest";
    DashboardUrl = "alerts.dashboard", "DECNET_ALERT_DASHBOARD", "", Kind::Text,
        "Address of the dashboard, for links in alerts";
    SwarmctlHost = "master.swarmctl-host", "DECNET_SWARMCTL_HOST", "0.0.0.0", Kind::Text,
        "Address that the controller of a swarm listens on, once there is one";
    SwarmctlPort = "master.swarmctl-port", "DECNET_SWARMCTL_PORT", "8770", Kind::Port,
        "Port of the controller of a swarm";
    ListenerHost = "master.listener-host", "DECNET_LISTENER_HOST", "0.0.0.0", Kind::Text,
        "Address that the listener of a swarm listens on, once there is one";
    SwarmSyslogPort = "master.swarm-syslog-port", "DECNET_SWARM_SYSLOG_PORT", "6514", Kind::Port,
        "Port of the listener of a swarm (RFC 5425)";
    SwarmStale = "master.stale-after", "DECNET_SWARM_STALE_AFTER", "60", Kind::Count,
        "Seconds of silence after which a host of the swarm is unreachable";
    UpdateSeconds = "master.update-seconds", "DECNET_UPDATE_SECONDS", "120", Kind::Count,
        "Seconds that a release has to prove itself on a host, before the one that ran there is put back";
    SwarmMasterHost = "agent.master-host", "DECNET_SWARM_MASTER_HOST", "", Kind::Text,
        "Name or address of the master; without it, that which this host has joined";
    SilenceMinutes = "alerts.silence-minutes", "DECNET_ALERT_SILENCE_MINUTES", "5", Kind::Count,
        "Minutes after which a worker that is not heard of, a decky that is down or a target that takes no messages is \
         told";
    DrillHours = "alerts.firedrill-hours", "DECNET_ALERT_FIREDRILL_HOURS", "", Kind::Count,
        "Hours between two fire drills that nobody asked for, and of which one that fails is told; without it there \
         are none";
    CanaryBase = "canary.http-base", "DECNET_CANARY_HTTP_BASE", "", Kind::Text,
        "Address under which the pages of canaries are reached, as http://192.0.2.10:8088; without it no canary that \
         needs one is made";
    CanaryZone = "canary.dns-zone", "DECNET_CANARY_DNS_ZONE", "", Kind::Text,
        "DNS zone whose names are asked of the worker `canary`; without it there is no name server";
    CanaryAddress = "canary.address", "DECNET_CANARY_ADDRESS", "", Kind::Text,
        "IPv4 address that names of the zone have; without it that of canary.http-base, if it is one";
    CanaryBind = "canary.bind", "DECNET_CANARY_BIND", "0.0.0.0", Kind::Text,
        "Address that the worker `canary` listens on; it listens once there is a canary";
    CanaryHttpPort = "canary.http-port", "DECNET_CANARY_HTTP_PORT", "8088", Kind::Port,
        "Port for pages of canaries; one below 1024 needs root or CAP_NET_BIND_SERVICE";
    CanaryDnsPort = "canary.dns-port", "DECNET_CANARY_DNS_PORT", "5353", Kind::Port,
        "Port for names of canaries, over UDP and TCP; one below 1024 needs root or CAP_NET_BIND_SERVICE";
    CanaryProxies = "canary.proxies", "DECNET_CANARY_PROXIES", "", Kind::Text,
        "Addresses of proxies before the pages, comma-separated, whose X-Forwarded-For is believed";
    EmailgenLlm = "emailgen.llm", "DECNET_EMAILGEN_LLM", "", Kind::Text,
        "Address of a language model before /chat/completions, as http://127.0.0.1:11434/v1, which then may say in \
         other words what people of the fleet write; without it templates do";
    EmailgenModel = "emailgen.model", "DECNET_EMAILGEN_MODEL", "llama3.2", Kind::Text, "Name of that model";
    EmailgenKey = "emailgen.key", "DECNET_EMAILGEN_KEY", "", Kind::Secret, "Key for that model";
    EmailgenPerDay = "emailgen.per-day", "DECNET_EMAILGEN_PER_DAY", "200", Kind::Count,
        "Most questions to that model in a day (UTC)";
    EmailgenTimeout = "emailgen.timeout", "DECNET_EMAILGEN_TIMEOUT", "60", Kind::Count,
        "Seconds that an answer of that model is waited for, 600 at most";
    AbuseIpDbKey = "intel.abuseipdb-key", "DECNET_ABUSEIPDB_API_KEY", "", Kind::Secret,
        "Key of AbuseIPDB, which then is asked about addresses of attackers; without it, it is not";
    AbuseIpDbPerDay = "intel.abuseipdb-per-day", "DECNET_ABUSEIPDB_PER_DAY", "900", Kind::Count,
        "Most questions to AbuseIPDB in a day (UTC)";
    GreyNoise = "intel.greynoise", "DECNET_GREYNOISE", "no", Kind::Flag,
        "Whether GreyNoise is asked about addresses of attackers without a key";
    GreyNoiseKey = "intel.greynoise-key", "DECNET_GREYNOISE_API_KEY", "", Kind::Secret,
        "Key of GreyNoise's community interface, which then is asked about addresses of attackers";
    GreyNoisePerDay = "intel.greynoise-per-day", "DECNET_GREYNOISE_PER_DAY", "7", Kind::Count,
        "Most questions to GreyNoise in a day (UTC); 50 a week are free";
    ThreatFoxKey = "intel.threatfox-key", "DECNET_THREATFOX_API_KEY", "", Kind::Secret,
        "Key of ThreatFox (abuse.ch), which then is asked about addresses of attackers; without it, it is not";
    ThreatFoxPerDay = "intel.threatfox-per-day", "DECNET_THREATFOX_PER_DAY", "1000", Kind::Count,
        "Most questions to ThreatFox in a day (UTC)";
    VirusTotalKey = "intel.virustotal-key", "DECNET_VIRUSTOTAL_API_KEY", "", Kind::Secret,
        "Key of VirusTotal, which then is asked about hashes of captured files and never sent one; without it, it is \
         not";
    VirusTotalPerDay = "intel.virustotal-per-day", "DECNET_VIRUSTOTAL_PER_DAY", "450", Kind::Count,
        "Most questions to VirusTotal in a day (UTC)";
    Feodo = "intel.feodo", "DECNET_FEODO", "no", Kind::Flag,
        "Whether the list of Feodo Tracker is fetched into the folder intel, every six hours";
    IntelNever = "intel.never", "DECNET_INTEL_NEVER", "", Kind::Addresses,
        "Addresses and networks, comma-separated, that nobody is asked about, beside private ones and those of deckies";
    SessionPackets = "packets.sessions", "DECNET_SESSION_PACKETS", "yes", Kind::Flag,
        "Whether the worker `sniffer` keeps a short capture of the packets of each session, as an artefact";
    SessionPacketBytes = "packets.bytes", "DECNET_SESSION_PACKET_BYTES", "262144", Kind::Count,
        "Most bytes of such a capture, which is of all connections of a host to a port of a decky";
    SessionPacketCount = "packets.count", "DECNET_SESSION_PACKET_COUNT", "2000", Kind::Count,
        "Most packets of such a capture";
    SessionPacketsPerHour = "packets.per-hour", "DECNET_SESSION_PACKETS_PER_HOUR", "600", Kind::Count,
        "Most such captures in an hour, of all hosts together";
    ProbeRanges = "probe.ranges", "DECNET_PROBE_RANGES", "", Kind::Addresses,
        "Addresses and networks, comma-separated, in which the worker `prober` asks attackers what they are, each once \
         a day; without it nobody is asked";
    ProbeNever = "probe.never", "DECNET_PROBE_NEVER", "", Kind::Addresses,
        "Addresses and networks of probe.ranges that are never asked, comma-separated";
    ProbeTlsPorts = "probe.tls-ports", "DECNET_PROBE_TLS_PORTS", "443,8443,993,995", Kind::Text,
        "Ports that attackers are asked on for JARM and certificate, comma-separated";
    ProbeSshPorts = "probe.ssh-ports", "DECNET_PROBE_SSH_PORTS", "22,2222", Kind::Text,
        "Ports that attackers are asked on for HASSHServer, comma-separated";
    ProbeBannerPorts = "probe.banner-ports", "DECNET_PROBE_BANNER_PORTS", "21,25,110,143", Kind::Text,
        "Ports of attackers that are listened to for a banner, comma-separated";
    ProbePerMinute = "probe.per-minute", "DECNET_PROBE_PER_MINUTE", "60", Kind::Count,
        "Most connections of the prober in a minute, to all attackers together";
    ProbePatience = "probe.seconds", "DECNET_PROBE_SECONDS", "5", Kind::Count,
        "Seconds that the prober waits for an answer, 1 to 60";
    OidcIssuer = "oidc.issuer", "DECNET_OIDC_ISSUER", "", Kind::Text,
        "OpenID provider by which people may log in, by the address that it calls itself, as \
         https://login.example.org/realms/blue; without it they have passwords only";
    OidcClientId = "oidc.client-id", "DECNET_OIDC_CLIENT_ID", "", Kind::Text,
        "Name of this installation at the provider, where people are sent back to \
         alerts.dashboard/api/v1/login/oidc/return";
    OidcClientSecret = "oidc.client-secret", "DECNET_OIDC_CLIENT_SECRET", "", Kind::Secret,
        "Secret of this installation at the provider; without it only PKCE protects the code";
    OidcScopes = "oidc.scopes", "DECNET_OIDC_SCOPES", "openid profile email", Kind::Text,
        "What the provider is asked for";
    OidcNameClaim = "oidc.name-claim", "DECNET_OIDC_NAME_CLAIM", "preferred_username", Kind::Text,
        "Claim of the provider's token that is the login name; it must be one that people there cannot choose";
    OidcRoleClaim = "oidc.role-claim", "DECNET_OIDC_ROLE_CLAIM", "groups", Kind::Text,
        "Claim whose values oidc.roles names; a.b is b of the object a";
    OidcRoles = "oidc.roles", "DECNET_OIDC_ROLES", "", Kind::Roles,
        "Who has which role: admin=blue-leads,analyst=blue-team,viewer=*; who has none is not let in";
    OidcCa = "oidc.ca", "DECNET_OIDC_CA", "", Kind::Path,
        "Authorities (PEM) that have signed the provider's certificate, beside those of the web";
    AdminPassword = "web.admin-password", "DECNET_ADMIN_PASSWORD", "", Kind::Secret,
        "Password of the first operator; without it one is made and printed once";
    JwtSecret = "web.jwt-secret", "DECNET_JWT_SECRET", "", Kind::Secret,
        "Key of bearer tokens, 32 bytes at least; without it one is made and kept";
    BusEnabled = "bus.enabled", "DECNET_BUS_ENABLED", "yes", Kind::Flag, "Whether workers wake each other";
    BusSocket = "bus.socket", "DECNET_BUS_SOCKET", "", Kind::Path, "Socket of the bus; without it, in the state folder";
    BusGroup = "bus.group", "DECNET_BUS_GROUP", "", Kind::Text,
        "Group whose members may connect to the bus, by name or number; where units run, `decnet init` renders it into \
         that of the bus";
    BusHeartbeat = "bus.heartbeat", "DECNET_BUS_HEARTBEAT", "10", Kind::Count,
        "Seconds between two heartbeats of the bus";
    SdId = "events.sd-id", "DECNET_SD_ID", "ev@32473", Kind::Text, "SD-ID of event lines";
    EventLogBytes = "events.log-bytes", "DECNET_EVENT_LOG_BYTES", "1073741824", Kind::Count,
        "Bytes of the event log before the oldest ingested segment goes";
    EventLogDays = "events.log-days", "DECNET_EVENT_LOG_DAYS", "90", Kind::Count,
        "Days that an ingested segment of the event log is kept";
    StoreDays = "events.store-days", "DECNET_STORE_DAYS", "365", Kind::Count,
        "Days that the store keeps events that are no evidence; secrets and payloads stay";
    StoreEvents = "events.store-events", "DECNET_STORE_EVENTS", "10000000", Kind::Count,
        "Events in the store beyond which the oldest that are no evidence go";
    StoreBytes = "events.store-bytes", "DECNET_STORE_BYTES", "17179869184", Kind::Count,
        "Bytes of events in the store beyond which the oldest that are no evidence go";
    StoreKinds = "events.store-kinds", "DECNET_STORE_KINDS", "", Kind::Retention,
        "Less of some kinds of events, for example connect=7d,command=90d:500M";
    ArtefactBytes = "events.artifact-bytes", "DECNET_ARTIFACT_BYTES", "10737418240", Kind::Count,
        "Bytes of artefacts beyond which the oldest of the source that has left most go, or a new one is not kept";
    ArtefactSourceBytes = "events.artifact-source-bytes", "DECNET_ARTIFACT_SOURCE_BYTES", "1073741824", Kind::Count,
        "Bytes of artefacts of one source (an IPv4 address, an IPv6 network of 64 bits), beyond which no more are kept";
    ArtefactDays = "events.artifact-days", "DECNET_ARTIFACT_DAYS", "365", Kind::Count,
        "Days that the content of an artefact is kept; its hash and where it was seen stay";
    EventJson = "events.json", "DECNET_EVENT_JSON", "no", Kind::Flag, "Whether a JSON twin of the event log is written";
    SpoolBytes = "stage.spool-bytes", "DECNET_SPOOL_BYTES", "268435456", Kind::Count,
        "Bytes of unread event lines of a service process before it gives events up";
    Connections = "stage.connections", "DECNET_CONNECTIONS", "8192", Kind::Count,
        "Open connections of a service process";
    ConnectionsPerSource = "stage.connections-per-source", "DECNET_CONNECTIONS_PER_SOURCE", "1024", Kind::Count,
        "Open connections of one source address";
}
