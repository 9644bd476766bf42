//! How DHCP clients write their messages: which options, in which order, asking for which.
//!
//! Sources: RFC 2131, 2132, 3442, 4361, 4702; the clients' own defaults (dhclient.conf of Debian and
//! FreeBSD, networkd-dhcp4.c of systemd 245 and 249, dhcpcd-definitions, udhcp's common.c, NetworkManager's
//! n-dhcp4, bootpd's IPConfiguration); PRADS' dhcp.fp and public captures for Windows, JetDirect and IOS.

use Piece::{Asked, ClientId, Fqdn, HostName, LeaseTime, MaxSize, Requested, Server, Vendor};

/// An option as a client writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// 50.
    Requested,
    /// 54.
    Server,
    /// 12.
    HostName,
    /// 81, in requests only.
    Fqdn,
    /// 60.
    Vendor,
    /// 55.
    Asked,
    /// 61.
    ClientId,
    /// 57.
    MaxSize,
    /// 51: ninety days.
    LeaseTime,
}

/// What a client calls itself in option 61.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identifier {
    None,
    /// Type and hardware address.
    Hardware,
    /// systemd's DUID-EN after an IAID (RFC 4361).
    Duid,
    /// `cisco-`, the hardware address, an interface.
    Cisco,
}

/// How a client writes its messages.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Options after 53, in this order, as far as a message has them.
    pub(crate) options: &'static [Piece],
    /// Option 55.
    pub(crate) wanted: &'static [u8],
    /// Option 60; empty: there is none.
    pub(crate) vendor: &'static str,
    pub(crate) identifier: Identifier,
    /// Option 57; 0: there is none.
    pub(crate) max_size: u16,
    /// Whether the client cannot take unicast before it has an address.
    pub(crate) broadcast: bool,
    /// Whether it renews up to a quarter earlier than it has to (dhclient's `bind_lease`), so that clients which
    /// were switched on together do not stay together.
    pub(crate) early: bool,
    /// Time to live and type of service before there is an address.
    pub(crate) ttl: u8,
    pub(crate) tos: u8,
}

/// Debian's dhclient.
pub(crate) static DHCLIENT: Dialect =
    Dialect { wanted: &[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42], ..DHCLIENT_BASE };

/// dhclient under NetworkManager on Enterprise Linux 7.
pub(crate) static NM_DHCLIENT: Dialect = Dialect {
    wanted: &[1, 28, 2, 121, 15, 6, 12, 40, 41, 42, 26, 119, 3, 121, 249, 33, 252, 42],
    ..DHCLIENT_BASE
};

const DHCLIENT_BASE: Dialect = Dialect {
    options: &[Server, Requested, HostName, Asked],
    wanted: &[],
    vendor: "",
    identifier: Identifier::None,
    max_size: 0,
    broadcast: false,
    early: true,
    // It writes its own headers: time to live 128, low delay.
    ttl: 128,
    tos: 0x10,
};

/// NetworkManager's own client.
pub(crate) static NM_INTERNAL: Dialect = Dialect {
    options: &[ClientId, Asked, MaxSize, Requested, Server, HostName],
    wanted: &[1, 2, 6, 12, 15, 26, 28, 121, 3, 33, 40, 41, 42, 119, 249, 252, 17],
    vendor: "",
    identifier: Identifier::Hardware,
    max_size: 1472,
    broadcast: false,
    early: false,
    ttl: 64,
    tos: 0xc0,
};

/// systemd-networkd, the order of its options before it sorted them.
pub(crate) static NETWORKD_245: Dialect =
    Dialect { wanted: &[1, 3, 12, 15, 6, 26, 33, 121, 42], ..NETWORKD_BASE };

/// systemd-networkd since it sorts.
pub(crate) static NETWORKD_249: Dialect =
    Dialect { wanted: &[1, 3, 6, 12, 15, 26, 33, 42, 120, 121], ..NETWORKD_BASE };

const NETWORKD_BASE: Dialect = Dialect {
    options: &[ClientId, Asked, MaxSize, Requested, Server, HostName],
    wanted: &[],
    vendor: "",
    identifier: Identifier::Duid,
    max_size: 1472,
    broadcast: false,
    early: false,
    ttl: 64,
    tos: 0xc0,
};

/// Windows 10 and later.
pub(crate) static WINDOWS_10: Dialect =
    Dialect { wanted: &[1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252], ..WINDOWS_BASE };

