//! Running what a container is for: its command in a shell of its own system, or of the host's where the host's root
//! is mounted.

use super::{
    engine::{Container, Engine, Program},
    process::{Given, Process, Running},
    spec::{is_shell, quoted},
    view,
};
use crate::{
    account,
    away::away,
    container::{self, Inside, Network},
    onward,
    output::{PAUSE, TRICKLE, until, with_returns},
};
use netsvc_kit::{Host, Link, recorder};
use netsvc_shell::{
    Arrival, Emit, Outcome, SessionFacts, Shell, ShellHost, Stream, Terminal, Waits, fs::Overlay, text,
};
use parking_lot::Mutex;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// Status of what could not be started.
const NOT_FOUND: i32 = 127;
/// Longest life of a process that is asked for.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// What is run.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The command of a container.
    Main(Arc<Container>),
    /// A program in a running one.
    Program(Arc<Program>),
}

impl Target {
    pub(super) fn process(&self) -> &Process {
        match self {
            Target::Main(container) => &container.process,
            Target::Program(program) => &program.process,
        }
    }

    pub(super) fn container(&self) -> &Arc<Container> {
        match self {
            Target::Main(container) => container,
            Target::Program(program) => &program.container,
        }
    }

    pub(super) fn has_terminal(&self) -> bool {
        match self {
            Target::Main(container) => container.spec.terminal,
            Target::Program(program) => program.terminal,
        }
    }

    fn takes_input(&self) -> bool {
        match self {
            Target::Main(container) => container.spec.open_input,
            Target::Program(program) => program.takes_input,
        }
    }

    fn words(&self) -> &[String] {
        match self {
            Target::Main(container) => container.spec.program(),
            Target::Program(program) => &program.words,
        }
    }

    /// User, folder and environment.
    fn place(&self) -> (&str, &str, &[String]) {
        match self {
            Target::Main(container) => {
                (&container.spec.user, &container.spec.folder, &container.spec.environment)
            }
            Target::Program(program) => (&program.user, &program.folder, &program.environment),
        }
    }

    /// Whether it goes on by itself until it is stopped.
    fn is_service(&self) -> bool {
        matches!(self, Target::Main(container) if container.spec.is_service || container.seeded)
    }
}

/// Who runs it, and where.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) engine: Weak<Mutex<Engine>>,
}

impl Runner {
    /// Starts `target`, in the name of the connection that asks for it.
    ///
    /// # Errors
    /// The engine's words for why it cannot be started.
    pub(super) async fn start(&self, target: Target) -> Result<(), String> {
        let pool = self.engine.upgrade().map(|engine| engine.lock().pool.clone());
        let Some(place) = pool.and_then(|pool| pool.run()) else {
            return Err("failed to create shim task: fork/exec /usr/bin/containerd-shim-runc-v2: resource \
                        temporarily unavailable: unknown"
                .to_owned());
        };
        let now = self.host.clock();
        if target.is_service() {
            target.process().begin(now);
            self.spawn(target, None, place);
            return Ok(());
        }
        let shell = self.shell(&target);
        let first = target.words().first().cloned().unwrap_or_default();
        let shell = match self.find(shell, &first).await {
            Ok(shell) => shell,
            Err(text) => {
                target.process().fail(NOT_FOUND);
                self.over(&target);
                return Err(text);
            }
        };
        target.process().begin(now);
        self.spawn(target, Some(shell), place);
        Ok(())
    }

    /// The shell again, if it knows the program `name`.
    async fn find(&self, shell: Shell, name: &str) -> Result<Shell, String> {
        let line = format!("command -v {} >/dev/null", quoted(&[name.to_owned()]));
        let looked = away(&self.host, &self.link, shell, move |shell| shell.run_line(&line).status).await;
        let prefix = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
                      container process";
        match looked {
            Ok((shell, 0)) => Ok(shell),
            Ok(_) if name.contains('/') => {
                Err(format!("{prefix}: exec: {name:?}: stat {name}: no such file or directory: unknown"))
            }
            Ok(_) => Err(format!("{prefix}: exec: {name:?}: executable file not found in $PATH: unknown")),
            Err(_) => Err(format!("{prefix}: cannot allocate memory: unknown")),
        }
    }

