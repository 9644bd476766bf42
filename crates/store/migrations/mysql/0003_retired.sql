-- What was deleted because it was too old or too much: numbers that stay.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS retired (
    kind VARCHAR(64) NOT NULL PRIMARY KEY,
    events BIGINT NOT NULL,
    last_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
