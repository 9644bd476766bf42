//! Commands on the host agree with the persona and with each other.

use crate::{host, run, shell_on};
use netsvc_persona::{daemon::Daemon, stage::Transport};
use netsvc_shell::{Arrival, Service, SessionFacts, Stream};

fn check(id: &str, line: &str, expected: &str) {
    let (text, _) = run(id, line);
    assert!(text.contains(expected), "{id}: {line}: wanted {expected:?}, got {text:?}");
}

#[test]
fn the_system_says_the_same_everywhere() {
    for (line, expected) in [
        (
            "uname -a",
            "Linux web01 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux\n",
        ),
        ("uname -s -v -n -r -m", "Linux web01 6.1.0-18-amd64 #1 SMP"),
        ("cat /proc/version", "Linux version 6.1.0-18-amd64"),
        ("cat /etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\""),
        ("hostname", "web01\n"),
        ("cat /etc/hostname", "web01\n"),
        ("nproc", "4\n"),
        ("cat /proc/cpuinfo | grep name | wc -l", "4\n"),
        ("grep -c ^processor /proc/cpuinfo", "4\n"),
        ("lscpu | grep 'Model name'", "E5-2680 v4"),
        (
            "cat /proc/cpuinfo | grep name | head -n 1 | awk '{print $4,$5,$6,$7,$8,$9;}'",
            "Intel(R) Xeon(R) CPU E5-2680 v4 @\n",
        ),
        ("free -m | grep Mem | awk '{print $2 ,$3, $4, $5, $6, $7}'", "7957 "),
        ("grep MemTotal /proc/meminfo", "8148516 kB"),
        ("id", "uid=0(root) gid=0(root) groups=0(root)\n"),
        ("whoami", "root\n"),
        ("which ls", "/usr/bin/ls\n"),
        ("ls -lh $(which ls)", "/usr/bin/ls\n"),
        ("ip a", "inet 10.1.2.3/24 brd 10.1.2.255"),
        ("ifconfig", "bc:24:11:5e:01:02"),
        ("ip route", "default via 10.1.2.1 dev ens18"),
        ("cat /proc/uptime", "3456000."),
        ("uptime -s", "2026-01-20 12:00:00\n"),
        ("netstat -tn", "10.1.2.77:50123"),
        ("ssh -V", "OpenSSH_9.2p1 Debian-2+deb12u2"),
        ("echo $SSH_CLIENT", "10.1.2.77 50123 22\n"),
        ("nosuchcommand", "bash: line 1: nosuchcommand: command not found\n"),
        ("head -c 4 /proc/self/exe | od -An -tx1", "7f 45 4c 46"),
        ("ls /nope", "ls: cannot access '/nope': No such file or directory\n"),
        ("date", "2026\n"),
        ("df -h / | tail -1", "/dev/sda1"),
        ("cat /etc/passwd | head -1", "root:x:0:0:root:/root:/bin/bash\n"),
        ("echo ~", "/root\n"),
        ("dmidecode -s system-product-name", "PowerEdge R430\n"),
    ] {
        check("debian12", line, expected);
    }
}

#[test]
fn an_embedded_system_is_busybox() {
    for (line, expected) in [
        ("/bin/busybox ECCHI", "ECCHI: applet not found\n"),
        ("busybox", "multi-call binary"),
        ("nosuch", "sh: nosuch: not found\n"),
        ("cat /bin/echo | head -c 20 | hexdump -e '16/1 \"%02x\" \"\\n\"'", "7f454c46010201"),
        ("cat /proc/mounts", "squashfs"),
        ("ls -l /bin/ls", "busybox"),
        ("uname -m", "mips\n"),
    ] {
        check("router", line, expected);
    }
}

