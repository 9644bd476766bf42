-- Canaries: what was laid out, what it holds, by what its use is known, and what became of it.
CREATE TABLE canaries (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    memo TEXT NOT NULL,
    file TEXT NOT NULL,
    media TEXT NOT NULL,
    target TEXT,
    lead_to TEXT NOT NULL,
    node TEXT,
    path TEXT,
    owner TEXT,
    dated INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    revoked_at INTEGER
);
CREATE INDEX canaries_by_node ON canaries (node);
CREATE INDEX canaries_by_change ON canaries (changed_at);
CREATE TABLE canary_contents (
    canary TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
);
CREATE TABLE canary_secrets (
    sha256 TEXT NOT NULL PRIMARY KEY,
    canary TEXT NOT NULL,
    channel TEXT NOT NULL
);
CREATE TABLE canary_hits (
    event INTEGER NOT NULL PRIMARY KEY,
    canary TEXT NOT NULL,
    at INTEGER NOT NULL,
    channel TEXT NOT NULL,
    noise TEXT NOT NULL,
    count INTEGER NOT NULL,
    src_ip BLOB,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    client BLOB NOT NULL,
    target BLOB NOT NULL
);
CREATE INDEX canary_hits_by_canary ON canary_hits (canary, event);
