//! The sockets: HTTP over TCP, DNS over UDP and TCP (RFC 7766).

use super::{
    Call, Notes,
    crowd::Crowd,
    dns::{self, Zone},
    http::{self, Answer, Flawed, Request},
    noise,
};
use decnet_model::{alert::Addresses, record::CanaryChannel};
use netsvc_wire::{field, stamp::now};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
    time::timeout,
};

/// Time for a head or a question to arrive, and for a client to ask once more.
const PATIENCE: Duration = Duration::from_secs(15);
/// Time for a connection, whatever is said on it: whoever is slow keeps nobody out for long.
const WHOLE: Duration = Duration::from_secs(600);
/// Requests on one connection (`keepalive_requests` is 1000; nobody of ours needs as many).
const REQUESTS: u32 = 200;
/// Time between two tries after the kernel refused a connection, as it does when descriptors run out.
const REFUSED: Duration = Duration::from_millis(200);

/// Where we listen and whom we believe.
#[derive(Clone, Debug)]
pub struct Place {
    /// Address.
    pub bind: IpAddr,
    /// Port for HTTP.
    pub http: u16,
    /// Port for DNS.
    pub dns: u16,
    /// The zone; `None`: no name server.
    pub zone: Option<Zone>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Addresses>,
}

/// Sockets that are open, and the tasks that serve them; all end with this.
pub struct Listening {
    tasks: JoinSet<()>,
    /// Where HTTP is heard.
    pub http: SocketAddr,
    /// Where DNS is heard.
    pub dns: Option<SocketAddr>,
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("listen on {place} for {what}")]
pub struct Taken {
    what: &'static str,
    place: SocketAddr,
    #[source]
    source: io::Error,
}

impl Listening {
    /// Opens the sockets.
    ///
    /// # Errors
    /// [`Taken`].
    pub async fn open(place: &Place, notes: &Arc<Notes>) -> Result<Listening, Taken> {
        let failed = |what, place| move |source| Taken { what, place, source };
        let crowd = Crowd::default();
        let mut tasks = JoinSet::new();
        let wanted = SocketAddr::new(place.bind, place.http);
        let listener = TcpListener::bind(wanted).await.map_err(failed("HTTP", wanted))?;
        let http = listener.local_addr().unwrap_or(wanted);
        let proxies: Arc<[Addresses]> = place.proxies.clone().into();
        tasks.spawn(pages(
            listener,
            Context { notes: notes.clone(), crowd: crowd.clone(), port: http.port() },
            proxies,
        ));
        let mut dns = None;
        if let Some(zone) = &place.zone {
            let wanted = SocketAddr::new(place.bind, place.dns);
            let socket = UdpSocket::bind(wanted).await.map_err(failed("DNS", wanted))?;
            let here = socket.local_addr().unwrap_or(wanted);
            let stream = TcpListener::bind(here).await.map_err(failed("DNS over TCP", here))?;
            let context = Context { notes: notes.clone(), crowd, port: here.port() };
            let zone = Arc::new(zone.clone());
            tasks.spawn(datagrams(socket, context.clone(), zone.clone()));
            tasks.spawn(streams(stream, context, zone));
            dns = Some(here);
        }
        Ok(Listening { tasks, http, dns })
    }

    /// Whether all of them are served.
    pub fn is_whole(&mut self) -> bool {
        self.tasks.try_join_next().is_none()
    }
}

#[derive(Clone)]
struct Context {
    notes: Arc<Notes>,
    crowd: Crowd,
    port: u16,
}

/// The next connection with its place; one too many is closed at once.
async fn accept(listener: &TcpListener, crowd: &Crowd) -> (TcpStream, SocketAddr, super::crowd::Seat) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(seat) = crowd.sit(peer.ip()) {
                    return (stream, peer, seat);
                }
            }
            Err(_) => tokio::time::sleep(REFUSED).await,
        }
    }
}

