-- Collections of what is known are read by when it was seen last.
CREATE INDEX IF NOT EXISTS profiles_by_last_seen ON profiles (last_seen, last_event);
