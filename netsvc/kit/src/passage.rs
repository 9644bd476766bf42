//! Connections from one node to another on a peer's behalf: who may be reached, and who is behind what arrives.
//!
//! The kernel carries them, so what answers is what answers everybody. The node that is reached learns by the address
//! and port that the connection comes from who is behind it.

use crate::{Behind, Host, Link, Near, Port, Stage, directory::Listed};
use netsvc_persona::stage::Transport;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Longest wait for a connection; a node of ours answers at once or not at all.
const WAIT: Duration = Duration::from_secs(5);

/// How long it is known who was behind a connection that has ended: it may wait to be accepted, and whoever hangs up
/// before is no less the one who came.
const KEPT: Duration = Duration::from_secs(60);
/// Entries from which on those of ended connections are looked for.
const MANY: usize = 256;

/// Who is behind connections between nodes, by the end that they come from.
#[derive(Debug, Default)]
pub(crate) struct Passages(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    all: BTreeMap<SocketAddr, Known>,
    /// Entries from which on those of ended connections are looked for, and at least [`MANY`]: twice as many as were
    /// left the last time, so that looking costs no more than noting, however many there are.
    most: usize,
}

#[derive(Debug)]
struct Known {
    behind: Behind,
    /// The connection, while it lasts.
    number: u64,
    ended: Option<Instant>,
}

impl Passages {
    /// Who is behind the peer `address`.
    pub(crate) fn behind(&self, address: SocketAddr) -> Option<Behind> {
        self.0.lock().all.get(&address).map(|known| known.behind)
    }

    /// Notes who is behind a connection that comes from `end`; its number. An end that is taken anew is another one's.
    fn begin(&self, end: SocketAddr, behind: Behind) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut ends = self.0.lock();
        if ends.most.max(MANY) <= ends.all.len() {
            ends.all.retain(|_, known| known.ended.is_none_or(|ended| ended.elapsed() < KEPT));
            ends.most = 2 * ends.all.len();
        }
        ends.all.insert(end, Known { behind, number, ended: None });
        number
    }

    fn end(&self, end: SocketAddr, number: u64) {
        if let Some(known) = self.0.lock().all.get_mut(&end).filter(|known| known.number == number) {
            known.ended = Some(Instant::now());
        }
    }
}

/// A connection on a peer's behalf. Who is behind it is known while it lasts, and for a while after.
pub struct Passage {
    /// The connection.
    pub stream: TcpStream,
    _entry: Entry,
}

impl AsyncRead for Passage {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Passage {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

struct Entry {
    stage: Arc<Stage>,
    end: SocketAddr,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.stage.passages.end(self.end, self.number);
    }
}

/// Why there is no connection, as a system says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// Nobody is called so.
    Name,
    /// The port is closed.
    Refused,
    /// The host's own network has nobody there.
    Nobody,
    /// Nothing comes back.
    Silence,
}

/// A place that a way of a node leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub address: Ipv4Addr,
    /// Routers on the way.
    pub hops: u8,
    /// Time to live of what comes from there; `None`: nobody is there.
    pub ttl: Option<u8>,
}

impl Host {
    /// Where `target`, an address or a name, is, if a way of the node leads there. The node itself is no such place.
    pub fn look(&self, target: &str) -> Option<Found> {
        let persona = self.persona();
        let directory = &self.node.stage.directory;
        let address = match target.parse::<Ipv4Addr>() {
            Ok(address) => address,
            Err(_) => directory.named(persona, target)?,
        };
        let mut attached = persona.place.addresses.iter().map(|attached| attached.ip);
        if persona.ip == address || attached.any(|own| own == address) {
            return None;
        }
        let hops = match persona.place.way(address) {
            Some(way) => way.hops,
            None => directory.beside(persona, address).map(|_| 0)?,
        };
        Some(Found { address, hops, ttl: directory.ttl(address, hops) })
    }

