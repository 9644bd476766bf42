-- Alerts: rules, mutes, and the messages that are to be sent.
-- DDL is not transactional here, so that every statement can be run again.
CREATE TABLE IF NOT EXISTS alert_rules (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    enabled BIGINT NOT NULL,
    target LONGTEXT NOT NULL,
    secret LONGTEXT NOT NULL,
    format VARCHAR(64) NOT NULL,
    severity BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    node VARCHAR(255),
    service VARCHAR(64),
    network VARCHAR(64),
    per_hour BIGINT NOT NULL,
    quiet VARCHAR(64),
    changed_by VARCHAR(255) NOT NULL,
    changed_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS alert_mutes (
    id BIGINT NOT NULL PRIMARY KEY,
    network VARCHAR(64),
    node VARCHAR(255),
    service VARCHAR(64),
    reason LONGTEXT NOT NULL,
    ends_at BIGINT,
    created_by VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS alert_deliveries (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    token VARCHAR(64) NOT NULL,
    of_rule VARCHAR(64) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    state VARCHAR(64) NOT NULL,
    incident BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    title LONGTEXT NOT NULL,
    body LONGTEXT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    done_at BIGINT,
    answer LONGTEXT NOT NULL,
    UNIQUE (token),
    KEY alert_deliveries_state (state, next_at),
    KEY alert_deliveries_rule (of_rule, created_at)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
