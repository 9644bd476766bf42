//! Windows.

use super::{Style, System};
use crate::tables::{
    appliances::OFFICE,
    hardware::{DESKTOPS, SERVERS},
};

/// Windows 10 Pro 22H2.
pub(super) const WINDOWS10: System = System {
    id: "windows10",
    family: "windows",
    pretty_name: "Windows 10 Pro 22H2",
    version: "10.0",
    codename: "22H2",
    machine: "AMD64",
    build: 19045,
    ttl: 128,
    names: Style::Desktop,
    machines: DESKTOPS,
    shell: false,
    kernels: &[(1, ("10.0.19045", ""))],
};

/// Windows 11 Pro 23H2.
pub(super) const WINDOWS11: System = System {
    id: "windows11",
    family: "windows",
    pretty_name: "Windows 11 Pro 23H2",
    version: "10.0",
    codename: "23H2",
    machine: "AMD64",
    build: 22631,
    ttl: 128,
    names: Style::Desktop,
    machines: DESKTOPS,
    shell: false,
    kernels: &[(1, ("10.0.22631", ""))],
};

/// Windows Server 2012 R2 Standard.
pub(super) const WINDOWS_SERVER_2012R2: System = System {
    id: "windows_server_2012r2",
    family: "windows_server",
    pretty_name: "Windows Server 2012 R2 Standard",
    version: "6.3",
    codename: "",
    machine: "AMD64",
    build: 9600,
    ttl: 128,
    names: Style::WindowsServer,
    machines: SERVERS,
    shell: false,
    kernels: &[(1, ("6.3.9600", ""))],
};

/// Windows Server 2016 Standard.
pub(super) const WINDOWS_SERVER_2016: System = System {
    id: "windows_server_2016",
    family: "windows_server",
    pretty_name: "Windows Server 2016 Standard",
    version: "10.0",
    codename: "1607",
    machine: "AMD64",
    build: 14393,
    ttl: 128,
    names: Style::WindowsServer,
    machines: SERVERS,
    shell: false,
    kernels: &[(1, ("10.0.14393", ""))],
};

/// Windows Server 2019 Standard.
pub(super) const WINDOWS_SERVER_2019: System = System {
    id: "windows_server_2019",
    family: "windows_server",
    pretty_name: "Windows Server 2019 Standard",
    version: "10.0",
    codename: "1809",
    machine: "AMD64",
    build: 17763,
    ttl: 128,
    names: Style::WindowsServer,
    machines: SERVERS,
    shell: false,
    kernels: &[(1, ("10.0.17763", ""))],
};

/// Windows Server 2022 Standard.
pub(super) const WINDOWS_SERVER_2022: System = System {
    id: "windows_server_2022",
    family: "windows_server",
    pretty_name: "Windows Server 2022 Standard",
    version: "10.0",
    codename: "21H2",
    machine: "AMD64",
    build: 20348,
    ttl: 128,
    names: Style::WindowsServer,
    machines: SERVERS,
    shell: false,
    kernels: &[(1, ("10.0.20348", ""))],
};

/// Windows 7 Professional.
pub(super) const WINDOWS7: System = System {
    id: "windows7",
    family: "windows",
    pretty_name: "Windows 7 Professional Service Pack 1",
    version: "6.1",
    codename: "SP1",
    machine: "AMD64",
    build: 7601,
    ttl: 128,
    names: Style::Desktop,
    machines: OFFICE,
    shell: false,
    kernels: &[(1, ("6.1.7601", ""))],
};
