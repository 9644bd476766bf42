//! Running what a request names in a pod: a shell of the pod's own system, or of the host's where its root is mounted.

use super::{
    carrier::{Carrier, Heard},
    target::{Target, quoted},
    websocket::channel,
};
use crate::{
    account,
    away::away,
    cast::Cast,
    container, onward,
    output::{PAUSE, TRICKLE, until, with_returns},
};
use netsvc_kit::{Host, Link, recorder};
use netsvc_persona::subkey;
use netsvc_shell::{
    Arrival, Emit, Outcome, SessionFacts, Shell, ShellHost, Stream, Terminal, TerminalOutput, Waits, text,
};
use serde_json::{Value, json};
use std::{io, sync::Arc};

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
    carrier: Carrier<'a>,
    host: Arc<Host>,
    link: Link,
    target: Target,
}

impl<'a> Exec<'a> {
    pub(super) fn new(carrier: Carrier<'a>, host: &Arc<Host>, link: &Link, target: Target) -> Self {
        Exec { carrier, host: host.clone(), link: *link, target }
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
            return self.end(&self.unknown(&first)).await;
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

    /// What the runtime says of a program that is not there.
    fn unknown(&self, program: &str) -> Value {
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let id = hex::encode(subkey::bytes(&key, &["k8s", "exec", &self.link.session.to_string()]));
        let told = format!(
            "error executing command in container: failed to exec in container: failed to start exec \"{id}\": OCI \
             runtime exec failed: exec failed: unable to start container process: exec: {program:?}: executable file \
             not found in $PATH: unknown"
        );
        json!({
            "metadata": {}, "status": "Failure", "message": format!("Internal error occurred: {told}"),
            "reason": "InternalError", "details": { "causes": [{ "message": told }] }, "code": 500,
        })
    }

    async fn end(&mut self, status: &Value) -> io::Result<()> {
        self.carrier.end(status).await
    }

    async fn show(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let channel =
            if stream == Stream::Err && !self.target.terminal { channel::ERRORS } else { channel::OUTPUT };
        if bytes.is_empty() { Ok(()) } else { self.carrier.say(channel, bytes).await }
    }

    async fn command(&mut self, shell: Shell) -> io::Result<i32> {
        let line = self.target.line();
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
        let mut terminal = Some(Terminal::new(shell));
        let served = self.converse(&mut terminal, &mut cast).await;
        let mut status = 1;
        if let Some(mut terminal) = terminal {
            status = terminal.status();
            account::record(&self.host, &self.link, terminal.hangup());
        }
        cast.store(&self.host, &self.link);
        served.map(|()| status)
    }

    /// Lets the peer and the terminal talk; the terminal is gone afterwards if it failed inside.
    async fn converse(&mut self, terminal: &mut Option<Terminal>, cast: &mut Cast) -> io::Result<()> {
        let mut output = self.work(terminal, |terminal| terminal.start(recorder::now())).await?;
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
            let step = move |terminal: &mut Terminal| match typed {
                None => terminal.poll(recorder::now()),
                // The end of input is that of a line.
                Some(Typed::End) => terminal.input(&[4], recorder::now()),
                Some(Typed::Size(columns, rows)) => {
                    terminal.resize(columns, rows);
                    terminal.poll(recorder::now())
                }
                Some(Typed::Bytes(bytes)) => terminal.input(&bytes, recorder::now()),
            };
            output = self.work(terminal, step).await?;
        }
    }

    /// Runs a step of the terminal among the workers: what it runs may wait for other nodes.
    async fn work(
        &mut self,
        terminal: &mut Option<Terminal>,
        step: impl FnOnce(&mut Terminal) -> TerminalOutput + Send + 'static,
    ) -> io::Result<TerminalOutput> {
        let taken = terminal.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (back, output) = away(&self.host, &self.link, taken, step).await?;
        *terminal = Some(back);
        Ok(output)
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
            match self.carrier.hear().await? {
                Heard::Bytes(channel::INPUT, bytes) => return Ok(Typed::Bytes(bytes)),
                Heard::Over(channel::INPUT) => return Ok(Typed::End),
                Heard::Bytes(channel::SIZE, bytes) => {
                    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                    let side = |key: &str| {
                        let side = value.get(key).and_then(Value::as_u64);
                        side.and_then(|side| u32::try_from(side).ok()).unwrap_or(0).clamp(1, 1000)
                    };
                    return Ok(Typed::Size(side("Width"), side("Height")));
                }
                Heard::Bytes(..) | Heard::Over(_) => {}
            }
        }
    }
}

/// Runs a line in a pod to its end and gives all that it wrote, as the kubelet's `/run` does.
pub(super) async fn output(host: &Arc<Host>, link: &Link, target: &Target) -> io::Result<Vec<u8>> {
    let shell = shell(host, link, target);
    let line = target.line();
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

/// The shell that a pod is seen by.
fn shell(host: &Arc<Host>, link: &Link, target: &Target) -> Shell {
    let tty = target.terminal.then(|| "pts/0".to_owned());
    let facts = SessionFacts { arrival: Arrival::Container, ..account::facts(host, link, tty) };
    let source = link.source();
    let mut shell = match target.has_host() {
        true => account::shell(host).login("root", source, facts),
        false => {
            let persona = Arc::new(container::persona(host, &target.inside(host)));
            ShellHost::new(persona, account::overlays(host), Arc::new(recorder::now))
                .login("root", source, facts)
        }
    };
    onward::lead(host, link, &mut shell);
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
