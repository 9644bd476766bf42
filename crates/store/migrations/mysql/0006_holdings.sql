-- What is kept of each kind, in events and bytes. 200 bytes are the row without its fields, and its indexes.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS holdings (
    kind VARCHAR(64) NOT NULL PRIMARY KEY,
    events BIGINT NOT NULL,
    bytes BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
REPLACE INTO holdings (kind, events, bytes)
    SELECT kind, COUNT(*), SUM(LENGTH(fields) + 200) FROM events GROUP BY kind;
ALTER TABLE retired ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
