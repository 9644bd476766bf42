//! The groups of a domain: those that Windows makes, and those of its departments.
//!
//! Source: Microsoft, "Active Directory security groups" and "Well-known SIDs".

use super::super::{Account, Group, Role, names::SERVANTS};

/// `groupType`: security enabled, and global, local in the domain, universal, or made by the system.
const GLOBAL: i32 = -0x7fff_fffe;
const LOCAL: i32 = -0x7fff_fffc;
const UNIVERSAL: i32 = -0x7fff_fff8;
const SYSTEM: i32 = -0x7fff_fffb;

/// Name, number, kind, what is said of it.
type Row = (&'static str, u32, i32, &'static str);

const BUILTIN: &[Row] = &[
    (
        "Administrators",
        544,
        SYSTEM,
        "Administrators have complete and unrestricted access to the computer/domain",
    ),
    (
        "Users",
        545,
        SYSTEM,
        "Users are prevented from making accidental or intentional system-wide changes and can run most \
         applications",
    ),
    (
        "Guests",
        546,
        SYSTEM,
        "Guests have the same access as members of the Users group by default, except for the Guest account \
         which is further restricted",
    ),
    ("Account Operators", 548, SYSTEM, "Members can administer domain user and group accounts"),
    ("Server Operators", 549, SYSTEM, "Members can administer domain servers"),
    ("Print Operators", 550, SYSTEM, "Members can administer printers installed on domain controllers"),
    (
        "Backup Operators",
        551,
        SYSTEM,
        "Backup Operators can override security restrictions for the sole purpose of backing up or restoring \
         files",
    ),
    ("Replicator", 552, SYSTEM, "Supports file replication in a domain"),
    (
        "Pre-Windows 2000 Compatible Access",
        554,
        SYSTEM,
        "A backward compatibility group which allows read access on all users and groups in the domain",
    ),
    ("Remote Desktop Users", 555, SYSTEM, "Members in this group are granted the right to logon remotely"),
    (
        "Network Configuration Operators",
        556,
        SYSTEM,
        "Members in this group can have some administrative privileges to manage configuration of networking \
         features",
    ),
    (
        "Performance Monitor Users",
        558,
        SYSTEM,
        "Members of this group can access performance counter data locally and remotely",
    ),
    (
        "Distributed COM Users",
        562,
        SYSTEM,
        "Members are allowed to launch, activate and use Distributed COM objects on this machine.",
    ),
    ("IIS_IUSRS", 568, SYSTEM, "Built-in group used by Internet Information Services."),
    ("Cryptographic Operators", 569, SYSTEM, "Members are authorized to perform cryptographic operations."),
    ("Event Log Readers", 573, SYSTEM, "Members of this group can read event logs from local machine"),
    (
        "Hyper-V Administrators",
        578,
        SYSTEM,
        "Members of this group have complete and unrestricted access to all features of Hyper-V.",
    ),
    (
        "Remote Management Users",
        580,
        SYSTEM,
        "Members of this group can access WMI resources over management protocols (such as WS-Management via \
         the Windows Remote Management service). This applies only to WMI namespaces that grant access to the \
         user.",
    ),
];

const DOMAIN: &[Row] = &[
    ("Domain Computers", 515, GLOBAL, "All workstations and servers joined to the domain"),
    ("Domain Controllers", 516, GLOBAL, "All domain controllers in the domain"),
    ("Schema Admins", 518, UNIVERSAL, "Designated administrators of the schema"),
    ("Enterprise Admins", 519, UNIVERSAL, "Designated administrators of the enterprise"),
    (
        "Cert Publishers",
        517,
        LOCAL,
        "Members of this group are permitted to publish certificates to the directory",
    ),
    ("Domain Admins", 512, GLOBAL, "Designated administrators of the domain"),
    ("Domain Users", 513, GLOBAL, "All domain users"),
    ("Domain Guests", 514, GLOBAL, "All domain guests"),
    (
        "Group Policy Creator Owners",
        520,
        GLOBAL,
        "Members in this group can modify group policy for the domain",
    ),
    ("RAS and IAS Servers", 553, LOCAL, "Servers in this group can access remote access properties of users"),
    (
        "Allowed RODC Password Replication Group",
        571,
        LOCAL,
        "Members in this group can have their passwords replicated to all read-only domain controllers in the \
         domain",
    ),
    (
        "Denied RODC Password Replication Group",
        572,
        LOCAL,
        "Members in this group cannot have their passwords replicated to any read-only domain controllers in \
         the domain",
    ),
    (
        "Protected Users",
        525,
        GLOBAL,
        "Members of this group are afforded additional protections against authentication security threats.",
    ),
    ("DnsAdmins", 1101, LOCAL, "DNS Administrators Group"),
    (
        "DnsUpdateProxy",
        1102,
        GLOBAL,
        "DNS clients who are permitted to perform dynamic updates on behalf of some other clients (such as \
         DHCP servers).",
    ),
    ("SQL Admins", 1104, GLOBAL, "Administrators of the database servers"),
    ("VPN Users", 1105, GLOBAL, "Access from outside"),
    ("IT", 1106, GLOBAL, "Department"),
    ("Finance", 1107, GLOBAL, "Department"),
    ("HR", 1108, GLOBAL, "Department"),
    ("Sales", 1109, GLOBAL, "Department"),
    ("Production", 1110, GLOBAL, "Department"),
    ("Management", 1111, GLOBAL, "Department"),
];

/// All groups of a domain with these accounts.
pub(super) fn all(accounts: &[Account]) -> Vec<Group> {
    let make = |builtin: bool| {
        move |(name, rid, kind, about): &Row| Group {
            name,
            about,
            rid: *rid,
            builtin,
            kind: *kind,
            members: members(name, accounts),
        }
    };
    BUILTIN.iter().map(make(true)).chain(DOMAIN.iter().map(make(false))).collect()
}

/// Who was put into the group `name`. Members by their primary group are not listed there.
fn members(name: &str, accounts: &[Account]) -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let people = |wanted: &dyn Fn(&Account) -> bool| -> Vec<String> {
        let chosen = accounts.iter().filter(|account| account.role == Role::Person && wanted(account));
        chosen.map(|account| account.name.clone()).collect()
    };
    let mut members = match name {
        "Administrators" => named(&["Domain Admins", "Enterprise Admins", "Administrator"]),
        "Users" => named(&["Domain Users"]),
        "Guests" => named(&["Domain Guests", "Guest"]),
        "Schema Admins" | "Enterprise Admins" | "Group Policy Creator Owners" => named(&["Administrator"]),
        "Domain Admins" => {
            let is_one = |account: &Account| account.enabled && account.title == "System Administrator";
            let mut admins = people(&is_one);
            admins.truncate(2);
            admins.push("Administrator".to_owned());
            admins
        }
        "Remote Desktop Users" | "Remote Management Users" => named(&["IT"]),
        "Denied RODC Password Replication Group" => named(&[
            "krbtgt",
            "Domain Controllers",
            "Schema Admins",
            "Enterprise Admins",
            "Cert Publishers",
            "Domain Admins",
            "Group Policy Creator Owners",
        ]),
        "VPN Users" => people(&|account| account.enabled && account.extension.is_multiple_of(3)),
        department => people(&|account| account.department == department),
    };
    let put = SERVANTS.iter().filter(|servant| servant.groups.contains(&name));
    let put = put.filter_map(|servant| accounts.iter().find(|account| account.family == servant.full));
    members.extend(put.map(|account| account.name.clone()));
    members
}
