//! Hellos of real clients (OpenSSL 3.0 and curl 7.88 of Debian 12) beside what tshark 4.0 says of them.

use netsvc_fingerprint::{Carrier, ClientHello};

#[test]
fn ja3_is_what_tshark_says() {
    for (name, stream, ja3) in [
        ("openssl", &include_bytes!("hellos/openssl")[..], "a3afc2c46ba4a7d7fbe1cfb7a3031c2f"),
        ("openssl -tls1_2", include_bytes!("hellos/openssl_old"), "fbe7e189e37a07ee33706f86bc746344"),
        ("curl", include_bytes!("hellos/curl"), "0149f47eabf9a20d0893e2a44e5a6323"),
    ] {
        assert_eq!(ClientHello::read(stream).unwrap().ja3(), ja3, "{name}");
    }
}

#[test]
fn ja4_tells_what_the_clients_were_asked_for() {
    let ja4 = |stream: &[u8]| ClientHello::read(stream).unwrap().ja4(Carrier::Tcp);
    // The value that published lists have for curl with OpenSSL 3.
    assert_eq!(ja4(include_bytes!("hellos/curl")), "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6");
    assert!(ja4(include_bytes!("hellos/openssl")).starts_with("t13d311000_e8f1e7e78f70_"));
    assert!(ja4(include_bytes!("hellos/openssl_old")).starts_with("t12i"));
}
