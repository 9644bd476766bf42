-- Incidents, made of events; and what analysts note of them, which is made of nothing and never made anew.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS incidents (
    id BIGINT NOT NULL PRIMARY KEY,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    src_ip VARBINARY(16) NOT NULL,
    sources BIGINT NOT NULL,
    nodes BIGINT NOT NULL,
    services BIGINT NOT NULL,
    deed BIGINT NOT NULL,
    deed_event BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    logins BIGINT NOT NULL,
    login_event BIGINT NOT NULL,
    principal MEDIUMBLOB,
    commands BIGINT NOT NULL,
    artefacts BIGINT NOT NULL,
    events BIGINT NOT NULL,
    scans BIGINT NOT NULL,
    interactions BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    credentials BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    KEY incidents_last_event (last_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_sources (
    incident BIGINT NOT NULL,
    src_ip VARBINARY(16) NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (incident, src_ip),
    KEY incident_sources_src_ip (src_ip, last_event)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_contacts (
    incident BIGINT NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    first_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL,
    scans BIGINT NOT NULL,
    interactions BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    credentials BIGINT NOT NULL,
    connections BIGINT NOT NULL,
    PRIMARY KEY (incident, node, service)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_ties (
    id BIGINT NOT NULL PRIMARY KEY,
    incident BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind VARCHAR(64) NOT NULL,
    value MEDIUMBLOB NOT NULL,
    KEY incident_ties_incident (incident)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_marks (
    mark_hash BINARY(32) NOT NULL PRIMARY KEY,
    incident BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    KEY incident_marks_incident (incident),
    KEY incident_marks_last_seen (last_seen)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_work (
    incident BIGINT NOT NULL PRIMARY KEY,
    state VARCHAR(64) NOT NULL,
    assignee VARCHAR(255),
    changed_by VARCHAR(255) NOT NULL,
    changed_at BIGINT NOT NULL,
    seen_event BIGINT NOT NULL,
    KEY incident_work_assignee (assignee)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS incident_log (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    incident BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    deed VARCHAR(64) NOT NULL,
    text LONGTEXT NOT NULL,
    KEY incident_log_incident (incident)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
