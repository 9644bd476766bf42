//! Deckies in containers: a daemon of the test's own, in namespaces of its own.

use crate::fleet::{have, printed, program};
use serde_json::Value;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

/// How long something may take that takes a moment.
const PATIENCE: Duration = Duration::from_secs(40);

/// A Docker daemon, and the namespace of networks that it and everything of the test is in.
struct Daemon {
    folder: tempfile::TempDir,
    child: Child,
}

impl Daemon {
    /// `None`: what it takes is not there.
    fn start() -> Option<Daemon> {
        if !nix::unistd::geteuid().is_root() {
            assert!(std::env::var("CI").is_err(), "containers need root");
            eprintln!("skipped: containers need root");
            return None;
        }
        if !(have("dockerd", "docker.io")
            && have("iptables-legacy", "iptables")
            && have("busybox", "busybox-static"))
        {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("e2e-").tempdir_in("/var/tmp").unwrap();
        let at = folder.path();
        std::fs::create_dir(at.join("bin")).unwrap();
        for name in ["iptables", "ip6tables"] {
            let legacy = format!("/usr/sbin/{name}-legacy");
            std::os::unix::fs::symlink(legacy, at.join("bin").join(name)).unwrap();
        }
        // A device to hang macvlan on, whose other end nobody is at.
        let script = "ip link set lo up; ip link add up0 type veth peer name up1; ip link set up0 up; \
                      ip link set up1 up; ip address add 10.99.0.1/24 dev up0; mount -t tmpfs none /run; \
                      exec dockerd --data-root $AT/root --exec-root $AT/exec --pidfile $AT/pid --bridge none \
                      -H unix://$AT/d.sock --log-level error";
        let child = Command::new("unshare")
            .args(["-n", "-m", "sh", "-c", script])
            .env("AT", at)
            .env("PATH", path(at))
            .stdout(std::fs::File::create(at.join("log")).unwrap())
            .stderr(std::fs::File::create(at.join("errors")).unwrap())
            .spawn()
            .unwrap();
        let daemon = Daemon { folder, child };
        until("the daemon answers", || daemon.docker(&["version"]).status.success().then_some(()));
        Some(daemon)
    }

    fn at(&self) -> &Path {
        self.folder.path()
    }

    /// A command in the daemon's network.
    fn inside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        let host = format!("unix://{}", self.at().join("d.sock").display());
        command.args(["--target", &self.child.id().to_string(), "--net"]).arg(program);
        command.env("DOCKER_HOST", host).env("PATH", path(self.at()));
        command
    }

    fn docker(&self, arguments: &[&str]) -> Output {
        self.inside("docker").args(arguments).output().unwrap()
    }

    /// What a command of the daemon prints, by lines; it must not fail.
    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.docker(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The container that is a part of a decky.
    fn container(&self, decky: &str, part: &str) -> Vec<String> {
        let (decky, part) = (format!("label=decnet.decky={decky}"), format!("label=decnet.part={part}"));
        self.lines(&["ps", "--quiet", "--no-trunc", "--filter", &decky, "--filter", &part])
    }

    /// Sends lines to a port; what came back until nobody says anything any more.
    fn talk(&self, ip: &str, port: u16, text: &str) -> String {
        let mut command = self.inside("timeout");
        command.args(["5", "busybox", "nc", ip, &port.to_string()]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.at().join("errors")).unwrap_or_default();
            eprintln!("the daemon said:\n{log}");
        }
    }
}

fn path(at: &Path) -> String {
    format!("{}:{}", at.join("bin").display(), std::env::var("PATH").unwrap_or_default())
}

fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    crate::until(what, PATIENCE, look)
}

/// An operator's folder beside the daemon.
struct House<'a> {
    daemon: &'a Daemon,
    state: PathBuf,
    ports: Vec<u16>,
}

impl House<'_> {
    fn begin(daemon: &Daemon) -> House<'_> {
        use std::os::unix::fs::PermissionsExt;
        // Services run as another user and must be able to reach their spool.
        std::fs::set_permissions(daemon.at(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let state = daemon.at().join("state");
        std::fs::create_dir(&state).unwrap();
        House { daemon, state, ports: crate::free_ports(2) }
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let mut command = self.daemon.inside(program("decnet"));
        command.arg("--state-dir").arg(&self.state).args(arguments);
        for (name, port) in ["DECNET_API_PORT", "DECNET_WEB_PORT"].iter().zip(&self.ports) {
            command.env(name, port.to_string());
        }
        command.output().unwrap()
    }

    /// What a command prints: a document, or a list of a document a line.
    fn run(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments);
        // The status may be red where a test breaks something.
        let told = output.status.success() || arguments.first() == Some(&"status");
        assert!(told, "{arguments:?}: {}", printed(&output));
        let lines = || {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        };
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| Value::Array(lines()))
    }

    fn rows(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let rows = self.run(arguments);
        // What is a document of its own is a list of one.
        let one = std::slice::from_ref(&rows);
        rows.as_array().map_or(one, Vec::as_slice).iter().find(|row| wanted(row)).cloned()
    }
}

