-- What changed of deckies that run.
CREATE TABLE mutations (
    id INTEGER NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    service TEXT NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    cause TEXT NOT NULL,
    asked_by TEXT NOT NULL
);
CREATE INDEX mutations_by_node ON mutations (node, at);
