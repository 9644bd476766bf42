-- What there is to know of a host that is invited.
ALTER TABLE swarm_tokens ADD COLUMN notes TEXT;
