-- Canaries: what was laid out, what it holds, by what its use is known, and what became of it.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS canaries (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    kind VARCHAR(64) NOT NULL,
    memo LONGTEXT NOT NULL,
    file VARCHAR(255) NOT NULL,
    media VARCHAR(255) NOT NULL,
    target LONGTEXT,
    lead_to LONGTEXT NOT NULL,
    node VARCHAR(255),
    path LONGTEXT,
    owner VARCHAR(255),
    dated BIGINT,
    created_by VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    revoked_at BIGINT,
    KEY canaries_by_node (node),
    KEY canaries_by_change (changed_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS canary_contents (
    canary VARCHAR(64) NOT NULL PRIMARY KEY,
    content MEDIUMBLOB NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS canary_secrets (
    sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    canary VARCHAR(64) NOT NULL,
    channel VARCHAR(64) NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS canary_hits (
    event BIGINT NOT NULL PRIMARY KEY,
    canary VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    channel VARCHAR(64) NOT NULL,
    noise VARCHAR(64) NOT NULL,
    count BIGINT NOT NULL,
    src_ip VARBINARY(16),
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    client MEDIUMBLOB NOT NULL,
    target MEDIUMBLOB NOT NULL,
    KEY canary_hits_by_canary (canary, event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
