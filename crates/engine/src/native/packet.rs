//! Raw sockets on Ethernet devices (packet(7)), and the TUN device: the system calls that nix has no
//! safe form for.

use std::{
    fs::OpenOptions,
    io,
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
};

/// Buffer for frames that the gate has not read yet, in bytes.
const RECEIVE_BUFFER: libc::c_int = 8 << 20;
/// Buffer for frames that the device has not sent yet, in bytes. The kernel's own holds three of the long
/// segments that a device cuts up; what finds no room is lost, and peers see it come again.
const SEND_BUFFER: libc::c_int = 4 << 20;
/// `ETH_P_ALL` and `ETH_P_ARP` as packet sockets take them.
const EVERYTHING: u16 = 0x0003;
const ARP: u16 = 0x0806;
/// Requests and flags of `linux/if_tun.h`.
const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
const TUNSETOFFLOAD: libc::c_ulong = 0x4004_54d0;
const TUN_F_CSUM: libc::c_ulong = 1;
const TUN_F_TSO4: libc::c_ulong = 2;

/// Counts of a packet socket since it was last asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) drops: u64,
}

/// A socket for all frames of a device, with the offload header before each (`PACKET_VNET_HDR`). It does
/// not see what it sends. `promiscuous`: frames to foreign addresses too, so give a `filter`.
///
/// # Errors
/// When we may not, or the device is gone.
pub(super) fn open(
    index: u32,
    promiscuous: bool,
    filter: Option<&[libc::sock_filter]>,
) -> io::Result<OwnedFd> {
    let socket = unbound()?;
    set(&socket, libc::SOL_PACKET, libc::PACKET_VNET_HDR, &1)?;
    set(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1)?;
    // The forced form needs the capability in the first user namespace; elsewhere the system's limit holds.
    for (forced, usual, size) in [
        (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF, RECEIVE_BUFFER),
        (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF, SEND_BUFFER),
    ] {
        if set(&socket, libc::SOL_SOCKET, forced, &size).is_err() {
            set(&socket, libc::SOL_SOCKET, usual, &size)?;
        }
    }
    if let Some(filter) = filter {
        set_filter(&socket, filter)?;
    }
    bind(&socket, index, EVERYTHING)?;
    if promiscuous {
        let membership = libc::packet_mreq {
            mr_ifindex: signed(index)?,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        set(&socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)?;
    }
    Ok(socket)
}

/// A socket for ARP frames of a device, without what it sends itself.
///
/// # Errors
/// When we may not, or the device is gone.
pub(super) fn open_arp(index: u32) -> io::Result<OwnedFd> {
    let socket = unbound()?;
    set(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1)?;
    bind(&socket, index, ARP)?;
    Ok(socket)
}

/// Replaces the filter of a socket; works on any duplicate of its descriptor.
///
/// # Errors
/// When the program is too long or wrong.
pub(super) fn set_filter(socket: impl AsFd, program: &[libc::sock_filter]) -> io::Result<()> {
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    set(&socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
}

/// Reads and resets the counts of a socket.
///
/// # Errors
/// When it is no packet socket.
pub(super) fn counts(socket: impl AsFd) -> io::Result<Counts> {
    let mut stats = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut length = size_of_val(&stats) as libc::socklen_t;
    let number = socket.as_fd().as_raw_fd();
    #[expect(unsafe_code, reason = "PACKET_STATISTICS has no safe form")]
    // SAFETY: both pointers are to live values of the size that `length` says.
    let result = unsafe {
        libc::getsockopt(
            number,
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut stats).cast(),
            &raw mut length,
        )
    };
    check(result)?;
    Ok(Counts { packets: stats.tp_packets.into(), drops: stats.tp_drops.into() })
}

/// Makes a TUN device in the calling thread's namespace, with the offload header before each packet.
///
/// # Errors
/// When `/dev/net/tun` is closed to us.
pub(super) fn open_tun(name: &str) -> io::Result<OwnedFd> {
    let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
    let tun = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/net/tun")?;
    let mut request = [0u8; 40];
    for (place, byte) in request.iter_mut().zip(name.bytes().take(15)) {
        *place = byte;
    }
    let wanted = (libc::IFF_TUN | libc::IFF_NO_PI | libc::IFF_VNET_HDR) as u16;
    for (place, byte) in request.iter_mut().skip(16).zip(wanted.to_ne_bytes()) {
        *place = byte;
    }
    #[expect(unsafe_code, reason = "ioctls of the TUN device")]
    // SAFETY: the first takes a struct ifreq of 40 bytes, which lives through the call; the second a number.
    unsafe {
        check(libc::ioctl(tun.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()))?;
        check(libc::ioctl(tun.as_raw_fd(), TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4))?;
    }
    Ok(tun.into())
}

/// A socket that hears all frames of a device as they are.
pub(super) fn ear(index: u32) -> io::Result<OwnedFd> {
    let socket = unbound()?;
    set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, &RECEIVE_BUFFER)?;
    bind(&socket, index, EVERYTHING)?;
    Ok(socket)
}

/// A packet socket that receives nothing until it is bound to a device and a protocol.
fn unbound() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    #[expect(unsafe_code, reason = "nix cannot make a packet socket without protocol")]
    // SAFETY: a plain system call; the descriptor it returns is new and ours.
    unsafe {
        let number = libc::socket(libc::AF_PACKET, kind, 0);
        check(number)?;
        Ok(OwnedFd::from_raw_fd(number))
    }
}

fn bind(socket: &OwnedFd, index: u32, protocol: u16) -> io::Result<()> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: protocol.to_be(),
        sll_ifindex: signed(index)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let length = size_of_val(&address) as libc::socklen_t;
    #[expect(unsafe_code, reason = "nix has no constructor for link addresses")]
    // SAFETY: the pointer is to a live address of the length given.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) })
}

fn set<T>(socket: &impl AsFd, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    let number = socket.as_fd().as_raw_fd();
    #[expect(unsafe_code, reason = "options of packet sockets have no safe form")]
    // SAFETY: the pointer is to a live value of the length given.
    check(unsafe { libc::setsockopt(number, level, name, std::ptr::from_ref(value).cast(), length) })
}

fn signed(index: u32) -> io::Result<i32> {
    i32::try_from(index).map_err(io::Error::other)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
