//! The worker `operator`: what operators ask for through the interface is done by the same verbs, as another process of
//! this program that has the rights of who started the workers. The interface itself only queues it.

mod learn;
mod words;

use crate::{commands::Context, output};
use anyhow::{Context as _, Result, bail};
use decnet_fleet::intent;
use decnet_model::{
    operation::{LearnFrom, LearnWork, Request},
    record::{Operation, OperationKind, OperationState},
    worker::Worker,
};
use decnet_pipeline::runtime::WorkerContext;
use decnet_store::Store;
use netsvc_wire::stamp::now;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

/// Longest time for a piece of work; deploying gives up by itself before.
const PATIENCE: Duration = Duration::from_secs(900);
/// Most bytes of a result.
const RESULT_BYTES: u64 = 64 << 20;
/// Most bytes of what is said beside the result.
const NOTES_BYTES: usize = 64 << 10;
/// How often it is written where a piece of work stands.
const TOLD: Duration = Duration::from_millis(500);

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the store fails.
pub(crate) async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let store = context.store_or_new().await?;
    store.operation_interrupted(now()).await.context("end what was interrupted")?;
    let tick = Worker::Operator.spec().wake.tick;
    let mut done = 0_u64;
    loop {
        worker.status.report(&json!({ "operations": done }));
        let Some(mut operation) = store.operation_take(now()).await.context("look for work")? else {
            tokio::select! {
                () = sleep(tick) => continue,
                () = worker.stopped() => return Ok(()),
            }
        };
        tokio::select! {
            () = attempt(&context, &store, &mut operation) => done += 1,
            () = worker.stopped() => {
                end(&store, &mut operation, Err(anyhow::anyhow!("it was interrupted: the workers end"))).await;
                return Ok(());
            }
        }
    }
}

/// Does a piece of work and writes what came of it.
async fn attempt(context: &Context, store: &Store, operation: &mut Operation) {
    tracing::info!(id = operation.id, kind = %operation.kind, by = %operation.asked_by, "work begins");
    let outcome = match timeout(PATIENCE, carry_out(context, store, operation)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow::anyhow!("it took longer than {} s", PATIENCE.as_secs())),
    };
    end(store, operation, outcome).await;
}

async fn end(store: &Store, operation: &mut Operation, outcome: Result<()>) {
    operation.state = if outcome.is_ok() { OperationState::Done } else { OperationState::Failed };
    if let Err(error) = outcome {
        let error = format!("{error:#}");
        if !error.is_empty() {
            note(&mut operation.notes, &error);
        }
    }
    operation.progress.clear();
    operation.ended_at = Some(now());
    if let Err(error) = store.operation_put(operation).await {
        tracing::error!(id = operation.id, %error, "how it ended could not be written");
    }
}

/// Runs the verb. An error without words: the notes have them.
async fn carry_out(context: &Context, store: &Store, operation: &mut Operation) -> Result<()> {
    let request: Request = serde_json::from_str(&operation.request).context("read the request")?;
    let fleet = intent::read(store).await.context("read the fleet")?;
    let (mut arguments, input) = words::command_line(&request, fleet.as_ref());
    // Who is logged in asks, not who runs the workers.
    arguments.insert(0, format!("{}={}", output::ASKED_BY, operation.asked_by));
    let input = match &request {
        Request::Learn(LearnWork { from: LearnFrom::Upload(name), .. }) => {
            learn::handed_in(&context.paths(), name)?
        }
        _ => input.unwrap_or_default().into_bytes(),
    };
    let (mut verb, said, result) = Verb::start(context, &arguments, input)?;
    listen(said, store, operation).await;
    let text = result.await.context("read the result")?;
    let value: Option<Value> = serde_json::from_str(&text).ok();
    operation.result = value.map(|value| shortened(operation.kind, value).to_string()).unwrap_or_default();
    verb.succeeded().await
}

/// A verb that runs. It ends with this.
struct Verb(Child);

impl Verb {
    /// Starts it. Returns what it says beside its result, line by line, and the result.
    fn start(
        context: &Context,
        arguments: &[String],
        input: Vec<u8>,
    ) -> Result<(Verb, mpsc::Receiver<String>, oneshot::Receiver<String>)> {
        let mut child = Command::new("/proc/self/exe")
            .arg("--state-dir")
            .arg(context.paths().root())
            .arg(output::PROGRESS_LINES)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start the verb")?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let ((say, said), (give, result)) = (mpsc::channel(64), oneshot::channel());
        if let Some(mut stdin) = stdin {
            // A verb that has refused its arguments reads nothing.
            thread::spawn(move || stdin.write_all(&input));
        }
        thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.map(|stdout| stdout.take(RESULT_BYTES).read_to_string(&mut text));
            // Without a reader, or without a text, there is no result.
            if matches!(read, Some(Ok(_))) {
                let _ = give.send(text);
            }
        });
        thread::spawn(move || {
            let lines = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines());
            lines.map_while(Result::ok).all(|line| say.blocking_send(line).is_ok())
        });
        Ok((Verb(child), said, result))
    }

    /// Waits until it has ended, which it is about to.
    async fn succeeded(&mut self) -> Result<()> {
        let status = loop {
            match self.0.try_wait().context("wait for the verb")? {
                Some(status) => break status,
                None => sleep(Duration::from_millis(20)).await,
            }
        };
        match status.code() {
            Some(0) => Ok(()),
            Some(_) => bail!(""),
            None => bail!("the verb ended by {status}"),
        }
    }
}

impl Drop for Verb {
    fn drop(&mut self) {
        // Both fail where it has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes down what a verb says beside its result, where it stands in the place of the last of its kind.
async fn listen(mut lines: mpsc::Receiver<String>, store: &Store, operation: &mut Operation) {
    let mut told = Instant::now();
    while let Some(line) = lines.recv().await {
        match line.strip_prefix(output::PROGRESS) {
            Some(progress) => operation.progress = progress.to_owned(),
            None => note(&mut operation.notes, &line),
        }
        if told.elapsed() >= TOLD {
            told = Instant::now();
            if let Err(error) = store.operation_put(operation).await {
                tracing::warn!(id = operation.id, %error, "how far it is could not be written");
            }
        }
    }
}

fn note(notes: &mut String, line: &str) {
    if notes.len() + line.len() < NOTES_BYTES {
        if !notes.is_empty() {
            notes.push('\n');
        }
        notes.push_str(line);
    }
}

/// A plan without what nobody looks at: of each decky what a list shows.
fn shortened(kind: OperationKind, value: Value) -> Value {
    if kind != OperationKind::Plan || value.get("mode").is_some() {
        return value;
    }
    let deckies: Vec<Value> = value
        .get("deckies")
        .and_then(Value::as_object)
        .map(|deckies| deckies.values().map(listed).collect())
        .unwrap_or_default();
    let part = |name: &str| value.get(name).cloned();
    json!({
        "deckies": deckies, "changes": part("changes"), "notices": part("notices"),
        "runtime": part("runtime"), "lab": part("lab"),
    })
}

fn listed(decky: &Value) -> Value {
    let part = |name: &str| decky.get(name);
    let services = part("services").and_then(Value::as_array).into_iter().flatten();
    let slugs: Vec<_> = services.map(|service| service.get("slug")).collect();
    json!({
        "name": part("name"), "ip": part("ip"), "system": part("system"), "archetype": part("archetype"),
        "services": slugs, "absent": part("absent"),
    })
}
