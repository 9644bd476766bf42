-- What is done on deckies day after day, and what was done.
CREATE TABLE routines (
    node TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE TABLE life_deeds (
    id TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    source TEXT NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX life_deeds_by_time ON life_deeds (at);
CREATE INDEX life_deeds_by_node ON life_deeds (node, at);
