-- Mutes that hold in some hours of each day only.
ALTER TABLE alert_mutes ADD COLUMN IF NOT EXISTS hours VARCHAR(64);
