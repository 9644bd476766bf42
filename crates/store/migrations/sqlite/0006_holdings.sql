-- What is kept of each kind, in events and bytes. 200 bytes are the row without its fields, and its indexes.
CREATE TABLE holdings (
    kind TEXT NOT NULL PRIMARY KEY,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);
INSERT INTO holdings (kind, events, bytes)
    SELECT kind, COUNT(*), SUM(LENGTH(fields) + 200) FROM events GROUP BY kind;
ALTER TABLE retired ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
