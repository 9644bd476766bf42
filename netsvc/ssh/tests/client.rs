//! The client's half against our own server.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong should stop")]

use netsvc_ssh::{
    ChannelIo, Config, Event, Exit, Handler, HostKeys, LazyRsa, PasswordAttempt, Profile, Program,
    ProgramKind, Running,
    client::{Asked, Client, Down, Up},
    files::FileSystem,
};
use std::sync::Arc;
use tokio::{io::duplex, sync::mpsc};

struct Echo;

impl Handler for Echo {
    async fn password(&mut self, attempt: PasswordAttempt<'_>) -> bool {
        attempt.user == b"root" && attempt.password == b"right"
    }

    fn start(&mut self, program: Program, mut io: ChannelIo) -> Running {
        Box::pin(async move {
            let said = match (&program.kind, &program.terminal) {
                (ProgramKind::Command(line), _) => line.clone(),
                (_, Some(terminal)) => {
                    format!("{}x{}", terminal.size.columns, terminal.size.rows).into_bytes()
                }
                _ => Vec::new(),
            };
            let writer = io.writer();
            if writer.write(&said).await.is_err() {
                return Exit::Status(9);
            }
            loop {
                match io.next().await {
                    Event::Data(bytes) if writer.write(&bytes).await.is_err() => return Exit::Status(9),
                    Event::End | Event::Closed => return Exit::Status(7),
                    _ => {}
                }
            }
        })
    }

    fn files(&mut self, _user: &[u8]) -> Option<Arc<dyn FileSystem>> {
        None
    }
}

fn config(version: &str, packaging: &str, system: &str) -> Arc<Config> {
    let profile = Profile::new(version, packaging, system).unwrap();
    let keys = HostKeys::new(&[1; 32], &[2; 32], Arc::new(LazyRsa::new(|| None))).unwrap();
    let mut config = Config::new(profile, keys);
    config.natural_delays = false;
    Arc::new(config)
}

#[tokio::test]
async fn a_client_logs_in_with_the_right_password_and_runs_something() {
    for (version, packaging, system) in
        [("9.2p1", "Debian-2+deb12u7", "debian12"), ("8.4p1", "Debian-5+deb11u3", "debian11")]
    {
        for terminal in [false, true] {
            let (ours, theirs) = duplex(64 * 1024);
            let _serving = tokio::spawn(netsvc_ssh::serve(theirs, config(version, packaging, system), Echo));
            let mut client = Client::connect(ours, "SSH-2.0-OpenSSH_9.2p1", b"root").await.unwrap();
            assert!(client.host_key().starts_with(b"\0\0\0\x0bssh-ed25519"), "{version}");
            assert!(client.methods().contains("password"), "{version}");
            assert!(!client.password(b"wrong").await.unwrap());
            assert!(client.password(b"right").await.unwrap());
            let (up, sent) = mpsc::channel(8);
            let (down, mut came) = mpsc::channel(8);
            let asked = Asked { name: b"xterm".to_vec(), columns: 90, rows: 30 };
            let (command, asked, first) =
                if terminal { (None, Some(asked), "90x30") } else { (Some(b"id".to_vec()), None, "id") };
            let running = tokio::spawn(client.run(command, asked, sent, down));
            // More than one message and one window.
            let long = vec![b'x'; 3 << 20];
            up.send(Up::Data(long.clone())).await.unwrap();
            up.send(Up::End).await.unwrap();
            let (mut out, mut status) = (Vec::new(), None);
            while let Some(what) = came.recv().await {
                match what {
                    Down::Data(bytes) | Down::Errors(bytes) => out.extend(bytes),
                    Down::Status(code) => status = Some(code),
                }
            }
            running.await.unwrap().unwrap();
            assert_eq!(status, Some(7), "{version}");
            assert!(out.starts_with(first.as_bytes()), "{version}");
            assert_eq!(out.len(), first.len() + long.len(), "{version}");
        }
    }
}