/// Windows 7 to 8.1.
pub(crate) static WINDOWS_7: Dialect =
    Dialect { wanted: &[1, 15, 3, 6, 44, 46, 47, 31, 33, 121, 249, 43], ..WINDOWS_BASE };

const WINDOWS_BASE: Dialect = Dialect {
    options: &[ClientId, Requested, Server, HostName, Fqdn, Vendor, Asked],
    wanted: &[],
    vendor: "MSFT 5.0",
    identifier: Identifier::Hardware,
    max_size: 0,
    broadcast: false,
    early: false,
    ttl: 128,
    tos: 0,
};

/// macOS since 11.
pub(crate) static APPLE: Dialect = Dialect {
    options: &[Asked, MaxSize, ClientId, Requested, LeaseTime, Server, HostName],
    wanted: &[1, 121, 3, 6, 15, 108, 114, 119, 252, 95, 44, 46],
    vendor: "",
    identifier: Identifier::Hardware,
    max_size: 1500,
    broadcast: false,
    early: false,
    ttl: 255,
    tos: 0,
};

/// FreeBSD's dhclient.
pub(crate) static FREEBSD: Dialect = Dialect {
    options: &[Server, Requested, ClientId, HostName, Asked],
    wanted: &[1, 28, 2, 121, 3, 15, 6, 12, 119],
    vendor: "",
    identifier: Identifier::Hardware,
    max_size: 0,
    broadcast: false,
    early: true,
    ttl: 128,
    tos: 0x10,
};

/// BusyBox of Alpine.
pub(crate) static UDHCPC: Dialect = Dialect {
    options: &[ClientId, Requested, Server, MaxSize, Asked, Vendor, HostName],
    wanted: &[1, 3, 6, 12, 15, 28, 42],
    vendor: "udhcp 1.36.1",
    identifier: Identifier::Hardware,
    max_size: 576,
    broadcast: false,
    early: false,
    ttl: 64,
    tos: 0,
};

/// The older BusyBox of cameras and routers.
pub(crate) static UDHCPC_DEVICE: Dialect = Dialect {
    options: &[ClientId, Vendor, Requested, Server, MaxSize, HostName, Asked],
    wanted: &[1, 3, 6, 12, 15, 28, 40, 41, 42],
    vendor: "udhcp 1.22.1",
    identifier: Identifier::Hardware,
    max_size: 576,
    broadcast: false,
    early: false,
    ttl: 64,
    tos: 0,
};

/// dhcpcd.
pub(crate) static DHCPCD: Dialect = Dialect {
    options: &[ClientId, Requested, Server, MaxSize, Vendor, HostName, Asked],
    wanted: &[1, 121, 33, 3, 6, 12, 15, 26, 28, 42, 51, 54, 58, 59, 119],
    vendor: "dhcpcd-6.11.5:Linux-4.14.24:x86_64",
    identifier: Identifier::Hardware,
    max_size: 1472,
    broadcast: false,
    early: false,
    ttl: 64,
    tos: 0,
};

/// HP's printers.
pub(crate) static JETDIRECT: Dialect = Dialect {
    options: &[Requested, Server, HostName, Vendor, Asked, ClientId],
    wanted: &[6, 3, 1, 15, 66, 67, 13, 44, 12, 81, 252],
    vendor: "Hewlett-Packard JetDirect",
    identifier: Identifier::Hardware,
    max_size: 0,
    broadcast: false,
    early: false,
    ttl: 255,
    tos: 0,
};

/// Firmware without a class of its own: the options that RFC 2132 and the host requirements make everybody ask for.
pub(crate) static FIRMWARE: Dialect = Dialect {
    options: &[Requested, Server, HostName, Asked, ClientId],
    wanted: &[1, 3, 6, 12, 15, 44],
    vendor: "",
    ..JETDIRECT
};

/// Cisco IOS, which names itself after its interface.
pub(crate) static IOS: Dialect = Dialect {
    options: &[MaxSize, ClientId, Requested, Server, HostName, Asked],
    wanted: &[1, 66, 6, 15, 44, 3, 67, 12, 33, 150, 43],
    vendor: "",
    identifier: Identifier::Cisco,
    max_size: 1152,
    broadcast: true,
    early: false,
    ttl: 255,
    tos: 0,
};
