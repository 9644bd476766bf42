//! A server on a loopback port for trials with real clients:
//! `cargo run -p netsvc-ssh --example sshd -- PORT VERSION PACKAGING SYSTEM FOLDER`.
//!
//! User `root` with password `toor` gets in. Commands: `echo`, `cat`, `exit N`, `yes N`, `env`, `signal`, `scp`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the developer")]

mod disk;

use netsvc_ssh::{
    ChannelIo, ClientFacts, Config, Event, Exit, Forward, ForwardAnswer, Handler, HostKeys, KeyOffer,
    LazyRsa, PasswordAttempt, Profile, Program, ProgramKind, Running, files::FileSystem, scp,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

struct Toy {
    root: PathBuf,
    accept_keys: bool,
}

impl Handler for Toy {
    fn client(&mut self, facts: &ClientFacts) {
        println!("client {} hassh {}", String::from_utf8_lossy(&facts.banner), facts.hassh);
    }

    fn method(&mut self, user: &[u8], method: &[u8]) {
        println!("method {:?} {:?}", String::from_utf8_lossy(user), String::from_utf8_lossy(method));
    }

    async fn password(&mut self, attempt: PasswordAttempt<'_>) -> bool {
        println!("{attempt:?}");
        attempt.user == b"root" && attempt.password == b"toor"
    }

    fn key(&mut self, offer: KeyOffer<'_>) -> bool {
        println!(
            "key of {:?}: {:?}",
            String::from_utf8_lossy(offer.user),
            String::from_utf8_lossy(offer.algorithm)
        );
        self.accept_keys
    }

    fn start(&mut self, program: Program, io: ChannelIo) -> Running {
        println!("{program:?}");
        let files: Arc<dyn FileSystem> = Arc::new(disk::Disk { root: self.root.clone() });
        Box::pin(run(program, io, files))
    }

    fn forward(&mut self, forward: &Forward) -> ForwardAnswer {
        println!("{forward:?}");
        match forward {
            Forward::Tcp { .. } => ForwardAnswer::Failed("Connection refused", Duration::ZERO),
            _ => ForwardAnswer::Prohibited,
        }
    }

    fn files(&mut self, _user: &[u8]) -> Option<Arc<dyn FileSystem>> {
        Some(Arc::new(disk::Disk { root: self.root.clone() }))
    }
}

async fn run(program: Program, mut io: ChannelIo, files: Arc<dyn FileSystem>) -> Exit {
    let line = match &program.kind {
        ProgramKind::Command(line) => String::from_utf8_lossy(line).into_owned(),
        _ => "shell".to_owned(),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["echo", rest @ ..] => {
            let _ = io.write(format!("{}\n", rest.join(" ")).as_bytes()).await;
            let _ = io.write_error(b"noise\n").await;
            Exit::Status(0)
        }
        ["exit", code] => Exit::Status(code.parse().unwrap()),
        ["signal"] => Exit::Signal("KILL".to_owned()),
        ["env"] => {
            for (name, value) in &program.environment {
                let _ = io.write(&[name, b"=".as_slice(), value, b"\n"].concat()).await;
            }
            Exit::Status(0)
        }
        ["yes", megabytes] => {
            for _ in 0..megabytes.parse::<usize>().unwrap() * 16 {
                if io.write(&[b'y'; 65536]).await.is_err() {
                    return Exit::Status(1);
                }
            }
            Exit::Status(0)
        }
        ["scp", ..] => scp::run(&mut io, files.as_ref(), line.as_bytes()).await.unwrap_or(Exit::Status(1)),
        _ => echo(&mut io).await,
    }
}

async fn echo(io: &mut ChannelIo) -> Exit {
    loop {
        match io.next().await {
            Event::Data(bytes) if bytes.contains(&4) => return Exit::Status(0),
            Event::Data(bytes) => {
                if io.write(&bytes).await.is_err() {
                    return Exit::Status(1);
                }
            }
            Event::End | Event::Closed => return Exit::Status(0),
            other => println!("{other:?}"),
        }
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let get = |index: usize| arguments.get(index).cloned().unwrap_or_default();
    let profile = Profile::new(&get(1), &get(2), &get(3)).unwrap();
    let rsa = LazyRsa::new(|| rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 2048).ok());
    let keys = HostKeys::new(&[1; 32], &[2; 32], Arc::new(rsa)).unwrap();
    let mut config = Config::new(profile, keys);
    config.natural_delays = std::env::var_os("DELAYS").is_some();
    config.rekey_bytes = std::env::var("REKEY").ok().and_then(|bytes| bytes.parse().ok());
    if std::env::var_os("STARTUPS").is_none() {
        config.startups = netsvc_ssh::Startups::new(1000, 100, 1000);
    }
    let config = Arc::new(config);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", get(0))).await.unwrap();
    println!("pid {}", std::process::id());
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let config = Arc::clone(&config);
        let toy = Toy { root: PathBuf::from(get(4)), accept_keys: std::env::var_os("KEYS").is_some() };
        tokio::spawn(async move {
            let outcome = netsvc_ssh::serve(stream, config, toy).await;
            println!("{peer}: {outcome:?}");
        });
    }
}
