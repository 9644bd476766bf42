-- Whose addresses are, and what providers have answered of addresses and files.
CREATE TABLE enrichments (
    src_ip BLOB NOT NULL,
    last_event INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    scope TEXT NOT NULL,
    country TEXT,
    asn INTEGER,
    as_name TEXT,
    network TEXT,
    rpki TEXT,
    PRIMARY KEY (src_ip)
);
CREATE INDEX enrichments_by_scope ON enrichments (scope, last_event);
CREATE INDEX enrichments_by_country ON enrichments (country, src_ip);
CREATE INDEX enrichments_by_asn ON enrichments (asn, src_ip);
CREATE TABLE reputations (
    src_ip BLOB NOT NULL,
    provider TEXT NOT NULL,
    verdict TEXT NOT NULL,
    score INTEGER,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (src_ip, provider)
);
CREATE TABLE file_reputations (
    sha256 TEXT NOT NULL,
    provider TEXT NOT NULL,
    verdict TEXT NOT NULL,
    score INTEGER,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (sha256, provider)
);
CREATE TABLE enrichment_files (
    name TEXT NOT NULL,
    form TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    malformed INTEGER NOT NULL,
    problem TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE enrichment_providers (
    name TEXT NOT NULL,
    per_day INTEGER NOT NULL,
    day INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    rests_until INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (name)
);
