//! Operating systems with the kernels that they shipped.
//!
//! Sources: release notes and package archives of the distributions (kernel package changelogs),
//! Microsoft's release health pages (build numbers), vendors' firmware notes.

use super::{Weighted, hardware::Machine};

mod devices;
mod linux;
mod windows;

/// An operating system of a family.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// Id: `debian12`, `windows_server_2019`, ….
    pub id: &'static str,
    /// Family: `linux`, `windows`, `windows_server`, `bsd`, `macos`, `cisco`, `junos`, `esxi`, `embedded`.
    pub family: &'static str,
    /// Name as os-release or a system dialog gives it.
    pub pretty_name: &'static str,
    /// Release.
    pub version: &'static str,
    /// Code name.
    pub codename: &'static str,
    /// Machine of `uname -m`.
    pub machine: &'static str,
    /// Build number of Windows.
    pub build: u32,
    /// Initial TTL.
    pub ttl: u8,
    /// Style of host names.
    pub names: Style,
    /// Machines that it runs on.
    pub machines: &'static [Weighted<Machine>],
    /// Whether the shell can show its command line; if not, logins at one are refused.
    pub shell: bool,
    /// Kernel release and version of `uname -r` and `uname -v`, oldest first.
    pub kernels: &'static [Weighted<(&'static str, &'static str)>],
}

/// Style of host names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `web-prod-03`, `srv-files-02`, `mx1`.
    Server,
    /// `DESKTOP-4F7Q2KL`, `PC-MEIER`.
    Desktop,
    /// `WIN-…`, `SRV-DC01`.
    WindowsServer,
    /// `NPI3C9A1B`.
    Printer,
    /// `BRN001BA9123456`: the whole MAC.
    Brother,
    /// Device name and part of the MAC.
    Device,
    /// The same of a camera.
    Camera,
    /// `muc-rt-01`, `core-sw2`.
    Network,
    /// `annas-imac`, `Mac-mini-7`.
    Mac,
    /// `NAS3C9A1B`, `diskstation`.
    Nas,
    /// `esx03`.
    Hypervisor,
    /// `plc-line2`.
    Controller,
}

/// The system with this id.
pub fn find(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.id == id)
}

/// Every system.
pub const SYSTEMS: &[System] = &[
    linux::DEBIAN12,
    linux::DEBIAN11,
    linux::UBUNTU2204,
    linux::UBUNTU2404,
    linux::UBUNTU2004,
    linux::ROCKY9,
    linux::CENTOS7,
    linux::FEDORA39,
    linux::ALPINE319,
    linux::KALI,
    linux::ARCH,
    linux::DEBIAN10,
    linux::DEBIAN9,
    linux::UBUNTU1804,
    linux::ROCKY8,
    linux::CENTOS6,
    windows::WINDOWS7,
    windows::WINDOWS10,
    windows::WINDOWS11,
    windows::WINDOWS_SERVER_2012R2,
    windows::WINDOWS_SERVER_2016,
    windows::WINDOWS_SERVER_2019,
    windows::WINDOWS_SERVER_2022,
    devices::HP_PRINTER,
    devices::BUSYBOX_ARM,
    devices::BUSYBOX_MIPS,
    devices::BROTHER_PRINTER,
    devices::IP_CAMERA,
    devices::VXWORKS,
    devices::SIEMENS_PLC,
    devices::QNAP,
    devices::SYNOLOGY,
    devices::FREEBSD11,
    devices::FREEBSD12,
    devices::FREEBSD13,
    devices::MACOS,
    devices::CISCO_IOS,
    devices::JUNOS,
    devices::ESXI,
    devices::MODICON_PLC,
    devices::RTU,
    devices::BUILDING_CONTROLLER,
];