    fn spawn(&self, target: Target, shell: Option<Shell>, place: Running) {
        let runner = self.clone();
        let account = netsvc_kit::budget::Account::current();
        let work = async move {
            let life = tokio::time::sleep(LIFE);
            let status = tokio::select! {
                status = runner.run(&target, shell) => status,
                () = life => 137,
            };
            target.process().end(status, runner.host.clock());
            account::save(&runner.host);
            runner.over(&target);
            drop(place);
        };
        drop(tokio::spawn(account.within(work)));
    }

    /// What a container leaves when it has ended.
    fn over(&self, target: &Target) {
        let Target::Main(container) = target else { return };
        let Some(engine) = self.engine.upgrade() else { return };
        let mut engine = engine.lock();
        for program in engine.programs.iter().filter(|program| program.container.id == container.id) {
            program.process.stop(137);
        }
        if container.spec.removes_itself {
            engine.remove(&container.id);
        }
    }

    async fn run(&self, target: &Target, shell: Option<Shell>) -> i32 {
        let process = target.process();
        let Some(shell) = shell else { return process.stopped().await };
        let words = target.words();
        let alone = words.iter().skip(1).all(|word| word.starts_with('-') && !word.contains('c'));
        let interactive = words.first().is_some_and(|word| is_shell(word)) && alone;
        if target.has_terminal() && interactive {
            return self.interactive(process, shell).await;
        }
        let line = in_host(target.container(), &quoted(words));
        tokio::select! {
            biased;
            status = process.stopped() => {
                // What was cut short is told all the same.
                let command = netsvc_shell::ShellEvent::Command { line: line.clone(), cwd: String::new(), status };
                account::record(&self.host, &self.link, vec![command]);
                status
            }
            status = self.command(target, shell, line.clone()) => status,
        }
    }

    async fn command(&self, target: &Target, shell: Shell, line: String) -> i32 {
        let process = target.process();
        let (mut shell, mut outcome) = match self.away(shell, move |shell| shell.exec(&line, None)).await {
            Ok(done) => done,
            Err(_) => return NOT_FOUND,
        };
        let mut ended = !target.takes_input();
        loop {
            let status = outcome.status;
            let waits = outcome.waits;
            self.emit(process, outcome, target.has_terminal()).await;
            let Some(waits) = waits else { return status };
            let (input, over) = if ended || waits == Waits::More {
                (Vec::new(), ended)
            } else {
                match process.given().await {
                    Given::Stop(status) => return status,
                    Given::Input(bytes, over) => (bytes, over),
                }
            };
            ended |= over;
            let feed = move |shell: &mut Shell| match waits {
                Waits::Input | Waits::More => shell.feed_piece(&input, over),
                Waits::Line | Waits::Secret => {
                    shell.feed_line(Some(text::decode(&input).trim_end_matches(['\r', '\n'])))
                }
            };
            match self.away(shell, feed).await {
                Ok(done) => (shell, outcome) = done,
                Err(_) => return 137,
            }
        }
    }

    /// Writes the output of a line in its time.
    async fn emit(&self, process: &Process, mut outcome: Outcome, terminal: bool) {
        account::record(&self.host, &self.link, std::mem::take(&mut outcome.events));
        for Emit { after, stream, bytes } in outcome.chunks {
            if !after.is_zero() {
                tokio::time::sleep(after.min(PAUSE)).await;
            }
            let (stream, bytes) =
                if terminal { (Stream::Out, with_returns(&bytes)) } else { (stream, bytes) };
            process.write(stream, bytes, self.host.clock());
        }
        if !outcome.rest.is_zero() {
            tokio::time::sleep(outcome.rest.min(PAUSE)).await;
        }
        // What never ends goes on until it is stopped.
        while let Some(more) = &outcome.goes_on {
            tokio::time::sleep(TRICKLE).await;
            process.write(Stream::Out, more.clone(), self.host.clock());
        }
    }

