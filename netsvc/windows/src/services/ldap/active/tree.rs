//! The entries of a domain: its containers, people, groups and computers, and what of its configuration is looked for.

use super::{
    super::{
        dn,
        entry::{Entry, Tree},
    },
    maker::{Maker, Outline},
    place::{self, CONFIGURATION, DOMAIN, SCHEMA, builtin_sid, file_time, sid},
};
use netsvc_daemon::organisation::{Account, Computer, Group, Organisation, Role};
use std::collections::HashMap;

/// Never, as Windows counts time.
const NEVER: &str = "9223372036854775807";
/// Containers of a fresh domain, with their class and what is said of them.
const CONTAINERS: &[(&str, &str, &str)] = &[
    ("Users", "container", "Default container for upgraded user accounts"),
    ("Computers", "container", "Default container for upgraded computer accounts"),
    ("System", "container", "Builtin system settings"),
    ("LostAndFound", "lostAndFound", "Default container for orphaned objects"),
    ("Infrastructure", "infrastructureUpdate", ""),
    (
        "ForeignSecurityPrincipals",
        "container",
        "Default container for security identifiers (SIDs) associated with objects from external, trusted domains",
    ),
    ("Program Data", "container", "Default location for storage of application data."),
    ("NTDS Quotas", "msDS-QuotaContainer", "Quota specifications container"),
    ("Managed Service Accounts", "container", "Default container for managed service accounts"),
    ("Keys", "container", "Default container for key credential objects"),
    ("TPM Devices", "msTPM-InformationObjectsContainer", ""),
    ("Builtin", "builtinDomain", ""),
];
/// The default policies of a domain, with their numbers.
const DEFAULT_POLICY: &str = "{31B2F340-016D-11D2-945F-00C04FB984F9}";
const POLICIES: &[(&str, &str)] = &[
    (DEFAULT_POLICY, "Default Domain Policy"),
    ("{6AC1786C-016F-11D2-945F-00C04FB984F9}", "Default Domain Controllers Policy"),
];

/// All entries of the domain of `organisation`.
pub(in super::super) fn of(organisation: &Organisation) -> Tree {
    let base = dn::of_domain("DC", &organisation.domain);
    let names = Names::of(organisation, &base);
    let maker = Maker { organisation, base: &base, number: 4096 };
    let mut builder = Builder { organisation, base: &base, names: &names, maker, tree: Tree::default() };
    builder.domain();
    builder.containers();
    for group in &organisation.groups {
        builder.group(group);
    }
    for (index, account) in organisation.accounts.iter().enumerate() {
        builder.account(index, account);
    }
    for computer in &organisation.computers {
        builder.computer(computer);
    }
    builder.configuration();
    builder.tree
}

/// Names of entries by the names of accounts, groups and computers.
struct Names {
    of: HashMap<String, String>,
    /// Groups that each is in.
    groups: HashMap<String, Vec<String>>,
}

impl Names {
    fn of(organisation: &Organisation, base: &str) -> Names {
        let mut of = HashMap::new();
        for account in &organisation.accounts {
            let below = match account.role {
                Role::Builtin => "CN=Users".to_owned(),
                Role::Service => "OU=Service Accounts".to_owned(),
                Role::Person => format!("OU={},OU=Staff", account.department),
            };
            of.insert(account.name.clone(), format!("CN={},{below},{base}", dn::value(&account.full())));
        }
        for group in &organisation.groups {
            let below = if group.builtin {
                "CN=Builtin"
            } else if (1103..1200).contains(&group.rid) {
                "OU=Groups"
            } else {
                "CN=Users"
            };
            // A group of an account's name has its own entry under the name of groups.
            of.insert(
                format!("group {}", group.name),
                format!("CN={},{below},{base}", dn::value(group.name)),
            );
        }
        for computer in &organisation.computers {
            let below = if computer.controller {
                "OU=Domain Controllers"
            } else if computer.server {
                "OU=Servers"
            } else {
                "CN=Computers"
            };
            of.insert(format!("computer {}", computer.name), format!("CN={},{below},{base}", computer.name));
        }
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for group in &organisation.groups {
            let Some(own) = of.get(&format!("group {}", group.name)) else { continue };
            for member in group.members.iter().filter_map(|member| member_name(&of, member)) {
                groups.entry(member.clone()).or_default().push(own.clone());
            }
        }
        Names { of, groups }
    }

