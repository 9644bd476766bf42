//! Password strings as `crypt(3)` makes them: md5-crypt, sha256-crypt, sha512-crypt and yescrypt.
//!
//! Sources: U. Drepper, "Unix crypt using SHA-256 and SHA-512" (public domain); P.-H. Kamp's md5-crypt as glibc and
//! OpenSSL have it; yescrypt's parameters `j9T` are those of libxcrypt's default cost.

use super::options::options;
use crate::interpret::{Shell, Status};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Longest password that is hashed, in bytes; libxcrypt refuses longer ones.
const MAX_PASSWORD: usize = 512;
/// Steps that a hash takes of a line's budget: some milliseconds each.
pub(super) const COST: u64 = 2_000;

/// `count` letters of the low bits of `value`, lowest first.
fn letters(out: &mut String, mut value: u32, count: usize) {
    for _ in 0..count {
        let index = usize::try_from(value & 63).unwrap_or(0);
        out.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'.')));
        value >>= 6;
    }
}

/// A salt of `count` letters from random bytes.
pub(super) fn salt(random: &[u8], count: usize) -> String {
    let mut out = String::new();
    random.iter().take(count).for_each(|byte| letters(&mut out, u32::from(*byte), 1));
    out
}

/// Groups of three bytes, highest first, as letters; the last number is how many letters.
fn grouped(digest: &[u8], groups: &[[usize; 3]], tail: &[usize], tail_letters: usize) -> String {
    let byte = |index: usize| u32::from(digest.get(index).copied().unwrap_or(0));
    let mut out = String::new();
    for [high, middle, low] in groups {
        letters(&mut out, byte(*high) << 16 | byte(*middle) << 8 | byte(*low), 4);
    }
    let last = tail.iter().fold(0, |value, index| value << 8 | byte(*index));
    letters(&mut out, last, tail_letters);
    out
}

/// md5-crypt; `magic` is `$1$` or `$apr1$`.
pub(super) fn md5_crypt(password: &[u8], salt: &str, magic: &str) -> String {
    let password = password.get(..password.len().min(MAX_PASSWORD)).unwrap_or(password);
    let salt = crate::text::head(salt, 8);
    let once = |parts: &[&[u8]]| {
        let mut hash = Md5::new();
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().to_vec()
    };
    let inner = once(&[password, salt.as_bytes(), password]);
    let mut hash = Md5::new();
    hash.update(password);
    hash.update(magic);
    hash.update(&salt);
    hash.update(inner.iter().copied().cycle().take(password.len()).collect::<Vec<u8>>());
    let mut length = password.len();
    while length > 0 {
        hash.update(if length & 1 == 1 { &[0][..] } else { password.get(..1).unwrap_or(&[]) });
        length >>= 1;
    }
    let mut digest = hash.finalize().to_vec();
    for round in 0..1_000_u32 {
        let odd = round & 1 == 1;
        let mut hash = Md5::new();
        hash.update(if odd { password } else { &digest });
        if round % 3 != 0 {
            hash.update(&salt);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        hash.update(if odd { &digest } else { password });
        digest = hash.finalize().to_vec();
    }
    let groups = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    format!("{magic}{salt}${}", grouped(&digest, &groups, &[11], 2))
}

/// sha-crypt with 5,000 rounds.
fn sha_crypt<D: Digest>(password: &[u8], salt: &str) -> Vec<u8> {
    let password = password.get(..password.len().min(MAX_PASSWORD)).unwrap_or(password);
    let salt = salt.as_bytes();
    let size = <D as Digest>::output_size();
    let inner = D::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut hash = D::new().chain_update(password).chain_update(salt);
    let repeated =
        |bytes: &[u8], count: usize| bytes.iter().copied().cycle().take(count).collect::<Vec<u8>>();
    hash.update(repeated(&inner, password.len()));
    let mut length = password.len();
    while length > 0 {
        hash.update(if length & 1 == 1 { &inner[..] } else { password });
        length >>= 1;
    }
    let mut digest = hash.finalize().to_vec();
    let mut hash = D::new();
    (0..password.len()).for_each(|_| hash.update(password));
    let by_password = repeated(&hash.finalize(), password.len());
    let mut hash = D::new();
    let times = 16 + usize::from(digest.first().copied().unwrap_or(0));
    (0..times).for_each(|_| hash.update(salt));
    let by_salt = repeated(&hash.finalize(), salt.len());
    for round in 0..5_000_u32 {
        let odd = round & 1 == 1;
        let mut hash = D::new();
        hash.update(if odd { &by_password } else { &digest });
        if round % 3 != 0 {
            hash.update(&by_salt);
        }
        if round % 7 != 0 {
            hash.update(&by_password);
        }
        hash.update(if odd { &digest } else { &by_password });
        digest = hash.finalize().to_vec();
    }
    debug_assert_eq!(digest.len(), size);
    digest
}

/// sha512-crypt.
pub(super) fn sha512_crypt(password: &[u8], salt: &str) -> String {
    let salt = crate::text::head(salt, 16);
    let digest = sha_crypt::<Sha512>(password, &salt);
    let mut groups = Vec::new();
    let mut place = [0, 21, 42];
    for _ in 0..21 {
        groups.push(place);
        let [first, second, third] = place;
        place = [second + 1, third + 1, first + 1];
    }
    format!("$6${salt}${}", grouped(&digest, &groups, &[63], 2))
}

/// sha256-crypt.
pub(super) fn sha256_crypt(password: &[u8], salt: &str) -> String {
    let salt = crate::text::head(salt, 16);
    let digest = sha_crypt::<Sha256>(password, &salt);
    let mut groups = Vec::new();
    let mut place = [0, 10, 20];
    for _ in 0..10 {
        groups.push(place);
        let [first, second, third] = place;
        place = [third + 1, first + 1, second + 1];
    }
    format!("$5${salt}${}", grouped(&digest, &groups, &[31, 30], 3))
}

/// yescrypt with libxcrypt's default cost, salted with 16 bytes.
pub(super) fn yescrypt(password: &[u8], salt: &[u8]) -> Option<String> {
    let password = password.get(..password.len().min(MAX_PASSWORD)).unwrap_or(password);
    let mut digest = [0; 32];
    let parameters = yescrypt::Params::new(yescrypt::Mode::default(), 4_096, 32, 1).ok()?;
    yescrypt::yescrypt(password, salt, &parameters, &mut digest).ok()?;
    Some(format!("$y$j9T${}${}", little(salt), little(&digest)))
}

/// Bytes as letters, lowest bits first.
fn little(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let value = group.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        letters(&mut out, value, group.len() + 1);
    }
    out
}

