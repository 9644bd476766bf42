-- Whose addresses are, and what providers have answered of addresses and files.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS enrichments (
    src_ip VARBINARY(16) NOT NULL,
    last_event BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    scope VARCHAR(64) NOT NULL,
    country VARCHAR(64),
    asn BIGINT,
    as_name VARCHAR(255),
    network VARCHAR(255),
    rpki VARCHAR(64),
    PRIMARY KEY (src_ip),
    KEY enrichments_by_scope (scope, last_event),
    KEY enrichments_by_country (country, src_ip),
    KEY enrichments_by_asn (asn, src_ip)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS reputations (
    src_ip VARBINARY(16) NOT NULL,
    provider VARCHAR(64) NOT NULL,
    verdict VARCHAR(64) NOT NULL,
    score BIGINT,
    reason VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (src_ip, provider)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS file_reputations (
    sha256 VARCHAR(64) NOT NULL,
    provider VARCHAR(64) NOT NULL,
    verdict VARCHAR(64) NOT NULL,
    score BIGINT,
    reason VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (sha256, provider)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS enrichment_files (
    name VARCHAR(255) NOT NULL,
    form VARCHAR(64) NOT NULL,
    row_count BIGINT NOT NULL,
    malformed BIGINT NOT NULL,
    problem VARCHAR(255) NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS enrichment_providers (
    name VARCHAR(64) NOT NULL,
    per_day BIGINT NOT NULL,
    day BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    answers BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    rests_until BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    problem VARCHAR(255) NOT NULL,
    PRIMARY KEY (name)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
