//! What intruders do with statements: queries, and the techniques in them by name.

use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Techniques, by words that show them; all of them stand in the query.
const KNOWN: &[(&str, &[&str])] = &[
    ("mssql enable xp_cmdshell", &["sp_configure", "xp_cmdshell"]),
    ("mssql ole automation", &["sp_oacreate"]),
    ("mssql assembly", &["create", "assembly"]),
    ("mssql agent job", &["sp_add_job"]),
    ("mssql registry", &["xp_reg"]),
    ("mssql linked server", &["openquery"]),
    ("mssql ad hoc source", &["openrowset"]),
    ("mssql impersonation", &["execute as"]),
    ("mssql password hashes", &["password_hash"]),
    ("mssql new login", &["create login"]),
    ("mssql new login", &["sp_addlogin"]),
    ("mssql data destruction", &["drop database"]),
];
/// Most bytes of a query that are looked at.
const MOST: usize = 64 * 1024;

/// Writes a query down, with what it shows.
pub(super) fn record(query: &str, database: &str, out: &mut Out) {
    let told = query.as_bytes().get(..MOST).unwrap_or(query.as_bytes()).to_vec();
    let lower = String::from_utf8_lossy(&told).to_lowercase();
    out.record(
        Kind::Query,
        vec![(field::QUERY, told.clone()), (field::DATABASE, database.as_bytes().to_vec())],
    );
    for (technique, words) in KNOWN {
        if words.iter().all(|word| lower.contains(word)) {
            let fields = vec![
                (field::TECHNIQUE, technique.as_bytes().to_vec()),
                (field::DATA, told.get(..1024).unwrap_or(&told).to_vec()),
            ];
            out.record(Kind::ExploitAttempt, fields);
        }
    }
}
