-- Roles, logins, one-time links, tokens for programs, the audit log.
ALTER TABLE users ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'password';
ALTER TABLE tokens ADD COLUMN address BLOB;
ALTER TABLE tokens ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE TABLE login_links (
    hash TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE
);
CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER,
    FOREIGN KEY (user_name) REFERENCES users (name) ON DELETE CASCADE,
    UNIQUE (hash)
);
CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    address BLOB,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome INTEGER NOT NULL
);
