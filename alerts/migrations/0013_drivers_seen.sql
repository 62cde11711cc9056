-- Hours at the wheel belong to a driver, wherever he drives. A partition of the topic telemetry knows those of its
-- own vehicles; of a driver who has changed into a vehicle of another one, they are looked at in the stored tracks.

-- A row a driver, whoever was ever named by a report.
CREATE TABLE drivers_seen (
    driver_key bigint  PRIMARY KEY,
    partition  integer NOT NULL,                      -- where he began to drive last; -1: too many vehicles for a person
    look_at    timestamptz,                           -- when to look at his hours; NULL: one partition knows all of them
    from_at    timestamptz,                           -- what was found from then on has yet to be compared
    judged_at  timestamptz                            -- of the newest look; what is found until then is told by looks
);

CREATE INDEX drivers_seen_due ON drivers_seen (look_at) WHERE look_at IS NOT NULL;

ALTER TABLE vehicle_days ADD COLUMN partition integer; -- of the topic telemetry; NULL in rows from before
