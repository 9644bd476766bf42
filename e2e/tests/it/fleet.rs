//! A fleet of its own for each test, and the ways to look at it.

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Deckies with all services, deployed in a folder of their own; gone when dropped.
pub(crate) struct Fleet {
    state: tempfile::TempDir,
    octet: u8,
    port: u16,
    environment: Vec<(String, String)>,
}

/// The built program `name`.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.is_file(), "{} is missing: run `make build`", path.display());
    path
}

/// Whether the tool is there. Where CI is set a missing one is a failure.
pub(crate) fn have(tool: &str, package: &str) -> bool {
    let found = std::env::var("PATH")
        .unwrap_or_default()
        .split(':')
        .any(|folder| Path::new(folder).join(tool).is_file());
    assert!(found || std::env::var("CI").is_err(), "{tool} is missing: apt-get install {package}");
    if !found {
        eprintln!("skipped: {tool} is missing (apt-get install {package})");
    }
    found
}

/// Runs a client and returns what it printed. Bounded in time.
pub(crate) fn client(tool: &str, arguments: &[&str]) -> Output {
    Command::new("timeout").arg("50").arg(tool).args(arguments).output().unwrap()
}

/// What a client printed, as text.
pub(crate) fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Fleet {
    /// Deploys in `127.<octet>.0.0/16` with a login policy.
    pub(crate) fn deploy(octet: u8, login: &str) -> Self {
        Fleet::deploy_with(octet, login, 2, &[])
    }

    /// A folder and a port for a fleet, nothing else.
    pub(crate) fn begin(octet: u8, environment: &[(&str, &str)]) -> Self {
        let state = tempfile::Builder::new().prefix("fleet-e2e-").tempdir_in("/var/tmp").unwrap();
        // Services run as another user and must be able to reach their spool.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let ports: Vec<u16> = crate::free_ports(2);
        let mut environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        // What a test says goes before.
        environment.insert(0, ("DECNET_WEB_PORT".to_owned(), ports[1].to_string()));
        let port = ports[0];
        Fleet { state, octet, port, environment }
    }

    /// Deploys what an INI says.
    pub(crate) fn deploy_config(octet: u8, text: &str) -> Self {
        let fleet = Fleet::begin(octet, &[]);
        let path = fleet.state().join("fleet.ini");
        std::fs::write(&path, text).unwrap();
        fleet.run(&["deploy", "--config", path.to_str().unwrap()]);
        fleet
    }

    /// As [`Fleet::deploy`] with so many deckies and settings for the operator's program.
    pub(crate) fn deploy_with(octet: u8, login: &str, deckies: u8, environment: &[(&str, &str)]) -> Self {
        let services = "ssh,telnet,http,ftp,smtp,redis,mysql";
        Fleet::deploy_services(octet, login, deckies, environment, services)
    }

    /// As [`Fleet::deploy_with`] with these services, names with commas between.
    pub(crate) fn deploy_services(
        octet: u8,
        login: &str,
        deckies: u8,
        environment: &[(&str, &str)],
        services: &str,
    ) -> Self {
        let fleet = Fleet::begin(octet, environment);
        let subnet = format!("127.{octet}.0.0/16");
        fleet.run(&[
            "deploy",
            "-n",
            &deckies.to_string(),
            "--services",
            services,
            "--subnet",
            &subnet,
            "--login",
            login,
            "--seed",
            "e2e",
            "--distro",
            "debian",
        ]);
        fleet
    }

    /// Address of a decky, counted from zero.
    pub(crate) fn ip(&self, index: u8) -> String {
        format!("127.{}.1.{index}", self.octet)
    }

    /// Port of its interface.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs the operator's program; fails the test when it fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        // The status may be red where a test breaks something.
        let told = output.status.success() || arguments.first() == Some(&"status");
        assert!(told, "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the operator's program.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(program("decnet"))
            .arg("--state-dir")
            .arg(self.state.path())
            .args(arguments)
            .env("DECNET_API_PORT", self.port.to_string())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    /// Folder of the fleet.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// Process id of the service process that runs now. The file that tells is written every two seconds.
    pub(crate) fn service_process(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let standing: Value = serde_json::from_str(&self.run(&["status", "--json"])).unwrap();
            let pid = standing["runtime"]["process"].as_u64().map(|pid| pid.to_string());
            if let Some(pid) = pid.filter(|pid| Path::new("/proc").join(pid).exists()) {
                return pid;
            }
            assert!(Instant::now() < deadline, "no service process is known: {standing}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ends the service process and waits until another one serves.
    pub(crate) fn restart_services(&self) {
        let old = self.service_process();
        assert!(Command::new("kill").args(["-9", &old]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.service_process() == old || std::net::TcpStream::connect((self.ip(0), 10022)).is_err() {
            assert!(Instant::now() < deadline, "the service process did not come back");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Events of a kind so far.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let lines = self.run(&["events", "--json", "-n", "100000", "--kind", kind]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until `found` finds something in the events of a kind.
    pub(crate) fn wait_for<T>(&self, kind: &str, found: impl Fn(&[Value]) -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let events = self.events(kind);
            if let Some(value) = found(&events) {
                return value;
            }
            assert!(Instant::now() < deadline, "no such {kind} event; there are: {events:#?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits for an event of a kind with a field that contains `text`, and returns it.
    pub(crate) fn wait_for_text(&self, kind: &str, field: &str, text: &str) -> Value {
        self.wait_for(kind, |events| {
            let fits =
                |event: &&Value| event["fields"][field].as_str().is_some_and(|value| value.contains(text));
            events.iter().find(fits).cloned()
        })
    }

    /// Content of an artefact.
    pub(crate) fn artefact(&self, sha256: &str) -> Vec<u8> {
        let output = self.command(&["artifacts", "get", sha256, "--output", "-"]);
        assert!(output.status.success(), "{}", printed(&output));
        output.stdout
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let output = self.command(&["teardown", "--all"]);
        if !output.status.success() {
            eprintln!("teardown: {}", printed(&output));
        }
    }
}
