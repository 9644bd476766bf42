-- Techniques that events have shown.
CREATE TABLE IF NOT EXISTS technique_hits (
    rule_id VARCHAR(64) NOT NULL,
    technique VARCHAR(64) NOT NULL,
    src_ip VARBINARY(16) NOT NULL,
    node VARCHAR(255) NOT NULL,
    service VARCHAR(64) NOT NULL,
    needs BIGINT NOT NULL,
    events BIGINT NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (rule_id, src_ip, node),
    KEY technique_hits_by_src_ip (src_ip),
    KEY technique_hits_by_technique (technique, last_seen)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