async fn pages(listener: TcpListener, context: Context, proxies: Arc<[Addresses]>) {
    loop {
        let (stream, peer, seat) = accept(&listener, &context.crowd).await;
        let (context, proxies) = (context.clone(), proxies.clone());
        tokio::spawn(async move {
            // How a connection breaks off is of no interest.
            let _ = timeout(WHOLE, converse(stream, peer, &context, &proxies)).await;
            drop(seat);
        });
    }
}

async fn converse(
    mut stream: TcpStream,
    peer: SocketAddr,
    context: &Context,
    proxies: &[Addresses],
) -> io::Result<()> {
    let mut buffer = Vec::new();
    for _ in 0..REQUESTS {
        let request = match next(&mut stream, &mut buffer).await? {
            Ok(request) => request,
            Err(Flawed::Partial) => return Ok(()),
            Err(flaw) => {
                let status = if flaw == Flawed::Long {
                    "400 Request Header Or Cookie Too Large"
                } else {
                    "400 Bad Request"
                };
                stream.write_all(&Answer::page(status).bytes(now(), false, false)).await?;
                return stream.shutdown().await;
            }
        };
        let at = now();
        let source = visitor(&request, peer, proxies);
        if !context.crowd.may_ask(source.ip(), at) {
            stream
                .write_all(&Answer::page("503 Service Temporarily Unavailable").bytes(at, false, false))
                .await?;
            return stream.shutdown().await;
        }
        let onward = note(&request, source, context);
        let skipped = skip(&mut stream, &mut buffer, &request).await?;
        let stays = request.stays() && skipped;
        let answer = http::answer(&request, onward.as_deref());
        stream.write_all(&answer.bytes(at, stays, request.method == "HEAD")).await?;
        if !stays {
            return stream.shutdown().await;
        }
    }
    stream.shutdown().await
}

/// The next request, whose head is taken from `buffer`; partial when the client went away.
async fn next(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Result<Request, Flawed>> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match Request::read(buffer) {
            Err(Flawed::Partial) => {}
            Ok(request) => {
                buffer.drain(..request.head.min(buffer.len()));
                return Ok(Ok(request));
            }
            flawed => return Ok(flawed),
        }
        let mut piece = [0; 4096];
        let Ok(read) = tokio::time::timeout_at(deadline, stream.read(&mut piece)).await else {
            return Ok(Err(Flawed::Partial));
        };
        match read? {
            0 => return Ok(Err(Flawed::Partial)),
            length => buffer.extend_from_slice(piece.get(..length).unwrap_or_default()),
        }
    }
}

