//! Speaking to the daemon: HTTP/1.1 over its socket, answers of bounded size, and another try where that can help.

use decnet_compose::class::{Class, judge};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Request, body::Bytes, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, task::JoinHandle, time::timeout};

/// Where the daemon listens, unless `DOCKER_HOST` names another socket.
const SOCKET: &str = "/var/run/docker.sock";
/// Version of the API that is spoken: Docker 20.10 and newer know it, the newest ones only this or above.
const API: (&str, &str) = ("v1.41", "v1.44");
/// Longest answer.
const ANSWER_MOST: usize = 32 << 20;
/// Longest wait for an answer; a pull or a build takes its time.
const USUAL: Duration = Duration::from_secs(60);
pub(super) const LONG: Duration = Duration::from_secs(1800);
/// Tries of a request that may be made again, and the wait before the second one; it doubles.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// A way to a daemon.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    api: &'static str,
    /// Whether images are made by the newer builder where nothing else is said.
    has_buildkit: bool,
}

/// Why the daemon did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// There is no way to it.
    #[error("reach the Docker daemon at {}{}", socket.display(), hint(judge(0, &source.to_string()).remedy))]
    Reach {
        /// Its socket.
        socket: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// The connection broke.
    #[error("{attempt}: talk to the Docker daemon")]
    Talk {
        /// What was attempted.
        attempt: String,
        /// What happened.
        #[source]
        source: hyper::Error,
    },
    /// It refused or failed.
    #[error("{attempt}: {message}{}", hint(judge(*status, message).remedy))]
    Failed {
        /// What was attempted, with the name of the image or container.
        attempt: String,
        /// HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It said something else than it should.
    #[error("{attempt}: the Docker daemon's answer cannot be read: {why}")]
    Odd {
        /// What was attempted.
        attempt: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something on this host is not as it should be.
    #[error("{attempt}: {why}")]
    Host {
        /// What was attempted.
        attempt: String,
        /// What is wrong.
        why: String,
    },
    /// It did not answer.
    #[error("{attempt}: no answer of the Docker daemon within {} s", after.as_secs())]
    Slow {
        /// What was attempted.
        attempt: String,
        /// How long was waited.
        after: Duration,
    },
}

fn hint(remedy: &str) -> String {
    if remedy.is_empty() { String::new() } else { format!("; {remedy}") }
}

impl DockerError {
    /// Something on this host is not as it should be.
    pub(super) fn host(attempt: impl Into<String>, why: &dyn std::fmt::Display) -> DockerError {
        DockerError::Host { attempt: attempt.into(), why: why.to_string() }
    }

    /// Whether trying again can help.
    pub fn class(&self) -> Class {
        match self {
            DockerError::Reach { source, .. } => judge(0, &source.to_string()).class,
            DockerError::Failed { status, message, .. } => judge(*status, message).class,
            DockerError::Odd { .. } | DockerError::Host { .. } => Class::Final,
            // Whoever has waited for half an hour does not wait for another one.
            DockerError::Slow { after, .. } if LONG <= *after => Class::Final,
            DockerError::Talk { .. } | DockerError::Slow { .. } => Class::Passing,
        }
    }

    /// Whether the daemon knows nothing of what was asked for.
    pub fn is_missing(&self) -> bool {
        matches!(self, DockerError::Failed { status: 404, .. })
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    method: hyper::Method,
    path: String,
    kind: &'static str,
    body: Bytes,
    patience: Duration,
    /// What is attempted, for errors.
    attempt: String,
}

impl Asked {
    fn new(method: hyper::Method, path: String, attempt: String) -> Asked {
        Asked { method, path, kind: "application/json", body: Bytes::new(), patience: USUAL, attempt }
    }

    /// Reads something.
    pub(super) fn get(path: impl Into<String>, attempt: impl Into<String>) -> Asked {
        Asked::new(hyper::Method::GET, path.into(), attempt.into())
    }

    /// Does something.
    pub(super) fn post(path: impl Into<String>, attempt: impl Into<String>) -> Asked {
        Asked::new(hyper::Method::POST, path.into(), attempt.into())
    }

    /// Removes something.
    pub(super) fn delete(path: impl Into<String>, attempt: impl Into<String>) -> Asked {
        Asked::new(hyper::Method::DELETE, path.into(), attempt.into())
    }

    /// With this document.
    pub(super) fn json(self, body: &Value) -> Asked {
        Asked { body: Bytes::from(body.to_string()), ..self }
    }

    /// With this archive.
    pub(super) fn archive(self, body: Vec<u8>) -> Asked {
        Asked { body: Bytes::from(body), kind: "application/x-tar", ..self }
    }

    /// It may take long.
    pub(super) fn long(self) -> Asked {
        Asked { patience: LONG, ..self }
    }
}

/// Ends what drives a connection once it is of no more use.
struct Driven(JoinHandle<Result<(), hyper::Error>>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The daemon's socket: `DOCKER_HOST` where it names one, else the usual.
pub fn socket() -> PathBuf {
    let named = std::env::var("DOCKER_HOST").ok();
    named.as_deref().and_then(|host| host.strip_prefix("unix://")).unwrap_or(SOCKET).into()
}

impl Client {
    /// A way to the daemon at `socket`, which is asked what it understands.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn connect(socket: &Path) -> Result<Client, DockerError> {
        let client = Client { socket: socket.to_owned(), api: "", has_buildkit: false };
        let version = client.ask(Asked::get("/version", "ask for its version")).await?;
        let most = version.get("ApiVersion").and_then(Value::as_str).unwrap_or_default();
        let number = |text: &str| text.split_once('.').and_then(|(_, minor)| minor.parse::<u32>().ok());
        let api = if number(most).is_some_and(|minor| minor >= 44) { API.1 } else { API.0 };
        let has_buildkit = client.names_buildkit().await;
        Ok(Client { api, has_buildkit, ..client })
    }

    /// Whether the daemon's greeting names BuildKit as its builder.
    async fn names_buildkit(&self) -> bool {
        let asked = Asked::get("/_ping", "ask for its builder");
        let answer = timeout(asked.patience, self.exchange(&asked)).await;
        let Ok(Ok((_, headers, _))) = answer else { return false };
        headers.get("builder-version").is_some_and(|version| version.as_bytes() == b"2")
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn has_buildkit(&self) -> bool {
        self.has_buildkit
    }

    /// Asks, and again while that can help.
    pub(super) async fn ask(&self, asked: Asked) -> Result<Value, DockerError> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match self.once(&asked).await {
                Err(error) if error.class() == Class::Passing => {
                    tracing::info!(error = %crate::plan::chain(&error), "the daemon is asked again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                done => return done,
            }
        }
        self.once(&asked).await
    }

    /// Asks once.
    pub(super) async fn once(&self, asked: &Asked) -> Result<Value, DockerError> {
        let late = || DockerError::Slow { attempt: asked.attempt.clone(), after: asked.patience };
        let (status, _, body) = timeout(asked.patience, self.exchange(asked)).await.map_err(|_| late())??;
        let failed =
            |message: String| DockerError::Failed { attempt: asked.attempt.clone(), status, message };
        if status >= 400 {
            let told = serde_json::from_slice::<Value>(&body).ok();
            let told = told.as_ref().and_then(|value| value.get("message")?.as_str());
            return Err(failed(told.map_or_else(|| shown(&body), str::to_owned)));
        }
        let text = String::from_utf8_lossy(&body);
        let odd = |why: serde_json::Error| DockerError::Odd {
            attempt: asked.attempt.clone(),
            why: why.to_string(),
        };
        if asked.patience == LONG {
            return match complaint(&text) {
                Some(message) => Err(failed(message)),
                None => Ok(said(&text)),
            };
        }
        if text.trim().is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text).map_err(odd) }
    }

    async fn exchange(&self, asked: &Asked) -> Result<(u16, HeaderMap, Vec<u8>), DockerError> {
        let reach = |source| DockerError::Reach { socket: self.socket.clone(), source };
        let talk = |source| DockerError::Talk { attempt: asked.attempt.clone(), source };
        let odd = |why: String| DockerError::Odd { attempt: asked.attempt.clone(), why };
        let version = if self.api.is_empty() { String::new() } else { format!("/{}", self.api) };
        let request = Request::builder()
            .method(asked.method.clone())
            .uri(format!("{version}{}", asked.path))
            .header(header::HOST, "docker")
            .header(header::CONTENT_TYPE, asked.kind)
            .body(Full::new(asked.body.clone()))
            .map_err(|error| odd(error.to_string()))?;
        let stream = UnixStream::connect(&self.socket).await.map_err(reach)?;
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(talk)?;
        let _driven = Driven(tokio::spawn(connection));
        let response = sender.send_request(request).await.map_err(talk)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let read = Limited::new(response.into_body(), ANSWER_MOST).collect().await;
        let body = read.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => odd(format!("it is longer than {ANSWER_MOST} bytes")),
            None => odd(error.to_string()),
        })?;
        Ok((status, headers, body.to_bytes().to_vec()))
    }
}

