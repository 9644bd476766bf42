-- What was deleted because it was too old or too much: numbers that stay.
CREATE TABLE retired (
    kind TEXT NOT NULL PRIMARY KEY,
    events INTEGER NOT NULL,
    last_at INTEGER NOT NULL
);
