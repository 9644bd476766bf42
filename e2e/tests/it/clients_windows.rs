//! Services of Windows with the clients that people use: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};

#[test]
fn a_remote_desktop_and_a_database_take_passwords_and_keep_them() {
    let tools =
        [("xfreerdp", "freerdp2-x11"), ("xvfb-run", "xvfb"), ("nmap", "nmap"), ("bsqldb", "freetds-bin")];
    if !tools.iter().all(|(tool, package)| have(tool, package)) {
        return;
    }
    let fleet = Fleet::deploy_config(
        102,
        "[general]\nnet = 127.102.0.0/16\nseed = e2e\n\n[desk]\nip = 127.102.1.0\ndistro = server2019\n\
         login = accept-listed\nservices = rdp\n\n[desk.rdp]\npassword = Winter2024!\n\n\
         [data]\nip = 127.102.1.1\ndistro = server2022\n\
         login = accept-listed\nservices = mssql\n\n[data.mssql]\npassword = Winter2024!\n",
    );
    desktop(&fleet);
    database(&fleet);
}

fn desktop(fleet: &Fleet) {
    let target = format!("/v:{}:13389", fleet.ip(0));
    let log_on = |password: &str| {
        let password = format!("/p:{password}");
        let words = ["-a", "xfreerdp", &target, "/u:administrator", &password, "/cert:ignore", "+auth-only"];
        printed(&client("xvfb-run", &words))
    };
    assert!(log_on("Winter2024!").contains("exit status 0"));
    let line = fleet.wait_for_text("auth_attempt", "auth_method", "CredSSP");
    assert_eq!(line["fields"]["secret_printable"], "Winter2024!", "{line}");
    let refused = log_on("guess");
    assert!(refused.contains("LOGON_FAILURE") && refused.contains("exit status 1"), "{refused}");
    let line = fleet.wait_for_text("auth_attempt", "outcome", "rejected");
    assert!(line["fields"]["crack_line"].as_str().unwrap().starts_with("administrator::"), "{line}");

    let scan = ["-Pn", "-sT", "-sV", "-p", "13389", "--script", "rdp-ntlm-info,ssl-cert", &fleet.ip(0)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("Microsoft Terminal Services"), "{seen}");
}

fn database(fleet: &Fleet) {
    let statements = fleet.state().join("statements");
    std::fs::write(&statements, "select name from sys.databases\ngo\nexec xp_cmdshell 'whoami'\ngo\n")
        .unwrap();
    let server = format!("{}:11433", fleet.ip(1));
    let ask = |password: &str| {
        let file = statements.to_str().unwrap();
        printed(&client("bsqldb", &["-S", &server, "-U", "sa", "-P", password, "-i", file]))
    };
    let told = ask("Winter2024!");
    assert!(told.contains("msdb") && told.contains("Msg 15281"), "{told}");
    let line = fleet.wait_for_text("command", "name", "xp_cmdshell");
    assert_eq!(line["fields"]["command"], "whoami", "{line}");
    assert!(ask("guess").contains("Login failed for user 'sa'."));
}
