//! OpenLDAP: what slapd says of itself, and a directory of people and groups as administrators of Unix hosts lay it
//! out.
//!
//! Source: answers of slapd 2.5.13 with the schemas core, cosine, nis and inetorgperson.

use super::{
    dn,
    entry::{Entry, Tree},
};
use netsvc_daemon::{
    date,
    organisation::{Account, Organisation, Role},
};

const CONTROLS: &[&str] = &[
    "2.16.840.1.113730.3.4.18",
    "2.16.840.1.113730.3.4.2",
    "1.3.6.1.4.1.4203.1.10.1",
    "1.3.6.1.1.22",
    "1.2.840.113556.1.4.319",
    "1.2.826.0.1.3344810.2.3",
    "1.3.6.1.1.13.2",
    "1.3.6.1.1.13.1",
    "1.3.6.1.1.12",
];
const EXTENSIONS: &[&str] = &[
    "1.3.6.1.4.1.1466.20037",
    "1.3.6.1.4.1.4203.1.11.1",
    "1.3.6.1.4.1.4203.1.11.3",
    "1.3.6.1.1.8",
    "1.3.6.1.1.21.3",
    "1.3.6.1.1.21.1",
];
const FEATURES: &[&str] = &[
    "1.3.6.1.1.14",
    "1.3.6.1.4.1.4203.1.5.1",
    "1.3.6.1.4.1.4203.1.5.2",
    "1.3.6.1.4.1.4203.1.5.3",
    "1.3.6.1.4.1.4203.1.5.4",
    "1.3.6.1.4.1.4203.1.5.5",
];
const MECHANISMS: &[&str] = &[
    "SCRAM-SHA-512",
    "SCRAM-SHA-384",
    "SCRAM-SHA-256",
    "SCRAM-SHA-224",
    "SCRAM-SHA-1",
    "DIGEST-MD5",
    "CRAM-MD5",
    "NTLM",
];
/// The schema as slapd tells it, and its lists in their order.
const SCHEMA: &str = include_str!("schema.txt");
const LISTS: [&str; 5] =
    ["ldapSyntaxes", "matchingRules", "matchingRuleUse", "attributeTypes", "objectClasses"];
/// Number of the group that people are in.
const PEOPLE: i64 = 10_000;

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The entry of the server itself.
pub(super) fn root(base: &str) -> Entry {
    let mut entry = Entry::default();
    entry.texts("objectClass", &["top", "OpenLDAProotDSE"]);
    entry.operational("structuralObjectClass", bytes(&["OpenLDAProotDSE"]));
    entry.operational("configContext", bytes(&["cn=config"]));
    entry.operational("namingContexts", bytes(&[base]));
    entry.operational("supportedControl", bytes(CONTROLS));
    entry.operational("supportedExtension", bytes(EXTENSIONS));
    entry.operational("supportedFeatures", bytes(FEATURES));
    entry.operational("supportedLDAPVersion", bytes(&["3"]));
    entry.operational("supportedSASLMechanisms", bytes(MECHANISMS));
    entry.operational("entryDN", bytes(&[""]));
    entry.operational("subschemaSubentry", bytes(&["cn=Subschema"]));
    entry
}

/// All entries of the domain of `organisation`.
pub(super) fn tree(organisation: &Organisation) -> Tree {
    let base = dn::of_domain("dc", &organisation.domain);
    let mut builder = Builder { organisation, base: &base, tree: Tree::default(), count: 0 };
    let label = organisation.domain.split('.').next().unwrap_or_default();
    builder.put(base.clone(), &["top", "dcObject", "organization"], "organization", true, |entry| {
        entry.text("o", &organisation.domain);
        entry.text("dc", label);
    });
    for unit in ["people", "groups"] {
        let classes = ["organizationalUnit"];
        builder.put(format!("ou={unit},{base}"), &classes, "organizationalUnit", true, |entry| {
            entry.text("ou", unit);
        });
    }
    let people =
        organisation.accounts.iter().filter(|account| account.role != Role::Builtin && account.enabled);
    people.clone().for_each(|account| builder.account(account));
    let mut departments: Vec<_> = people.clone().map(|account| &*account.department).collect();
    departments.sort_unstable();
    departments.dedup();
    for (number, department) in (PEOPLE + 1..).zip(departments.into_iter().filter(|name| !name.is_empty())) {
        let members = people.clone().filter(|account| &*account.department == department);
        let members: Vec<_> = members.map(|account| account.name.as_str()).collect();
        let name = department.to_ascii_lowercase();
        builder.put(format!("cn={name},ou=groups,{base}"), &["posixGroup"], "posixGroup", false, |entry| {
            entry.text("cn", &name);
            entry.number("gidNumber", number);
            entry.texts("memberUid", &members);
        });
    }
    let mut tree = builder.tree;
    if let Some(mut schema) = Entry::called("cn=Subschema".to_owned(), 1) {
        schema.texts("objectClass", &["top", "subentry", "subschema", "extensibleObject"]);
        schema.text("cn", "Subschema");
        schema.operational("structuralObjectClass", bytes(&["subentry"]));
        for name in LISTS {
            let of = |line: &'static str| line.strip_prefix(name)?.strip_prefix(": ");
            let lines: Vec<_> = SCHEMA.lines().filter_map(of).collect();
            schema.operational(name, bytes(&lines));
        }
        schema.operational("entryDN", bytes(&["cn=Subschema"]));
        schema.operational("subschemaSubentry", bytes(&["cn=Subschema"]));
        tree.add(schema);
    }
    tree
}

