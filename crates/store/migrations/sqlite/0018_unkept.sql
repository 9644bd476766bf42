-- Why the content of an artefact is not kept, where it is not.
ALTER TABLE artefacts ADD COLUMN unkept TEXT;
