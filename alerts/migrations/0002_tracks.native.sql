-- Position reports on plain PostgreSQL: one partition a day (UTC), made ahead of time.

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
) PARTITION BY RANGE (time);

CREATE UNIQUE INDEX tracks_report ON tracks (vehicle_key, time DESC, digest);

-- A report of a day nobody prepared for (a clock off by a month, a dead administrator) is kept here, never refused.
CREATE TABLE tracks_default PARTITION OF tracks DEFAULT;

-- Makes the partitions of the days around today (UTC), moves what the default partition holds of those days, and
-- returns how many it made.  Attaching locks the default partition: give up after 3 s rather than stop the writers
-- behind a long query; the next daily call tries again, long before the day is needed.
CREATE FUNCTION tracks_ensure_days(days_back integer, days_ahead integer) RETURNS integer
LANGUAGE plpgsql SET lock_timeout = '3s' AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    made  integer := 0;
    day   date;
    name  text;
    lower_bound timestamptz;
    upper_bound timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(809);
    FOR day IN SELECT today + n FROM generate_series(-days_back, days_ahead) AS n LOOP
        name := 'tracks_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        lower_bound := day::timestamp AT TIME ZONE 'UTC';
        upper_bound := (day + 1)::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE %I (LIKE tracks INCLUDING ALL)', name);
        LOCK TABLE tracks_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format(
            'WITH moved AS (DELETE FROM tracks_default WHERE time >= %L AND time < %L RETURNING *)
             INSERT INTO %I SELECT * FROM moved', lower_bound, upper_bound, name);
        EXECUTE format('ALTER TABLE tracks ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       name, lower_bound, upper_bound);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
