//! svcctl: services of the node, and those that a peer makes there to run what he has brought ([MS-SCMR]).

use super::{
    super::login::Rights,
    Caller, Fault,
    ndr::{Read, Written, handle, handled},
};
use netsvc_daemon::kept::Kept;
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Errors of Windows.
const ACCESS_DENIED: u32 = 5;
const INVALID_HANDLE: u32 = 6;
const TIMEOUT: u32 = 1053;
const ALREADY_RUNNING: u32 = 1056;
const DOES_NOT_EXIST: u32 = 1060;
const NOT_ACTIVE: u32 = 1062;
const EXISTS: u32 = 1073;
const TOO_MANY: u32 = 1450;
/// What handles are for.
const MANAGER: u32 = 6;
const SERVICE: u32 = 7;
/// Services that one peer may make.
const MOST: usize = 32;
/// Peers that are remembered.
const PEERS: usize = 256;
/// Longest command line that is told whole.
const LONGEST: usize = 8192;

/// A service.
#[derive(Clone, Debug)]
struct Service {
    name: String,
    shown: String,
    binary: String,
    running: bool,
    /// How it starts: 2 with the system, 3 when asked, 4 never.
    start: u32,
    /// Whether the peer made it, and it was removed since.
    made: bool,
    gone: bool,
}

/// Services as each peer has left them.
#[derive(Default)]
struct Peers(Kept<Vec<Service>, PEERS>);

/// Services of every Windows that peers ask for: name, what is shown, program, whether it runs, how it starts.
const KNOWN: &[(&str, &str, &str, bool, u32)] = &[
    ("RemoteRegistry", "Remote Registry", "C:\\Windows\\system32\\svchost.exe -k localService -p", false, 3),
    ("LanmanServer", "Server", "C:\\Windows\\system32\\svchost.exe -k netsvcs -p", true, 2),
    ("LanmanWorkstation", "Workstation", "C:\\Windows\\System32\\svchost.exe -k NetworkService -p", true, 2),
    ("Schedule", "Task Scheduler", "C:\\Windows\\system32\\svchost.exe -k netsvcs -p", true, 2),
    ("Spooler", "Print Spooler", "C:\\Windows\\System32\\spoolsv.exe", true, 2),
    (
        "EventLog",
        "Windows Event Log",
        "C:\\Windows\\System32\\svchost.exe -k LocalServiceNetworkRestricted -p",
        true,
        2,
    ),
    (
        "Winmgmt",
        "Windows Management Instrumentation",
        "C:\\Windows\\system32\\svchost.exe -k netsvcs -p",
        true,
        2,
    ),
    (
        "WinDefend",
        "Windows Defender Antivirus Service",
        "\"C:\\Program Files\\Windows Defender\\MsMpEng.exe\"",
        true,
        2,
    ),
    (
        "mpssvc",
        "Windows Defender Firewall",
        "C:\\Windows\\system32\\svchost.exe -k LocalServiceNoNetworkFirewall -p",
        true,
        2,
    ),
    (
        "BITS",
        "Background Intelligent Transfer Service",
        "C:\\Windows\\System32\\svchost.exe -k netsvcs -p",
        false,
        3,
    ),
    ("VSS", "Volume Shadow Copy", "C:\\Windows\\system32\\vssvc.exe", false, 3),
];

fn fresh() -> Vec<Service> {
    let service = |(name, shown, binary, running, start): &(&str, &str, &str, bool, u32)| Service {
        name: (*name).to_owned(),
        shown: (*shown).to_owned(),
        binary: (*binary).to_owned(),
        running: *running,
        start: *start,
        made: false,
        gone: false,
    };
    KNOWN.iter().map(service).collect()
}

