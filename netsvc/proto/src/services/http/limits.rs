//! Where the settings of a site cannot be honoured, and why.

use netsvc_kit::declared::Limit;

/// Systems whose server shows pages of its own.
const DEVICES: &[&str] = &[
    "ip_camera",
    "busybox*",
    "hp_printer",
    "brother_printer",
    "qnap",
    "synology",
    "cisco_ios",
    "junos",
    "esxi",
    "modicon_plc",
    "vxworks",
    "siemens_plc",
];
/// Systems of computers that are not Windows.
const UNIXES: &[&str] =
    &["debian*", "ubuntu*", "rocky*", "centos*", "fedora*", "alpine*", "kali", "arch", "freebsd*", "macos"];
const COMPUTERS: &[&str] = &[
    "debian*", "ubuntu*", "rocky*", "centos*", "fedora*", "alpine*", "kali", "arch", "freebsd*", "macos",
    "windows*",
];

const OTHER_APP: &str = "leave app out, or choose a distro that has it";

const fn refused(
    values: &'static [&'static str],
    systems: &'static [&'static str],
    because: &'static str,
) -> Limit {
    Limit { values, systems, beside: None, because, remedy: OTHER_APP }
}

/// Limits of `app`.
pub(in super::super) const APP: &[Limit] = &[
    refused(
        &["default", "wordpress", "phpmyadmin", "tomcat", "jenkins", "gitlab", "grafana", "iis"],
        DEVICES,
        "the web server of such a device shows its own pages",
    ),
    refused(&["router", "printer", "camera"], COMPUTERS, "that is the page of a device"),
    refused(&["iis"], UNIXES, "IIS runs on Windows"),
    refused(
        &["camera"],
        &[
            "busybox_mips",
            "hp_printer",
            "brother_printer",
            "qnap",
            "synology",
            "cisco_ios",
            "junos",
            "esxi",
            "modicon_plc",
            "vxworks",
            "siemens_plc",
        ],
        "that is no camera",
    ),
    refused(
        &["printer"],
        &[
            "ip_camera",
            "busybox*",
            "brother_printer",
            "qnap",
            "synology",
            "cisco_ios",
            "junos",
            "esxi",
            "modicon_plc",
            "vxworks",
            "siemens_plc",
        ],
        "that is no printer of HP",
    ),
    refused(
        &["router"],
        &[
            "ip_camera",
            "busybox_arm",
            "hp_printer",
            "brother_printer",
            "qnap",
            "synology",
            "cisco_ios",
            "junos",
            "esxi",
            "modicon_plc",
            "vxworks",
            "siemens_plc",
        ],
        "that is no such router",
    ),
];

/// Limits of `title`.
pub(in super::super) const TITLE: &[Limit] = &[
    Limit {
        values: &[],
        systems: &[],
        beside: Some(("app", &["phpmyadmin", "tomcat", "jenkins", "grafana", "router", "printer", "camera"])),
        because: "that application has a title of its own",
        remedy: "leave title out, or choose app = default, wordpress, gitlab or iis",
    },
    Limit {
        values: &[],
        systems: DEVICES,
        beside: None,
        because: "the web server of such a device shows its own pages",
        remedy: "leave title out, or choose the distro of a computer",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::http::{APP as SETTING, SERVICE, apps, products::PRODUCTS};
    use netsvc_persona::tables::systems::SYSTEMS;

    /// Each application is either shown with a title, or has a reason why it is not; each system is of one kind.
    #[test]
    fn every_application_and_every_system_is_ruled_on() {
        let beside = TITLE.iter().find_map(|limit| limit.beside).map_or(&[][..], |(_, values)| values);
        for app in apps::NAMES {
            let titled = ["default", "wordpress", "gitlab", "iis"].contains(app);
            assert_ne!(titled, beside.contains(app), "{app}");
        }
        let info = SERVICE.info();
        let limits = |key: &str| info.settings.iter().find(|one| one.key == key).map(|one| &one.limits);
        let app = limits(SETTING.key).unwrap();
        for system in SYSTEMS.iter().filter(|system| info.products_on(system.id).next().is_some()) {
            let has = |app_name: &&&str| !app.iter().any(|limit| limit.refuses(app_name, system.id, |_| ""));
            let shown: Vec<_> = apps::NAMES.iter().filter(has).collect();
            let device = limits("title").unwrap().iter().any(|limit| limit.refuses("x", system.id, |_| ""));
            assert_eq!(device, shown.len() < 2, "{}: {shown:?}", system.id);
        }
        assert!(!PRODUCTS.is_empty());
    }
}
