//! slapd by system: the units and accounts of the distributions' packages.

use netsvc_kit::declared::{Changed, Daemon, Laid, REDHAT};

const SLAPD: Daemon = Daemon {
    product: "openldap",
    binary: "/usr/sbin/slapd",
    command: "/usr/sbin/slapd -h ldap:/// ldaps:/// ldapi:/// -g openldap -u openldap -F /etc/ldap/slapd.d",
    user: "openldap",
    uid: 118,
    unit: "slapd",
    about: "LSB: OpenLDAP standalone server (Lightweight Directory Access Protocol)",
    package: ("slapd", "OpenLDAP server (slapd)"),
    size: (1_098_700, 12_400),
    account: "openldap:x:118:124:OpenLDAP Server Account,,,:/var/lib/ldap:/bin/false",
    files: &[
        Laid::folder("/etc/ldap/slapd.d", 0o755, Changed::Installed),
        Laid::folder("/var/lib/ldap", 0o750, Changed::Lately),
        Laid::file("/var/lib/ldap/data.mdb", 0o600, Changed::Lately, ""),
        Laid::file("/var/lib/ldap/lock.mdb", 0o600, Changed::Lately, ""),
    ],
    ..Daemon::ROOT
};
const SELF: Daemon = Daemon {
    user: "ldap",
    unit: "slapd",
    about: "OpenLDAP Server Daemon",
    files: &[
        Laid::folder("/etc/openldap/slapd.d", 0o750, Changed::Installed),
        Laid::folder("/var/lib/ldap", 0o700, Changed::Lately),
    ],
    ..SLAPD
};

pub(super) const DAEMONS: &[Daemon] = &[
    Daemon {
        systems: REDHAT,
        command: "/usr/sbin/slapd -u ldap -h ldap:/// ldaps:/// ldapi:///",
        uid: 55,
        package: ("openldap-servers", "LDAP server"),
        account: "ldap:x:55:55:OpenLDAP server:/var/lib/ldap:/sbin/nologin",
        ..SELF
    },
    Daemon {
        systems: &["alpine*"],
        command: "/usr/sbin/slapd -u ldap -g ldap -h ldap:/// ldaps:/// -F /etc/openldap/slapd.d",
        uid: 439,
        unit: "",
        package: ("openldap", "LDAP Server"),
        account: "ldap:x:439:439:ldap:/var/lib/openldap:/sbin/nologin",
        ..SELF
    },
    Daemon {
        systems: &["arch"],
        binary: "/usr/bin/slapd",
        command: "/usr/bin/slapd -d 0 -u ldap -g ldap -h ldap:/// ldaps:/// ldapi:///",
        uid: 439,
        package: ("openldap", "Lightweight Directory Access Protocol (LDAP) client and server"),
        account: "ldap:x:439:439:LDAP Server:/var/lib/openldap:/usr/bin/nologin",
        ..SELF
    },
    SLAPD,
];
