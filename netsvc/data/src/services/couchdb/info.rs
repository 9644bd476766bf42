//! What is told of a database as a whole.

use super::{call::Call, store::Database};
use serde_json::{Value, json};

/// What is told of a database.
pub(super) fn info(call: &Call<'_>, name: &str) -> Value {
    let none = Database::default();
    let database = call.store.databases.get(name).unwrap_or(&none);
    let (size, sequence) = (database.size(), sequence(database));
    json!({
        "db_name": name, "purge_seq": "0-g1AAAABXeJzLYWBgYMpgTmEQTM4vTc5ISXIwNDLXMwBCwxyQVB4LkGRoAFL_gSArkQGP2kSGpH\
            qIoiwAtOgYRA",
        "update_seq": sequence, "sizes": { "file": size * 3 + 16_692, "external": size, "active": size * 2 },
        "props": {}, "doc_del_count": database.deleted, "doc_count": database.documents.len(),
        "disk_format_version": 8, "compact_running": false,
        "cluster": { "q": 2, "n": 1, "w": 1, "r": 1 }, "instance_start_time": "0",
    })
}

/// A sequence as it is told: its number, and what looks like shards.
pub(super) fn sequence(database: &Database) -> String {
    format!(
        "{}-g1AAAACbeJzLYWBgYMpgTmEQTM4vTc5ISXIwNDLXMwBCwxyQVCJDUv3___-zMpgTGXKBAuzJKSmpqWap2HTgMSaPBUgyNACp_yimpaQkJ5",
        database.sequence
    )
}
