-- Rulebooks handed to the workers. An alert names its version; here is what that version said.

CREATE TABLE rulebook_versions (
    version      text        PRIMARY KEY,
    text         text        NOT NULL,                -- the TOML file, laid over the program's own
    sha256       bytea       NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),  -- the newest time, if it was handed over again
    program      text        NOT NULL,                -- version of haulwatch that checked it
    offsets      jsonb                                -- partition of `telemetry` -> offset of its record
);