pub(super) fn call(
    caller: &Caller<'_>,
    operation: u16,
    content: &[u8],
    out: &mut Out,
) -> Result<Vec<u8>, Fault> {
    let mut read = Read::new(content);
    let kept = caller.host.node.shared(Peers::default).0.of(caller.link.source(), fresh);
    let mut services = kept.lock();
    let answer = match operation {
        0 => Some(Written::new().bytes(&[0; 20]).u32(0).done()),
        1 => control(&mut services, &mut read, out),
        2 => delete(&mut services, &mut read, out),
        6 => query(&services, &mut read),
        11 => change(&mut services, &mut read, out),
        12 => create(&mut services, &mut read, out),
        15 => manager(caller, out),
        16 => open(&services, &mut read, out),
        17 => configuration(&services, &mut read),
        19 => start(&mut services, &mut read, out),
        _ => return Err(Fault::Range),
    };
    answer.ok_or(Fault::Data)
}

fn note(deed: &str, service: &Service, out: &mut Out) {
    let binary: String = service.binary.chars().take(LONGEST).collect();
    let fields = vec![
        (field::COMMAND, format!("{deed} {}: {binary}", service.name).into_bytes()),
        (field::NAME, service.name.clone().into_bytes()),
        (field::PATH, binary.into_bytes()),
    ];
    out.record(Kind::Command, fields);
}

fn manager(caller: &Caller<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let denied = caller.who.rights < Rights::Administrator;
    let outcome: &[u8] = if denied { b"denied" } else { b"accepted" };
    out.record(
        Kind::Command,
        vec![(field::COMMAND, b"OpenSCManager".to_vec()), (field::OUTCOME, outcome.to_vec())],
    );
    let given = if denied { [0; 20] } else { handle(MANAGER, 0) };
    Some(Written::new().bytes(&given).u32(if denied { ACCESS_DENIED } else { 0 }).done())
}

/// The service that a handle is for.
fn place(services: &[Service], read: &mut Read<'_>) -> Option<Option<usize>> {
    let (kind, number) = handled(read.take(20)?)?;
    let place = usize::try_from(number).ok()?;
    Some((kind == SERVICE && place < services.len()).then_some(place))
}

fn is_manager(read: &mut Read<'_>) -> Option<bool> {
    Some(handled(read.take(20)?)?.0 == MANAGER)
}

fn position(services: &[Service], name: &str) -> Option<usize> {
    services.iter().position(|service| service.name.eq_ignore_ascii_case(name) && !service.gone)
}

fn given(written: &mut Written, place: Result<usize, u32>) -> Vec<u8> {
    match place {
        Ok(place) => written.bytes(&handle(SERVICE, super::super::wire::count(place))).u32(0).done(),
        Err(error) => written.bytes(&[0; 20]).u32(error).done(),
    }
}

fn open(services: &[Service], read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let manager = is_manager(read)?;
    let name = read.string()?;
    let found = position(services, &name).filter(|_| manager);
    out.record(
        Kind::Command,
        vec![(field::COMMAND, format!("OpenService {name}").into_bytes()), (field::NAME, name.into_bytes())],
    );
    let error = if manager { DOES_NOT_EXIST } else { INVALID_HANDLE };
    Some(given(&mut Written::new(), found.ok_or(error)))
}

fn create(services: &mut Vec<Service>, read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let manager = is_manager(read)?;
    let name = read.string()?;
    let shown = read.maybe_string()?.unwrap_or_else(|| name.clone());
    read.u32()?;
    read.u32()?;
    let start = read.u32()?;
    read.u32()?;
    let binary = read.string()?;
    let service = Service { name, shown, binary, running: false, start, made: true, gone: false };
    note("CreateService", &service, out);
    let made = services.iter().filter(|service| service.made).count();
    let place = match position(services, &service.name) {
        _ if !manager => Err(INVALID_HANDLE),
        Some(_) => Err(EXISTS),
        None if MOST <= made => Err(TOO_MANY),
        None => {
            services.push(service);
            Ok(services.len() - 1)
        }
    };
    let mut written = Written::new();
    written.pointer(false);
    Some(given(&mut written, place))
}

