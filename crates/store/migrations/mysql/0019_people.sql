-- The people of domains, what they write to each other, and what models said.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS pools (
    domain VARCHAR(255) NOT NULL PRIMARY KEY,
    document LONGTEXT NOT NULL,
    written_by VARCHAR(255) NOT NULL,
    changed_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS letters (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    thread VARCHAR(64) NOT NULL,
    domain VARCHAR(255) NOT NULL,
    sender VARCHAR(64) NOT NULL,
    recipients LONGTEXT NOT NULL,
    subject LONGTEXT NOT NULL,
    language VARCHAR(16) NOT NULL,
    origin VARCHAR(16) NOT NULL,
    at BIGINT NOT NULL,
    copies LONGTEXT NOT NULL,
    content LONGTEXT NOT NULL,
    KEY letters_by_time (at),
    KEY letters_by_thread (thread)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS phrasings (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    text LONGTEXT NOT NULL,
    at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
