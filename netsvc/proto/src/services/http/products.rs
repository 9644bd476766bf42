//! Web servers by system.
//!
//! Sources: package archives of the distributions; versions of IIS follow the build of Windows; devices from their own
//! banners.

use super::maker;
use netsvc_kit::declared::{Product, Products};

/// Releases of one product stand in the order of their age.
pub(in super::super) const PRODUCTS: &[Products] = &[
    Products::on(&["debian10"], &[(4, ("nginx", "1.14.2", "")), (5, ("Apache", "2.4.38", "Debian"))]),
    Products::on(&["debian9"], &[(3, ("nginx", "1.10.3", "")), (5, ("Apache", "2.4.25", "Debian"))]),
    Products::on(&["ubuntu1804"], &[(4, ("nginx", "1.14.0", "Ubuntu")), (5, ("Apache", "2.4.29", "Ubuntu"))]),
    Products::on(&["rocky8"], &[(3, ("nginx", "1.14.1", "")), (4, ("Apache", "2.4.37", "Rocky Linux"))]),
    Products::on(&["centos6"], &[(2, ("nginx", "1.10.3", "")), (6, ("Apache", "2.2.15", "CentOS"))]),
    Products::on(&["freebsd11"], &[(3, ("nginx", "1.16.1", "")), (3, ("Apache", "2.4.41", "FreeBSD"))]),
    Products::on(
        &["freebsd12", "freebsd13"],
        &[(4, ("nginx", "1.22.1", "")), (3, ("Apache", "2.4.54", "FreeBSD"))],
    ),
    Products::on(&["macos"], &[(1, ("Apache", "2.4.41", "Unix"))]),
    Products::on(&["windows7"], &[(1, ("Microsoft-IIS", "7.5", ""))]),
    Products::on(
        &["debian12"],
        &[
            (5, ("nginx", "1.22.1", "")),
            (4, ("Apache", "2.4.57", "Debian")),
            (3, ("Apache", "2.4.59", "Debian")),
            (3, ("Apache", "2.4.62", "Debian")),
        ],
    ),
    Products::on(
        &["debian11"],
        &[
            (4, ("nginx", "1.18.0", "")),
            (4, ("Apache", "2.4.56", "Debian")),
            (2, ("Apache", "2.4.59", "Debian")),
        ],
    ),
    Products::on(&["ubuntu2204"], &[(5, ("nginx", "1.18.0", "Ubuntu")), (4, ("Apache", "2.4.52", "Ubuntu"))]),
    Products::on(&["ubuntu2404"], &[(5, ("nginx", "1.24.0", "Ubuntu")), (4, ("Apache", "2.4.58", "Ubuntu"))]),
    Products::on(&["ubuntu2004"], &[(4, ("nginx", "1.18.0", "Ubuntu")), (4, ("Apache", "2.4.41", "Ubuntu"))]),
    Products::on(&["rocky9"], &[(3, ("nginx", "1.20.1", "")), (4, ("Apache", "2.4.57", "Rocky Linux"))]),
    Products::on(&["centos7"], &[(3, ("nginx", "1.20.1", "")), (5, ("Apache", "2.4.6", "CentOS"))]),
    Products::on(&["fedora39"], &[(3, ("nginx", "1.24.0", "")), (3, ("Apache", "2.4.58", "Fedora Linux"))]),
    Products::on(
        &["alpine319"],
        &[(3, ("nginx", "1.24.0", "")), (1, ("Apache", "2.4.58", "Unix")), (0, ("lighttpd", "1.4.73", ""))],
    ),
    Products::on(&["kali"], &[(1, ("Apache", "2.4.58", "Debian"))]),
    Products::on(&["arch"], &[(2, ("nginx", "1.26.0", "")), (1, ("Apache", "2.4.59", "Unix"))]),
    Products::on(&["windows_server_2012r2"], &[(1, ("Microsoft-IIS", "8.5", ""))]),
    Products::on(
        &["windows10", "windows11", "windows_server_2016", "windows_server_2019", "windows_server_2022"],
        &[(1, ("Microsoft-IIS", "10.0", ""))],
    ),
    Products::on(&["hp_printer"], &[(1, ("HP HTTP Server", "HP LaserJet Pro M404dn - W1A53A", ""))]),
    Products::on(&["brother_printer"], &[(1, ("debut", "1.20", ""))]),
    Products::on(&["ip_camera"], HIKVISION).of(&["Hikvision"]),
    Products::on(&["ip_camera"], DAHUA).of(&["Dahua"]),
    Products::on(&["ip_camera"], &[(1, ("GeoHttpServer", "", ""))]).of(&["GeoVision"]),
    Products::on(&["qnap"], &[(1, ("http server 1.0", "", ""))]),
    Products::on(&["synology"], &[(1, ("Apache", "", ""))]),
    Products::on(&["cisco_ios"], &[(1, ("cisco-IOS", "", ""))]),
    Products::on(&["junos"], &[(1, ("Mbedthis-Appweb", "2.4.2", ""))]),
    Products::on(&["esxi"], &[(1, ("VMware ESXi", "", ""))]),
    // Those without TLS.
    Products::on(&["modicon_plc"], &[(1, ("Rapid Logic", "1.1", ""))]),
    Products::on(&["vxworks"], &[(1, ("GoAhead-Webs", "", ""))]).of(&["Rockwell Automation"]),
    Products::on(&["vxworks"], &[(1, ("Rapid Logic", "1.1", ""))]).of(&["Schneider Electric"]),
    Products::on(&["siemens_plc"], &[(1, ("Siemens SIMATIC", "", ""))]),
    Products::on(&["busybox_arm"], HIKVISION).of(&["Hikvision"]),
    Products::on(&["busybox_arm"], DAHUA).of(&["Dahua"]),
    Products::on(&["busybox_mips"], &[(1, ("Router Webserver", "", ""))]).of(&["TP-Link"]),
];

/// Rows at the end that have no TLS.
const PLAIN: usize = 6;

const HIKVISION: &[Product] = &[(3, ("DNVRS-Webs", "", "")), (2, ("App-webs", "", ""))];
const DAHUA: &[Product] = &[(1, (maker::DAHUA, "", ""))];

/// Those that are found behind TLS too.
pub(in super::super) const SECURE: &[Products] =
    match PRODUCTS.split_at_checked(PRODUCTS.len().saturating_sub(PLAIN)) {
        Some((secure, _)) => secure,
        None => &[],
    };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_devices_have_no_tls() {
        let systems: Vec<&str> = SECURE.iter().flat_map(|row| row.systems).copied().collect();
        for system in ["vxworks", "siemens_plc", "busybox_arm", "busybox_mips"] {
            assert!(!systems.contains(&system), "{system}");
        }
        assert!(systems.contains(&"hp_printer") && systems.contains(&"debian12"));
    }
}
