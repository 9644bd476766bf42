//! Versions that give a host away whatever else is right about it: programs that only imitate a server show them unless
//! told otherwise, so that scanners keep lists of them. They exist, and some hosts run them still; none is drawn.
//!
//! Sources: the default settings and tables of version strings of public imitations of servers (`*.cfg.dist`, sample
//! settings and source, looked at in 2026), and the rules of scanners that look for them.

use crate::catalogue;

/// Service, upstream version, packaging; an empty packaging stands for any.
pub type Entry = (&'static str, &'static str, &'static str);

/// All of them.
pub const OVERUSED: &[Entry] = &[
    ("ssh", "5.1p1", "Debian-4"),
    ("ssh", "5.1p1", "Debian-5"),
    ("ssh", "5.5p1", "Debian-6"),
    ("ssh", "5.9p1", "Debian-5ubuntu1"),
    ("ssh", "5.9p1", "Debian-5ubuntu1.4"),
    ("ssh", "6.0p1", "Debian-4+deb7u2"),
    ("ssh", "6.6.1p1", "Ubuntu-2ubuntu2.8"),
    ("ssh", "8.9p1", "Ubuntu-3ubuntu0.10"),
    ("ssh", "9.2p1", "Debian-2+deb12u3"),
    ("ftp", "1.2.10", ""),
    ("http", "0.8.54", ""),
    ("http", "2.2.22", ""),
    ("http", "6.0", ""),
    ("mysql", "5.5.43", "0ubuntu0.14.04.1"),
    ("mysql", "5.7.00", ""),
    ("mysql", "5.7.16", ""),
];

/// Whether `service` showing `version` with `packaging` is one of them.
pub fn is_overused(service: &str, version: &str, packaging: &str) -> bool {
    let service = catalogue::product_of(service);
    OVERUSED.iter().any(|(known, release, suffix)| {
        *known == service && *release == version && (suffix.is_empty() || *suffix == packaging)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::tables::systems;

    #[test]
    fn ssh_01_none_is_drawn() {
        for system in systems::SYSTEMS {
            for service in catalogue::services() {
                for product in service.products_on(system.id).filter(|product| product.weight > 0) {
                    let overused = is_overused(&service.slug, &product.version, &product.packaging);
                    assert!(!overused, "{} draws {product:?}", system.id);
                }
            }
        }
    }

    #[test]
    fn newer_releases_of_a_package_are_drawn_more_often_than_older_ones() {
        for system in ["debian11", "debian12", "ubuntu2004", "ubuntu2204", "ubuntu2404"] {
            let weights: Vec<u32> =
                catalogue::products(system, "ssh").map(|product| product.weight).collect();
            let drawn: Vec<u32> = weights.into_iter().filter(|weight| *weight > 0).collect();
            assert!(drawn.is_sorted() && drawn.len() > 2, "{system}: {drawn:?}");
        }
    }
}
