//! What holds for every service under bytes without an end: memory is bounded and charged, work is in proportion to
//! what came, and pieces make no difference. Memory is counted where it is taken, not where somebody says so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up its case should fail")]

use netsvc_catalogue::ALL;
use netsvc_kit::{
    Action, Def, Flood, Host, Input, Link, Open, Out, Serve, Session,
    budget::{Budget, Entry, Place},
    full::{Beyond, Full},
    gathered::searched,
    testing,
};
use netsvc_persona::stage::Limits;
use parking_lot::Mutex;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Bytes that are taken and not given back, and all that were ever taken.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);
/// One test at a time counts.
static ALONE: Mutex<()> = Mutex::new(());

struct Counting;

#[expect(unsafe_code, reason = "an allocator that counts")]
// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        TAKEN.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised to us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes of a flood: many times what any of the parsers may keep of one unit; content is kept longer.
const FLOOD: usize = 2 << 20;
/// Bytes of a flood of content: more than any service keeps.
const CONTENT: usize = 30 << 20;
/// Bytes of one that comes byte by byte.
const TRICKLE: usize = 6 * 1024;
/// Bytes that a connection may hold beyond what it is charged.
const FREE: usize = 768 * 1024;
/// As [`FREE`] where there are sockets and a runtime.
const FREE_WITH_SOCKETS: usize = 2 << 20;
/// Work per byte: bytes looked at and bytes allocated.
const WORK: u64 = 400;

/// Headers that come with each datagram.
const HEADERS: u64 = 28;

/// What no service speaks, or every one.
const GENERAL: [Flood; 3] = [
    Flood { name: "a line", head: b"", unit: b"A" },
    Flood { name: "zeros", head: b"", unit: b"\0" },
    Flood { name: "white space", head: b"", unit: b"\r\n" },
];

/// Conversations that never end: those in general, and those that any service declares, which meet them all.
fn floods() -> impl Iterator<Item = Flood> {
    GENERAL.into_iter().chain(ALL.iter().flat_map(|def| def.talks.floods.iter().copied()))
}

struct Table {
    budget: Arc<Budget>,
    host: Arc<Host>,
    _folder: tempfile::TempDir,
}

fn table(def: &Def) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let stage = testing::stage(folder.path());
    let host = testing::host(&stage, testing::persona_with(def, "web-01"), def.slug, &[]);
    if !matches!(def.serve, Serve::Task(_)) {
        // What a node makes at first use, such as its keys, is no connection's.
        if !matches!(def.serve, Serve::Datagrams(_)) {
            testing::converse(def, &host, &link(def), &[b"PING\r\nGET a\r\n"]);
        }
        for dialogue in testing::dialogues(def) {
            for (open, link) in testing::streams(def) {
                testing::converse_with(open, &host, &link, &[&dialogue]);
            }
            for (_, link) in testing::datagram_machines(def) {
                testing::datagrams(def, &host, &link, &[&dialogue]);
            }
        }
    }
    Table { budget: budget(), host, _folder: folder }
}

/// Room enough: what is asked here is whether the bytes are counted.
fn budget() -> Arc<Budget> {
    Budget::new(Limits { memory: 1 << 30, memory_per_source: 1 << 30, ..Limits::default() })
}

fn place(table: &Table) -> Place {
    let group = table.budget.group(1, "x");
    match table.budget.enter(group, [192, 0, 2, 7].into(), &Full::of(10, Beyond::Close)) {
        Entry::Serve(place) => place,
        other => panic!("{other:?}"),
    }
}

fn link(def: &Def) -> Link {
    testing::link(def.ports.first().map_or(0, |port| port.number))
}

/// A piece of `unit` over and over.
fn piece(unit: &[u8]) -> Vec<u8> {
    unit.iter().copied().cycle().take(16 * 1024).collect()
}

/// Feeds a machine until it closes or has had `most` bytes; what it cost per byte, and how much it held uncharged.
fn feed(
    def: &Def,
    (open, link): (Open, Link),
    table: &Table,
    head: &[u8],
    pieces: impl Iterator<Item = Vec<u8>>,
) -> (u64, usize) {
    let overhead = if matches!(def.serve, Serve::Datagrams(_) | Serve::Both(..)) { HEADERS } else { 0 };
    let place = place(table);
    let account = place.account();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(account.within(async {
        let mut out = Out::default();
        let mut machine = open(&table.host, &link);
        machine.step(Input::Open, &mut out);
        out.take();
        let (base, work) = (LIVE.load(Ordering::Relaxed), searched() + TAKEN.load(Ordering::Relaxed) as u64);
        let (mut fed, mut most) = (0_u64, 0);
        for bytes in std::iter::once(head.to_vec()).chain(pieces) {
            machine.step(Input::Bytes(&bytes), &mut out);
            fed += bytes.len() as u64 + overhead;
            let mut closed = false;
            loop {
                let full = out.full();
                // What is to be done is charged while it is done.
                let done = out.take();
                closed |= done.iter().any(|action| matches!(action, Action::Close | Action::StartTls(_)));
                drop(done);
                let held = LIVE.load(Ordering::Relaxed).saturating_sub(base);
                most = most.max(held.saturating_sub(table.budget.memory().held()));
                if closed || !full {
                    break;
                }
                machine.step(Input::Bytes(&[]), &mut out);
            }
            if closed {
                break;
            }
        }
        let work = searched() + TAKEN.load(Ordering::Relaxed) as u64 - work;
        (work / fed.max(4096), most)
    }))
}

