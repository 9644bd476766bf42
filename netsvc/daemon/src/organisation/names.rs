//! What people, departments and service accounts of an organisation are called.

/// People whom everybody in the organisation writes with: first name and surname.
pub const COLLEAGUES: [(&str, &str); 12] = [
    ("Laura", "Stein"),
    ("Marc", "Duval"),
    ("Ivana", "Novak"),
    ("Peter", "Lindholm"),
    ("Sandra", "Keller"),
    ("Tom", "Brennan"),
    ("Elena", "Rossi"),
    ("David", "Okafor"),
    ("Katrin", "Vogel"),
    ("James", "Whitfield"),
    ("Nadia", "Haddad"),
    ("Oliver", "Jensen"),
];

/// Given names of further people.
pub(super) const GIVEN: &[&str] = &[
    "Adam",
    "Alice",
    "Andrea",
    "Anton",
    "Beata",
    "Carlos",
    "Chiara",
    "Christine",
    "Dario",
    "Emma",
    "Erik",
    "Fatima",
    "Frank",
    "Gabriel",
    "Helen",
    "Ines",
    "Jakub",
    "Jana",
    "Julia",
    "Kevin",
    "Klaus",
    "Lea",
    "Lucas",
    "Magda",
    "Martin",
    "Mia",
    "Monika",
    "Nicole",
    "Omar",
    "Patrick",
    "Paula",
    "Ralf",
    "Robert",
    "Sarah",
    "Simon",
    "Sofia",
    "Stefanie",
    "Thomas",
    "Ursula",
    "Viktor",
    "Wendy",
    "Yusuf",
];

/// Family names of further people.
pub(super) const FAMILY: &[&str] = &[
    "Adams", "Albrecht", "Almeida", "Baker", "Bergmann", "Bianchi", "Carter", "Costa", "Dietrich", "Egger",
    "Evans", "Fischer", "Fontaine", "Garcia", "Graf", "Hansen", "Hoffmann", "Horvath", "Ivanov", "Jansen",
    "Kaiser", "Kowalski", "Kruse", "Lambert", "Larsen", "Lopez", "Marino", "Meyer", "Moreau", "Nagy",
    "Nilsson", "Ortega", "Pavlov", "Petit", "Pohl", "Reed", "Ricci", "Sauer", "Schulz", "Silva", "Svoboda",
    "Turner", "Ulrich", "Varga", "Wagner", "Walsh", "Wright", "Zimmer",
];

/// A department: name, titles of its people, the head's first.
pub(super) struct Department {
    pub(super) name: &'static str,
    pub(super) titles: &'static [&'static str],
    /// How many of a hundred people work there.
    pub(super) share: u32,
}

pub(super) const DEPARTMENTS: &[Department] = &[
    Department {
        name: "IT",
        titles: &["Head of IT", "System Administrator", "IT Support Engineer", "Network Engineer"],
        share: 14,
    },
    Department {
        name: "Finance",
        titles: &["Head of Finance", "Accountant", "Controller", "Payroll Specialist"],
        share: 16,
    },
    Department { name: "HR", titles: &["Head of HR", "HR Business Partner", "Recruiter"], share: 10 },
    Department {
        name: "Sales",
        titles: &["Head of Sales", "Account Manager", "Sales Representative", "Inside Sales"],
        share: 28,
    },
    Department {
        name: "Production",
        titles: &["Plant Manager", "Production Planner", "Quality Engineer", "Shift Supervisor"],
        share: 22,
    },
    Department { name: "Management", titles: &["Managing Director", "Executive Assistant"], share: 10 },
];

/// An account that a program runs as. In its texts `{host}` is a server's name and `{domain}` the domain.
pub(super) struct Servant {
    /// Names that it goes by; one of them.
    pub(super) names: &'static [&'static str],
    pub(super) full: &'static str,
    pub(super) about: &'static str,
    /// Services that it runs, by class and port.
    pub(super) principals: &'static [&'static str],
    /// Groups it was put into.
    pub(super) groups: &'static [&'static str],
    /// Whether it proves itself before it gets a ticket.
    pub(super) proves: bool,
}

pub(super) const SERVANTS: &[Servant] = &[
    Servant {
        names: &["svc_sql", "sqlservice", "svc-mssql", "sa_sql"],
        full: "SQL Server Service",
        about: "MSSQL service account",
        principals: &["MSSQLSvc/{host}.{domain}:1433", "MSSQLSvc/{host}.{domain}"],
        groups: &["SQL Admins"],
        proves: true,
    },
    Servant {
        names: &["svc_web", "svc_iis", "webservice", "svc-intranet"],
        full: "Intranet Application Pool",
        about: "IIS application pool of the intranet",
        principals: &["HTTP/intranet.{domain}", "HTTP/intranet"],
        groups: &[],
        proves: true,
    },
    Servant {
        names: &["svc_backup", "svc-veeam", "backupexec", "svc_bkp"],
        full: "Backup Service",
        about: "Backup jobs, do not disable",
        principals: &[],
        groups: &["Backup Operators"],
        proves: true,
    },
    Servant {
        names: &["svc_scan", "scanner", "svc-mfp", "copyroom"],
        full: "Scan to Folder",
        about: "Scan2Folder of the copiers, pw: {password}",
        principals: &[],
        groups: &[],
        proves: true,
    },
    Servant {
        names: &["svc_legacy", "svc_erp", "svc-sap", "erp_batch"],
        full: "ERP Batch User",
        about: "Old ERP interface, no preauth (Unix client)",
        principals: &[],
        groups: &[],
        proves: false,
    },
    Servant {
        names: &["svc_ldap", "ldapbind", "svc-ldapread", "ldap_reader"],
        full: "LDAP Reader",
        about: "Bind user for VPN and copiers",
        principals: &[],
        groups: &[],
        proves: true,
    },
];

/// Words that such passwords begin with, and what they end with.
pub(super) const STEMS: &[&str] = &[
    "Summer", "Winter", "Welcome", "Password", "Service", "Company", "Backup", "Spring", "Autumn", "Monday",
];
/// See [`STEMS`].
pub(super) const ENDINGS: &[&str] =
    &["2019", "2020!", "2021", "2022!", "2023", "2023!", "123", "123!", "1!", "01"];