/// Starting what the peer made runs nothing: a program that was brought seems to run, a command line ends as one does
/// that is no service.
fn start(services: &mut [Service], read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let place = place(services, read)?;
    let error = match place.and_then(|place| services.get_mut(place)) {
        None => INVALID_HANDLE,
        Some(service) => {
            note("StartService", service, out);
            let shell = ["cmd", "comspec", "powershell", "rundll32", "mshta"];
            let low = service.binary.to_lowercase();
            match service.running {
                true => ALREADY_RUNNING,
                false if service.made && shell.iter().any(|word| low.contains(word)) => TIMEOUT,
                false => {
                    service.running = true;
                    0
                }
            }
        }
    };
    Some(Written::new().u32(error).done())
}

fn state(written: &mut Written, service: Option<&Service>) {
    let running = service.is_some_and(|service| service.running);
    let (now, takes) = if running { (4, 1) } else { (1, 0) };
    // A service that was never started says so.
    let exit = if running { 0 } else { 1077 };
    let kind = if service.is_some_and(|service| service.binary.contains("svchost")) { 0x20 } else { 0x10 };
    written.u32(kind).u32(now).u32(takes).u32(exit).u32(0).u32(0).u32(0);
}

fn query(services: &[Service], read: &mut Read<'_>) -> Option<Vec<u8>> {
    let found = place(services, read)?.and_then(|place| services.get(place));
    let mut written = Written::new();
    state(&mut written, found);
    Some(written.u32(if found.is_some() { 0 } else { INVALID_HANDLE }).done())
}

fn control(services: &mut [Service], read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let found = place(services, read)?.and_then(|place| services.get_mut(place));
    let wanted = read.u32()?;
    let mut written = Written::new();
    let error = match found {
        None => {
            state(&mut written, None);
            INVALID_HANDLE
        }
        Some(service) => {
            let error = if service.running { 0 } else { NOT_ACTIVE };
            if wanted == 1 {
                note("StopService", service, out);
                service.running = false;
            }
            state(&mut written, Some(service));
            error
        }
    };
    Some(written.u32(error).done())
}

fn delete(services: &mut [Service], read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let found = place(services, read)?.and_then(|place| services.get_mut(place));
    let error = match found {
        None => INVALID_HANDLE,
        Some(service) => {
            note("DeleteService", service, out);
            service.gone = true;
            0
        }
    };
    Some(Written::new().u32(error).done())
}

fn configuration(services: &[Service], read: &mut Read<'_>) -> Option<Vec<u8>> {
    let found = place(services, read)?.and_then(|place| services.get(place));
    let mut written = Written::new();
    let Some(service) = found else {
        written.u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u32(0);
        return Some(written.u32(INVALID_HANDLE).done());
    };
    let kind = if service.binary.contains("svchost") { 0x20 } else { 0x10 };
    written.u32(kind).u32(service.start).u32(1).pointer(true).pointer(true).u32(0).pointer(true);
    written.pointer(true).pointer(true);
    for text in [&service.binary, "", "", "LocalSystem", &service.shown] {
        written.string(text);
    }
    Some(written.u32(512).u32(0).done())
}

/// Changes how a service starts or what it runs.
fn change(services: &mut [Service], read: &mut Read<'_>, out: &mut Out) -> Option<Vec<u8>> {
    let found = place(services, read)?.and_then(|place| services.get_mut(place));
    let (_, start, _) = (read.u32()?, read.u32()?, read.u32()?);
    let binary = read.maybe_string()?;
    let error = match found {
        None => INVALID_HANDLE,
        Some(service) => {
            if start != u32::MAX {
                service.start = start;
            }
            if let Some(binary) = binary {
                service.binary = binary;
                service.made = true;
            }
            note("ChangeServiceConfig", service, out);
            0
        }
    };
    Some(Written::new().u32(0).u32(error).done())
}
