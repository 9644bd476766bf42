//! Names of hosts and people.

/// What servers are called after.
pub const ROLES: &[&str] = &[
    "web", "app", "db", "mail", "files", "backup", "proxy", "git", "build", "monitor", "log", "cache",
    "intranet", "crm", "erp", "wiki", "print", "vpn", "dns", "ldap", "ci", "shop", "api", "auth", "media",
];

/// Where or for whom they stand.
pub const PLACES: &[&str] = &[
    "prod", "test", "dev", "stage", "int", "dmz", "hq", "muc", "ber", "ham", "fra", "zrh", "vie", "lab",
    "office",
];

/// Given names.
pub const GIVEN: &[&str] = &[
    "anna", "ben", "carla", "daniel", "eva", "felix", "greta", "hannes", "ines", "jan", "karin", "lars",
    "maria", "nils", "olga", "paul", "rita", "stefan", "tanja", "uwe", "vera", "wolf",
];

/// Family names.
pub const FAMILY: &[&str] = &[
    "weber", "koch", "bauer", "richter", "klein", "wolf", "neumann", "braun", "krueger", "hofmann", "lange",
    "schmitt", "werner", "krause", "meier", "lehmann", "huber", "mayer", "fuchs", "peters",
];

/// Words that people make passwords of, and that others try first.
pub const PASSWORD_WORDS: &[&str] = &[
    "admin",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "root",
    "welcome",
    "qwerty",
    "letmein",
    "changeme",
    "test",
    "server",
    "company",
    "office",
    "support",
    "backup",
    "oracle",
    "ubuntu",
    "raspberry",
    "secret",
    "master",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "dragon",
    "football",
    "monkey",
    "sunshine",
    "abc",
];

/// What they put behind them.
pub const PASSWORD_ENDINGS: &[&str] = &[
    "", "1", "12", "123", "1234", "12345", "123456", "01", "1!", "123!", "@123", "#1", "!", "2022", "2023",
    "2024", "2025", "2024!",
];

/// Domains below which hosts of one installation stand.
pub const DOMAINS: &[&str] = &[
    "corp.local",
    "intern.lan",
    "ad.local",
    "office.lan",
    "hq.internal",
    "lan.local",
    "company.internal",
    "srv.lan",
    "prod.internal",
    "net.intern",
];

/// Time zones of one installation: name, abbreviation, minutes.
pub const ZONES: &[(&str, &str, i32)] = &[
    ("Etc/UTC", "UTC", 0),
    ("Europe/Berlin", "CET", 60),
    ("Europe/London", "GMT", 0),
    ("America/New_York", "EST", -300),
    ("America/Chicago", "CST", -360),
];

/// Short names of sites.
pub const SITES: &[&str] =
    &["muc", "ber", "ham", "fra", "zrh", "vie", "lon", "ams", "par", "nyc", "dal", "chi", "dc1", "dc2", "hq"];

/// Environments.
pub const ENVIRONMENTS: &[&str] = &["prod", "test", "dev", "stage", "qa", "int"];

/// What administrators of small networks name machines after.
pub const STARS: &[&str] = &[
    "saturn", "jupiter", "mars", "venus", "orion", "sirius", "vega", "rigel", "altair", "polaris", "titan",
    "europa", "callisto", "ganymede", "phobos", "deimos", "triton", "oberon", "ariel", "miranda", "zeus",
    "hera", "apollo", "athena", "hermes", "ares", "odin", "thor", "loki", "freya", "balder", "tyr", "falcon",
    "osprey", "kestrel", "heron", "raven", "magpie", "badger", "otter", "gandalf", "frodo", "bilbo",
    "merlin",
];

/// Accounts of people's tools.
pub const SERVICE_ACCOUNTS: &[(&str, &str)] = &[
    ("deploy", "Deployment"),
    ("backup-agent", "Backup"),
    ("ansible", "Ansible"),
    ("jenkins", "Jenkins"),
    ("gitlab-runner", "GitLab Runner"),
    ("monitoring", "Monitoring"),
];
