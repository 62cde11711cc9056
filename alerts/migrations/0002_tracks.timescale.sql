-- Position reports on TimescaleDB: a hypertable with chunks of a day.

CREATE TABLE tracks (
    vehicle_key   bigint           NOT NULL,
    time          timestamptz      NOT NULL,          -- the report's own
    received_at   timestamptz      NOT NULL,
    longitude_deg double precision NOT NULL,          -- WGS-84
    latitude_deg  double precision NOT NULL,
    speed_kmh     real             NOT NULL,
    heading_deg   smallint         NOT NULL,
    altitude_m    smallint         NOT NULL,
    alarm_bits    bigint           NOT NULL,
    status_bits   bigint           NOT NULL,
    digest        bigint           NOT NULL,          -- tells two reports of one second apart
    disposition   smallint         NOT NULL           -- 0 fresh, 1 tie, 2 duplicate, 3 late, 4 impossible
);

SELECT create_hypertable('tracks', by_range('time', INTERVAL '1 day'), create_default_indexes => false);

CREATE UNIQUE INDEX tracks_report ON tracks (vehicle_key, time DESC, digest);

-- TimescaleDB makes its chunks itself; the function exists so that callers need not know which database this is.
CREATE FUNCTION tracks_ensure_days(days_back integer, days_ahead integer) RETURNS integer
LANGUAGE sql AS $$ SELECT 0 $$;
