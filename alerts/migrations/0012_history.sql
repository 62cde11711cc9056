-- What a later look at a stored track needs and could not know: the rules go by who drove what at that time.

-- NULL in rows written before this migration: the registry's class and driver are taken for them.
ALTER TABLE tracks ADD COLUMN driver_key bigint;           -- rules.identity.driver_key; 0 when nobody was named
ALTER TABLE tracks ADD COLUMN vehicle_class smallint;      -- rules.vehicle_class
ALTER TABLE tracks ADD COLUMN recorder_speed_kmh real;     -- NaN when the terminal did not tell it

-- The active-safety alarms of a report, all of them, repetitions too, by the names of rules.safety.SafetyAlarms.
CREATE TABLE track_alarms (
    vehicle_key bigint      NOT NULL,
    time        timestamptz NOT NULL,
    digest      bigint      NOT NULL,                 -- with the two before: the row of tracks
    alarms      jsonb       NOT NULL,
    PRIMARY KEY (vehicle_key, time, digest)
);

-- Which vehicles reported on a day (UTC), as what, and who drove them: the hours of a driver lie in all of them.
CREATE TABLE vehicle_days (
    vehicle_key   bigint   NOT NULL,
    day           date     NOT NULL,
    driver_key    bigint   NOT NULL,                  -- 0 when nobody was named
    vehicle_class smallint NOT NULL,
    PRIMARY KEY (vehicle_key, day, driver_key, vehicle_class)
);

CREATE INDEX vehicle_days_driver ON vehicle_days (driver_key, day) WHERE driver_key <> 0;
CREATE INDEX vehicle_days_day ON vehicle_days (day);

-- An emergency does not wait until its window rests; a window is looked at again when a day has passed.
ALTER TABLE late_windows ADD COLUMN urgent boolean NOT NULL DEFAULT false;
ALTER TABLE late_windows ADD COLUMN again_at timestamptz;

-- Each handing over of a rulebook, so that it is known which was in force when; a version may come back.
CREATE TABLE rulebook_publishings (
    published_at timestamptz NOT NULL,
    version      text        NOT NULL,
    PRIMARY KEY (published_at, version)
);

INSERT INTO rulebook_publishings (published_at, version)
    SELECT published_at, version FROM rulebook_versions WHERE offsets IS NOT NULL;
