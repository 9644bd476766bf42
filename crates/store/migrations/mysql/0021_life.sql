-- What is done on deckies day after day, and what was done.
CREATE TABLE IF NOT EXISTS routines (
    node VARCHAR(255) NOT NULL PRIMARY KEY,
    document LONGTEXT NOT NULL,
    changed_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS life_deeds (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    node VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    account VARCHAR(64) NOT NULL,
    source VARCHAR(64) NOT NULL,
    what LONGTEXT NOT NULL,
    KEY life_deeds_by_time (at),
    KEY life_deeds_by_node (node, at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
