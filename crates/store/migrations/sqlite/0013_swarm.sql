-- A swarm: hosts, what they said last, certificates, tokens; and where each event comes from.
ALTER TABLE events ADD COLUMN host TEXT;
CREATE TABLE swarm_hosts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    labels TEXT NOT NULL,
    weight INTEGER NOT NULL,
    capacity INTEGER,
    drained INTEGER NOT NULL,
    notes TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    left_at INTEGER,
    told_at INTEGER,
    generation INTEGER NOT NULL,
    wanted TEXT NOT NULL,
    pulse INTEGER NOT NULL
);
CREATE TABLE swarm_reports (
    host TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    address BLOB,
    version TEXT NOT NULL,
    generation INTEGER NOT NULL,
    pulse INTEGER NOT NULL,
    ground TEXT NOT NULL,
    deckies TEXT NOT NULL,
    lag TEXT NOT NULL,
    trouble TEXT NOT NULL
);
CREATE TABLE swarm_certificates (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    role TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    reason TEXT NOT NULL
);
CREATE INDEX swarm_certificates_host ON swarm_certificates (host);
CREATE TABLE swarm_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    labels TEXT NOT NULL,
    weight INTEGER NOT NULL,
    capacity INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_key TEXT NOT NULL,
    host TEXT NOT NULL
);
