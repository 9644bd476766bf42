-- What attackers are like, secrets that come again, who is behind addresses; and what analysts say of that, which
-- is made of nothing and never made anew.
CREATE TABLE profiles (
    src_ip BLOB NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    events INTEGER NOT NULL,
    behaviour TEXT NOT NULL,
    phase TEXT NOT NULL,
    risk INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    services INTEGER NOT NULL,
    traits TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (src_ip)
);
CREATE INDEX profiles_by_last_event ON profiles (last_event);
CREATE INDEX profiles_by_risk ON profiles (risk, last_event);
CREATE INDEX profiles_by_first_event ON profiles (first_event);
CREATE TABLE reuse (
    secret_hash BLOB NOT NULL,
    secret_kind TEXT NOT NULL,
    secret BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    targets INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    services INTEGER NOT NULL,
    principals INTEGER NOT NULL,
    attackers INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    listed TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (secret_hash)
);
CREATE INDEX reuse_by_last_event ON reuse (last_event);
CREATE TABLE cluster_members (
    level TEXT NOT NULL,
    member INTEGER NOT NULL,
    src_ip BLOB NOT NULL,
    cluster INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (level, member)
);
CREATE INDEX cluster_members_by_cluster ON cluster_members (level, cluster);
CREATE INDEX cluster_members_by_revision ON cluster_members (level, revision);
CREATE INDEX cluster_members_by_src_ip ON cluster_members (src_ip);
CREATE TABLE cluster_links (
    level TEXT NOT NULL,
    older INTEGER NOT NULL,
    younger INTEGER NOT NULL,
    cluster INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    at INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (level, older, younger)
);
CREATE INDEX cluster_links_by_cluster ON cluster_links (level, cluster);
CREATE TABLE cluster_decisions (
    id INTEGER NOT NULL,
    level TEXT NOT NULL,
    deed TEXT NOT NULL,
    left_side TEXT NOT NULL,
    right_side TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    undone_at INTEGER,
    undone_by TEXT,
    PRIMARY KEY (id)
);
