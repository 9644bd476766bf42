-- Numbers of events by time, what was seen most, and the words of events.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS timeline (
    span BIGINT NOT NULL,
    at BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (span, at, node, kind)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS rankings (
    subject VARCHAR(64) NOT NULL,
    day BIGINT NOT NULL,
    value_hash BINARY(32) NOT NULL,
    value MEDIUMBLOB NOT NULL,
    events BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (subject, day, value_hash),
    INDEX rankings_events (subject, day, events)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS event_words (
    event BIGINT NOT NULL PRIMARY KEY,
    words MEDIUMTEXT NOT NULL,
    FULLTEXT INDEX event_words_words (words)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
