-- The people of domains, what they write to each other, and what models said.
CREATE TABLE pools (
    domain TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    written_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE TABLE letters (
    id TEXT NOT NULL PRIMARY KEY,
    thread TEXT NOT NULL,
    domain TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    language TEXT NOT NULL,
    origin TEXT NOT NULL,
    at INTEGER NOT NULL,
    copies TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX letters_by_time ON letters (at);
CREATE INDEX letters_by_thread ON letters (thread);
CREATE TABLE phrasings (
    hash TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
);
