//! What known tools search for.

use super::message::Search;

/// `userAccountControl`: no proof of the password before a ticket is given; trusted for delegation.
const UNPROVEN: i64 = 0x40_0000;
const DELEGATES: i64 = 0x8_0000 | 0x100_0000;

/// The technique that a search shows, if it is one of those.
pub(super) fn of(search: &Search) -> Option<&'static str> {
    let filter = &search.filter;
    let asks = |name: &str| search.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name));
    if filter.asks_for_bits("useraccountcontrol", UNPROVEN) {
        return Some("search for accounts without pre-authentication (AS-REP roasting)");
    }
    if filter.asks_for("serviceprincipalname") {
        return Some("search for service accounts (kerberoasting)");
    }
    if filter.asks_for_bits("useraccountcontrol", DELEGATES) || filter.asks_for("msds-allowedtodelegateto") {
        return Some("search for accounts that may delegate");
    }
    if asks("ms-Mcs-AdmPwd") || filter.asks_for("ms-mcs-admpwd") || asks("msLAPS-Password") {
        return Some("search for local administrators' passwords (LAPS)");
    }
    if asks("msDS-ManagedPassword") {
        return Some("search for passwords of managed service accounts");
    }
    (search.scope >= 2 && asks("nTSecurityDescriptor") && asks("objectSid"))
        .then_some("collection of permissions (BloodHound)")
}
