-- Updates of hosts of the swarm, and of the master.
CREATE TABLE swarm_updates (
    id TEXT NOT NULL PRIMARY KEY,
    rollout TEXT NOT NULL,
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    stage INTEGER NOT NULL,
    from_version TEXT NOT NULL,
    to_version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    signature TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended_at INTEGER
);
