-- Alerts: rules, mutes, and the messages that are to be sent.
CREATE TABLE alert_rules (
    name TEXT NOT NULL PRIMARY KEY,
    enabled INTEGER NOT NULL,
    target TEXT NOT NULL,
    secret TEXT NOT NULL,
    format TEXT NOT NULL,
    severity INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    node TEXT,
    service TEXT,
    network TEXT,
    per_hour INTEGER NOT NULL,
    quiet TEXT,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE TABLE alert_mutes (
    id INTEGER NOT NULL PRIMARY KEY,
    network TEXT,
    node TEXT,
    service TEXT,
    reason TEXT NOT NULL,
    ends_at INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE alert_deliveries (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL,
    of_rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    incident INTEGER NOT NULL,
    stage INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    done_at INTEGER,
    answer TEXT NOT NULL,
    UNIQUE (token)
);
CREATE INDEX alert_deliveries_state ON alert_deliveries (state, next_at);
CREATE INDEX alert_deliveries_rule ON alert_deliveries (of_rule, created_at);
