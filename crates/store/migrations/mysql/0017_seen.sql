-- Collections of what is known are read by when it was seen last.
-- DDL is not transactional here, so that every statement can be run again.
CREATE INDEX profiles_by_last_seen ON profiles (last_seen, last_event);
-- What attackers' hosts and programs can be recognised by, and which were asked what they are.
CREATE TABLE IF NOT EXISTS fingerprints (
    src_ip VARBINARY(16) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    value VARCHAR(255) NOT NULL,
    detail VARCHAR(255) NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    events BIGINT NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (src_ip, kind, value)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS probed (
    src_ip VARBINARY(16) NOT NULL PRIMARY KEY,
    asked_at BIGINT NOT NULL,
    found LONGTEXT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
