-- Networks of deckies, what became of them, and what was asked to change of them.
CREATE TABLE IF NOT EXISTS topologies (
    name VARCHAR(255) NOT NULL PRIMARY KEY,
    state VARCHAR(64) NOT NULL,
    state_at BIGINT NOT NULL,
    reason LONGTEXT NOT NULL,
    version BIGINT NOT NULL,
    document LONGTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS topology_events (
    id BIGINT NOT NULL PRIMARY KEY,
    topology VARCHAR(255) NOT NULL,
    was VARCHAR(64) NOT NULL,
    became VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    reason LONGTEXT NOT NULL,
    KEY topology_events_by_topology (topology, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS topology_mutations (
    id BIGINT NOT NULL PRIMARY KEY,
    topology VARCHAR(255) NOT NULL,
    op VARCHAR(64) NOT NULL,
    payload LONGTEXT NOT NULL,
    version BIGINT NOT NULL,
    state VARCHAR(64) NOT NULL,
    asked_by VARCHAR(255) NOT NULL,
    asked_at BIGINT NOT NULL,
    applied_at BIGINT,
    reason LONGTEXT NOT NULL,
    KEY topology_mutations_by_topology (topology, id)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
