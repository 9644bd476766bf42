//! What a site is known, set and drawn by, which is the same at each of its ports.

use netsvc_kit::Host;
use netsvc_persona::{Product, subkey};
use rand_chacha::ChaCha20Rng;

/// The slugs of the services that show the site, the one first that it is named and drawn by.
const SLUGS: [&str; 2] = ["http", "https"];
/// The product in front of the site.
pub fn product(host: &Host) -> Option<&Product> {
    let products = &host.persona().products;
    SLUGS.iter().find_map(|slug| products.get(*slug))
}

/// How the site is set: at this port, or else at another.
pub fn setting(host: &Host, key: &str) -> Option<String> {
    let own = host.setting(key).map(str::to_owned);
    own.or_else(|| SLUGS.iter().find_map(|slug| host.setting_of(slug, key)))
}

/// A generator for what the site is made of.
pub fn generator(host: &Host, label: &str) -> ChaCha20Rng {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let [slug, _] = SLUGS;
    subkey::generator(&key, &[slug, label])
}