struct Builder<'a> {
    organisation: &'a Organisation,
    base: &'a str,
    tree: Tree,
    count: i64,
}

impl Builder<'_> {
    fn put(
        &mut self,
        name: String,
        classes: &[&str],
        structural: &str,
        has_more: bool,
        more: impl FnOnce(&mut Entry),
    ) {
        let Some(mut entry) = Entry::called(name.clone(), 0) else { return };
        entry.texts("objectClass", classes);
        more(&mut entry);
        self.count += 1;
        let made = self.organisation.founded + self.count * 1_700_000;
        let admin = format!("cn=admin,{}", self.base);
        let stamp = format!("{}Z", date::compact(made));
        let number =
            format!("{}.{:06}Z#000000#000#000000", date::compact(made), self.count * 7919 % 1_000_000);
        entry.operational("structuralObjectClass", bytes(&[structural]));
        entry.operational("entryUUID", bytes(&[&uuid(self.organisation, &name, made)]));
        entry.operational("creatorsName", bytes(&[&admin]));
        entry.operational("createTimestamp", bytes(&[&stamp]));
        entry.operational("entryCSN", bytes(&[&number]));
        entry.operational("modifiersName", bytes(&[&admin]));
        entry.operational("modifyTimestamp", bytes(&[&stamp]));
        entry.operational("entryDN", bytes(&[&name]));
        entry.operational("subschemaSubentry", bytes(&["cn=Subschema"]));
        entry.operational("hasSubordinates", bytes(&[if has_more { "TRUE" } else { "FALSE" }]));
        self.tree.add(entry);
    }

    fn account(&mut self, account: &Account) {
        let name = format!("uid={},ou=people,{}", dn::value(&account.name), self.base);
        let domain = self.organisation.domain.clone();
        let person = account.role == Role::Person;
        let (classes, structural): (&[&str], _) = if person {
            (&["inetOrgPerson", "posixAccount", "shadowAccount"], "inetOrgPerson")
        } else {
            (&["account", "posixAccount", "shadowAccount"], "account")
        };
        let days = account.password_set.div_euclid(86_400_000_000);
        self.put(name, classes, structural, false, |entry| {
            entry.text("uid", &account.name);
            entry.text("cn", account.full());
            if person {
                entry.text("sn", &account.family);
                entry.text("givenName", &account.given);
                entry.text("title", &*account.title);
                entry.text("telephoneNumber", format!("+49 89 5550 {}", account.extension));
                entry.text("mail", account.mail(&domain).unwrap_or_default());
            }
            entry.number("uidNumber", PEOPLE + i64::from(account.rid));
            entry.number("gidNumber", PEOPLE);
            entry.text("homeDirectory", format!("/home/{}", account.name));
            entry.text("loginShell", if person { "/bin/bash" } else { "/usr/sbin/nologin" });
            entry.text("gecos", account.full());
            entry.text("description", &account.about);
            entry.number("shadowLastChange", days);
        });
    }
}

/// A name for ever, of a time (RFC 4122, version 1), as slapd makes them.
fn uuid(organisation: &Organisation, name: &str, made: i64) -> String {
    let drawn = organisation.secret(&["uuid", name]);
    // 100 ns since the start of the Gregorian calendar.
    let time = made.max(0).unsigned_abs() * 10 + 0x01b2_1dd2_1381_4000;
    let (low, middle, high) = (time & 0xffff_ffff, time >> 32 & 0xffff, time >> 48 & 0x0fff);
    let node = hex::encode(organisation.secret(&["uuid", ""]));
    let node = node.get(..12).unwrap_or_default();
    let clock = u16::from_be_bytes([drawn[0], drawn[1]]) & 0x3fff | 0x8000;
    format!("{low:08x}-{middle:04x}-{:04x}-{clock:04x}-{node}", high | 0x1000)
}