#[test]
fn a_server_has_busybox_beside_its_own_tools() {
    for (line, expected) in [
        ("/bin/busybox ECCHI", "ECCHI: applet not found\n"),
        ("busybox | head -1", "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) multi-call binary.\n"),
        ("/bin/busybox wget 2>&1 | head -1", "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) multi-call binary.\n"),
        (r#"sh -c '/bin/busybox echo -ne "\x41"; echo -ne a'"#, "A-ne a\n"),
        ("/bin/busybox echo a; wget 2>&1 | head -1", "a\nwget: missing URL\n"),
        ("/bin/busybox cat /bin/busybox | head -c 4 | od -An -tx1", "7f 45 4c 46"),
        ("ls -l /bin/ls", "-rwxr-xr-x"),
        ("/bin/busybox sh -c 'uname -o'", "GNU/Linux\n"),
    ] {
        check("debian12", line, expected);
    }
}

#[test]
fn a_file_that_changes_now_and_then_does_not_change_while_one_looks() {
    let (first, _) = run(
        "debian12",
        "stat -c %y /root /root/.bash_history; sleep 2; stat -c %y /root /root/.bash_history",
    );
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 4, "{first}");
    assert_eq!(lines[..2], lines[2..]);
}

#[test]
fn there_are_many_processes_and_ours_is_among_them() {
    let (text, _) = run("debian12", "ps aux | wc -l");
    assert!(text.trim().parse::<u32>().unwrap() >= 60, "{text}");
    check("debian12", "ps aux", "sshd: root@notty");
    check("debian12", "ps -ef", "ps -ef");
}

#[test]
fn times_of_the_tree_are_spread() {
    let (text, _) = run("debian12", "find / -xdev -maxdepth 2 -exec stat -c %Y {} \\; | sort -u | wc -l");
    assert!(text.trim().parse::<u32>().unwrap() >= 20, "{text}");
}

#[test]
fn whoever_is_let_in_has_an_account() {
    let line = "whoami; pwd; grep -c '^oracle:x:1001:1001:.*:/home/oracle:/bin/bash$' /etc/passwd; touch ~/x && stat -c '%U %n' x";
    for system in ["debian12", "ubuntu2204", "rocky9"] {
        let host = host(system);
        let outcome = shell_on(&host, "oracle", false).exec(line, Some(b""));
        let found = String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned();
        assert_eq!(found, "oracle\n/home/oracle\n1\noracle x\n", "{system}: {outcome:?}");
    }
}

#[test]
fn a_name_that_no_account_can_have_gets_an_ordinary_one() {
    let outcome = shell_on(&host("debian12"), "a b:c/../d", false).exec("whoami; pwd", Some(b""));
    assert_eq!(outcome.bytes(Stream::Out), b"anna\n/home/anna\n");
}

#[test]
fn a_directory_tells_when_its_entries_changed() {
    let host = host("debian12");
    let mut shell = shell_on(&host, "root", false);
    for change in ["touch /tmp/a", "mkdir /srv/d", "mv /tmp/a /opt/a", "rm /opt/a", "ln -s /etc /var/l"] {
        let folder = match change {
            "mkdir /srv/d" => "/srv",
            "mv /tmp/a /opt/a" | "rm /opt/a" => "/opt",
            "ln -s /etc /var/l" => "/var",
            _ => "/tmp",
        };
        let before = shell.exec(&format!("ls -A {folder} | wc -l"), Some(b""));
        let line = format!("{change}; stat -c %Y {folder}; date +%s");
        let outcome = shell.exec(&line, Some(b""));
        let text = String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned();
        let times: Vec<i64> = text.lines().filter_map(|time| time.parse().ok()).collect();
        assert!(matches!(times[..], [at, now] if now - at <= 2), "{change}: {text} {before:?}");
    }
    let listed = shell.exec("ls /var/log | head -1; ls /srv", Some(b"")).bytes(Stream::Out);
    assert!(listed.ends_with(b"d\n") && listed.len() > 2, "what the image has is still there");
}

