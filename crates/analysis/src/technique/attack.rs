//! The part of MITRE ATT&CK that rules name: ids, names and tactics as of version 17 (attack.mitre.org).

/// A matrix of ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matrix {
    /// Enterprise.
    Enterprise,
    /// Industrial control systems.
    Ics,
}

impl Matrix {
    /// As a layer of the Navigator calls it.
    pub fn domain(self) -> &'static str {
        match self {
            Matrix::Enterprise => "enterprise-attack",
            Matrix::Ics => "ics-attack",
        }
    }
}

/// What somebody is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tactic {
    /// As the Navigator calls it.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
}

const fn tactic(slug: &'static str, name: &'static str) -> Tactic {
    Tactic { slug, name }
}

/// Tactics in the order of the matrix, those of the enterprise first.
pub const TACTICS: &[Tactic] = &[
    tactic("reconnaissance", "Reconnaissance"),
    tactic("resource-development", "Resource Development"),
    tactic("initial-access", "Initial Access"),
    tactic("execution", "Execution"),
    tactic("persistence", "Persistence"),
    tactic("privilege-escalation", "Privilege Escalation"),
    tactic("defense-evasion", "Defense Evasion"),
    tactic("credential-access", "Credential Access"),
    tactic("discovery", "Discovery"),
    tactic("lateral-movement", "Lateral Movement"),
    tactic("collection", "Collection"),
    tactic("command-and-control", "Command and Control"),
    tactic("exfiltration", "Exfiltration"),
    tactic("inhibit-response-function", "Inhibit Response Function"),
    tactic("impair-process-control", "Impair Process Control"),
    tactic("impact", "Impact"),
];

/// A technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its id.
    pub id: &'static str,
    /// Its name, with that of the technique that it is part of.
    pub name: &'static str,
    /// The tactic that it is shown under: of several, the one that is meant here.
    pub tactic: &'static str,
    /// Its matrix.
    pub matrix: Matrix,
}

const fn of(id: &'static str, tactic: &'static str, name: &'static str) -> Technique {
    Technique { id, name, tactic, matrix: Matrix::Enterprise }
}

const fn ics(id: &'static str, tactic: &'static str, name: &'static str) -> Technique {
    Technique { id, name, tactic, matrix: Matrix::Ics }
}

