//! Captured credentials for people and crackers: JSON, CSV, hash files, word lists.

use decnet_model::record::Credential;
use decnet_shape as shape;
use netsvc_wire::{escape::printable, stamp};

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A program that cracks hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cracker {
    /// hashcat, which reads one hash a line.
    Hashcat,
    /// John the Ripper, which reads `user:hash`.
    John,
}

/// A kind of secret that crackers know.
#[derive(Debug)]
struct Crackable {
    /// As services name it.
    secret_kind: &'static str,
    /// Mode of hashcat (`hashcat --help`, hash modes); `None`: it has none.
    hashcat: Option<&'static str>,
    /// Format of John the Ripper (`john --list=formats`, 1.9.0-jumbo-1); `None`: it has none.
    john: Option<&'static str>,
}

const CRACKABLE: &[Crackable] = &[
    Crackable { secret_kind: "rsync_md5", hashcat: Some("10"), john: None },
    Crackable { secret_kind: "pop3_apop", hashcat: Some("20"), john: None },
    Crackable { secret_kind: "rsync_sha1", hashcat: Some("110"), john: None },
    Crackable { secret_kind: "rsync_sha256", hashcat: Some("1410"), john: None },
    Crackable { secret_kind: "rsync_sha512", hashcat: Some("1710"), john: None },
    Crackable { secret_kind: "ntlmssp_v1", hashcat: Some("5500"), john: Some("netntlm") },
    Crackable { secret_kind: "ntlmssp_v2", hashcat: Some("5600"), john: Some("netntlmv2") },
    Crackable { secret_kind: "krb5_timestamp_rc4", hashcat: Some("7500"), john: Some("krb5pa-md5") },
    Crackable { secret_kind: "cram_md5", hashcat: Some("10200"), john: Some("hmac-md5") },
    Crackable { secret_kind: "postgres_md5_challenge", hashcat: Some("11100"), john: Some("postgres") },
    Crackable { secret_kind: "mysql_native_password", hashcat: Some("11200"), john: Some("mysqlna") },
    Crackable { secret_kind: "http_digest_md5", hashcat: Some("11400"), john: Some("sip") },
    Crackable { secret_kind: "rsync_md4", hashcat: None, john: Some("dynamic_32") },
    Crackable { secret_kind: "vnc_des_response", hashcat: None, john: Some("vnc") },
    Crackable { secret_kind: "krb5_timestamp_aes128", hashcat: Some("19800"), john: None },
    Crackable { secret_kind: "krb5_timestamp_aes256", hashcat: Some("19900"), john: None },
    Crackable { secret_kind: "snmpv3_usm", hashcat: Some("25000"), john: Some("snmp") },
    Crackable { secret_kind: "snmpv3_usm_sha224", hashcat: Some("26700"), john: None },
    Crackable { secret_kind: "snmpv3_usm_sha256", hashcat: Some("26800"), john: None },
    Crackable { secret_kind: "snmpv3_usm_sha384", hashcat: Some("26900"), john: None },
    Crackable { secret_kind: "snmpv3_usm_sha512", hashcat: Some("27300"), john: None },
];

impl Crackable {
    fn name(&self, cracker: Cracker) -> Option<&'static str> {
        match cracker {
            Cracker::Hashcat => self.hashcat,
            Cracker::John => self.john,
        }
    }
}

/// No hash that is captured is of this mode or format.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no captured hash is of mode {name:?}; there are: {known}")]
pub struct UnknownMode {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: String,
}

/// An exporter for each kind of hash that `cracker` knows, in the order of its modes, each under a comment
/// with its mode; or one without a comment for the mode that is asked for.
///
/// # Errors
/// [`UnknownMode`] when `only` is none.
pub fn hashes(cracker: Cracker, only: Option<&str>) -> Result<Vec<Exporter>, UnknownMode> {
    let exporter = |kind| Exporter::new(Form::Hashes { cracker, kind, titled: only.is_none() });
    let wanted = |kind: &&Crackable| {
        let name = kind.name(cracker);
        name.is_some() && (only.is_none() || only == name)
    };
    let exporters: Vec<_> = CRACKABLE.iter().filter(wanted).map(exporter).collect();
    match only.filter(|_| exporters.is_empty()) {
        None => Ok(exporters),
        Some(only) => {
            let known: Vec<_> = CRACKABLE.iter().filter_map(|kind| kind.name(cracker)).collect();
            Err(UnknownMode { name: only.to_owned(), known: known.join(", ") })
        }
    }
}

/// How credentials are written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Json,
    Csv,
    Words,
    Hashes { cracker: Cracker, kind: &'static Crackable, titled: bool },
}

/// Columns of the CSV form.
const COLUMNS: [&str; 12] = [
    "src_ip",
    "decky",
    "service",
    "principal",
    "secret",
    "secret_kind",
    "outcome",
    "attempts",
    "first_seen",
    "last_seen",
    "secret_sha256",
    "crack_line",
];

