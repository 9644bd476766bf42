-- Mutes that hold in some hours of each day only.
ALTER TABLE alert_mutes ADD COLUMN hours VARCHAR(64);
