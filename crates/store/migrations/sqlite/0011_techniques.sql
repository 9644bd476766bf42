-- Techniques that events have shown.
CREATE TABLE technique_hits (
    rule_id TEXT NOT NULL,
    technique TEXT NOT NULL,
    src_ip BLOB NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    needs INTEGER NOT NULL,
    events INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (rule_id, src_ip, node)
);
CREATE INDEX technique_hits_by_src_ip ON technique_hits (src_ip);
CREATE INDEX technique_hits_by_technique ON technique_hits (technique, last_seen);
