-- Networks of deckies, what became of them, and what was asked to change of them.
CREATE TABLE topologies (
    name TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    state_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE topology_events (
    id INTEGER NOT NULL PRIMARY KEY,
    topology TEXT NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX topology_events_by_topology ON topology_events (topology, id);
CREATE TABLE topology_mutations (
    id INTEGER NOT NULL PRIMARY KEY,
    topology TEXT NOT NULL,
    op TEXT NOT NULL,
    payload TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    applied_at INTEGER,
    reason TEXT NOT NULL
);
CREATE INDEX topology_mutations_by_topology ON topology_mutations (topology, id);