    /// All groups that `name` is in, also through others.
    fn all_groups(&self, name: &str) -> Vec<String> {
        let mut all: Vec<String> = self.groups.get(name).cloned().unwrap_or_default();
        let mut next = 0;
        while let Some(group) = all.get(next).cloned() {
            let more = self.groups.get(&group).into_iter().flatten().filter(|more| !all.contains(more));
            let more: Vec<_> = more.cloned().collect();
            all.extend(more);
            next += 1;
        }
        all
    }

    /// All that are in the group `name`, also through others.
    fn all_members(&self, name: &str) -> Vec<String> {
        let everybody = self.of.values().filter(|member| self.groups.contains_key(*member));
        let mut all: Vec<_> =
            everybody.filter(|member| self.all_groups(member).iter().any(|group| group == name)).collect();
        all.sort_unstable();
        all.into_iter().cloned().collect()
    }

    fn find(&self, label: &str) -> String {
        self.of.get(label).cloned().unwrap_or_default()
    }
}

/// The name of the entry of an account or group called `member`.
fn member_name<'a>(of: &'a HashMap<String, String>, member: &str) -> Option<&'a String> {
    of.get(member).or_else(|| of.get(&format!("group {member}")))
}

struct Builder<'a> {
    organisation: &'a Organisation,
    base: &'a str,
    names: &'a Names,
    maker: Maker<'a>,
    tree: Tree,
}

/// An outline in the domain that was made with it.
fn outline<'a>(name: String, classes: &'a [&'a str], category: &'a str, made: i64) -> Outline<'a> {
    Outline { name, context: DOMAIN, classes, category, made, changed: made }
}

