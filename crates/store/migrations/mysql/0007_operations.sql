-- Pieces of work that operators ask for through the interface.
CREATE TABLE IF NOT EXISTS operations (
    id BIGINT NOT NULL PRIMARY KEY,
    kind VARCHAR(64) NOT NULL,
    request LONGTEXT NOT NULL,
    state VARCHAR(64) NOT NULL,
    progress LONGTEXT NOT NULL,
    result LONGTEXT NOT NULL,
    notes LONGTEXT NOT NULL,
    asked_by VARCHAR(255) NOT NULL,
    asked_at BIGINT NOT NULL,
    begun_at BIGINT,
    ended_at BIGINT,
    KEY operations_by_state (state, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
