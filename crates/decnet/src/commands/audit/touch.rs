//! Looks at the services of deckies as their clients see them.

use super::{http, jarm, ssh, tls};
use crate::firedrill::Way;
use decnet_analysis::{
    audit::Seen,
    jarm::{Jarm, questions},
};
use decnet_model::{catalogue, fleet::Fleet};
use netsvc_persona::{
    Persona,
    service::Look,
    stage::{PortSpec, Transport},
};
use netsvc_wire::stamp;
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, TcpStream},
    num::NonZero,
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet};

/// Longest wait for an answer. A decky makes its RSA keys when they are first asked for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Looks at the same time.
const PARALLEL: usize = 16;

/// One thing that a port shows.
enum Shown {
    Ssh(ssh::Ssh),
    HostKey(&'static str, ssh::HostKey),
    Tls(tls::Tls),
    Jarm(u16, Jarm),
    Http(http::Http),
}

/// What the ports of `judged` show, by decky; and how many did not answer.
pub(super) async fn run(way: &Way, fleet: &Fleet, judged: &[&Persona]) -> (BTreeMap<String, Seen>, usize) {
    let gate = Arc::new(Semaphore::new(PARALLEL));
    // More keys at a time than processors only makes all of them late.
    let makers = Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get)));
    let mut looks = JoinSet::new();
    for persona in judged {
        let decky = fleet.deckies.values().find(|decky| decky.name.as_str() == persona.node);
        for port in decky.map(|decky| decky.ports()).unwrap_or_default() {
            let look = catalogue::find(&port.slug).map_or(Look::Nothing, |service| service.look);
            if port.transport == Transport::Tcp && (port.tls || look != Look::Nothing) {
                let keyless = look == Look::Http && !port.tls;
                let gate = if keyless { gate.clone() } else { makers.clone() };
                let place = Place { way: way.clone(), ip: persona.ip, port, look };
                let node = persona.node.clone();
                looks.spawn(async move {
                    let _turn = gate.acquire().await;
                    let mut shown = Vec::new();
                    let whole = place.look(&mut shown).await;
                    (node, shown, whole)
                });
            }
        }
    }
    let (mut all, mut silent) = (BTreeMap::<String, Seen>::new(), 0);
    while let Some(ended) = looks.join_next().await {
        let Ok((node, shown, whole)) = ended else { continue };
        silent += usize::from(whole.is_err());
        let seen = all.entry(node).or_default();
        shown.into_iter().for_each(|shown| note(seen, shown));
    }
    (all, silent)
}

fn note(seen: &mut Seen, shown: Shown) {
    match shown {
        Shown::Ssh(ssh) => {
            seen.ssh_version = Some(ssh.version);
            seen.hassh = Some(ssh.hassh);
            seen.host_key_kinds = ssh.kinds.into_iter().map(str::to_owned).collect();
        }
        Shown::HostKey(kind, key) => {
            seen.rsa_bits = key.bits.or(seen.rsa_bits);
            seen.host_keys.insert(kind.to_owned(), key.fingerprint);
        }
        Shown::Tls(tls) => (seen.tls, seen.certificate) = (tls.answer, tls.certificate),
        Shown::Jarm(port, jarm) => {
            seen.jarm.insert(port, jarm);
        }
        Shown::Http(http) => (seen.http_server, seen.http_ahead) = (http.server, http.ahead),
    }
}

/// A port of a decky.
#[derive(Clone)]
struct Place {
    way: Way,
    ip: IpAddr,
    port: PortSpec,
    look: Look,
}

impl Place {
    /// Looks at it; what is seen before something fails stays in `shown`.
    async fn look(&self, shown: &mut Vec<Shown>) -> io::Result<()> {
        if self.port.tls {
            shown.push(Shown::Tls(self.once(tls::look).await?));
            let mut answers = Vec::new();
            for hello in questions(&self.ip.to_string(), stamp::now()) {
                let answer = self.once(move |stream| jarm::ask(stream, &hello)).await;
                let silent = answer.is_err();
                answers.push(answer);
                if silent {
                    break;
                }
            }
            shown.extend(Jarm::of(answers).map(|jarm| Shown::Jarm(self.port.port, jarm)));
        } else if self.look == Look::Ssh {
            let ssh = self.once(ssh::look).await?;
            let kinds = ssh.kinds.clone();
            shown.push(Shown::Ssh(ssh));
            for kind in kinds {
                // Who lists a kind and hangs up when he is asked for it shows none: that is judged.
                if let Ok(Some(key)) = self.once(move |stream| ssh::host_key(stream, kind)).await {
                    shown.push(Shown::HostKey(kind, key));
                }
            }
        } else if self.look == Look::Http {
            shown.push(Shown::Http(self.once(http::look).await?));
        }
        Ok(())
    }

    /// What `look` sees on a connection of its own.
    async fn once<T: Send + 'static>(
        &self,
        look: impl FnOnce(TcpStream) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let stream = self.way.connect(self.ip, self.port.port).await?;
        let looked = tokio::task::spawn_blocking(move || {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            look(stream)
        });
        looked.await.map_err(io::Error::other)?
    }
}
