-- Records of the log that nobody could read, kept whole so that they can be looked at and sent again.

CREATE TABLE dead_letters (
    topic         text        NOT NULL,
    partition     integer     NOT NULL,
    record_offset bigint      NOT NULL,
    reason        text        NOT NULL,
    value         bytea       NOT NULL,
    found_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX dead_letters_found ON dead_letters (found_at);