/// Reads the body of a request away; whether that could be done.
async fn skip(stream: &mut TcpStream, buffer: &mut Vec<u8>, request: &Request) -> io::Result<bool> {
    let Some(length) = request.body().filter(|length| *length <= http::BODY) else { return Ok(false) };
    let mut left = usize::try_from(length).unwrap_or(usize::MAX);
    let there = left.min(buffer.len());
    buffer.drain(..there);
    left -= there;
    if left > 0 && request.header("expect").eq_ignore_ascii_case("100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut piece = [0; 4096];
    while left > 0 {
        let end = left.min(piece.len());
        let Some(part) = piece.get_mut(..end) else { break };
        match tokio::time::timeout_at(deadline, stream.read(part)).await {
            Ok(Ok(0)) | Err(_) => return Ok(false),
            Ok(read) => left -= read?.min(left),
        }
    }
    Ok(true)
}

/// From where a request comes: a proxy of ours says for whom it asks, behind whatever others claim.
fn visitor(request: &Request, peer: SocketAddr, proxies: &[Addresses]) -> SocketAddr {
    let ours = |address: IpAddr| proxies.iter().any(|proxy| proxy.has(address.to_canonical()));
    if !ours(peer.ip()) {
        return peer;
    }
    // A proxy may add a line of its own behind those that it was given (RFC 9110 §5.3 makes one list of them).
    let lists = request.headers.iter().rev().filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"));
    let named = lists.flat_map(|(_, list)| list.rsplit(',')).map(|text| text.trim().parse::<IpAddr>());
    for address in named {
        match address {
            Ok(address) if ours(address) => {}
            Ok(address) => return SocketAddr::new(address, 0),
            Err(_) => break,
        }
    }
    peer
}

/// Takes note of a request that is about a canary; returns where its visitors go on to.
fn note(request: &Request, source: SocketAddr, context: &Context) -> Option<String> {
    let book = context.notes.book();
    let (id, onward) = http::subject(request, &book)?;
    let entry = book.get(&id)?;
    let client = request.header("user-agent").to_owned();
    let noise = match () {
        () if !entry.mark.is_empty() && client.contains(&entry.mark) => Some("test"),
        () if entry.revoked => Some("revoked"),
        () => http::noise_of(request),
    };
    context.notes.call(&Call {
        id,
        channel: CanaryChannel::Http,
        peer: source,
        port: context.port,
        at: now(),
        target: http::kept(&request.target),
        fields: http::fields(request),
        client: http::kept(&client),
        noise,
    });
    onward.filter(|_| !entry.revoked)
}

async fn datagrams(socket: UdpSocket, context: Context, zone: Arc<Zone>) {
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(REFUSED).await;
            continue;
        };
        let question = buffer.get(..length).unwrap_or_default();
        if let Some(answer) = resolve(question, peer, &context, &zone) {
            // Whoever does not get it asks again.
            let _ = socket.send_to(&answer, peer).await;
        }
    }
}

async fn streams(listener: TcpListener, context: Context, zone: Arc<Zone>) {
    loop {
        let (stream, peer, seat) = accept(&listener, &context.crowd).await;
        let (context, zone) = (context.clone(), zone.clone());
        tokio::spawn(async move {
            let _ = timeout(WHOLE, asked_over(stream, peer, &context, &zone)).await;
            drop(seat);
        });
    }
}

async fn asked_over(
    mut stream: TcpStream,
    peer: SocketAddr,
    context: &Context,
    zone: &Zone,
) -> io::Result<()> {
    for _ in 0..REQUESTS {
        let Ok(length) = timeout(PATIENCE, stream.read_u16()).await else { return Ok(()) };
        let mut question = vec![0; usize::from(length?)];
        let Ok(read) = timeout(PATIENCE, stream.read_exact(&mut question)).await else { return Ok(()) };
        read?;
        let Some(answer) = resolve(&question, peer, context, zone) else { return Ok(()) };
        let mut out = u16::try_from(answer.len()).unwrap_or(0).to_be_bytes().to_vec();
        out.extend_from_slice(&answer);
        stream.write_all(&out).await?;
    }
    Ok(())
}

/// Answers a question, and takes note of it where it is about a canary.
fn resolve(question: &[u8], peer: SocketAddr, context: &Context, zone: &Zone) -> Option<Vec<u8>> {
    let at = now();
    if !context.crowd.may_ask(peer.ip(), at) {
        return None;
    }
    let done = dns::answer(question, zone);
    if let Some((name, kind)) = done.asked {
        let book = context.notes.book();
        if let Some((id, entry)) = book.named_in(&name) {
            let noise = match () {
                () if !entry.mark.is_empty() && name.to_ascii_lowercase().contains(&entry.mark) => {
                    Some("test")
                }
                () if entry.revoked => Some("revoked"),
                () => noise::of_question(kind),
            };
            context.notes.call(&Call {
                id,
                channel: CanaryChannel::Dns,
                peer,
                port: context.port,
                at,
                client: kind.to_string(),
                fields: vec![
                    (field::QUERY_NAME, name.clone().into_bytes()),
                    (field::QUERY_TYPE, kind.to_string().into_bytes()),
                ],
                target: name,
                noise,
            });
        }
    }
    done.answer
}
