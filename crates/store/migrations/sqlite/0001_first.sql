-- Events and what is derived from them; the fleet; users. Times are microseconds UTC, addresses 4 or 16 bytes.
CREATE TABLE log_position (
    id INTEGER NOT NULL PRIMARY KEY,
    segment INTEGER NOT NULL,
    position INTEGER NOT NULL,
    last_event INTEGER NOT NULL
);
INSERT INTO log_position (id, segment, position, last_event) VALUES (1, 0, 0, 0);
CREATE TABLE leases (
    worker TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
);
CREATE TABLE cursors (
    projection TEXT NOT NULL PRIMARY KEY,
    event INTEGER NOT NULL
);
CREATE TABLE writers (
    w INTEGER NOT NULL PRIMARY KEY,
    last_number INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
);
CREATE TABLE gaps (
    w INTEGER NOT NULL,
    first_number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (w, first_number)
);
CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY,
    w INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    kind TEXT NOT NULL,
    class INTEGER NOT NULL,
    src_ip BLOB,
    src_port INTEGER,
    dst_port INTEGER,
    session TEXT,
    fields BLOB NOT NULL
);
CREATE UNIQUE INDEX events_writer ON events (w, n);
CREATE INDEX events_src_ip ON events (src_ip);
CREATE INDEX events_session ON events (session);
CREATE INDEX events_node ON events (node);
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_at ON events (at);
CREATE TABLE tallies (
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    kind TEXT NOT NULL,
    events INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (node, service, kind)
);
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    src_ip BLOB,
    src_port INTEGER,
    dst_port INTEGER,
    started_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    ended_at INTEGER,
    events INTEGER NOT NULL,
    commands INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    artefacts INTEGER NOT NULL,
    principal BLOB,
    client BLOB,
    recording TEXT,
    bytes_in INTEGER,
    bytes_out INTEGER,
    reason TEXT
);
CREATE UNIQUE INDEX sessions_first_event ON sessions (first_event);
CREATE INDEX sessions_src_ip ON sessions (src_ip, first_event);
CREATE TABLE credentials (
    key_hash BLOB NOT NULL PRIMARY KEY,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    src_ip BLOB,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    principal BLOB NOT NULL,
    secret BLOB NOT NULL,
    secret_kind TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    challenge BLOB,
    realm BLOB,
    crack_line BLOB,
    outcome TEXT,
    attempts INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
);
CREATE UNIQUE INDEX credentials_first_event ON credentials (first_event);
CREATE INDEX credentials_src_ip ON credentials (src_ip, first_event);
CREATE TABLE artefacts (
    sha256 TEXT NOT NULL PRIMARY KEY,
    first_event INTEGER NOT NULL,
    size INTEGER NOT NULL,
    origin TEXT NOT NULL,
    format TEXT,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    sightings INTEGER NOT NULL
);
CREATE INDEX artefacts_first_event ON artefacts (first_event);
CREATE TABLE artefact_sightings (
    event INTEGER NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL,
    at INTEGER NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    src_ip BLOB,
    session TEXT,
    origin TEXT NOT NULL,
    path BLOB,
    FOREIGN KEY (sha256) REFERENCES artefacts (sha256)
);
CREATE INDEX artefact_sightings_sha256 ON artefact_sightings (sha256, event);
CREATE TABLE attackers (
    src_ip BLOB NOT NULL PRIMARY KEY,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL,
    scans INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    evidence INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    interactive_nodes INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    last_node TEXT NOT NULL
);
CREATE UNIQUE INDEX attackers_last_event ON attackers (last_event);
CREATE TABLE attacker_contacts (
    src_ip BLOB NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    first_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL,
    scans INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    evidence INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    PRIMARY KEY (src_ip, node, service),
    FOREIGN KEY (src_ip) REFERENCES attackers (src_ip)
);
CREATE TABLE traversals (
    src_ip BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    nodes INTEGER NOT NULL,
    interactive_nodes INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    events INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    FOREIGN KEY (src_ip) REFERENCES attackers (src_ip)
);
CREATE INDEX traversals_last_event ON traversals (last_event);
CREATE TABLE deckies (
    name TEXT NOT NULL PRIMARY KEY,
    desired TEXT NOT NULL,
    actual TEXT NOT NULL,
    reason TEXT NOT NULL,
    ip BLOB,
    services TEXT NOT NULL,
    plan TEXT NOT NULL,
    persona TEXT,
    updated_at INTEGER NOT NULL
);
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE users (
    name TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE
);
CREATE INDEX tokens_expires_at ON tokens (expires_at);
