//! The certificate that Windows makes for remote desktops: of the host itself, for six months, then anew.

use netsvc_kit::{
    Host,
    tls::{Form, Identity},
};
use netsvc_persona::{Certificate, subkey};
use time::{Month, OffsetDateTime};

/// What the RSA key of a desktop is for.
pub(super) const KEY: &str = "desktop";
/// Most certificates that a host can have had.
const MOST: u32 = 400;

/// The certificate of `host` at this time, µs since the epoch.
pub(super) fn identity(host: &Host, now: i64) -> Identity {
    let persona = host.persona();
    let name = persona.fqdn();
    let (number, from, to) = period(persona.installed_at, now);
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    let drawn = subkey::bytes(&key, &["desktop certificate", &number.to_string()]);
    // A serial number is positive.
    let serial: Vec<u8> = drawn
        .iter()
        .take(16)
        .enumerate()
        .map(|(at, byte)| if at == 0 { 0x10 | byte & 0x7f } else { *byte })
        .collect();
    Identity {
        certificate: Certificate {
            common_name: name.clone(),
            organization: String::new(),
            issuer: name,
            names: Vec::new(),
            not_before: from,
            not_after: to,
            serial: hex::encode(serial),
            key: "rsa2048".to_owned(),
        },
        key: KEY,
        form: Form::Desktop,
        sha1: persona.os.id == "windows7",
    }
}

/// Number, begin and end of the certificate at `now` on a host that was installed then.
fn period(installed: i64, now: i64) -> (u32, i64, i64) {
    let mut from = installed;
    for number in 0..MOST {
        let to = half_a_year_after(from);
        if now < to || to <= from {
            return (number, from, to);
        }
        // The next one is made when the service looks, some hours later.
        from = to + 3_600_000_000 * (5 + i64::from(number % 7));
    }
    (MOST, from, half_a_year_after(from))
}

fn half_a_year_after(micros: i64) -> i64 {
    let Ok(begin) = OffsetDateTime::from_unix_timestamp(micros / 1_000_000) else { return micros };
    let month = u8::from(begin.month()) + 6;
    let (year, month) = if 12 < month { (begin.year() + 1, month - 12) } else { (begin.year(), month) };
    let Ok(month) = Month::try_from(month) else { return micros };
    let day = begin.day().min(month.length(year));
    let end = begin
        .replace_day(1)
        .and_then(|date| date.replace_year(year))
        .and_then(|date| date.replace_month(month));
    end.and_then(|date| date.replace_day(day)).map_or(micros, |end| end.unix_timestamp() * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_holds_for_six_months_and_another_follows() {
        // 2023-08-31T10:00:00Z.
        let installed = 1_693_476_000_000_000;
        let (number, from, to) = period(installed, installed);
        // 2024-02-29T10:00:00Z.
        assert_eq!((number, from, to), (0, installed, 1_709_200_800_000_000));
        let (number, from, later) = period(installed, to);
        assert_eq!(number, 1);
        assert!(to < from && from < later);
    }
}
