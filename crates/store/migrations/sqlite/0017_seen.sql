-- Collections of what is known are read by when it was seen last.
CREATE INDEX profiles_by_last_seen ON profiles (last_seen, last_event);
-- What attackers' hosts and programs can be recognised by, and which were asked what they are.
CREATE TABLE fingerprints (
    src_ip BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    detail TEXT NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    events INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (src_ip, kind, value)
);
CREATE TABLE probed (
    src_ip BLOB NOT NULL PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    found TEXT NOT NULL
);