impl Drop for House<'_> {
    fn drop(&mut self) {
        let output = self.command(&["teardown", "--all"]);
        if !output.status.success() {
            eprintln!("teardown: {}", printed(&output));
        }
    }
}

/// A folder that an image is built from: a shell and a login that writes down what it is told.
fn shop(at: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let folder = at.join("shop");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy("/bin/busybox", folder.join("busybox")).unwrap();
    let login = "#!/bin/busybox sh\n/bin/busybox printf 'user: '\nread user\n/bin/busybox printf 'password: '\n\
                 read password\necho \"login $user $password from 198.51.100.7\" >/proc/1/fd/1\necho sorry\n";
    let note = "#!/bin/busybox sh\nread line\necho \"noted $line\" >>/var/log/note/all.log\necho thanks\n";
    for (name, script) in [("login", login), ("note", note)] {
        std::fs::write(folder.join(name), script).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let recipe = "FROM scratch\nCOPY busybox /bin/busybox\nCOPY login note /\n";
    std::fs::write(folder.join("Dockerfile"), recipe).unwrap();
    folder
}

const WORDS: [&str; 6] = ["decnet", "decky", "decoy", "honeypot", "netsvc", "canary"];

#[test]
fn a_fleet_of_containers_lives_as_wanted_and_goes_without_a_trace() {
    let Some(daemon) = Daemon::start() else { return };
    let house = House::begin(&daemon);
    let text = format!(
        "[general]\nruntime = docker\nnet = 10.67.0.0/24\n[custom-shop]\nbuild = {0}\n\
         exec = /bin/busybox nc -ll -p 8080 -e /login\nports = 8080\n\
         credential = \"login (?P<user>\\S+) (?P<password>\\S+) from (?P<source>\\S+)\"\n\
         [custom-note]\nbuild = {0}\nexec = /bin/busybox nc -ll -p 8081 -e /note\nports = 8081\n\
         log = /var/log/note/all.log\n[web-01]\nservices = ssh, http, shop\nip = 10.67.0.11\nnmap_os = linux\n\
         [web-02]\nservices = redis\nip = 10.67.0.12\n[web-03]\nservices = shop, note\nip = 10.67.0.13\n",
        shop(daemon.at()).display()
    );
    let config = house.state.join("fleet.ini");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    house.run(&["deploy", "--config", config]);
    let status = house.run(&["status", "--json"]);
    assert!(status["deckies"].as_array().unwrap().iter().all(|one| one["state"] == "running"), "{status}");
    touched(&house);
    confined(&daemon);
    mended(&house);
    composed(&house);
    unchanged(&house, config);
    emptied(&house);
    segment(&house);
    emptied(&house);
}

/// Nothing is left.
fn emptied(house: &House<'_>) {
    let daemon = house.daemon;
    house.run(&["teardown", "--all"]);
    until("containers are gone", || {
        daemon.lines(&["ps", "--all", "--quiet", "--filter", "label=decnet.site"]).is_empty().then_some(())
    });
    until("networks are gone", || {
        daemon.lines(&["network", "ls", "--quiet", "--filter", "label=decnet.site"]).is_empty().then_some(())
    });
}

/// On a segment the host has a way to each decky and to nobody else.
fn segment(house: &House<'_>) {
    let daemon = house.daemon;
    house.run(&[
        "deploy",
        "--runtime",
        "docker",
        "--interface",
        "up0",
        "-n",
        "1",
        "--services",
        "redis",
        "--seed",
        "e2e",
        "--ip-start",
        "10.99.0.77",
        "--distro",
        "debian",
    ]);
    let routes = || printed(&daemon.inside("ip").args(["route", "show"]).output().unwrap());
    let ours: Vec<_> = routes().lines().filter(|line| line.contains("dshim-")).map(str::to_owned).collect();
    assert!(ours.len() == 1 && ours[0].starts_with("10.99.0.77 dev dshim-"), "{ours:?}");
    assert!(daemon.talk("10.99.0.77", 6379, "PING\r\n").contains("PONG"));
    house.run(&["teardown", "--all"]);
    until("the host's way is gone", || (!routes().contains("dshim-")).then_some(()));
}

/// What somebody does is recorded, on services of ours and of the operator's.
fn touched(house: &House<'_>) {
    let daemon = house.daemon;
    let told = daemon.talk("10.67.0.11", 8080, "bob\ns3cr3t\n");
    assert!(told.contains("sorry"), "{told}");
    assert!(daemon.talk("10.67.0.11", 22, "").starts_with("SSH-2.0-"));
    assert!(daemon.talk("10.67.0.12", 6379, "PING\r\n").contains("PONG"));
    until("a line of the operator's program", || {
        house.rows(&["events", "--json", "--kind", "custom_line"], |row| row.to_string().contains("s3cr3t"))
    });
    assert!(daemon.talk("10.67.0.13", 8081, "hello\n").contains("thanks"));
    until("a line of a file inside", || {
        house.rows(&["events", "--json", "--kind", "custom_line"], |row| {
            row.to_string().contains("noted hello")
        })
    });
    let creds = ["creds", "list", "--json"];
    let login = until("the login in it", || house.rows(&creds, |row| row["service"] == "shop"));
    assert!(login.to_string().contains("bob"), "{login}");
    until("a line of our own service", || {
        house.rows(&["events", "--json", "--decky", "web-02"], |row| row["service"] == "redis")
    });
}

/// From inside there is no way out, and nothing names us.
fn confined(daemon: &Daemon) {
    let shop = daemon.container("web-01", "shop").pop().unwrap();
    let run = |script: &str| printed(&daemon.docker(&["exec", &shop, "/bin/busybox", "sh", "-c", script]));
    let to =
        |ip: &str, port: u16| run(&format!("/bin/busybox nc -w 2 {ip} {port} </dev/null; echo ended $?"));
    assert!(to("10.67.0.11", 22).contains("SSH-2.0-"), "its own port answers");
    for (ip, port) in [("10.67.0.12", 6379), ("10.99.0.1", 22)] {
        let told = to(ip, port);
        assert!(!told.contains("ended 0"), "{ip}:{port}: {told}");
    }
    let seen = run("PATH=/bin; for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/self/mountinfo \
                    /proc/net/unix /etc/hosts /etc/hostname /etc/resolv.conf; do /bin/busybox cat $f; echo; done; \
                    /bin/busybox env; /bin/busybox ls -laR /etc /tmp /run; /bin/busybox grep Cap /proc/self/status; \
                    /bin/busybox touch /x");
    for word in WORDS {
        assert!(!seen.to_lowercase().contains(word), "{word}: {seen}");
    }
    assert!(seen.contains("CapEff:\t0000000000000000") && seen.contains("Read-only file system"), "{seen}");
    assert!(run("/bin/busybox cat /proc/sys/net/ipv4/ip_default_ttl").contains("64"));
}

/// What is killed comes back, and nothing else is touched.
fn mended(house: &House<'_>) {
    let daemon = house.daemon;
    let other = daemon.container("web-02", "own");
    for part in ["shop", "base"] {
        let killed = daemon.container("web-01", part).pop().unwrap();
        daemon.lines(&["kill", &killed]);
        until("it is made anew", || {
            let there = daemon.container("web-01", part);
            (!there.is_empty() && !there.contains(&killed)).then_some(())
        });
        until("it serves", || {
            daemon.talk("10.67.0.11", 8080, "eve\nagain\n").contains("sorry").then_some(())
        });
    }
    assert_eq!(daemon.container("web-02", "own"), other);
    until("what it heard since", || {
        house.rows(&["creds", "list", "--json"], |row| row.to_string().contains("again"))
    });
}

/// The file is one that people can run.
fn composed(house: &House<'_>) {
    let file = house.state.join("docker/decnet-compose.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("container_name:").count(), 8, "{text}");
    if have("docker-compose", "docker-compose") {
        let file = file.to_str().unwrap();
        let output =
            house.daemon.inside("docker-compose").args(["-f", file, "config", "--quiet"]).output().unwrap();
        assert!(output.status.success(), "{}", printed(&output));
    }
}

/// A deploy touches what changed.
fn unchanged(house: &House<'_>, config: &str) {
    let daemon = house.daemon;
    let all = |decky: &str| ["base", "own", "shop"].map(|part| daemon.container(decky, part));
    let (one, two, three) = (all("web-01"), all("web-02"), all("web-03"));
    let text = std::fs::read_to_string(config).unwrap().replace("services = redis", "services = redis, shop");
    std::fs::write(config, text).unwrap();
    house.run(&["deploy", "--config", config]);
    assert_eq!((all("web-01"), all("web-03")), (one, three));
    let now = all("web-02");
    assert_eq!((&now[..2], now[2].len()), (&two[..2], 1), "what served goes on, and one more does");
    assert!(daemon.talk("10.67.0.12", 8080, "a\nb\n").contains("sorry"));
}
