-- What changed of deckies that run.
CREATE TABLE IF NOT EXISTS mutations (
    id BIGINT NOT NULL PRIMARY KEY,
    node VARCHAR(255) NOT NULL,
    at BIGINT NOT NULL,
    kind VARCHAR(64) NOT NULL,
    service VARCHAR(64) NOT NULL,
    was LONGTEXT NOT NULL,
    became LONGTEXT NOT NULL,
    cause VARCHAR(64) NOT NULL,
    asked_by VARCHAR(255) NOT NULL,
    KEY mutations_by_node (node, at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
