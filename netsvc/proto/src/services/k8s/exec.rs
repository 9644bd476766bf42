//! Running what a request names in a pod: a shell of the pod's own system, or of the host's where its root is mounted.

use super::{
    api::Target,
    store::uuid,
    websocket::{self, Frame, channel},
};
use crate::{
    account,
    away::away,
    cast::Cast,
    container::{self, Inside, Network},
    output::{PAUSE, TRICKLE, until, with_returns},
};
use netsvc_kit::{Gathered, Host, Link, Session, recorder};
use netsvc_persona::subkey;
use netsvc_shell::{
    Arrival, Emit, Outcome, SessionFacts, Shell, ShellHost, Stream, Terminal, TerminalOutput, Waits, text,
};
use serde_json::{Value, json};
use std::{io, sync::Arc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once, and that wait for the rest of a frame.
const PIECE: usize = 8 * 1024;
const WAITING: usize = 512 * 1024;
/// Status of what could not be run.
const NOT_FOUND: i32 = 127;

/// What was typed.
enum Typed {
    Bytes(Vec<u8>),
    End,
    Size(u32, u32),
}

/// A program over a connection.
pub(super) struct Exec<'a> {
    session: &'a mut Session,
    host: Arc<Host>,
    link: Link,
    target: Target,
    bytes: Gathered,
}

impl<'a> Exec<'a> {
    /// `early`: what came behind the request.
    pub(super) fn new(session: &'a mut Session, target: Target, early: &[u8]) -> Self {
        let mut bytes = Gathered::new(WAITING);
        // What there is no room for ends the connection when more comes.
        let _ = bytes.push(early);
        let (host, link) = (session.host().clone(), *session.link());
        Exec { session, host, link, target, bytes }
    }

