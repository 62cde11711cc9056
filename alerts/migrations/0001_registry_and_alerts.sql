-- Vehicles, alerts with their history, and what the worker needs to go on after a crash.

CREATE TABLE vehicles (
    vehicle_key    bigint      PRIMARY KEY,           -- rules.identity.vehicle_key(vehicle_id)
    vehicle_id     text        NOT NULL UNIQUE,
    terminal_phone text        NOT NULL UNIQUE,       -- digits without leading zeros
    plate          text        NOT NULL,
    plate_colour   smallint    NOT NULL,              -- JT/T 697.7: 1 blue, 2 yellow, 3 black, 4 white, 5 green, 9 other
    vehicle_class  text        NOT NULL,              -- heavy_truck, tour_coach, line_coach, hazmat, unknown
    total_mass_kg  integer     NOT NULL,
    enterprise     text        NOT NULL,
    driver_id      text        NOT NULL,              -- '' when none is assigned
    auth_code      text        NOT NULL,              -- handed out in 0x8100, asked for in 0x0102
    imported_at    timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX vehicles_plate ON vehicles (plate);

-- One number orders every change of every alert.  It is taken under pg_advisory_xact_lock(808), which is held to
-- commit, so numbers become visible in their order and "everything after N" misses nothing.
CREATE SEQUENCE alert_seq AS bigint;

CREATE TABLE alerts (
    alert_id             uuid             PRIMARY KEY,
    vehicle_key          bigint           NOT NULL,
    vehicle_id           text             NOT NULL,
    rule                 text             NOT NULL,
    level                smallint         NOT NULL,   -- 1 gravest .. 3
    start_at             timestamptz      NOT NULL,
    found_at             timestamptz      NOT NULL,
    end_at               timestamptz,                 -- null while the episode goes on
    longitude_deg        double precision NOT NULL,
    latitude_deg         double precision NOT NULL,
    evidence             text             NOT NULL,   -- complete, bridged, broken
    rulebook_version     text             NOT NULL,
    detail               jsonb            NOT NULL,
    revision             integer          NOT NULL,
    seq                  bigint           NOT NULL,   -- of the newest revision
    acknowledged_at      timestamptz,
    acknowledged_by      text,
    acknowledgement_note text
);

CREATE UNIQUE INDEX alerts_seq ON alerts (seq);
CREATE INDEX alerts_vehicle ON alerts (vehicle_key, seq);
CREATE INDEX alerts_rule ON alerts (rule, seq);
CREATE INDEX alerts_open ON alerts (seq) WHERE end_at IS NULL;
CREATE INDEX alerts_unacknowledged ON alerts (seq) WHERE acknowledged_at IS NULL;

CREATE TABLE alert_revisions (
    seq      bigint      PRIMARY KEY,
    alert_id uuid        NOT NULL REFERENCES alerts (alert_id),
    revision integer     NOT NULL,
    kind     text        NOT NULL,                    -- open, update, close, acknowledge
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text        NOT NULL,                    -- 'worker' or the operator
    body     jsonb       NOT NULL,                    -- the whole alert as it was after this change
    content  bytea,                                   -- digest of a worker's change: the same change twice is one row
    UNIQUE (alert_id, revision),
    UNIQUE (alert_id, content)
);

CREATE TABLE outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text        NOT NULL,
    partition  integer     NOT NULL,
    key        bytea,
    payload    bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE checkpoints (
    topic           text        NOT NULL,
    partition       integer     NOT NULL,
    cluster_id      text        NOT NULL,
    topic_id        text        NOT NULL,
    next_offset     bigint      NOT NULL,
    epoch           bigint      NOT NULL,
    snapshot_offset bigint,
    snapshot        bytea,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);