/// Every machine of every service, at each port that speaks a protocol of its own.
fn machines() -> impl Iterator<Item = (&'static Def, Open, Link)> {
    let ways = |def: &Def| testing::streams(def).into_iter().chain(testing::datagram_machines(def));
    ALL.iter().flat_map(move |def| ways(def).map(|(open, link)| (*def, open, link)))
}

/// The shares of [`machines`], each a test of its own: processors divide them.
const SHARES: usize = 4;

/// Whether a conversation is one of a service, or of all.
fn is_of(def: &Def, flood: &Flood) -> bool {
    let among = |floods: &[Flood]| floods.iter().any(|own| own.name == flood.name && own.head == flood.head);
    among(&GENERAL) || among(def.talks.floods)
}

/// Every flood at each machine of one share, in `pieces`. A byte may cost `most` bytes of work.
fn flooded<P: Iterator<Item = Vec<u8>>>(of: usize, most: u64, pieces: impl Fn(&Flood) -> P) {
    let _alone = ALONE.lock();
    for (def, open, link) in machines().skip(of).step_by(SHARES) {
        let mut shared = table(def);
        for flood in floods() {
            // What a conversation leaves behind, such as letters, is no part of the next; another's leaves nothing.
            let table = if is_of(def, &flood) {
                &table(def)
            } else {
                shared.budget = budget();
                &shared
            };
            let (work, free) = feed(def, (open, link), table, flood.head, pieces(&flood));
            assert!(free < FREE, "{}: {}: {free} bytes held and not charged", def.slug, flood.name);
            assert!(work < most, "{}: {}: {work} per byte", def.slug, flood.name);
        }
    }
}

fn endless_bytes_are_charged_and_cost_what_they_are(of: usize) {
    flooded(of, WORK, |flood| {
        let piece = piece(flood.unit);
        let most = if matches!(flood.name, "a line" | "a mail") { CONTENT } else { FLOOD };
        let count = most / piece.len();
        std::iter::repeat_n(piece, count)
    });
}

fn byte_by_byte_costs_no_more(of: usize) {
    flooded(of, 2 * WORK, |flood| {
        let bytes = flood.unit;
        bytes.iter().cycle().take(TRICKLE).map(|byte| vec![*byte])
    });
}

/// Each law once for each share.
macro_rules! shares {
    ($($share:ident = $of:literal),*) => {$(
        mod $share {
            #[test]
            fn endless_bytes_are_charged_and_cost_what_they_are() {
                super::endless_bytes_are_charged_and_cost_what_they_are($of);
            }

            #[test]
            fn byte_by_byte_costs_no_more() {
                super::byte_by_byte_costs_no_more($of);
            }
        }
    )*
        /// How many are written here: a share without a test would pass.
        const WRITTEN: usize = [$($of),*].len();
    };
}

shares!(first = 0, second = 1, third = 2, fourth = 3);
const _: () = assert!(WRITTEN == SHARES);

/// Floods a task over a socket; how much it held uncharged at most.
async fn flood(def: &'static Def, table: &Table, head: &[u8], unit: &[u8], most: usize) -> usize {
    let Serve::Task(task) = def.serve else { unreachable!() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, from) = listener.accept().await.unwrap();
    let place = place(table);
    let account = place.account();
    let link = Link { peer: from, local: stream.local_addr().unwrap(), ..link(def) };
    let base = LIVE.load(Ordering::Relaxed);
    let session = Session::begin(stream, table.host.clone(), link, def.idle, Some(place));
    let mut serving = tokio::spawn(account.within(async move {
        // How it ends is of no interest here.
        let _ = task(session).await;
    }));
    let (mut reader, mut writer) = peer.split();
    let piece = piece(unit);
    let mut held = 0;
    let talk = async {
        let mut answer = vec![0; 64 * 1024];
        let drain = async { while reader.read(&mut answer).await.is_ok_and(|count| count > 0) {} };
        let fill = async {
            let mut sent = 0;
            let mut next = head;
            while sent < most && writer.write_all(next).await.is_ok() {
                sent += next.len();
                next = &piece;
                let now = LIVE.load(Ordering::Relaxed).saturating_sub(base);
                held = held.max(now.saturating_sub(table.budget.memory().held()));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { () = fill => {}, () = drain => {} }
    };
    // A server that stops reading has stopped taking memory too.
    let _ = tokio::time::timeout(Duration::from_secs(2), talk).await;
    serving.abort();
    let _ = (&mut serving).await;
    held
}

#[test]
fn tasks_hold_no_more_than_they_are_charged() {
    let _alone = ALONE.lock();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for def in ALL.iter().filter(|def| matches!(def.serve, Serve::Task(_))) {
        // What a node makes at first use, its shell and keys, is no connection's.
        let table = table(def);
        runtime.block_on(flood(def, &table, b"", b"x\r\n", 4096));
        for Flood { name, head, unit } in floods() {
            let free = runtime.block_on(flood(def, &table, head, unit, FLOOD));
            assert!(free < FREE_WITH_SOCKETS, "{}: {name}: {free} bytes held and not charged", def.slug);
        }
    }
}