/// Every technique that a rule may name, by id.
const TECHNIQUES: &[Technique] = &[
    ics("T0801", "collection", "Monitor Process State"),
    ics("T0812", "lateral-movement", "Default Credentials"),
    ics("T0816", "inhibit-response-function", "Device Restart/Shutdown"),
    ics("T0836", "impair-process-control", "Modify Parameter"),
    ics("T0846", "discovery", "Remote System Discovery"),
    ics("T0855", "impair-process-control", "Unauthorized Command Message"),
    ics("T0858", "execution", "Change Operating Mode"),
    ics("T0861", "collection", "Point & Tag Identification"),
    ics("T0888", "discovery", "Remote System Information Discovery"),
    of("T1003.003", "credential-access", "OS Credential Dumping: NTDS"),
    of("T1003.008", "credential-access", "OS Credential Dumping: /etc/passwd and /etc/shadow"),
    of("T1005", "collection", "Data from Local System"),
    of("T1007", "discovery", "System Service Discovery"),
    of("T1016", "discovery", "System Network Configuration Discovery"),
    of("T1018", "discovery", "Remote System Discovery"),
    of("T1021.001", "lateral-movement", "Remote Services: Remote Desktop Protocol"),
    of("T1021.002", "lateral-movement", "Remote Services: SMB/Windows Admin Shares"),
    of("T1021.004", "lateral-movement", "Remote Services: SSH"),
    of("T1021.005", "lateral-movement", "Remote Services: VNC"),
    of("T1021.006", "lateral-movement", "Remote Services: Windows Remote Management"),
    of("T1027", "defense-evasion", "Obfuscated Files or Information"),
    of("T1033", "discovery", "System Owner/User Discovery"),
    of("T1036.005", "defense-evasion", "Masquerading: Match Legitimate Resource Name or Location"),
    of("T1039", "collection", "Data from Network Shared Drive"),
    of("T1046", "discovery", "Network Service Discovery"),
    of("T1048", "exfiltration", "Exfiltration Over Alternative Protocol"),
    of("T1049", "discovery", "System Network Connections Discovery"),
    of("T1053.003", "persistence", "Scheduled Task/Job: Cron"),
    of("T1053.006", "persistence", "Scheduled Task/Job: Systemd Timers"),
    of("T1057", "discovery", "Process Discovery"),
    of("T1059.001", "execution", "Command and Scripting Interpreter: PowerShell"),
    of("T1059.003", "execution", "Command and Scripting Interpreter: Windows Command Shell"),
    of("T1059.004", "execution", "Command and Scripting Interpreter: Unix Shell"),
    of("T1059.006", "execution", "Command and Scripting Interpreter: Python"),
    of("T1059.008", "execution", "Command and Scripting Interpreter: Network Device CLI"),
    of("T1069", "discovery", "Permission Groups Discovery"),
    of("T1070.002", "defense-evasion", "Indicator Removal: Clear Linux or Mac System Logs"),
    of("T1070.003", "defense-evasion", "Indicator Removal: Clear Command History"),
    of("T1070.004", "defense-evasion", "Indicator Removal: File Deletion"),
    of("T1070.006", "defense-evasion", "Indicator Removal: Timestomp"),
    of("T1071.003", "command-and-control", "Application Layer Protocol: Mail Protocols"),
    of("T1071.004", "command-and-control", "Application Layer Protocol: DNS"),
    of("T1078", "initial-access", "Valid Accounts"),
    of("T1078.001", "initial-access", "Valid Accounts: Default Accounts"),
    of("T1082", "discovery", "System Information Discovery"),
    of("T1083", "discovery", "File and Directory Discovery"),
    of("T1087.001", "discovery", "Account Discovery: Local Account"),
    of("T1087.002", "discovery", "Account Discovery: Domain Account"),
    of("T1087.003", "discovery", "Account Discovery: Email Account"),
    of("T1090", "command-and-control", "Proxy"),
    of("T1095", "command-and-control", "Non-Application Layer Protocol"),
    of("T1098.004", "persistence", "Account Manipulation: SSH Authorized Keys"),
    of("T1105", "command-and-control", "Ingress Tool Transfer"),
    of("T1110.001", "credential-access", "Brute Force: Password Guessing"),
    of("T1110.003", "credential-access", "Brute Force: Password Spraying"),
    of("T1114", "collection", "Email Collection"),
    of("T1124", "discovery", "System Time Discovery"),
    of("T1125", "collection", "Video Capture"),
    of("T1133", "initial-access", "External Remote Services"),
    of("T1135", "discovery", "Network Share Discovery"),
    of("T1136.001", "persistence", "Create Account: Local Account"),
    of("T1140", "defense-evasion", "Deobfuscate/Decode Files or Information"),
    of("T1187", "credential-access", "Forced Authentication"),
    of("T1190", "initial-access", "Exploit Public-Facing Application"),
    of("T1195", "initial-access", "Supply Chain Compromise"),
    of("T1201", "discovery", "Password Policy Discovery"),
    of("T1210", "lateral-movement", "Exploitation of Remote Services"),
    of("T1213", "collection", "Data from Information Repositories"),
    of("T1222.002", "defense-evasion", "File and Directory Permissions Modification: Linux and Mac"),
    of("T1485", "impact", "Data Destruction"),
    of("T1486", "impact", "Data Encrypted for Impact"),
    of("T1489", "impact", "Service Stop"),
    of("T1490", "impact", "Inhibit System Recovery"),
    of("T1491.002", "impact", "Defacement: External Defacement"),
    of("T1496.001", "impact", "Resource Hijacking: Compute Hijacking"),
    of("T1498.002", "impact", "Network Denial of Service: Reflection Amplification"),
    of("T1499", "impact", "Endpoint Denial of Service"),
    of("T1505.001", "persistence", "Server Software Component: SQL Stored Procedures"),
    of("T1505.003", "persistence", "Server Software Component: Web Shell"),
    of("T1518", "discovery", "Software Discovery"),
    of("T1529", "impact", "System Shutdown/Reboot"),
    of("T1531", "impact", "Account Access Removal"),
    of("T1543.002", "persistence", "Create or Modify System Process: Systemd Service"),
    of("T1543.003", "persistence", "Create or Modify System Process: Windows Service"),
    of("T1546.004", "persistence", "Event Triggered Execution: Unix Shell Configuration Modification"),
    of("T1547.006", "persistence", "Boot or Logon Autostart Execution: Kernel Modules and Extensions"),
    of("T1548.001", "privilege-escalation", "Abuse Elevation Control Mechanism: Setuid and Setgid"),
    of("T1548.003", "privilege-escalation", "Abuse Elevation Control Mechanism: Sudo and Sudo Caching"),
    of("T1552.001", "credential-access", "Unsecured Credentials: Credentials In Files"),
    of("T1552.003", "credential-access", "Unsecured Credentials: Shell History"),
    of("T1552.004", "credential-access", "Unsecured Credentials: Private Keys"),
    of("T1552.005", "credential-access", "Unsecured Credentials: Cloud Instance Metadata API"),
    of("T1552.007", "credential-access", "Unsecured Credentials: Container API"),
    of("T1557.001", "credential-access", "Adversary-in-the-Middle: Name Resolution Poisoning and SMB Relay"),
    of("T1557.002", "credential-access", "Adversary-in-the-Middle: ARP Cache Poisoning"),
    of("T1557.003", "credential-access", "Adversary-in-the-Middle: DHCP Spoofing"),
    of("T1558.003", "credential-access", "Steal or Forge Kerberos Tickets: Kerberoasting"),
    of("T1558.004", "credential-access", "Steal or Forge Kerberos Tickets: AS-REP Roasting"),
    of("T1562.001", "defense-evasion", "Impair Defenses: Disable or Modify Tools"),
    of("T1562.003", "defense-evasion", "Impair Defenses: Impair Command History Logging"),
    of("T1562.004", "defense-evasion", "Impair Defenses: Disable or Modify System Firewall"),
    of("T1564.001", "defense-evasion", "Hide Artifacts: Hidden Files and Directories"),
    of("T1565.001", "impact", "Data Manipulation: Stored Data Manipulation"),
    of("T1566", "initial-access", "Phishing"),
    of("T1569.002", "execution", "System Services: Service Execution"),
    of("T1570", "lateral-movement", "Lateral Tool Transfer"),
    of("T1572", "command-and-control", "Protocol Tunneling"),
    of("T1574.006", "persistence", "Hijack Execution Flow: Dynamic Linker Hijacking"),
    of("T1589.002", "reconnaissance", "Gather Victim Identity Information: Email Addresses"),
    of("T1590.002", "reconnaissance", "Gather Victim Network Information: DNS"),
    of("T1592.002", "reconnaissance", "Gather Victim Host Information: Software"),
    of("T1594", "reconnaissance", "Search Victim-Owned Websites"),
    of("T1595.001", "reconnaissance", "Active Scanning: Scanning IP Blocks"),
    of("T1595.002", "reconnaissance", "Active Scanning: Vulnerability Scanning"),
    of("T1595.003", "reconnaissance", "Active Scanning: Wordlist Scanning"),
    of("T1602.001", "collection", "Data from Configuration Repository: SNMP (MIB Dump)"),
    of("T1602.002", "collection", "Data from Configuration Repository: Network Device Configuration Dump"),
    of("T1609", "execution", "Container Administration Command"),
    of("T1610", "execution", "Deploy Container"),
    of("T1611", "privilege-escalation", "Escape to Host"),
    of("T1612", "defense-evasion", "Build Image on Host"),
    of("T1613", "discovery", "Container and Resource Discovery"),
    of("T1657", "impact", "Financial Theft"),
];

/// Every technique that a rule may name, by id.
pub fn techniques() -> &'static [Technique] {
    TECHNIQUES
}

/// The technique with this id.
pub fn technique(id: &str) -> Option<&'static Technique> {
    TECHNIQUES.iter().find(|technique| technique.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_stand_in_order_and_under_tactics_that_exist() {
        assert!(TECHNIQUES.is_sorted_by(|one, other| one.id < other.id));
        for technique in TECHNIQUES {
            assert!(TACTICS.iter().any(|tactic| tactic.slug == technique.tactic), "{technique:?}");
        }
    }
}