    /// The address of what the node itself calls `target`: an address of its own or of the loopback network, or its
    /// name.
    pub fn own(&self, target: &str) -> Option<Ipv4Addr> {
        let persona = self.persona();
        let IpAddr::V4(own) = persona.ip else { return None };
        if target.eq_ignore_ascii_case("localhost") {
            return Some(Ipv4Addr::LOCALHOST);
        }
        let is_name =
            [persona.hostname.as_str(), &persona.fqdn()].iter().any(|name| name.eq_ignore_ascii_case(target));
        match target.parse::<Ipv4Addr>() {
            Ok(address) => {
                let mut attached = persona.place.addresses.iter().map(|attached| attached.ip);
                let is_own =
                    address == own || address.is_loopback() || attached.any(|known| known == address);
                is_own.then_some(address)
            }
            Err(_) => is_name.then_some(own),
        }
    }

    /// The nodes of the networks that the node is in.
    pub fn near(&self) -> Vec<Near> {
        let persona = self.persona();
        self.node.stage.directory.near(persona)
    }

    /// Whether the node has ways to others: its own, or its segment.
    pub fn leads(&self) -> bool {
        self.reaches() || self.node.stage.directory.has_company(self.persona())
    }

    /// Whether the node reaches others behind it on behalf of its peers.
    pub fn reaches(&self) -> bool {
        !self.persona().place.reach.is_empty()
    }

    /// Connects to a port of `target`, an address or a name, for the peer of `link`.
    ///
    /// # Errors
    /// Why nobody answers there.
    pub async fn pass(&self, link: &Link, target: &str, port: u16) -> Result<Passage, NoWay> {
        let (from, to) = self.ends(target, port)?;
        let socket = TcpSocket::new_v4().map_err(|_| NoWay::Silence)?;
        let end =
            socket.bind((from, 0).into()).and_then(|()| socket.local_addr()).map_err(|_| NoWay::Silence)?;
        let behind = Behind { peer: link.origin(), session: link.session };
        let stage = &self.node.stage;
        let number = stage.passages.begin(end, behind);
        let entry = Entry { stage: stage.clone(), end, number };
        match timeout(WAIT, socket.connect((to, port).into())).await {
            Ok(Ok(stream)) => Ok(Passage { stream, _entry: entry }),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(NoWay::Refused),
            Ok(Err(_)) => Err(NoWay::Nobody),
            Err(_) => Err(NoWay::Silence),
        }
    }

    /// The node's end of a connection to `target`, and the other one.
    fn ends(&self, target: &str, port: u16) -> Result<(Ipv4Addr, Ipv4Addr), NoWay> {
        let persona = self.persona();
        let IpAddr::V4(own) = persona.ip else { return Err(NoWay::Silence) };
        let is_own = target.eq_ignore_ascii_case("localhost")
            || target.eq_ignore_ascii_case(&persona.hostname)
            || target.eq_ignore_ascii_case(&persona.fqdn());
        let to = match target.parse::<Ipv4Addr>() {
            Ok(address) => address,
            Err(_) if is_own => own,
            Err(_) => self.node.stage.directory.named(persona, target).ok_or(NoWay::Name)?,
        };
        let mut attached = persona.place.addresses.iter().map(|attached| attached.ip);
        if to == own || attached.any(|address| address == to) {
            return self.opens(port).map(|()| (to, to));
        }
        let way = match persona.place.way(to) {
            Some(way) => way,
            None if to.is_loopback() => return self.opens(port).map(|()| (own, own)),
            None => return self.beside(to, port).map(|()| (own, to)),
        };
        if !way.lets(port) {
            return Err(NoWay::Silence);
        }
        if self.node.stage.directory.at(to.into()).is_none() {
            return Err(if way.hops == 0 { NoWay::Nobody } else { NoWay::Silence });
        }
        Ok((way.from, to))
    }

