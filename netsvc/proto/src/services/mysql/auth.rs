//! The client's half of the handshake and the scrambles it answers with.

use super::{flavour::capability, packet::Fields};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// Most connection attributes kept.
const ATTRIBUTES: usize = 2048;

/// What a client says in its handshake response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub capabilities: u32,
    /// MariaDB's extended flags, which a client without `CLIENT_MYSQL` echoes.
    pub extended: u32,
    pub user: Vec<u8>,
    pub answer: Vec<u8>,
    /// The answer by the client's own plugin, before it was asked for one by the server's.
    pub first: Vec<u8>,
    pub database: Vec<u8>,
    pub plugin: Vec<u8>,
    /// `name=value` pairs, comma-separated.
    pub attributes: Vec<u8>,
}

/// What the first packet of a client is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// It wants TLS first.
    Tls,
    /// It answers the greeting.
    Response(Box<Response>),
}

/// Reads the first packet; `None` when it is neither.
pub(super) fn first(payload: &[u8]) -> Option<First> {
    let mut fields = Fields(payload);
    let low = fields.number(2)?;
    if low & u64::from(capability::PROTOCOL_41) == 0 {
        return old(payload, u32::try_from(low).ok()?);
    }
    let capabilities = u32::try_from(low | fields.number(2)? << 16).ok()?;
    fields.take(24)?;
    let extended = u32::try_from(fields.number(4)?).ok()?;
    let extended = if capabilities & capability::MYSQL == 0 { extended } else { 0 };
    if fields.0.is_empty() && capabilities & capability::SSL != 0 {
        return Some(First::Tls);
    }
    let has = |flag: u32| capabilities & flag != 0;
    let user = fields.text().to_vec();
    let answer = if has(capability::AUTH_LENENC) {
        fields.counted()?.to_vec()
    } else if has(capability::SECURE_CONNECTION) {
        let length = usize::try_from(fields.number(1)?).ok()?;
        fields.take(length)?.to_vec()
    } else {
        fields.text().to_vec()
    };
    let database = if has(capability::CONNECT_WITH_DB) { fields.text().to_vec() } else { Vec::new() };
    let plugin = if has(capability::PLUGIN_AUTH) { fields.text().to_vec() } else { Vec::new() };
    let attributes = if has(capability::CONNECT_ATTRS) { attributes(&mut fields) } else { Vec::new() };
    Some(First::Response(Box::new(Response {
        capabilities,
        extended,
        user,
        first: answer.clone(),
        answer,
        database,
        plugin,
        attributes,
    })))
}

/// The response of clients before 4.1, which some scanners still send.
fn old(payload: &[u8], capabilities: u32) -> Option<First> {
    let mut fields = Fields(payload);
    fields.take(5)?;
    let user = fields.text().to_vec();
    let answer = fields.text().to_vec();
    Some(First::Response(Box::new(Response {
        capabilities,
        user,
        first: answer.clone(),
        answer,
        ..Response::default()
    })))
}

/// Reads COM_CHANGE_USER of a client that answered the greeting with `before`.
pub(super) fn changed(body: &[u8], before: &Response) -> Option<Response> {
    let mut fields = Fields(body);
    let has = |flag: u32| before.capabilities & flag != 0;
    let user = fields.text().to_vec();
    let answer = if has(capability::SECURE_CONNECTION) {
        let length = usize::try_from(fields.number(1)?).ok()?;
        fields.take(length)?.to_vec()
    } else {
        fields.text().to_vec()
    };
    let database = fields.text().to_vec();
    // The character set, which older clients leave out with all that follows.
    fields.number(2);
    let plugin = if has(capability::PLUGIN_AUTH) { fields.text().to_vec() } else { Vec::new() };
    let attributes = if has(capability::CONNECT_ATTRS) { attributes(&mut fields) } else { Vec::new() };
    Some(Response {
        capabilities: before.capabilities,
        extended: before.extended,
        user,
        first: answer.clone(),
        answer,
        database,
        plugin,
        attributes,
    })
}

fn attributes(fields: &mut Fields<'_>) -> Vec<u8> {
    let mut list = Vec::new();
    let Some(all) = fields.counted() else { return list };
    let mut pairs = Fields(all);
    while let (Some(name), Some(value)) = (pairs.counted(), pairs.counted()) {
        if ATTRIBUTES < list.len() + name.len() + value.len() {
            break;
        }
        if !list.is_empty() {
            list.push(b',');
        }
        list.extend_from_slice(name);
        list.push(b'=');
        list.extend_from_slice(value);
    }
    list
}

/// Whether `answer` is the native scramble of `password`: SHA1(p) xor SHA1(salt, SHA1(SHA1(p))).
pub(super) fn native_matches(salt: &[u8], answer: &[u8], password: &[u8]) -> bool {
    if password.is_empty() || answer.is_empty() {
        return password.is_empty() && answer.is_empty();
    }
    let first = Sha1::digest(password);
    let mask = Sha1::new().chain_update(salt).chain_update(Sha1::digest(first)).finalize();
    let expected: Vec<u8> = first.iter().zip(mask).map(|(left, right)| left ^ right).collect();
    expected == answer
}

/// Whether `answer` is the scramble of caching_sha2_password: SHA256(p) xor SHA256(SHA256(SHA256(p)), salt).
pub(super) fn caching_matches(salt: &[u8], answer: &[u8], password: &[u8]) -> bool {
    if password.is_empty() || answer.is_empty() {
        return password.is_empty() && answer.is_empty();
    }
    let first = Sha256::digest(password);
    let mask =
        Sha256::new().chain_update(Sha256::digest(Sha256::digest(password))).chain_update(salt).finalize();
    let expected: Vec<u8> = first.iter().zip(mask).map(|(left, right)| left ^ right).collect();
    expected == answer
}

/// hashcat mode 11200: `$mysqlna$SALT*RESPONSE`.
pub(super) fn native_crack_line(salt: &[u8], answer: &[u8]) -> Option<String> {
    (!answer.is_empty()).then(|| format!("$mysqlna${}*{}", hex::encode(salt), hex::encode(answer)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_native_scramble_of_a_known_password_matches() {
        // The example of hashcat for mode 11200; its password is `hashcat`.
        let salt = hex::decode("1c24ab8d0ee94d70ab1f2e814d8f0948a14d10b9").unwrap();
        let answer = hex::decode("437e93572f18ae44d9e779160c2505271f85821d").unwrap();
        assert!(native_matches(&salt, &answer, b"hashcat"));
        assert!(!native_matches(&salt, &answer, b"Hashcat"));
        assert!(native_matches(&salt, b"", b""));
    }

    #[test]
    fn the_caching_scramble_of_a_known_password_matches() {
        // Calculated as mysql-connector-python does it; the password is `hashcat`.
        let salt = hex::decode("2122232425262728292a2b2c2d2e2f3031323334").unwrap();
        let answer = "974e310d596668d272fc636a71a7ac0b1c7dfc18310678efbcb1ee93b05cf181";
        let answer = hex::decode(answer).unwrap();
        assert!(caching_matches(&salt, &answer, b"hashcat"));
        assert!(!caching_matches(&salt, &answer, b"Hashcat"));
        assert!(!caching_matches(&salt, &answer, b""));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(payload: Vec<u8>) {
            let _ = first(&payload);
            let before = Response { capabilities: u32::MAX, ..Response::default() };
            let _ = changed(&payload, &before);
        }
    }
}
