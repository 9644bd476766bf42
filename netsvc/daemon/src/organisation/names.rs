//! What service accounts of an organisation are called.

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