#[test]
fn processes_sockets_units_and_packages_agree_with_the_banner() {
    let persona = |id: &str, product: &str| {
        let mut persona = crate::persona(id);
        let product = netsvc_persona::Product {
            name: product.into(),
            version: "2.4.57".into(),
            packaging: String::new(),
        };
        persona.products.insert("http".into(), product);
        persona
    };
    for (id, product, program) in [
        ("debian12", "Apache", "apache2"),
        ("rocky9", "Apache", "httpd"),
        ("debian12", "nginx", "nginx"),
        ("debian12", "lighttpd", "lighttpd"),
    ] {
        let host = crate::host_of(persona(id, product));
        let lines = format!("ps aux; ss -tlnp; systemctl status {program}");
        let outcome = shell_on(&host, "root", false).exec(&lines, Some(b""));
        let text = String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned();
        for wanted in [format!("((\"{program}\""), format!("{program}.service"), format!("({program})\n")] {
            assert!(text.contains(&wanted), "{id}: {product}: {wanted} in {text}");
        }
        assert!(program == "nginx" || !text.contains("nginx"), "{id}: {product}: {text}");
    }
}

#[test]
fn a_service_brings_its_socket_account_files_and_link() {
    for (line, wanted) in [
        ("netstat -lnup", "udp        0      0 0.0.0.0:123"),
        ("cat /proc/net/udp", "  123: 00000000:007B 00000000:0000 07"),
        ("netstat -tnp", "/sshd: root"),
        ("id ntp", "uid=112(ntp)"),
        ("stat -c '%a %n' /srv/told; cat /srv/told", "640 /srv/told\nof web01.corp.example\n"),
        ("readlink /proc/$(pidof nginx)/exe", "/usr/sbin/nginx\n"),
    ] {
        let mut persona = crate::persona("debian12");
        let name = |name: &str| netsvc_persona::Product {
            name: name.into(),
            version: "1.22.1".into(),
            packaging: String::new(),
        };
        persona.products.insert("http".into(), name("nginx"));
        let outcome = shell_on(&crate::host_of(persona), "root", false).exec(line, Some(b""));
        let text = String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned();
        assert!(text.contains(wanted), "{line}: {text}");
    }
    let (sockets, _) = run("debian12", "netstat -lnt; ss -ltn");
    assert!(!sockets.contains(":123"), "{sockets}");
}

#[test]
fn who_comes_through_login_sees_no_secure_shell() {
    let facts = SessionFacts {
        peer_ip: crate::source(),
        peer_port: 50_123,
        local_port: 2323,
        tty: Some("pts/0".into()),
        service: "telnet".into(),
        arrival: Arrival::Login,
    };
    let daemons = &[Daemon { binary: "/usr/sbin/telnetd", command: "/usr/sbin/telnetd -F", ..Daemon::ROOT }];
    let telnet = Service { slug: "telnet".into(), ports: vec![(Transport::Tcp, 23)], daemons };
    let host = host("debian12").with_services(vec![telnet]);
    let mut shell = host.login("root", crate::source(), facts);
    let outcome = shell.exec("ps -eo pid,ppid,args; netstat -lnt; env; systemctl status ssh", Some(b""));
    let text = String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned();
    assert!(text.contains("/usr/sbin/telnetd -F") && text.contains("0.0.0.0:2323"), "{text}");
    assert!(!text.contains("ssh") && !text.contains("SSH_") && !text.contains("0.0.0.0:23 "), "{text}");
}

#[test]
fn one_program_behind_two_ports_is_one_process_with_one_account() {
    let daemons = &[Daemon {
        binary: "/usr/sbin/httpd",
        command: "/usr/sbin/httpd -DFOREGROUND",
        unit: "httpd",
        package: ("httpd", "Apache HTTP Server"),
        account: "apache:x:48:48:Apache:/usr/share/httpd:/sbin/nologin",
        ..Daemon::ROOT
    }];
    let service =
        |slug: &str, port| Service { slug: slug.into(), ports: vec![(Transport::Tcp, port)], daemons };
    let host = host("debian12").with_services(vec![service("http", 80), service("https", 443)]);
    let said = |line: &str| {
        let outcome = shell_on(&host, "root", false).exec(line, Some(b""));
        String::from_utf8_lossy(&outcome.bytes(Stream::Out)).into_owned()
    };
    assert_eq!(said("grep -c apache /etc/passwd"), "1\n");
    assert_eq!(said("ps -eo args | grep -c '^/usr/sbin/httpd'"), "1\n");
    assert_eq!(said("systemctl list-units | grep -c httpd"), "1\n");
    let sockets = said("netstat -lntp | grep httpd");
    let holders: Vec<_> = sockets.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(holders.len() == 2 && holders[0] == holders[1], "{sockets}");
}

