-- Roles, logins, one-time links, tokens for programs, the audit log.
-- DDL is not transactional here, so that every statement can be run again.
ALTER TABLE users ADD COLUMN must_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN kind VARCHAR(64) NOT NULL DEFAULT 'password';
ALTER TABLE tokens ADD COLUMN address VARBINARY(16);
ALTER TABLE tokens ADD COLUMN agent VARCHAR(255) NOT NULL DEFAULT '';
CREATE TABLE IF NOT EXISTS login_links (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    user_name VARCHAR(255) NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS api_tokens (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    user_name VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    scopes VARCHAR(255) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE,
    UNIQUE (hash)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS audit_log (
    id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT,
    at BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    via VARCHAR(64) NOT NULL,
    address VARBINARY(16),
    action VARCHAR(64) NOT NULL,
    target LONGTEXT NOT NULL,
    outcome BIGINT NOT NULL
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