    /// Runs it to its end, and tells how that was.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let shell = shell(&self.host, &self.link, &self.target);
        let first = self.target.words.first().cloned().unwrap_or_default();
        let quoted = quoted(std::slice::from_ref(&first));
        let look = format!("command -v {quoted} >/dev/null");
        let (shell, known) =
            away(&self.host, &self.link, shell, move |shell| shell.run_line(&look).status).await?;
        if known != 0 {
            let message = format!(
                "command terminated with exit code 126: OCI runtime exec failed: exec failed: unable to start \
                    container \
                 process: exec: {first:?}: executable file not found in $PATH: unknown"
            );
            let status = json!({ "metadata": {}, "status": "Failure", "message": message, "reason": "InternalErro\
                r", "code": 500 });
            return self.end(&status).await;
        }
        let alone = self.target.words.iter().skip(1).all(|word| word.starts_with('-') && !word.contains('c'));
        let status = if self.target.terminal && is_shell(&first) && alone {
            self.interactive(shell).await?
        } else {
            self.command(shell).await?
        };
        account::save(&self.host);
        let value = match status {
            0 => json!({ "metadata": {}, "status": "Success" }),
            status => json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: exit status {status}"),
                "details": { "causes": [{ "reason": "ExitCode", "message": status.to_string() }] },
            }),
        };
        self.end(&value).await
    }

    async fn end(&mut self, status: &Value) -> io::Result<()> {
        self.session.write_all(&websocket::on(channel::STATUS, status.to_string().as_bytes())).await?;
        self.session.write_all(&websocket::close()).await?;
        self.session.flush().await
    }

    async fn show(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let channel =
            if stream == Stream::Err && !self.target.terminal { channel::ERRORS } else { channel::OUTPUT };
        for piece in bytes.chunks(32 * 1024) {
            self.session.write_all(&websocket::on(channel, piece)).await?;
        }
        self.session.flush().await
    }

    async fn command(&mut self, shell: Shell) -> io::Result<i32> {
        let line = line(&self.target);
        let (mut shell, mut outcome) =
            away(&self.host, &self.link, shell, move |shell| shell.exec(&line, None)).await?;
        let mut ended = !self.target.input;
        loop {
            let (status, waits) = (outcome.status, outcome.waits);
            self.emit(outcome).await?;
            let Some(waits) = waits else { return Ok(status) };
            let input = if ended || waits == Waits::More {
                Vec::new()
            } else {
                match self.typed().await? {
                    Typed::Bytes(bytes) => bytes,
                    Typed::Size(..) => Vec::new(),
                    Typed::End => {
                        ended = true;
                        Vec::new()
                    }
                }
            };
            let over = ended;
            let feed = move |shell: &mut Shell| match waits {
                Waits::Input | Waits::More => shell.feed_piece(&input, over),
                Waits::Line | Waits::Secret => {
                    shell.feed_line(Some(text::decode(&input).trim_end_matches(['\r', '\n'])))
                }
            };
            (shell, outcome) = away(&self.host, &self.link, shell, feed).await?;
        }
    }

    /// Writes the output of a line in its time.
    async fn emit(&mut self, mut outcome: Outcome) -> io::Result<()> {
        account::record(&self.host, &self.link, std::mem::take(&mut outcome.events));
        let terminal = self.target.terminal;
        for Emit { after, stream, bytes } in outcome.chunks {
            if !after.is_zero() {
                tokio::time::sleep(after.min(PAUSE)).await;
            }
            let bytes = if terminal { with_returns(&bytes) } else { bytes };
            self.show(stream, &bytes).await?;
        }
        if !outcome.rest.is_zero() {
            tokio::time::sleep(outcome.rest.min(PAUSE)).await;
        }
        // What never ends goes on until the peer has enough.
        while let Some(more) = &outcome.goes_on {
            tokio::time::sleep(TRICKLE).await;
            let more = more.clone();
            self.show(Stream::Out, &more).await?;
        }
        Ok(())
    }

    async fn interactive(&mut self, shell: Shell) -> io::Result<i32> {
        let mut cast = Cast::begin(80, 24, "xterm", recorder::now());
        let mut terminal = Terminal::new(shell);
        let served = self.converse(&mut terminal, &mut cast).await;
        account::record(&self.host, &self.link, terminal.hangup());
        cast.store(&self.host, &self.link);
        served.map(|()| terminal.status())
    }

    async fn converse(&mut self, terminal: &mut Terminal, cast: &mut Cast) -> io::Result<()> {
        let mut output = terminal.start(recorder::now());
        loop {
            cast.output(&output.bytes);
            account::record(&self.host, &self.link, std::mem::take(&mut output.events));
            self.show(Stream::Out, &output.bytes).await?;
            if output.closed {
                return Ok(());
            }
            let typed = self.wait(&output).await?;
            if let Some(Typed::Bytes(bytes)) = &typed {
                cast.input(bytes);
            }
            output = match typed {
                None => terminal.poll(recorder::now()),
                // The end of input is that of a line.
                Some(Typed::End) => terminal.input(&[4], recorder::now()),
                Some(Typed::Size(columns, rows)) => {
                    terminal.resize(columns, rows);
                    terminal.poll(recorder::now())
                }
                Some(Typed::Bytes(bytes)) => terminal.input(&bytes, recorder::now()),
            };
        }
    }

    /// What is typed next; `None`: the time has come that the terminal waits for.
    async fn wait(&mut self, output: &TerminalOutput) -> io::Result<Option<Typed>> {
        let Some(wait) = output.wake_at.map(until) else { return self.typed().await.map(Some) };
        tokio::select! {
            typed = self.typed() => typed.map(Some),
            () = tokio::time::sleep(wait) => Ok(None),
        }
    }

    /// The next thing on the channels that go in; it may be left and asked for again.
    async fn typed(&mut self) -> io::Result<Typed> {
        loop {
            let found = websocket::read(self.bytes.bytes()).map_err(|()| io::ErrorKind::InvalidData)?;
            let Some((frame, length)) = found else {
                let mut buffer = [0; PIECE];
                let count = self.session.read(&mut buffer).await?;
                let room = self.bytes.push(buffer.get(..count).unwrap_or_default()).is_ok();
                if count == 0 || !room {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            self.bytes.skip(length);
            match frame {
                Frame::Data(data) => match data.split_first() {
                    Some((&channel::INPUT, rest)) if !rest.is_empty() => {
                        return Ok(Typed::Bytes(rest.to_vec()));
                    }
                    Some((&channel::OVER, [channel::INPUT])) => return Ok(Typed::End),
                    Some((&channel::SIZE, rest)) => {
                        let value: Value = serde_json::from_slice(rest).unwrap_or_default();
                        let side = |key: &str| {
                            value
                                .get(key)
                                .and_then(Value::as_u64)
                                .and_then(|side| u32::try_from(side).ok())
                                .unwrap_or(0)
                        };
                        return Ok(Typed::Size(side("Width").clamp(1, 1000), side("Height").clamp(1, 1000)));
                    }
                    _ => {}
                },
                Frame::Ping(bytes) => self.session.write_all(&websocket::pong(&bytes)).await?,
                Frame::Close => return Err(io::ErrorKind::UnexpectedEof.into()),
                Frame::Other => {}
            }
        }
    }
}

/// Runs a line in a pod to its end and gives all that it wrote, as the kubelet's `/run` does.
pub(super) async fn output(host: &Arc<Host>, link: &Link, target: &Target) -> io::Result<Vec<u8>> {
    let shell = shell(host, link, target);
    let line = line(target);
    let (_, mut outcome) = away(host, link, shell, move |shell| shell.exec(&line, None)).await?;
    account::record(host, link, std::mem::take(&mut outcome.events));
    account::save(host);
    let mut written = Vec::new();
    for chunk in outcome.chunks {
        written.extend(chunk.bytes);
    }
    if outcome.status == NOT_FOUND && written.is_empty() {
        written = b"error: command not found".to_vec();
    }
    Ok(written)
}

fn is_shell(word: &str) -> bool {
    ["sh", "bash", "ash", "dash", "zsh"].contains(&word.rsplit('/').next().unwrap_or(word))
}

/// Words as a shell reads them again.
fn quoted(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:@%+,".contains(&byte))
    };
    let one =
        |word: &String| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Where a pod has the host's root.
fn root(pod: &Value) -> Option<String> {
    let volumes = pod.pointer("/spec/volumes")?.as_array()?;
    let of_host = volumes
        .iter()
        .find(|volume| volume.pointer("/hostPath/path").and_then(Value::as_str) == Some("/"))?;
    let name = of_host.get("name")?;
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    let mounts =
        containers.iter().filter_map(|container| container.get("volumeMounts")?.as_array()).flatten();
    let mut there = mounts.filter(|mount| mount.get("name") == Some(name));
    Some(there.next()?.get("mountPath")?.as_str()?.trim_end_matches('/').to_owned())
}

fn line(target: &Target) -> String {
    let line = quoted(&target.words);
    match root(&target.pod).filter(|root| !root.is_empty()) {
        Some(root) => container::without_root(&line, &root),
        None => line,
    }
}

/// System in an image of this name.
fn system(image: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| image.contains(word));
    if has(&["ubuntu"]) {
        "ubuntu2204"
    } else if has(&["centos", "rocky", "fedora"]) {
        "rocky9"
    } else if has(&["alpine", "busybox", "flannel"]) {
        "alpine319"
    } else if has(&["debian", "nginx", "node", "postgres", "redis", "python", "bookworm", "kube-"]) {
        "debian12"
    } else {
        "alpine319"
    }
}

