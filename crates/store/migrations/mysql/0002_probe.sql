-- Probes of our own are marked: 127.255.0.1 and 169.254.213.1.
-- DDL is not transactional here, so that every statement can be run again.
ALTER TABLE events ADD COLUMN probe BIGINT NOT NULL DEFAULT 0;
UPDATE events SET probe = 1 WHERE src_ip IN (x'7fff0001', x'a9fed501');
ALTER TABLE sessions ADD COLUMN probe BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET probe = 1 WHERE src_ip IN (x'7fff0001', x'a9fed501');
ALTER TABLE credentials ADD COLUMN probe BIGINT NOT NULL DEFAULT 0;
UPDATE credentials SET probe = 1 WHERE src_ip IN (x'7fff0001', x'a9fed501');
ALTER TABLE artefact_sightings ADD COLUMN probe BIGINT NOT NULL DEFAULT 0;
UPDATE artefact_sightings SET probe = 1 WHERE src_ip IN (x'7fff0001', x'a9fed501');
ALTER TABLE attackers ADD COLUMN probe BIGINT NOT NULL DEFAULT 0;
UPDATE attackers SET probe = 1 WHERE src_ip IN (x'7fff0001', x'a9fed501');
