-- Pieces of work that operators ask for through the interface.
CREATE TABLE operations (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    progress TEXT NOT NULL,
    result TEXT NOT NULL,
    notes TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    begun_at INTEGER,
    ended_at INTEGER
);
CREATE INDEX operations_by_state ON operations (state, id);