impl Builder<'_> {
    fn put(&mut self, outline: &Outline<'_>, more: impl FnOnce(&mut Entry)) {
        let entry = self.maker.entry(outline, more);
        self.tree.add(entry);
    }

    fn domain(&mut self) {
        let (organisation, base) = (self.organisation, self.base.to_owned());
        let founded = organisation.founded;
        let first = organisation.computers.first().map_or("DC01", |computer| &computer.name);
        let role = format!("CN=NTDS Settings,CN={first},CN=Servers,{}", place::site(&base));
        let policy = format!("[LDAP://CN={},CN=Policies,CN=System,{base};0]", DEFAULT_POLICY);
        let label = organisation.domain.split('.').next().unwrap_or_default().to_owned();
        let numbers = [
            ("maxPwdAge", -36_288_000_000_000),
            ("minPwdAge", -864_000_000_000),
            ("lockoutDuration", -18_000_000_000),
            ("lockOutObservationWindow", -18_000_000_000),
            ("lockoutThreshold", 0),
            ("minPwdLength", 7),
            ("pwdProperties", 1),
            ("pwdHistoryLength", 24),
            ("forceLogoff", i64::MIN),
            ("ms-DS-MachineAccountQuota", 10),
            ("msDS-Behavior-Version", 7),
        ];
        let about = outline(base, &["top", "domain", "domainDNS"], "Domain-DNS", founded);
        self.put(&about, |entry| {
            entry.text("dc", &label);
            entry.put("objectSid", vec![place::domain_sid(organisation)]);
            numbers.iter().for_each(|(name, number)| entry.number(name, *number));
            entry.text("fSMORoleOwner", &role);
            entry.text("gPLink", &policy);
            entry.text("isCriticalSystemObject", "TRUE");
        });
    }

    fn containers(&mut self) {
        let (base, founded) = (self.base.to_owned(), self.organisation.founded);
        for (name, class, about) in CONTAINERS {
            let classes = ["top", class];
            let category = if *class == "container" { "Container" } else { class };
            self.put(&outline(format!("CN={name},{base}"), &classes, category, founded), |entry| {
                entry.text("description", about);
                entry.text("isCriticalSystemObject", "TRUE");
            });
        }
        let mut units: Vec<(String, &str)> = vec![
            (format!("OU=Domain Controllers,{base}"), "Default container for domain controllers"),
            (format!("OU=Groups,{base}"), ""),
            (format!("OU=Servers,{base}"), ""),
            (format!("OU=Service Accounts,{base}"), "Accounts of programs"),
            (format!("OU=Staff,{base}"), ""),
        ];
        let mut departments: Vec<_> =
            self.organisation.accounts.iter().map(|account| account.department.clone()).collect();
        departments.sort_unstable();
        departments.dedup();
        let named = departments.into_iter().filter(|name| !name.is_empty());
        units.extend(named.map(|name| (format!("OU={name},OU=Staff,{base}"), "")));
        for (name, about) in units {
            let classes = ["top", "organizationalUnit"];
            self.put(&outline(name, &classes, "Organizational-Unit", founded), |entry| {
                entry.text("description", about);
            });
        }
        let container = ["top", "container"];
        self.put(&outline(format!("CN=Policies,CN=System,{base}"), &container, "Container", founded), |_| {});
        for (number, name) in POLICIES {
            let path = format!("\\\\{0}\\sysvol\\{0}\\Policies\\{number}", self.organisation.domain);
            let classes = ["top", "container", "groupPolicyContainer"];
            let about = outline(
                format!("CN={number},CN=Policies,CN=System,{base}"),
                &classes,
                "Group-Policy-Container",
                founded,
            );
            self.put(&about, |entry| {
                entry.text("displayName", name);
                entry.text("gPCFileSysPath", &path);
                entry.number("gPCFunctionalityVersion", 2);
                entry.number("flags", 0);
                entry.number("versionNumber", 3);
            });
        }
    }

    fn member_of(&self, name: &str) -> Vec<String> {
        self.names.groups.get(name).cloned().unwrap_or_default()
    }

    fn group(&mut self, group: &Group) {
        let name = self.names.find(&format!("group {}", group.name));
        let names = self.names;
        let members: Vec<_> =
            group.members.iter().filter_map(|member| member_name(&names.of, member)).cloned().collect();
        let (member_of, organisation) = (self.member_of(&name), self.organisation);
        let about = outline(name, &["top", "group"], "Group", organisation.founded);
        let kind = if group.kind & 4 != 0 { 0x2000_0000 } else { 0x1000_0000 };
        self.put(&about, |entry| {
            entry.text("description", group.about);
            entry.texts("member", &members);
            entry.texts("memberOf", &member_of);
            let own = if group.builtin { builtin_sid(group.rid) } else { sid(organisation, group.rid) };
            entry.put("objectSid", vec![own]);
            if matches!(group.rid, 512 | 516 | 518 | 519 | 544 | 548..=552) {
                entry.number("adminCount", 1);
            }
            entry.text("sAMAccountName", group.name);
            entry.number("sAMAccountType", kind);
            entry.number("groupType", group.kind.into());
            if group.rid < 1000 {
                entry.text("isCriticalSystemObject", "TRUE");
            }
            through(entry, names);
        });
    }

    fn account(&mut self, index: usize, account: &Account) {
        let (organisation, names) = (self.organisation, self.names);
        let name = names.find(&account.name);
        let manager = account.manager.and_then(|at| organisation.accounts.get(at));
        let manager = manager.map(|manager| self.names.find(&manager.name)).unwrap_or_default();
        let reports = organisation.accounts.iter().filter(|other| other.manager == Some(index));
        let reports: Vec<_> = reports.map(|other| self.names.find(&other.name)).collect();
        let member_of = self.member_of(&name);
        let governs = member_of.iter().any(|group| group.starts_with("CN=Domain Admins,"));
        let classes = ["top", "person", "organizationalPerson", "user"];
        let mut about = outline(name, &classes, "Person", account.created);
        about.changed = account.password_set.max(account.last_logon.unwrap_or(0));
        self.put(&about, |entry| {
            if account.role == Role::Person {
                entry.text("sn", &account.family);
                entry.text("title", &*account.title);
            }
            entry.text("description", &account.about);
            if account.role == Role::Person {
                entry.text("telephoneNumber", format!("+49 89 5550 {}", account.extension));
                entry.text("givenName", &account.given);
                entry.text("displayName", account.full());
                entry.text("department", &*account.department);
            }
            entry.texts("memberOf", &member_of);
            entry.texts("directReports", &reports);
            entry.number("userAccountControl", control(account));
            numbers(entry, account);
            entry.number("primaryGroupID", if account.rid == 501 { 514 } else { 513 });
            entry.put("objectSid", vec![sid(organisation, account.rid)]);
            if governs || matches!(account.rid, 500 | 502) {
                entry.number("adminCount", 1);
            }
            entry.text("accountExpires", if account.rid == 500 { "0" } else { NEVER });
            entry.number("logonCount", account.logons.into());
            entry.text("sAMAccountName", &account.name);
            entry.number("sAMAccountType", 0x3000_0000);
            if account.role != Role::Builtin {
                entry.text("userPrincipalName", format!("{}@{}", account.name, organisation.domain));
            }
            entry.texts("servicePrincipalName", &account.principals);
            if account.role == Role::Builtin {
                entry.text("isCriticalSystemObject", "TRUE");
            }
            if let Some(last) = account.last_logon {
                entry.number("lastLogonTimestamp", file_time(last));
            }
            entry.text("mail", account.mail(&organisation.domain).unwrap_or_default());
            entry.text("manager", &manager);
            through(entry, names);
        });
    }

    fn computer(&mut self, computer: &Computer) {
        let organisation = self.organisation;
        let name = self.names.find(&format!("computer {}", computer.name));
        let classes = ["top", "person", "organizationalPerson", "user", "computer"];
        let mut about = outline(name, &classes, "Computer", computer.created);
        about.changed = computer.last_logon;
        let (domain, netbios) = (&organisation.domain, &organisation.netbios);
        let mut principals = Vec::new();
        if computer.controller {
            principals.push(format!("ldap/{}/{domain}", computer.dns));
            principals.push(format!("ldap/{}", computer.dns));
            principals.push(format!("GC/{}/{domain}", computer.dns));
            principals.push(format!("HOST/{}/{netbios}", computer.dns));
        } else {
            principals.push(format!("RestrictedKrbHost/{}", computer.name));
            principals.push(format!("RestrictedKrbHost/{}", computer.dns));
            principals.push(format!("TERMSRV/{}", computer.dns));
        }
        principals.push(format!("HOST/{}", computer.name));
        principals.push(format!("HOST/{}", computer.dns));
        self.put(&about, |entry| {
            entry.number("userAccountControl", if computer.controller { 0x8_2000 } else { 4096 });
            entry.number("badPwdCount", 0);
            entry.number("codePage", 0);
            entry.number("countryCode", 0);
            entry.number("badPasswordTime", 0);
            entry.number("lastLogoff", 0);
            entry.number("lastLogon", file_time(computer.last_logon));
            entry.number("localPolicyFlags", 0);
            entry.number("pwdLastSet", file_time(computer.last_logon - 9 * 86_400_000_000));
            entry.number("primaryGroupID", if computer.controller { 516 } else { 515 });
            entry.put("objectSid", vec![sid(organisation, computer.rid)]);
            entry.text("accountExpires", NEVER);
            entry.number("logonCount", i64::from(computer.rid % 300) + 12);
            entry.text("sAMAccountName", format!("{}$", computer.name));
            entry.number("sAMAccountType", 0x3000_0001);
            entry.text("operatingSystem", computer.system);
            entry.text("operatingSystemVersion", computer.version);
            entry.text("dNSHostName", &computer.dns);
            entry.texts("servicePrincipalName", &principals);
            entry.text("isCriticalSystemObject", if computer.controller { "TRUE" } else { "FALSE" });
            entry.number("lastLogonTimestamp", file_time(computer.last_logon));
            entry.number("msDS-SupportedEncryptionTypes", 28);
        });
    }

    fn configuration(&mut self) {
        let (base, founded) = (self.base.to_owned(), self.organisation.founded);
        let top = format!("CN=Configuration,{base}");
        let within = |name: String, classes: &'static [&'static str], category: &'static str| Outline {
            context: CONFIGURATION,
            ..outline(name, classes, category, founded)
        };
        self.put(&within(top.clone(), &["top", "configuration"], "Configuration"), |_| {});
        self.put(&within(format!("CN=Sites,{top}"), &["top", "sitesContainer"], "Sites-Container"), |_| {});
        self.put(&within(place::site(&base), &["top", "site"], "Site"), |_| {});
        let servers = format!("CN=Servers,{}", place::site(&base));
        let classes = &["top", "serversContainer"];
        self.put(&within(servers.clone(), classes, "Servers-Container"), |_| {});
        let organisation = self.organisation;
        for computer in organisation.computers.iter().filter(|computer| computer.controller) {
            let server = format!("CN={},{servers}", computer.name);
            let reference = self.names.find(&format!("computer {}", computer.name));
            self.put(&within(server.clone(), &["top", "server"], "Server"), |entry| {
                entry.text("dNSHostName", &computer.dns);
                entry.text("serverReference", &reference);
            });
            let settings = format!("CN=NTDS Settings,{server}");
            let classes = &["top", "applicationSettings", "nTDSDSA"];
            self.put(&within(settings, classes, "NTDS-DSA"), |entry| {
                entry.number("options", 1);
                entry.number("msDS-Behavior-Version", 7);
            });
        }
        let partitions = format!("CN=Partitions,{top}");
        let classes = &["top", "crossRefContainer"];
        self.put(&within(partitions.clone(), classes, "Cross-Ref-Container"), |_| {});
        let cross = format!("CN={},{partitions}", organisation.netbios);
        self.put(&within(cross, &["top", "crossRef"], "Cross-Ref"), |entry| {
            entry.text("nCName", &base);
            entry.text("dnsRoot", &organisation.domain);
            entry.text("nETBIOSName", &organisation.netbios);
            entry.number("systemFlags", 3);
        });
        self.put(&within(format!("CN=Services,{top}"), &["top", "container"], "Container"), |_| {});
        let schema =
            Outline { context: SCHEMA, ..within(format!("CN=Schema,{top}"), &["top", "dMD"], "DMD") };
        self.put(&schema, |entry| {
            entry.number("objectVersion", 88);
        });
    }
}

