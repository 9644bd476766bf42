//! The services that exist, as the service binary describes them.

use netsvc_persona::service::ProductInfo;
pub use netsvc_persona::{
    service::{ServiceInfo, SettingInfo},
    stage::PortSpec,
};
use std::sync::LazyLock;

/// The committed output of `netsvcd describe`; `xtask gen --check` keeps it true.
const TEXT: &str = include_str!("../services.json");

/// Every service, by slug.
pub fn services() -> &'static [ServiceInfo] {
    // The text is checked by a test and by `xtask gen --check`; an empty list would show at once.
    static ALL: LazyLock<Vec<ServiceInfo>> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());
    &ALL
}

/// Services that operators know by the name of a program that does the same, and our slug.
const ALIASES: &[(&str, &str)] = &[("conpot", "ics")];

/// The slug that an operator means by `name`: itself, unless it is an alias.
pub fn slug_of(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, slug)| slug)
}

/// Services that one program serves, and the one by whose slug it is drawn.
const SHARED: &[(&str, &str)] = &[("https", "http")];

/// The slug by which the product of the service `slug` is drawn: another's where one program serves both.
pub fn product_of(slug: &str) -> &str {
    SHARED.iter().find(|(service, _)| *service == slug).map_or(slug, |(_, other)| other)
}

/// The service called `slug`.
pub fn find(slug: &str) -> Option<&'static ServiceInfo> {
    services().iter().find(|service| service.slug == slug)
}

/// What the service `slug` shows on `system`.
pub fn products<'a>(
    system: &'a str,
    slug: &str,
) -> impl Iterator<Item = &'static ProductInfo> + Clone + use<'a> {
    find(slug).into_iter().flat_map(move |service| &service.products).filter(|product| product.is_on(system))
}

/// Why a setting is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadSetting {
    /// The service has no such setting.
    #[error("service {service} has no setting {key:?}; it has: {known}")]
    Unknown {
        /// Service.
        service: String,
        /// Key as given.
        key: String,
        /// Keys that exist.
        known: String,
    },
    /// The value does not fit.
    #[error("{value:?} is not {wanted}")]
    Value {
        /// Value as given.
        value: String,
        /// What fits.
        wanted: String,
    },
}

/// Checks a setting of a service.
///
/// # Errors
/// [`BadSetting`] when the key does not exist or the value does not fit.
pub fn check(service: &ServiceInfo, key: &str, value: &str) -> Result<(), BadSetting> {
    let Some(setting) = service.settings.iter().find(|setting| setting.key == key) else {
        let known: Vec<_> = service.settings.iter().map(|setting| setting.key.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(BadSetting::Unknown { service: service.slug.clone(), key: key.to_owned(), known });
    };
    wanted(setting, value).map_or(Ok(()), |wanted| Err(BadSetting::Value { value: value.to_owned(), wanted }))
}

/// Whether a setting of the service `slug` is a secret that the operator chose.
pub fn is_secret(slug: &str, key: &str) -> bool {
    let setting = find(slug).and_then(|service| service.settings.iter().find(|setting| setting.key == key));
    setting.is_some_and(|setting| {
        matches!(setting.kind.as_str(), "secret" | "admin_password" | "account_password")
    })
}

/// What would fit, when `value` does not.
fn wanted(setting: &SettingInfo, value: &str) -> Option<String> {
    match setting.kind.as_str() {
        "bool" => boolean(value).is_none().then(|| "yes or no".to_owned()),
        "int" => {
            let (low, high) = setting.range.split_once("..")?;
            let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
            let fits = value.parse::<i64>().is_ok_and(|number| (low..=high).contains(&number));
            (!fits).then(|| format!("a whole number from {low} to {high}"))
        }
        "enum" => {
            let fits = setting.range.split('|').any(|word| word == value);
            (!fits).then(|| format!("one of {}", setting.range.replace('|', ", ")))
        }
        "account" => (!value.is_empty() && !is_account(value)).then(|| ACCOUNT.to_owned()),
        _ => value.contains(['\n', '\r', '\0']).then(|| "one line of text".to_owned()),
    }
}

/// What an account is called.
const ACCOUNT: &str =
    "a name for an account: 1 to 32 letters, digits, `-`, `_` and `.`, the first a letter or `_`";
/// Whether an account can be called so on every system.
fn is_account(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=32).contains(&text.len())
        && text.bytes().all(plain)
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// A yes or no in the words that INI files use.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::tables::systems::SYSTEMS;

    #[test]
    fn the_embedded_catalogue_is_whole() {
        assert!(services().len() >= 2);
        assert!(services().iter().all(|service| !service.ports.is_empty()));
    }

    /// A service that no system shows could be placed nowhere, and one that is on a system that is not would be lost.
    #[test]
    fn every_service_is_on_systems_that_exist() {
        for service in services() {
            assert!(!service.products.is_empty(), "{} shows no product on any system", service.slug);
            for product in &service.products {
                assert!(!product.systems.is_empty(), "{product:?}");
                let known = |pattern: &&String| {
                    let one = ProductInfo { systems: vec![(*pattern).clone()], ..product.clone() };
                    SYSTEMS.iter().any(|system| one.is_on(system.id))
                };
                let strange = product.systems.iter().find(|pattern| !known(pattern));
                assert_eq!(strange, None, "{}: {product:?}", service.slug);
            }
        }
    }

    #[test]
    fn settings_are_checked_by_kind() {
        let redis = find("redis").unwrap();
        assert_eq!(check(redis, "persistence", "yes"), Ok(()));
        assert!(check(redis, "persistence", "perhaps").unwrap_err().to_string().contains("yes or no"));
        assert!(check(redis, "colour", "red").unwrap_err().to_string().contains("password"));
    }
}
