//! A page for each service.

use super::{Page, cell, code, codes, page, table};
use decnet_model::catalogue;
use netsvc_persona::service::{ProductInfo, ServiceInfo};
use netsvc_wire::Kind;
use std::collections::BTreeMap;

/// The list and its pages.
pub(super) fn pages() -> Vec<Page> {
    let services = catalogue::services();
    let rows = services.iter().map(|service| {
        let name = format!("[{0}]({0}.md)", service.slug);
        vec![name, ports(service), cell(&service.about)]
    });
    let list = format!("# Services\n\n{}", table(&["Service", "Ports", "What it is"], rows));
    let mut all = vec![page("services/README", "Every service that a decky can have", list)];
    all.extend(
        services.iter().map(|service| {
            page(&format!("services/{}", service.slug), &service.about, self::service(service))
        }),
    );
    all
}

fn ports(service: &ServiceInfo) -> String {
    let ports = service.ports.iter().map(|port| {
        let tls = if port.tls { " (TLS)" } else { "" };
        format!("{}/{}{tls}", port.port, port.transport.name())
    });
    ports.collect::<Vec<_>>().join(", ")
}

/// The page of a service.
pub fn service(service: &ServiceInfo) -> String {
    let client = match service.client.as_str() {
        "" => String::new(),
        client => {
            format!("\nA client: `{}`\n", client.replace("{ip}", "192.0.2.9").replace("{port}", "PORT"))
        }
    };
    let line = if service.command_line { "\nA login ends at a command line.\n" } else { "" };
    format!(
        "# {}\n\n{}. Listens on {}.\n{client}{line}\n## Settings\n\n{}\n## What it shows\n\n{}\n\
         ## What it records\n\n{}\n## Known limits\n\n{}",
        service.slug,
        service.about,
        ports(service),
        settings(service),
        products(&service.products),
        records(service),
        limits(service),
    )
}

fn settings(service: &ServiceInfo) -> String {
    if service.settings.is_empty() {
        return "It has none.\n".to_owned();
    }
    let rows = service.settings.iter().map(|setting| {
        let values = match setting.range.as_str() {
            "" => setting.kind.clone(),
            range if setting.kind == "enum" => codes(range.split('|')),
            range => format!("{} {range}", setting.kind),
        };
        vec![code(&setting.key), values, code(&setting.default), cell(&setting.help)]
    });
    format!(
        "In a fleet file, in the section `[NAME.{}]` of the decky NAME:\n\n{}{}",
        service.slug,
        table(&["Key", "Values", "Default", "What it does"], rows),
        refused(service)
    )
}

/// Where settings cannot be honoured.
fn refused(service: &ServiceInfo) -> String {
    let mut lines = String::new();
    for setting in &service.settings {
        for limit in &setting.limits {
            let mut what = code(&setting.key);
            if !limit.values.is_empty() {
                what.push_str(&format!(" = {}", codes(limit.values.iter().map(String::as_str))));
            }
            if let Some((key, values)) = &limit.beside {
                let values = codes(values.iter().map(String::as_str));
                what.push_str(&format!(" beside {} = {values}", code(key)));
            }
            if !limit.systems.is_empty() {
                what.push_str(&format!(" on {}", limit.systems.join(", ")));
            }
            lines.push_str(&format!("- {what}: {}\n", limit.because));
        }
    }
    if lines.is_empty() { lines } else { format!("\nRefused, when the fleet is planned:\n\n{lines}") }
}

/// Products by name, with their releases and where those are found.
fn products(products: &[ProductInfo]) -> String {
    let mut found: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for product in products.iter().filter(|product| product.weight > 0) {
        let release = [product.version.as_str(), product.packaging.as_str()].join(" ");
        let mut place = product.systems.join(", ");
        if !product.makers.is_empty() {
            place.push_str(&format!(" of {}", product.makers.join(", ")));
        }
        let releases = found.entry((&product.name, place)).or_default();
        releases.push(release.trim().to_owned());
    }
    let rows = found
        .into_iter()
        .map(|((name, systems), releases)| vec![cell(name), cell(&releases.join(", ")), cell(&systems)]);
    table(&["Product", "Releases that are drawn", "On"], rows)
}

fn records(service: &ServiceInfo) -> String {
    let rows = service.records.iter().map(|name| {
        let about = Kind::from_name(name).map(Kind::about).unwrap_or_default();
        vec![format!("[`{name}`](../events.md)"), cell(about)]
    });
    format!("Besides the events of every connection:\n\n{}", table(&["Event", "What it is"], rows))
}

fn limits(service: &ServiceInfo) -> String {
    match service.limits.as_slice() {
        [] => "None is known.\n".to_owned(),
        limits => limits.iter().map(|limit| format!("- {limit}\n")).collect(),
    }
}
