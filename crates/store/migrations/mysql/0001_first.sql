-- Events and what is derived from them; the fleet; users. Times are microseconds UTC, addresses 4 or 16 bytes.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS log_position (
    id BIGINT NOT NULL PRIMARY KEY,
    segment BIGINT NOT NULL,
    position BIGINT NOT NULL,
    last_event BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO log_position (id, segment, position, last_event) VALUES (1, 0, 0, 0);
CREATE TABLE IF NOT EXISTS leases (
    worker VARCHAR(64) NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS cursors (
    projection VARCHAR(64) NOT NULL PRIMARY KEY,
    event BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS writers (
    w BIGINT NOT NULL PRIMARY KEY,
    last_number BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS gaps (
    w BIGINT NOT NULL,
    first_number BIGINT NOT NULL,
    last_number BIGINT NOT NULL,
    PRIMARY KEY (w, first_number)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS events (
    id BIGINT NOT NULL PRIMARY KEY,
    w BIGINT NOT NULL,
    n BIGINT NOT NULL,
    at BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    class BIGINT NOT NULL,
    src_ip VARBINARY(16),
    src_port BIGINT,
    dst_port BIGINT,
    session VARCHAR(64),
    fields MEDIUMBLOB NOT NULL,
    UNIQUE INDEX events_writer (w, n),
    INDEX events_src_ip (src_ip),
    INDEX events_session (session),
    INDEX events_node (node),
    INDEX events_kind (kind),
    INDEX events_at (at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS tallies (
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    events BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (node, service, kind)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS sessions (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    src_ip VARBINARY(16),
    src_port BIGINT,
    dst_port BIGINT,
    started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    ended_at BIGINT,
    events BIGINT NOT NULL,
    commands BIGINT NOT NULL,
    credentials BIGINT NOT NULL,
    artefacts BIGINT NOT NULL,
    principal MEDIUMBLOB,
    client MEDIUMBLOB,
    recording VARCHAR(64),
    bytes_in BIGINT,
    bytes_out BIGINT,
    reason VARCHAR(255),
    UNIQUE INDEX sessions_first_event (first_event),
    INDEX sessions_src_ip (src_ip, first_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS credentials (
    key_hash BINARY(32) NOT NULL PRIMARY KEY,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    src_ip VARBINARY(16),
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    principal MEDIUMBLOB NOT NULL,
    secret MEDIUMBLOB NOT NULL,
    secret_kind VARCHAR(64) NOT NULL,
    secret_sha256 VARCHAR(64) NOT NULL,
    challenge MEDIUMBLOB,
    realm MEDIUMBLOB,
    crack_line MEDIUMBLOB,
    outcome VARCHAR(64),
    attempts BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    UNIQUE INDEX credentials_first_event (first_event),
    INDEX credentials_src_ip (src_ip, first_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS artefacts (
    sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    first_event BIGINT NOT NULL,
    size BIGINT NOT NULL,
    origin VARCHAR(64) NOT NULL,
    format VARCHAR(64),
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    sightings BIGINT NOT NULL,
    INDEX artefacts_first_event (first_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS artefact_sightings (
    event BIGINT NOT NULL PRIMARY KEY,
    sha256 VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    src_ip VARBINARY(16),
    session VARCHAR(64),
    origin VARCHAR(64) NOT NULL,
    path MEDIUMBLOB,
    FOREIGN KEY (sha256) REFERENCES artefacts (sha256),
    INDEX artefact_sightings_sha256 (sha256, event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS attackers (
    src_ip VARBINARY(16) NOT NULL PRIMARY KEY,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    scans BIGINT NOT NULL,
    interactions BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    credentials BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    nodes BIGINT NOT NULL,
    interactive_nodes BIGINT NOT NULL,
    hops BIGINT NOT NULL,
    last_node VARCHAR(255) NOT NULL,
    UNIQUE INDEX attackers_last_event (last_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS attacker_contacts (
    src_ip VARBINARY(16) NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    first_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    scans BIGINT NOT NULL,
    interactions BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    credentials BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    PRIMARY KEY (src_ip, node, service),
    FOREIGN KEY (src_ip) REFERENCES attackers (src_ip)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS traversals (
    src_ip VARBINARY(16) NOT NULL PRIMARY KEY,
    kind VARCHAR(64) NOT NULL,
    nodes BIGINT NOT NULL,
    interactive_nodes BIGINT NOT NULL,
    hops BIGINT NOT NULL,
    events BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    FOREIGN KEY (src_ip) REFERENCES attackers (src_ip),
    INDEX traversals_last_event (last_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS deckies (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    desired VARCHAR(64) NOT NULL,
    actual VARCHAR(64) NOT NULL,
    reason LONGTEXT NOT NULL,
    ip VARBINARY(16),
    services LONGTEXT NOT NULL,
    plan LONGTEXT NOT NULL,
    persona LONGTEXT,
    updated_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS settings (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    value LONGTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS users (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    password_hash LONGTEXT NOT NULL,
    role VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS tokens (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    user_name VARCHAR(255) NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE,
    INDEX tokens_expires_at (expires_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