/// `userAccountControl` ([MS-ADTS] §2.2.16).
fn control(account: &Account) -> i64 {
    let normal = 512;
    let disabled = if account.enabled { 0 } else { 2 };
    let lasting = if account.role == Role::Service || account.rid == 500 { 0x1_0000 } else { 0 };
    let without = if account.rid == 501 { 0x1_0020 } else { 0 };
    let unproven = if account.proves { 0 } else { 0x40_0000 };
    normal | disabled | lasting | without | unproven
}

/// What an entry is in and what is in it through groups, which the server works out when it is asked.
fn through(entry: &mut Entry, names: &Names) {
    let name = entry.name.clone();
    for (attribute, found) in [
        ("msDS-MemberOfTransitive", names.all_groups(&name)),
        ("msDS-MemberTransitive", names.all_members(&name)),
    ] {
        if !found.is_empty() {
            entry.operational(attribute, found.into_iter().map(String::into_bytes).collect());
        }
    }
}

/// The numbers that every user has.
fn numbers(entry: &mut Entry, account: &Account) {
    entry.number("badPwdCount", 0);
    entry.number("codePage", 0);
    entry.number("countryCode", 0);
    entry.number("badPasswordTime", 0);
    entry.number("lastLogoff", 0);
    entry.number("lastLogon", account.last_logon.map_or(0, file_time));
    entry.number("pwdLastSet", if account.rid == 501 { 0 } else { file_time(account.password_set) });
}