/// The shell that a pod is seen by.
fn shell(host: &Arc<Host>, link: &Link, target: &Target) -> Shell {
    let tty = target.terminal.then(|| "pts/0".to_owned());
    let facts = SessionFacts { arrival: Arrival::Container, ..account::facts(host, link, tty) };
    let source = link.source();
    let mut shell = match root(&target.pod) {
        Some(_) => account::shell(host).login("root", source, facts),
        None => {
            let persona = Arc::new(container::persona(host, &inside(host, target)));
            ShellHost::new(persona, account::overlays(host), Arc::new(recorder::now))
                .login("root", source, facts)
        }
    };
    // The root is there.
    let _ = shell.fs().set_cwd("/");
    for (name, value) in [
        ("HOSTNAME", target.name.as_str()),
        ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
        ("KUBERNETES_SERVICE_PORT", "443"),
        ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
        ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
    ] {
        shell.set_environment(name, value);
    }
    if target.terminal {
        shell.set_environment("TERM", "xterm");
    }
    if shell.flavour().busybox() {
        shell.set_environment("PS1", "\\w \\$ ");
    }
    shell
}

fn inside(host: &Host, target: &Target) -> Inside {
    let pod = &target.pod;
    let image = pod.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    let ip = pod.pointer("/status/podIP").and_then(Value::as_str).unwrap_or("10.244.0.9");
    let networked = pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true));
    let uid = pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let drawn = hex::encode(subkey::bytes(&key, &["k8s", "pod", uid]));
    let tail = drawn.get(..6).unwrap_or("a1b2c3");
    let pairs: Vec<&str> =
        [(0, 2), (2, 4), (4, 6)].iter().filter_map(|(from, to)| tail.get(*from..*to)).collect();
    let network = (!networked).then(|| Network {
        host_name: target.name.clone(),
        address: ip.parse().ok(),
        prefix: 24,
        gateway: "10.244.0.1".parse().ok(),
        mac: format!("5a:{}:{}:0c", pairs.join(":"), drawn.get(6..8).unwrap_or("4e")),
    });
    Inside { files: format!("{}.pod-{}", host.persona().node, uuid(&drawn)), system: system(image), network }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_root_of_the_host_is_found_where_it_is_mounted() {
        let pod = json!({ "spec": {
            "containers": [{ "volumeMounts": [{ "name": "h", "mountPath": "/host/" }] }],
            "volumes": [{ "name": "h", "hostPath": { "path": "/" } }],
        } });
        assert_eq!(root(&pod).as_deref(), Some("/host"));
        assert_eq!(root(&json!({ "spec": { "volumes": [] } })), None);
        let words = ["chroot", "/host", "sh", "-c", "cat /host/etc/shadow"].map(str::to_owned).to_vec();
        let target = Target { name: String::new(), pod, words, terminal: false, input: false };
        assert_eq!(line(&target), "chroot / sh -c 'cat /etc/shadow'");
    }
}