/// Writes credentials one after the other. Of lines that are to be written once it keeps a digest.
#[derive(Clone, Debug)]
pub struct Exporter {
    form: Form,
    once: BTreeSet<[u8; 16]>,
    written: u64,
    unfit: u64,
}

impl Exporter {
    /// One JSON object a line.
    pub fn json() -> Self {
        Exporter::new(Form::Json)
    }

    /// RFC 4180 with a head line; no cell begins a formula.
    pub fn csv() -> Self {
        Exporter::new(Form::Csv)
    }

    /// Secrets in the clear as a word list, each once.
    pub fn words() -> Self {
        Exporter::new(Form::Words)
    }

    fn new(form: Form) -> Self {
        Exporter { form, once: BTreeSet::new(), written: 0, unfit: 0 }
    }

    /// Appends what stands before the first credential; also for an export without any.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if let Form::Csv = self.form {
            out.extend_from_slice(COLUMNS.join(",").as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends one credential, unless it is none of this form or has been written before.
    pub fn write(&mut self, credential: &Credential, out: &mut Vec<u8>) {
        let line = match self.form {
            Form::Json => Some(format!("{}\n", json(credential))),
            Form::Csv => Some(csv(credential)),
            Form::Words => self.new_line(word(credential)),
            Form::Hashes { cracker, kind, titled } => {
                let hash = self.hash(credential, cracker, kind);
                let line = self.new_line(hash);
                let title = line.is_some() && titled && self.written == 0;
                let comment = if title { title_of(cracker, kind) } else { String::new() };
                line.map(|line| comment + &line)
            }
        };
        if let Some(line) = line {
            out.extend_from_slice(line.as_bytes());
            self.written += 1;
        }
    }

    /// How many were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many hashes were left out because a cracker, or a terminal, would misread them.
    pub fn unfit(&self) -> u64 {
        self.unfit
    }

    /// The line with its end, if it is there and was not before.
    fn new_line(&mut self, line: Option<String>) -> Option<String> {
        let line = line?;
        let digest = Sha256::digest(line.as_bytes());
        let short = digest.first_chunk().copied()?;
        self.once.insert(short).then(|| line + "\n")
    }

    fn hash(&mut self, credential: &Credential, cracker: Cracker, kind: &Crackable) -> Option<String> {
        let line = credential.crack_line.as_deref().filter(|_| credential.secret_kind == kind.secret_kind)?;
        let Some(line) = plain(line) else {
            self.unfit += 1;
            return None;
        };
        // NetNTLM lines begin with the user already, in the form that john reads.
        let named = cracker == Cracker::Hashcat || kind.secret_kind.starts_with("ntlmssp");
        let user = printable(&credential.principal).into_string().replace(':', "\\x3a");
        Some(if named { line.to_owned() } else { format!("{user}:{line}") })
    }
}

fn title_of(cracker: Cracker, kind: &Crackable) -> String {
    let option = match cracker {
        Cracker::Hashcat => "hashcat -m ",
        Cracker::John => "john --format=",
    };
    format!("# {option}{}\n", kind.name(cracker).unwrap_or_default())
}

/// Bytes as text, if they are one line of characters that can be seen.
fn plain(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
    let shown = printable(bytes).into_string();
    (shown.len() == text.len() + text.matches('\\').count()).then_some(text)
}

/// One credential as JSON, as the list shows it.
fn json(credential: &Credential) -> String {
    // A struct of texts and numbers always becomes JSON.
    serde_json::to_string(&shape::Credential::from(credential)).unwrap_or_default()
}

fn shown(bytes: &[u8]) -> String {
    printable(bytes).into_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn csv(credential: &Credential) -> String {
    let cells = [
        credential.src_ip.map(|address| address.to_string()).unwrap_or_default(),
        shown(credential.node.as_bytes()),
        credential.service.clone(),
        shown(&credential.principal),
        shown(&credential.secret),
        credential.secret_kind.clone(),
        credential.outcome.clone().unwrap_or_default(),
        credential.attempts.to_string(),
        stamp::format(credential.first_seen),
        stamp::format(credential.last_seen),
        credential.secret_sha256.clone(),
        credential.crack_line.as_deref().map(shown).unwrap_or_default(),
    ];
    shape::csv::line(cells.iter().map(String::as_str))
}

/// A word of a word list. `$HEX[…]` is how hashcat reads one with bytes that are not printable ASCII, or
/// that could be taken for that very notation or a comment.
fn word(credential: &Credential) -> Option<String> {
    let secret = credential.secret.as_slice();
    if secret.is_empty() || !["plaintext", "snmp_community"].contains(&credential.secret_kind.as_str()) {
        return None;
    }
    let ascii = secret.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let text = std::str::from_utf8(secret).ok().filter(|_| ascii);
    Some(match text {
        Some(text) if !text.starts_with("$HEX[") && !text.starts_with('#') => text.to_owned(),
        _ => format!("$HEX[{}]", hex(secret)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn credential(kind: &str, principal: &[u8], secret: &[u8], crack_line: Option<&str>) -> Credential {
        Credential {
            first_event: 1,
            last_event: 1,
            src_ip: "192.0.2.7".parse().ok(),
            node: "web-01".into(),
            service: "ssh".into(),
            principal: principal.to_vec(),
            secret: secret.to_vec(),
            secret_kind: kind.into(),
            secret_sha256: "00".into(),
            challenge: None,
            realm: None,
            crack_line: crack_line.map(|line| line.as_bytes().to_vec()),
            outcome: None,
            attempts: 2,
            first_seen: 0,
            last_seen: 0,
            probe: false,
        }
    }

    fn written(exporters: &mut [Exporter], credentials: &[Credential]) -> String {
        let mut out = Vec::new();
        for exporter in exporters {
            exporter.begin(&mut out);
            credentials.iter().for_each(|credential| exporter.write(credential, &mut out));
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_mode_stands_once_with_its_lines_and_each_line_once() {
        let mysql = |line| credential("mysql_native_password", b"root", b"x", Some(line));
        let all = [
            mysql("$mysqlna$aa*bb"),
            credential("plaintext", b"u", b"hunter22", None),
            credential("cram_md5", b"a:b", b"x", Some("$cram_md5$aa$bb")),
            mysql("$mysqlna$cc*dd"),
            mysql("$mysqlna$aa*bb"),
            credential("ntlmssp_v2", b"u", b"x", Some("u::D:11:22:33")),
            credential("cram_md5", b"u", b"x", Some("l\nl")),
            credential("cram_md5", b"u", b"x", Some("$cram_md5$\u{9b}$bb")),
            credential("publickey", b"u", b"SHA256:x", None),
        ];
        let mut hashcat = hashes(Cracker::Hashcat, None).unwrap();
        assert_eq!(
            written(&mut hashcat, &all),
            "# hashcat -m 5600\nu::D:11:22:33\n# hashcat -m 10200\n$cram_md5$aa$bb\n\
             # hashcat -m 11200\n$mysqlna$aa*bb\n$mysqlna$cc*dd\n"
        );
        assert_eq!(hashcat.iter().map(Exporter::unfit).sum::<u64>(), 2);
        assert_eq!(
            written(&mut hashes(Cracker::John, None).unwrap(), &all),
            "# john --format=netntlmv2\nu::D:11:22:33\n# john --format=hmac-md5\na\\x3ab:$cram_md5$aa$bb\n\
             # john --format=mysqlna\nroot:$mysqlna$aa*bb\nroot:$mysqlna$cc*dd\n"
        );
        let mut only = hashes(Cracker::Hashcat, Some("11200")).unwrap();
        assert_eq!(written(&mut only, &all), "$mysqlna$aa*bb\n$mysqlna$cc*dd\n");
        assert_eq!(hashes(Cracker::John, Some("11200")).unwrap_err().name, "11200");
    }

    #[test]
    fn a_word_list_has_printable_ascii_only_and_each_word_once() {
        for (secret, shown) in [
            (&b"pass word"[..], "pass word\n"),
            (b"a\nb", "$HEX[610a62]\n"),
            (b"\x1b[2J\x07", "$HEX[1b5b324a07]\n"),
            ("caf\u{e9}".as_bytes(), "$HEX[636166c3a9]\n"),
            ("\u{9b}\u{200b}".as_bytes(), "$HEX[c29be2808b]\n"),
            (b"$HEX[41]", "$HEX[244845585b34315d]\n"),
            (b"# hashcat", "$HEX[232068617368636174]\n"),
            (b"", ""),
        ] {
            let secret = credential("plaintext", b"u", secret, None);
            assert_eq!(written(&mut [Exporter::words()], &[secret.clone(), secret]), shown);
        }
    }

    #[test]
    fn a_spreadsheet_runs_no_formula() {
        let csv = credential("plaintext", b"=cmd|' /C calc'!A0", b"\n", None);
        let expected = format!(
            "{}\r\n\"192.0.2.7\",\"web-01\",\"ssh\",\"'=cmd|' /C calc'!A0\",\"\\x0a\",\"plaintext\",\"\",\"2\",\
             \"1970-01-01T00:00:00.000000Z\",\"1970-01-01T00:00:00.000000Z\",\"00\",\"\"\r\n",
            COLUMNS.join(",")
        );
        assert_eq!(written(&mut [Exporter::csv()], &[csv]), expected);
    }

    proptest! {
        #[test]
        fn one_credential_is_one_line_of_json_and_csv(principal: Vec<u8>, secret: Vec<u8>) {
            let credential = credential("plaintext", &principal, &secret, None);
            let text = json(&credential);
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(csv(&credential).matches('\n').count(), 1);
        }

        #[test]
        fn a_word_is_one_line_of_printable_ascii(secret: Vec<u8>) {
            let word = word(&credential("plaintext", b"u", &secret, None));
            prop_assert_eq!(word.is_none(), secret.is_empty());
            prop_assert!(word.unwrap_or_default().bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }

        #[test]
        fn a_hash_line_has_no_control_character(line: Vec<u8>) {
            if let Some(text) = plain(&line) {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