    /// Whether a node of the segment serves a port. No packet goes to one that it does not: it would be told as
    /// something that this node does of itself.
    fn beside(&self, to: Ipv4Addr, port: u16) -> Result<(), NoWay> {
        let stage = &self.node.stage;
        let listed = stage.directory.beside(self.persona(), to).ok_or(NoWay::Silence)?;
        match self.serves(&listed, port) {
            true => Ok(()),
            false if listed.persona.firewall => Err(NoWay::Silence),
            false => Err(NoWay::Refused),
        }
    }

    /// Whether the node itself serves a port. One without ways may have its address from the system that it runs on:
    /// whoever else listens there is not reached.
    fn opens(&self, port: u16) -> Result<(), NoWay> {
        let listed = self.node.stage.directory.listed(self.persona());
        let served = self.reaches() || listed.is_some_and(|listed| self.serves(&listed, port));
        if served { Ok(()) } else { Err(NoWay::Refused) }
    }

    /// Whether a host has a service at a TCP port.
    fn serves(&self, listed: &Listed, port: u16) -> bool {
        let is_it = |open: &Port| (open.transport, open.number) == (Transport::Tcp, port);
        let mut services =
            self.node.stage.catalogue().iter().filter(|def| listed.services.contains(def.slug));
        services.any(|def| def.ports_on(&listed.persona.os.id).any(is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::SessionId, testing};
    use netsvc_persona::{Attached, Reach};
    use tokio::net::TcpListener;

    fn place(node: &str, ip: [u8; 4], inner: [u8; 4], reach: [u8; 4]) -> netsvc_persona::Persona {
        let mut persona = testing::persona(node);
        (persona.hostname, persona.ip) = (node.to_owned(), Ipv4Addr::from(ip).into());
        persona.place.addresses = vec![Attached { ip: inner.into(), prefix: 24 }];
        persona.place.reach =
            vec![Reach { network: reach.into(), prefix: 24, from: inner.into(), ports: Vec::new(), hops: 0 }];
        persona
    }

    #[tokio::test]
    async fn who_is_passed_on_is_known_at_the_other_end_and_only_where_there_is_a_way() {
        let folder = tempfile::tempdir().unwrap();
        let stage = testing::stage(folder.path());
        let front = place("front", [127, 70, 0, 2], [127, 70, 1, 1], [127, 70, 1, 0]);
        let front = testing::host(&stage, front, "ssh", &[]);
        let _back = place("back", [127, 70, 1, 7], [127, 70, 2, 1], [127, 70, 2, 0]);
        let _back = testing::host(&stage, _back, "ssh", &[]);
        let _far = testing::host(
            &stage,
            place("far", [127, 70, 2, 7], [127, 70, 3, 1], [127, 70, 3, 0]),
            "ssh",
            &[],
        );
        let listener = TcpListener::bind("127.70.1.7:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let link = testing::link(22);
        let passage = front.pass(&link, "back", port).await.unwrap_or_else(|why| panic!("{why:?}"));
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), IpAddr::from([127, 70, 1, 1]));
        let behind = stage.passages.behind(peer).unwrap();
        assert_eq!((behind.peer, behind.session), (link.peer, link.session));
        // A second hop keeps who came first.
        let inner = Link { behind: Some(behind), peer, ..link };
        assert_eq!(inner.origin(), link.peer);
        drop(passage);
        assert_eq!(stage.passages.behind(peer), Some(behind), "it may not have been accepted yet");
        // The end is taken anew: what an earlier connection leaves is nobody's any more.
        let other = Behind { session: SessionId::fresh(), ..behind };
        let first = stage.passages.begin(peer, behind);
        let second = stage.passages.begin(peer, other);
        stage.passages.end(peer, first);
        assert_eq!(stage.passages.behind(peer), Some(other));
        assert!(stage.passages.0.lock().all.get(&peer).is_some_and(|known| known.ended.is_none()));
        stage.passages.end(peer, second);
        let found = |target: &str| front.look(target).map(|found| (found.address, found.ttl.is_some()));
        assert_eq!(found("back"), Some((Ipv4Addr::new(127, 70, 1, 7), true)));
        assert_eq!(found("127.70.1.99"), Some((Ipv4Addr::new(127, 70, 1, 99), false)));
        for beyond in ["front", "127.70.0.2", "127.70.1.1", "127.70.2.7", "8.8.8.8", "far", "nobody"] {
            assert_eq!(found(beyond), None, "{beyond}");
        }
        let near: Vec<_> = front.near().into_iter().map(|near| (near.name, near.address)).collect();
        assert_eq!(near, [("back".to_owned(), Ipv4Addr::new(127, 70, 1, 7))]);
        for (target, expected) in [
            // An address of the loopback network is the node itself, where no way leads there.
            ("127.70.2.7", NoWay::Refused),
            ("127.70.1.99", NoWay::Nobody),
            ("far", NoWay::Name),
            ("nobody", NoWay::Name),
            ("127.70.1.7", NoWay::Refused),
            ("8.8.8.8", NoWay::Silence),
        ] {
            let tried = front.pass(&link, target, 9).await;
            assert_eq!(tried.err(), Some(expected), "{target}");
        }
    }

    #[test]
    fn a_node_knows_itself() {
        let folder = tempfile::tempdir().unwrap();
        let stage = testing::stage(folder.path());
        let front = place("front", [127, 70, 0, 2], [127, 70, 1, 1], [127, 70, 1, 0]);
        let front = testing::host(&stage, front, "ssh", &[]);
        let own = |text: &str| front.own(text).map(|address| address.to_string());
        for (target, address) in
            [("front", "127.70.0.2"), ("LOCALHOST", "127.0.0.1"), ("127.70.1.1", "127.70.1.1")]
        {
            assert_eq!(own(target).as_deref(), Some(address), "{target}");
        }
        assert_eq!((own("back"), own("8.8.8.8")), (None, None));
    }

    #[test]
    fn looking_for_ended_connections_costs_no_more_than_noting_them() {
        let passages = Passages::default();
        let behind = Behind { peer: ([192, 0, 2, 9], 9).into(), session: SessionId::fresh() };
        let begun = Instant::now();
        for number in 0..200_000_u32 {
            let end = (Ipv4Addr::from_bits(0x7f00_0000 + number), 9).into();
            let number = passages.begin(end, behind);
            passages.end(end, number);
        }
        // Each of them looking through all others would take minutes.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn nodes_of_one_segment_see_each_other_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let stage = testing::stage(folder.path());
        let on = |name: &str, ip: [u8; 4]| {
            let mut persona = testing::persona(name);
            (persona.ip, persona.prefix) = (ip.into(), 24);
            testing::host(&stage, persona, "ssh", &[])
        };
        let one = on("one", [192, 0, 2, 7]);
        assert!(!one.leads());
        let _two = on("two", [192, 0, 2, 8]);
        let _far = on("far", [198, 51, 100, 8]);
        assert!(one.leads() && !one.reaches());
        let found = |target: &str| one.look(target).map(|found| found.hops);
        assert_eq!(found("192.0.2.8"), Some(0));
        for beyond in ["192.0.2.7", "192.0.2.9", "198.51.100.8", "127.0.0.1", "two"] {
            assert_eq!(found(beyond), None, "{beyond}");
        }
        // The catalogue of this test is empty: nothing is open.
        assert_eq!(one.ends("192.0.2.8", 22), Err(NoWay::Refused));
        assert_eq!(one.ends("192.0.2.9", 22), Err(NoWay::Silence));
        // Whoever listens at its own address is not it.
        for own in ["192.0.2.7", "localhost", "127.0.0.1"] {
            assert_eq!(one.ends(own, 22), Err(NoWay::Refused), "{own}");
        }
        assert!(one.near().is_empty());
    }
}