    async fn interactive(&self, process: &Process, shell: Shell) -> i32 {
        let mut terminal = Terminal::new(shell);
        let mut window = process.size_of_terminal();
        terminal.resize(window.0, window.1);
        let mut output = terminal.start(recorder::now());
        loop {
            account::record(&self.host, &self.link, std::mem::take(&mut output.events));
            process.write(Stream::Out, std::mem::take(&mut output.bytes), self.host.clock());
            if output.closed {
                break;
            }
            let wait = output.wake_at.map(until);
            let given = tokio::select! {
                given = process.given() => Some(given),
                () = tokio::time::sleep(wait.unwrap_or(PAUSE)), if wait.is_some() => None,
            };
            let typed = match given {
                Some(Given::Stop(status)) => {
                    account::record(&self.host, &self.link, terminal.hangup());
                    return status;
                }
                // The end of input is that of a line.
                Some(Given::Input(bytes, true)) if bytes.is_empty() => Some(vec![4]),
                Some(Given::Input(bytes, _)) => Some(bytes),
                None => None,
            };
            if window != process.size_of_terminal() {
                window = process.size_of_terminal();
                terminal.resize(window.0, window.1);
            }
            let worked = self.away(terminal, move |terminal| match typed {
                None => terminal.poll(recorder::now()),
                Some(bytes) => terminal.input(&bytes, recorder::now()),
            });
            match worked.await {
                Ok(done) => (terminal, output) = done,
                Err(_) => return 137,
            }
        }
        account::record(&self.host, &self.link, terminal.hangup());
        terminal.status()
    }

    async fn away<T: Send + 'static, R: Send + 'static>(
        &self,
        on: T,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> std::io::Result<(T, R)> {
        away(&self.host, &self.link, on, work).await
    }

    /// The shell that `target` runs in.
    fn shell(&self, target: &Target) -> Shell {
        let container = target.container();
        let (user, folder, environment) = target.place();
        let tty = target.has_terminal().then(|| "pts/0".to_owned());
        let facts =
            SessionFacts { arrival: Arrival::Container, ..account::facts(&self.host, &self.link, tty) };
        let user = if user.is_empty() || user.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
            "root"
        } else {
            user.split(':').next().unwrap_or(user)
        };
        let source = self.link.source();
        let mut shell = match container.spec.host_root() {
            Some(_) => account::shell(&self.host).login(user, source, facts),
            None => {
                let persona = Arc::new(container::persona(&self.host, &inside(&self.host, container)));
                let overlays = account::overlays(&self.host);
                ShellHost::new(persona, overlays, Arc::new(recorder::now)).login(user, source, facts)
            }
        };
        onward::lead(&self.host, &self.link, &mut shell);
        let folder = if folder.is_empty() { "/" } else { folder };
        if shell.fs().set_cwd(folder).is_err() {
            // A folder that is not there is the root here.
            let _ = shell.fs().set_cwd("/");
        }
        for (name, value) in environment.iter().filter_map(|variable| variable.split_once('=')) {
            shell.set_environment(name, value);
        }
        if target.has_terminal() {
            shell.set_environment("TERM", "xterm");
        }
        if shell.flavour().busybox() {
            shell.set_environment("PS1", "\\w \\$ ");
        }
        shell
    }
}

/// Empties the place of a new container's files.
pub(super) fn clear(host: &Host, link: &Link, container: &Container) {
    let overlay = account::overlays(host).overlay(&files(host, container), link.source());
    *overlay.lock() = Overlay::default();
}

/// Name under which the files of a container are kept.
fn files(host: &Host, container: &Container) -> String {
    format!("{}.{}", host.persona().node, container.slot)
}

/// A container as its shell sees it.
fn inside(host: &Host, container: &Container) -> Inside {
    let network = (container.spec.network != "host").then(|| Network {
        host_name: view::host_name(container),
        address: container.address().parse().ok(),
        prefix: 16,
        gateway: "172.17.0.1".parse().ok(),
        mac: format!("02:42:ac:11:00:{:02x}", container.slot + 2),
    });
    Inside { files: files(host, container), system: container.system, network }
}

/// `line` as it is said on the host, where the host's root is mounted in the container.
fn in_host(container: &Container, line: &str) -> String {
    match container.spec.host_root().map(|root| root.trim_end_matches('/')).filter(|root| !root.is_empty()) {
        Some(root) => container::without_root(line, root),
        None => line.to_owned(),
    }
}