#[test]
fn sudo_without_a_terminal_wants_one() {
    let outcome = shell_on(&host("debian12"), "anna", false).exec("sudo id", Some(b""));
    assert!(outcome.bytes(Stream::Err).starts_with(b"sudo: a terminal is required"), "{outcome:?}");
    let outcome = shell_on(&host("debian12"), "anna", false).exec("echo secret | sudo -S id -u", Some(b""));
    assert_eq!(outcome.bytes(Stream::Out), b"0\n", "{outcome:?}");
}

#[test]
fn addresses_in_brackets_are_no_names() {
    for (line, expected) in [
        (
            "wget http://[2001:db8::7]:8080/a.sh",
            "Connecting to [2001:db8::7]:8080... failed: Network is unreachable.\n",
        ),
        ("wget -q http://[::1]/x; echo $?", "4\n"),
        ("curl http://[::1]:1/x; echo $?", "curl: (7) Failed to connect to ::1 port 1 after 0 ms"),
        ("wget ftp://198.51.100.7/d", "Logging in as anonymous ... Logged in!\n"),
        ("wget http://user:pw@198.51.100.7/d", "http://user:*password*@198.51.100.7/d\n"),
    ] {
        check("debian12", line, expected);
    }
    let (text, _) = run("debian12", "wget http://[2001:db8::7]:8080/a.sh");
    assert!(!text.contains("Resolving"), "{text}");
}

#[test]
fn tools_tell_their_version_and_help() {
    for (id, line, expected) in [
        ("debian12", "cat --version | head -1", "cat (GNU coreutils) 9.1\n"),
        ("debian12", "ls --help | head -1", "Usage: ls [OPTION]... [FILE]...\n"),
        ("debian12", "cat --help >/dev/null; echo $?", "0\n"),
        ("ubuntu2204", "ls --version | head -1", "ls (GNU coreutils) 8.32\n"),
        ("rocky9", "grep --version | head -1", "grep (GNU grep) 3.6\n"),
        ("debian12", "tar --version | head -1", "tar (GNU tar) 1.34\n"),
        ("debian12", "wget --version | head -1", "GNU Wget 1.21.3 built on linux-gnu.\n"),
        ("ubuntu2204", "openssl version", "OpenSSL 3.0.2 15 Mar 2022"),
        ("ubuntu2204", "python3 -V", "Python 3.10.12\n"),
        ("debian12", "openssl passwd -1 -salt ab cd", "$1$ab$aHXBIHBBaJnA3bcewAfbB1\n"),
        ("debian12", "echo hi > f; gzip f; ls f*; zcat f.gz; gunzip f.gz; cat f", "f.gz\nhi\nhi\n"),
        ("debian12", "echo x | gzip -c | gunzip -c", "x\n"),
        (
            "debian12",
            "echo a | tar czf t.tgz /etc/hostname 2>/dev/null; tar xzOf t.tgz 2>/dev/null; echo $?",
            "0\n",
        ),
        ("debian12", "touch -d '2020-01-02 03:04:05' f; stat -c %y f", "2020-01-02 03:04:05."),
        ("debian12", "cat /etc/hostname | wc -l; echo ${PIPESTATUS[@]}", "1\n0 0\n"),
    ] {
        check(id, line, expected);
    }
}

#[test]
fn shadow_holds_what_the_release_makes_of_a_password() {
    let line = "echo root:NEW | chpasswd; head -1 /etc/shadow";
    for (id, start, length) in
        [("debian12", "root:$y$j9T$", 73), ("rocky9", "root:$6$", 106), ("router", "root:$1$", 34)]
    {
        let (text, _) = run(id, line);
        let hash = text.trim().trim_start_matches("root:").split(':').next().unwrap_or("").len();
        assert!(text.starts_with(start) && hash == length, "{id}: {text} {hash}");
    }
}
