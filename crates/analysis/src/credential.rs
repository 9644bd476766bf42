//! Captured credentials for people and crackers: JSON, CSV, hashcat, john.

use decnet_model::record::Credential;
use netsvc_wire::{escape::printable, stamp};
use serde_json::{Value, json};
use std::str::FromStr;

/// How credentials are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// RFC 4180 with a head line; no cell begins a formula.
    Csv,
    /// Hash lines for hashcat, under a comment with the mode; plain secrets as a word list.
    Hashcat,
    /// Hash lines for John the Ripper as `user:hash`.
    John,
}

/// No format has this name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no format is called {0:?}; there are json, csv, hashcat and john")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            "hashcat" => Ok(Format::Hashcat),
            "john" => Ok(Format::John),
            _ => Err(UnknownFormat(name.to_owned())),
        }
    }
}

/// Mode of hashcat (`hashcat --help`, hash modes) for a kind of secret; `None` when there is none.
pub fn hashcat_mode(secret_kind: &str) -> Option<u32> {
    match secret_kind {
        "cram_md5" => Some(10_200),
        "mysql_native_password" => Some(11_200),
        "http_digest_md5" => Some(11_400),
        "ntlmssp_v1" => Some(5_500),
        "ntlmssp_v2" => Some(5_600),
        "postgres_md5_challenge" => Some(11_100),
        _ => None,
    }
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

/// Writes credentials one after the other, so that an export needs no memory for all of them.
#[derive(Clone, Debug)]
pub struct Exporter {
    format: Format,
    begun: bool,
}

impl Exporter {
    /// An exporter that has written nothing.
    pub fn new(format: Format) -> Self {
        Exporter { format, begun: false }
    }

    /// Appends what stands before the first credential; also for an export without any.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun && self.format == Format::Csv {
            out.extend_from_slice(COLUMNS.join(",").as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        self.begun = true;
    }

    /// Appends one credential. A format for crackers leaves out what it cannot express: returns whether
    /// anything was written.
    pub fn write(&mut self, credential: &Credential, out: &mut Vec<u8>) -> bool {
        self.begin(out);
        match self.format {
            Format::Json => {
                out.extend_from_slice(json(credential).to_string().as_bytes());
                out.push(b'\n');
                true
            }
            Format::Csv => {
                out.extend_from_slice(csv(credential).as_bytes());
                true
            }
            Format::Hashcat => hashcat(credential, out),
            Format::John => john(credential, out),
        }
    }
}

/// One credential as JSON; captured bytes as shown on the screen.
pub fn json(credential: &Credential) -> Value {
    json!({
        "src_ip": credential.src_ip.map(|address| address.to_string()),
        "decky": printable(credential.node.as_bytes()),
        "service": credential.service,
        "principal": printable(&credential.principal),
        "secret": printable(&credential.secret),
        "secret_hex": hex(&credential.secret),
        "secret_kind": credential.secret_kind,
        "secret_sha256": credential.secret_sha256,
        "outcome": credential.outcome,
        "attempts": credential.attempts,
        "first_seen": stamp::format(credential.first_seen),
        "last_seen": stamp::format(credential.last_seen),
        "realm": credential.realm.as_deref().map(printable),
        "challenge_hex": credential.challenge.as_deref().map(hex),
        "crack_line": credential.crack_line.as_deref().map(printable),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn csv(credential: &Credential) -> String {
    let cells = [
        credential.src_ip.map(|address| address.to_string()).unwrap_or_default(),
        printable(credential.node.as_bytes()),
        credential.service.clone(),
        printable(&credential.principal),
        printable(&credential.secret),
        credential.secret_kind.clone(),
        credential.outcome.clone().unwrap_or_default(),
        credential.attempts.to_string(),
        stamp::format(credential.first_seen),
        stamp::format(credential.last_seen),
        credential.secret_sha256.clone(),
        credential.crack_line.as_deref().map(printable).unwrap_or_default(),
    ];
    let cells: Vec<_> = cells.iter().map(|cell| csv_cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that a spreadsheet takes for text: OWASP "CSV Injection", a leading apostrophe before what
/// begins a formula.
fn csv_cell(text: &str) -> String {
    let first = text.trim_start_matches([' ', '"', '\'']).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠'));
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A line that no tool can misread: no byte that ends it.
fn is_one_line(bytes: &[u8]) -> bool {
    !bytes.is_empty() && !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
}

fn hashcat(credential: &Credential, out: &mut Vec<u8>) -> bool {
    if credential.secret_kind == "plaintext" {
        return word(&credential.secret, out);
    }
    let Some(mode) = hashcat_mode(&credential.secret_kind) else { return false };
    let Some(line) = credential.crack_line.as_deref().filter(|line| is_one_line(line)) else { return false };
    out.extend_from_slice(format!("# hashcat -m {mode}\n").as_bytes());
    out.extend_from_slice(line);
    out.push(b'\n');
    true
}

/// A word of a word list; hashcat reads `$HEX[…]` for one with bytes that end a line or could be taken
/// for that very notation or a comment.
fn word(secret: &[u8], out: &mut Vec<u8>) -> bool {
    if secret.is_empty() {
        return false;
    }
    if is_one_line(secret) && !secret.starts_with(b"$HEX[") && !secret.starts_with(b"#") {
        out.extend_from_slice(secret);
    } else {
        out.extend_from_slice(format!("$HEX[{}]", hex(secret)).as_bytes());
    }
    out.push(b'\n');
    true
}

fn john(credential: &Credential, out: &mut Vec<u8>) -> bool {
    let Some(line) = credential.crack_line.as_deref().filter(|line| is_one_line(line)) else { return false };
    // NetNTLM lines begin with the user already, in the form that john reads.
    if !credential.secret_kind.starts_with("ntlmssp") {
        let user = printable(&credential.principal).replace(':', "\\x3a");
        out.extend_from_slice(user.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(line);
    out.push(b'\n');
    true
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
        }
    }

    fn check(format: &str, credential: &Credential, expected: &str) {
        let mut out = Vec::new();
        Exporter::new(format.parse().unwrap()).write(credential, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn crackers_get_lines_they_read() {
        let mysql = credential("mysql_native_password", b"root", b"x", Some("$mysqlna$aa*bb"));
        check("hashcat", &mysql, "# hashcat -m 11200\n$mysqlna$aa*bb\n");
        check("john", &mysql, "root:$mysqlna$aa*bb\n");
        let ntlm = credential("ntlmssp_v2", b"u", b"x", Some("u::D:11:22:33"));
        check("hashcat", &ntlm, "# hashcat -m 5600\nu::D:11:22:33\n");
        check("john", &ntlm, "u::D:11:22:33\n");
        check("hashcat", &credential("plaintext", b"u", b"pass word", None), "pass word\n");
        check("hashcat", &credential("plaintext", b"u", b"a\nb", None), "$HEX[610a62]\n");
        check("hashcat", &credential("publickey", b"u", b"SHA256:x", None), "");
        check("john", &credential("cram_md5", b"a:b", b"x", Some("l\nl")), "");
        assert_eq!(hashcat_mode("cram_md5"), Some(10_200));
        assert_eq!(hashcat_mode("http_digest_md5"), Some(11_400));
    }

    #[test]
    fn a_spreadsheet_runs_no_formula() {
        for (cell, shown) in [
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("a\"b,c", "\"a\"\"b,c\""),
            ("plain", "\"plain\""),
        ] {
            assert_eq!(csv_cell(cell), shown);
        }
        check(
            "csv",
            &credential("plaintext", b"=cmd|' /C calc'!A0", b"\n", None),
            &format!(
                "{}\r\n\"192.0.2.7\",\"web-01\",\"ssh\",\"'=cmd|' /C calc'!A0\",\"\\x0a\",\"plaintext\",\"\",\"2\",\
             \"1970-01-01T00:00:00.000000Z\",\"1970-01-01T00:00:00.000000Z\",\"00\",\"\"\r\n",
                COLUMNS.join(",")
            ),
        );
    }

    proptest! {
        #[test]
        fn one_credential_is_one_line_of_json_and_csv(principal: Vec<u8>, secret: Vec<u8>) {
            let credential = credential("plaintext", &principal, &secret, None);
            let text = json(&credential).to_string();
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(csv(&credential).matches('\n').count(), 1);
        }

        #[test]
        fn a_word_list_has_one_line_a_secret(secret: Vec<u8>) {
            let mut out = Vec::new();
            let written = word(&secret, &mut out);
            let lines = out.iter().filter(|&&byte| byte == b'\n').count();
            prop_assert_eq!(lines, usize::from(written));
        }
    }
}
