-- What attackers are like, secrets that come again, who is behind addresses; and what analysts say of that, which
-- is made of nothing and never made anew.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS profiles (
    src_ip VARBINARY(16) NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    behaviour VARCHAR(64) NOT NULL,
    phase VARCHAR(64) NOT NULL,
    risk BIGINT NOT NULL,
    nodes BIGINT NOT NULL,
    services BIGINT NOT NULL,
    traits LONGTEXT NOT NULL,
    state LONGTEXT NOT NULL,
    PRIMARY KEY (src_ip),
    KEY profiles_by_last_event (last_event),
    KEY profiles_by_risk (risk, last_event),
    KEY profiles_by_first_event (first_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS reuse (
    secret_hash BINARY(32) NOT NULL,
    secret_kind VARCHAR(64) NOT NULL,
    secret MEDIUMBLOB NOT NULL,
    attempts BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    targets BIGINT NOT NULL,
    nodes BIGINT NOT NULL,
    services BIGINT NOT NULL,
    principals BIGINT NOT NULL,
    attackers BIGINT NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    listed VARCHAR(64) NOT NULL,
    state LONGTEXT NOT NULL,
    PRIMARY KEY (secret_hash),
    KEY reuse_by_last_event (last_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS cluster_members (
    level VARCHAR(64) NOT NULL,
    member BIGINT NOT NULL,
    src_ip VARBINARY(16) NOT NULL,
    cluster BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (level, member),
    KEY cluster_members_by_cluster (level, cluster),
    KEY cluster_members_by_revision (level, revision),
    KEY cluster_members_by_src_ip (src_ip)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS cluster_links (
    level VARCHAR(64) NOT NULL,
    older BIGINT NOT NULL,
    younger BIGINT NOT NULL,
    cluster BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    at BIGINT NOT NULL,
    evidence LONGTEXT NOT NULL,
    PRIMARY KEY (level, older, younger),
    KEY cluster_links_by_cluster (level, cluster)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS cluster_decisions (
    id BIGINT NOT NULL,
    level VARCHAR(64) NOT NULL,
    deed VARCHAR(64) NOT NULL,
    left_side LONGTEXT NOT NULL,
    right_side LONGTEXT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    reason LONGTEXT NOT NULL,
    undone_at BIGINT,
    undone_by VARCHAR(255),
    PRIMARY KEY (id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