/// Most that is shown of words that are no document.
const SHOWN: usize = 300;

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).trim().chars().take(SHOWN).collect()
}

/// What went wrong in a progress report: an object a line, the one with `error` says it.
fn complaint(report: &str) -> Option<String> {
    report.lines().find_map(|line| {
        let value: Value = serde_json::from_str(line).ok()?;
        Some(value.get("error")?.as_str()?.to_owned())
    })
}

/// Most lines of a progress report that are kept.
const SAID: usize = 2000;

/// What a progress report says in words, line by line.
fn said(report: &str) -> Value {
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let words = value.get("stream")?.as_str()?.trim_end();
        (!words.is_empty()).then(|| Value::from(words))
    };
    Value::Array(report.lines().filter_map(line).take(SAID).collect())
}

/// A text as part of a query (RFC 3986 §2.1).
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A daemon that gives these answers, one after the other and then the last one again.
    async fn daemon<const N: usize>(
        answers: [(u16, &'static str); N],
    ) -> (tempfile::TempDir, Client, Arc<AtomicUsize>) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("d.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let asked = Arc::clone(&count);
        tokio::spawn(async move {
            loop {
                let (mut peer, _) = listener.accept().await.unwrap();
                let mut piece = [0; 4096];
                let _ = peer.read(&mut piece).await.unwrap();
                let number = asked.fetch_add(1, Ordering::SeqCst);
                let (status, body) = answers[number.min(answers.len() - 1)];
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                peer.write_all(head.as_bytes()).await.unwrap();
            }
        });
        (folder, Client { socket, api: API.0, has_buildkit: false }, count)
    }

    #[tokio::test]
    async fn what_passes_is_asked_again_and_what_stays_is_not() {
        let (_folder, client, count) = daemon([(500, r#"{"message":"i/o timeout"}"#), (200, "{}")]).await;
        assert!(client.ask(Asked::get("/x", "look")).await.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let words = r#"{"message":"manifest for debian:nosuch not found: manifest unknown"}"#;
        let (_folder, client, count) = daemon([(404, words)]).await;
        let error = client.ask(Asked::get("/x", "pull debian:nosuch").long()).await.unwrap_err();
        assert_eq!(count.load(Ordering::SeqCst), 1);
        let text = error.to_string();
        assert!(text.starts_with("pull debian:nosuch: manifest for debian:nosuch"), "{text}");
        assert!(text.ends_with("name an image and a tag that the registry has"), "{text}");
    }

    #[tokio::test]
    async fn a_report_that_ends_in_an_error_is_one() {
        let report = "{\"status\":\"Pulling\"}\n{\"errorDetail\":{},\"error\":\"unauthorized: no\"}\n";
        let (_folder, client, _) = daemon([(200, report)]).await;
        let error = client.once(&Asked::post("/images/create", "pull x").long()).await.unwrap_err();
        assert_eq!(error.to_string(), "pull x: unauthorized: no; `docker login` at the registry");
    }

    #[tokio::test]
    async fn a_daemon_says_by_its_greeting_what_builds() {
        for (said, builds) in
            [("Builder-Version: 2\r\n", true), ("Builder-Version: 1\r\n", false), ("", false)]
        {
            let folder = tempfile::tempdir().unwrap();
            let socket = folder.path().join("d.sock");
            let listener = tokio::net::UnixListener::bind(&socket).unwrap();
            tokio::spawn(async move {
                let (mut peer, _) = listener.accept().await.unwrap();
                let _ = peer.read(&mut [0; 4096]).await.unwrap();
                let head = format!("HTTP/1.1 200 OK\r\n{said}Content-Length: 2\r\n\r\nOK");
                peer.write_all(head.as_bytes()).await.unwrap();
            });
            let client = Client { socket, api: "", has_buildkit: false };
            assert_eq!(client.names_buildkit().await, builds, "{said}");
        }
    }

    #[tokio::test]
    async fn what_a_report_says_is_kept_line_by_line() {
        let report = concat!(
            r#"{"stream":"Step 1/2 : FROM scratch\n"}"#,
            "\n",
            r#"{"stream":"\n"}"#,
            "\n",
            r#"{"aux":{}}"#,
            "\n",
            r#"{"stream":"done"}"#
        );
        let (_folder, client, _) = daemon([(200, report)]).await;
        let said = client.once(&Asked::post("/build", "build x").long()).await.unwrap();
        assert_eq!(said, serde_json::json!(["Step 1/2 : FROM scratch", "done"]));
    }

    #[test]
    fn a_long_wait_is_not_repeated() {
        let slow = |after| DockerError::Slow { attempt: "pull x".to_owned(), after };
        assert_eq!((slow(USUAL).class(), slow(LONG).class()), (Class::Passing, Class::Final));
    }

    #[tokio::test]
    async fn no_daemon_is_told_with_its_socket() {
        let client = Client { socket: "/nonexistent/d.sock".into(), api: API.0, has_buildkit: false };
        assert!(!client.names_buildkit().await);
        let error = client.once(&Asked::get("/version", "look")).await.unwrap_err();
        assert!(error.to_string().starts_with("reach the Docker daemon at /nonexistent/d.sock"), "{error}");
        assert_eq!(escaped("a/b:1 {}"), "a%2Fb%3A1%20%7B%7D");
    }
}
