-- Reports that came later than the disorder the worker puts right: the times of a vehicle to be looked at again.

CREATE TABLE late_windows (
    vehicle_key bigint      PRIMARY KEY,
    vehicle_id  text        NOT NULL,
    partition   integer     NOT NULL,             -- of the topic telemetry, and so of the alerts
    from_at     timestamptz NOT NULL,             -- time of the first late report
    to_at       timestamptz NOT NULL,             -- and of the last
    queued_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX late_windows_queue ON late_windows (queued_at);
