-- Incidents, made of events; and what analysts note of them, which is made of nothing and never made anew.
CREATE TABLE incidents (
    id INTEGER NOT NULL PRIMARY KEY,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    src_ip BLOB NOT NULL,
    sources INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    services INTEGER NOT NULL,
    deed INTEGER NOT NULL,
    deed_event INTEGER NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    logins INTEGER NOT NULL,
    login_event INTEGER NOT NULL,
    principal BLOB,
    commands INTEGER NOT NULL,
    artefacts INTEGER NOT NULL,
    events INTEGER NOT NULL,
    scans INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    evidence INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    connections INTEGER NOT NULL
);
CREATE INDEX incidents_last_event ON incidents (last_event);
CREATE TABLE incident_sources (
    incident INTEGER NOT NULL,
    src_ip BLOB NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (incident, src_ip)
);
CREATE INDEX incident_sources_src_ip ON incident_sources (src_ip, last_event);
CREATE TABLE incident_contacts (
    incident INTEGER NOT NULL,
    node TEXT NOT NULL,
    service TEXT NOT NULL,
    first_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL,
    scans INTEGER NOT NULL,
    interactions INTEGER NOT NULL,
    evidence INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    PRIMARY KEY (incident, node, service)
);
CREATE TABLE incident_ties (
    id INTEGER NOT NULL PRIMARY KEY,
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value BLOB NOT NULL
);
CREATE INDEX incident_ties_incident ON incident_ties (incident);
CREATE TABLE incident_marks (
    mark_hash BLOB NOT NULL PRIMARY KEY,
    incident INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
);
CREATE INDEX incident_marks_incident ON incident_marks (incident);
CREATE INDEX incident_marks_last_seen ON incident_marks (last_seen);
CREATE TABLE incident_work (
    incident INTEGER NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    assignee TEXT,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    seen_event INTEGER NOT NULL
);
CREATE INDEX incident_work_assignee ON incident_work (assignee);
CREATE TABLE incident_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    deed TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX incident_log_incident ON incident_log (incident);
