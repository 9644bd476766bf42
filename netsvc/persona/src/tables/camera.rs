//! What cameras call themselves where they ask for a password, which is the same at each of their servers.
//!
//! Sources: challenges of Hikvision's and Dahua's devices in the makers' guides and in public clients' tests.

use crate::{Persona, subkey};

/// The realm of a camera.
pub fn realm(persona: &Persona) -> String {
    let drawn = hex::encode(subkey::bytes(&persona.subkey.hex_bytes().unwrap_or_default(), &["realm"]));
    match persona.hardware.vendor.as_str() {
        "Dahua" => format!("Login to {}", drawn.get(..32).unwrap_or_default()),
        "Hikvision" => {
            let number = u32::from_str_radix(drawn.get(..6).unwrap_or_default(), 16).unwrap_or_default();
            format!("IP Camera(C{:04})", number % 10_000)
        }
        vendor => format!("{vendor} {}", persona.hardware.product),
    }
}
