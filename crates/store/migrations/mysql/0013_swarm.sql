-- A swarm: hosts, what they said last, certificates, tokens; and where each event comes from.
ALTER TABLE events ADD COLUMN host VARCHAR(64);
CREATE TABLE IF NOT EXISTS swarm_hosts (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    labels LONGTEXT NOT NULL,
    weight BIGINT NOT NULL,
    capacity BIGINT,
    drained BIGINT NOT NULL,
    notes LONGTEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    left_at BIGINT,
    told_at BIGINT,
    generation BIGINT NOT NULL,
    wanted LONGTEXT NOT NULL,
    pulse BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS swarm_reports (
    host VARCHAR(64) NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    address VARBINARY(16),
    version VARCHAR(64) NOT NULL,
    generation BIGINT NOT NULL,
    pulse BIGINT NOT NULL,
    ground LONGTEXT NOT NULL,
    deckies LONGTEXT NOT NULL,
    lag LONGTEXT NOT NULL,
    trouble LONGTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS swarm_certificates (
    fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
    host VARCHAR(64) NOT NULL,
    role VARCHAR(64) NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    reason LONGTEXT NOT NULL,
    KEY swarm_certificates_host (host)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS swarm_tokens (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    labels LONGTEXT NOT NULL,
    weight BIGINT NOT NULL,
    capacity BIGINT,
    created_by VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_key VARCHAR(64) NOT NULL,
    host VARCHAR(64) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
