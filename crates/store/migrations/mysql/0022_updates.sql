-- Updates of hosts of the swarm, and of the master.
CREATE TABLE IF NOT EXISTS swarm_updates (
    id VARCHAR(128) NOT NULL PRIMARY KEY,
    rollout VARCHAR(64) NOT NULL,
    host VARCHAR(64) NOT NULL,
    name VARCHAR(64) NOT NULL,
    stage BIGINT NOT NULL,
    from_version VARCHAR(64) NOT NULL,
    to_version VARCHAR(64) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    size BIGINT NOT NULL,
    signature LONGTEXT NOT NULL,
    state VARCHAR(64) NOT NULL,
    reason LONGTEXT NOT NULL,
    asked_by VARCHAR(255) NOT NULL,
    asked_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    ended_at BIGINT
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
