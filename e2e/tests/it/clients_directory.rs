//! A domain controller with the clients of directories and of Kerberos: one organisation at both, and what is tried is
//! stored.

use crate::fleet::{Fleet, client, have, printed};

#[test]
fn ldapsearch_and_kinit_find_one_organisation() {
    if !have("ldapsearch", "ldap-utils") || !have("kinit", "krb5-user") {
        return;
    }
    let fleet = Fleet::deploy_config(
        108,
        "[general]\nnet = 127.108.0.0/16\nseed = e2e\ndomain = firm.example\n\n[dc]\nip = 127.108.1.0\n\
         login = accept-listed\ndistro = server2019\nservices = ldap, kerberos\n\n\
         [dc.ldap]\npassword = Kettle-4711\n",
    );
    let ip = fleet.ip(0);
    let url = format!("ldap://{ip}:10389");
    let search = |words: &[&str]| {
        let mut all = vec!["-x", "-LLL", "-H", url.as_str()];
        all.extend(words);
        printed(&client("ldapsearch", &all))
    };
    let root = search(&["-b", "", "-s", "base", "defaultNamingContext", "dnsHostName"]);
    assert!(root.contains("defaultNamingContext: DC=firm,DC=example"), "{root}");
    let base = ["-b", "DC=firm,DC=example"];
    let nobody = search(&[&base[..], &["(objectClass=*)"]].concat());
    assert!(nobody.contains("a successful bind must be completed"), "{nobody}");
    let wrong = search(&[&base[..], &["-D", "FIRM\\Administrator", "-w", "nonsense-1"]].concat());
    assert!(wrong.contains("data 52e"), "{wrong}");
    fleet.wait_for_text("auth_attempt", "secret_printable", "nonsense-1");
    let unproven = "(userAccountControl:1.2.840.113556.1.4.803:=4194304)";
    let login = ["-D", "FIRM\\Administrator", "-w", "Kettle-4711"];
    let found = search(&[&base[..], &login, &[unproven, "sAMAccountName"]].concat());
    let name = found.lines().find_map(|line| line.strip_prefix("sAMAccountName: ")).unwrap_or_default();
    assert!(!name.is_empty(), "{found}");
    let technique = "search for accounts without pre-authentication (AS-REP roasting)";
    fleet.wait_for_text("exploit_attempt", "technique", technique);

    let settings = fleet.state().join("krb5.conf");
    let realm = format!("FIRM.EXAMPLE = {{\n kdc = {ip}:10088\n }}\n");
    let text =
        format!("[libdefaults]\n default_realm = FIRM.EXAMPLE\n dns_lookup_kdc = false\n[realms]\n {realm}");
    std::fs::write(&settings, text).unwrap();
    let ticket = |user: &str, password: &str| {
        let script = format!("printf '%s\\n' '{password}' | kinit -c MEMORY: {user}");
        let settings = format!("KRB5_CONFIG={}", settings.display());
        printed(&client("env", &[&settings, "sh", "-c", &script]))
    };
    let let_in = ticket("Administrator", "Kettle-4711");
    assert!(!let_in.contains("kinit:"), "{let_in}");
    let failed = ticket("Administrator", "wrong");
    assert!(failed.contains("kinit: Preauthentication failed") || failed.contains("incorrect"), "{failed}");
    fleet.wait_for_text("auth_attempt", "secret_kind", "krb5_timestamp_aes256");
    let unknown = ticket("nobody-here", "wrong");
    assert!(unknown.contains("not found in Kerberos database"), "{unknown}");
}
