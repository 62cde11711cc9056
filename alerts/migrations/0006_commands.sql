-- What was ordered to terminals, and what became of it.

CREATE TABLE commands (
    command_id     uuid        PRIMARY KEY,
    number         bigint      GENERATED ALWAYS AS IDENTITY UNIQUE, -- the order in which they were given
    dedup          text        UNIQUE,                -- the same order given again is the same command; null: never the same
    vehicle_key    bigint      NOT NULL,
    vehicle_id     text        NOT NULL,
    terminal_phone text        NOT NULL,              -- when it was ordered; the registry's newer one goes before it
    kind           text        NOT NULL,
    body           jsonb       NOT NULL,
    operator       text        NOT NULL,              -- 'worker' for orders of the program itself
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'waiting', -- waiting, sent, delivered, answered, failed, expired
    attempts       integer     NOT NULL DEFAULT 0,    -- transmissions, on all links together
    serial         integer,                           -- of the message on the wire (its last package)
    gateway        text,                              -- the process that has the command in hand
    link_at        timestamptz,                       -- when the link it goes through authenticated: a newer link takes over
    sent_at        timestamptz,
    delivered_at   timestamptz,
    answered_at    timestamptz,
    ended_at       timestamptz,
    result         jsonb,                             -- the terminal's answer, decoded
    reason         text,                              -- why it failed or expired
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (state IN ('waiting', 'sent', 'delivered', 'answered', 'failed', 'expired')),
    CHECK ((ended_at IS NOT NULL) = (state IN ('answered', 'failed', 'expired')))
);

CREATE INDEX commands_unfinished ON commands (number) WHERE ended_at IS NULL;
CREATE INDEX commands_unfinished_vehicle ON commands (vehicle_key) WHERE ended_at IS NULL;
CREATE INDEX commands_vehicle ON commands (vehicle_id, number);
CREATE INDEX commands_changed ON commands (changed_at);