/// `openssl passwd`.
pub(super) fn openssl_passwd(shell: &mut Shell, words: &[String]) -> Status {
    let mut kind = "1";
    let mut given = None;
    let mut passwords = Vec::new();
    let mut stdin = false;
    let mut left = words.iter();
    while let Some(word) = left.next() {
        match word.as_str() {
            "-1" | "-5" | "-6" | "-apr1" => kind = word.trim_start_matches('-'),
            "-salt" => given = left.next().cloned(),
            "-stdin" => stdin = true,
            "-noverify" | "-quiet" | "-table" | "-reverse" => {}
            _ => passwords.push(word.clone()),
        }
    }
    if stdin {
        let text = crate::text::decode(&shell.read_all()?);
        passwords.extend(crate::text::lines(&text).map(String::from));
    } else if passwords.is_empty() {
        passwords.push(shell.ask("Password: ", true)?);
    }
    for password in passwords {
        shell.spend(COST)?;
        let length = if matches!(kind, "5" | "6") { 16 } else { 8 };
        let salt = given.clone().unwrap_or_else(|| salt(&shell.live.random(length), length));
        let bytes = crate::text::encode(&password);
        let line = match kind {
            "5" => sha256_crypt(&bytes, &salt),
            "6" => sha512_crypt(&bytes, &salt),
            "apr1" => md5_crypt(&bytes, &salt, "$apr1$"),
            _ => md5_crypt(&bytes, &salt, "$1$"),
        };
        shell.out(&format!("{line}\n"))?;
    }
    Ok(0)
}

/// `mkpasswd`, which comes with whois: only where it is installed.
pub(super) fn mkpasswd(shell: &mut Shell, arguments: &[String]) -> Status {
    let Some(options) =
        options(shell, arguments, "m:S:s", &[("method", 'm'), ("salt", 'S'), ("stdin", 's')])?
    else {
        return Ok(1);
    };
    shell.spend(COST)?;
    let password = match options.operands.first() {
        Some(password) => password.clone(),
        None => shell.ask("Password: ", true)?,
    };
    let salt = options.value('S').map_or_else(|| salt(&shell.live.random(16), 16), String::from);
    let line = sha512_crypt(&crate::text::encode(&password), &salt);
    shell.out(&format!("{line}\n"))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_those_of_openssl_and_libxcrypt() {
        assert_eq!(md5_crypt(b"cd", "ab", "$1$"), "$1$ab$aHXBIHBBaJnA3bcewAfbB1");
        assert_eq!(md5_crypt(b"cd", "ab", "$apr1$"), "$apr1$ab$dFUk1JIpwdeGrEipdBN0I1");
        assert_eq!(sha256_crypt(b"cd", "ab"), "$5$ab$oplBcbOlKzJa8FtVDAey6/EULWLWNu41Nx2g3aOzzP9");
        assert_eq!(
            sha512_crypt(b"Hello world!", "saltstring"),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
        assert_eq!(sha512_crypt(b"", "ab").len(), "$6$ab$".len() + 86);
        let salt: Vec<u8> = [0x0c, 0xc3, 0x30].repeat(5).into_iter().chain([0x4c]).collect();
        assert_eq!(
            yescrypt(b"pw", &salt).unwrap(),
            "$y$j9T$AAAAAAAAAAAAAAAAAAAAA/$eKsL4vNBB6NjIQjtGkJE03mWmXBCj/QmYdD7YQ0UP79"
        );
    }
}
