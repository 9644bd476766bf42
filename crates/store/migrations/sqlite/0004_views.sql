-- Numbers of events by time, what was seen most, and the words of events.
CREATE TABLE timeline (
    span INTEGER NOT NULL,
    at INTEGER NOT NULL,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (span, at, node, kind)
) WITHOUT ROWID;
CREATE TABLE rankings (
    subject TEXT NOT NULL,
    day INTEGER NOT NULL,
    value_hash BLOB NOT NULL,
    value BLOB NOT NULL,
    events INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (subject, day, value_hash)
) WITHOUT ROWID;
CREATE INDEX rankings_events ON rankings (subject, day, events);
CREATE VIRTUAL TABLE event_words USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
