-- Raw alarms of active-safety peripherals, the files that prove them, and what terminals said, kept as it came.

CREATE TABLE safety_alarms (
    vehicle_key       bigint           NOT NULL,
    identifier        bytea            NOT NULL,      -- as the terminal sent it, 16 to 40 bytes by dialect
    vehicle_id        text             NOT NULL,
    alarm_key         bytea            NOT NULL,      -- its terminal id, time and sequence, without count and reserve
    alarm_number      text             NOT NULL,      -- the platform's, 32 characters, told to the terminal in 0x9208
    time              timestamptz      NOT NULL,      -- the alarm's own
    received_at       timestamptz      NOT NULL,
    peripheral        smallint         NOT NULL,      -- 0x64 ADAS, 0x65 DSM, 0x66 tyres, 0x67 blind spot
    dialect           smallint         NOT NULL,      -- 0 Jiangsu, 1 Guangdong, 2 Heilongjiang, 3 Sichuan, 4 Hunan, 255 unknown
    event             smallint         NOT NULL,
    terminal_alarm_id bigint           NOT NULL,      -- restarts with the terminal
    flag              smallint         NOT NULL,      -- 0 none, 1 start, 2 end
    level             smallint         NOT NULL,      -- as sent: 2 is graver than 1, 0 none
    degree            smallint         NOT NULL,
    speed_kmh         smallint         NOT NULL,
    longitude_deg     double precision NOT NULL,
    latitude_deg      double precision NOT NULL,
    attachments       smallint         NOT NULL,      -- files that the terminal announces
    alert_id          uuid,                           -- the alert it became a part of
    expires_at        timestamptz      NOT NULL,
    PRIMARY KEY (vehicle_key, identifier)
);

CREATE INDEX safety_alarms_key ON safety_alarms (vehicle_key, alarm_key);
CREATE INDEX safety_alarms_number ON safety_alarms (alarm_number);
CREATE INDEX safety_alarms_alert ON safety_alarms (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX safety_alarms_time ON safety_alarms (vehicle_key, time);
CREATE INDEX safety_alarms_with_files ON safety_alarms (received_at) WHERE attachments > 0;
CREATE INDEX safety_alarms_expiry ON safety_alarms (expires_at);

-- A file and its alarm find each other by (vehicle_key, alarm_key), whichever of them came first.
CREATE TABLE evidence_files (
    file_id       uuid        PRIMARY KEY,
    number        bigint      GENERATED ALWAYS AS IDENTITY, -- orders the files of one moment
    vehicle_key   bigint      NOT NULL,
    vehicle_id    text        NOT NULL,
    source        text        NOT NULL,               -- attachment (T/JSATL 12 upload), media (0x0801)
    identifier    bytea,                              -- null for media
    alarm_key     bytea,
    alarm_number  text,
    name          text        NOT NULL,               -- as the terminal called it; never a path of ours
    file_type     smallint    NOT NULL,               -- as announced: 0 image, 1 audio, 2 video, 3 text, 4 other
    kind          text        NOT NULL,               -- image, audio, video, text, other
    state         text        NOT NULL,               -- expected, partial, complete, rejected
    reason        text,                               -- why it is rejected
    announced_bytes bigint    NOT NULL,
    size_bytes    bigint,
    content_type  text,                               -- as found in the bytes
    sha256        bytea,                              -- also its place in the store
    sm3           bytea,
    media_id      bigint,                             -- of 0x0801
    media_event   smallint,
    channel       smallint,
    announced_at  timestamptz NOT NULL,
    received_at   timestamptz,                        -- when it was complete or rejected
    expires_at    timestamptz NOT NULL,
    CHECK (state <> 'complete' OR (sha256 IS NOT NULL AND sm3 IS NOT NULL AND size_bytes IS NOT NULL
                                   AND content_type IS NOT NULL AND received_at IS NOT NULL))
);

CREATE UNIQUE INDEX evidence_files_upload ON evidence_files (vehicle_key, alarm_key, name)
    WHERE source = 'attachment';
CREATE INDEX evidence_files_object ON evidence_files (sha256) WHERE state = 'complete';
CREATE INDEX evidence_files_vehicle ON evidence_files (vehicle_key, announced_at);
CREATE INDEX evidence_files_expiry ON evidence_files (expires_at);

-- Objects whose last row may be gone: deleted from the store only when really no row names them any more.
CREATE TABLE evidence_garbage (
    sha256     bytea       PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT now()
);

-- Uplink messages that are no position reports.  `id` orders the rows of a vehicle and is the pages' cursor.
CREATE TABLE terminal_messages (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_key    bigint      NOT NULL,
    vehicle_id     text        NOT NULL,
    terminal_phone text        NOT NULL,
    received_at    timestamptz NOT NULL,
    message_id     integer     NOT NULL,
    serial         integer     NOT NULL,
    edition        text        NOT NULL,              -- 2011, 2013, 2019
    body           bytea,                             -- whole; null where it is a file
    file_id        uuid                               -- of evidence_files, for 0x0801
);

CREATE INDEX terminal_messages_vehicle ON terminal_messages (vehicle_key, received_at, id);
CREATE INDEX terminal_messages_received ON terminal_messages USING brin (received_at);

-- Raw frames of vehicles under an archive order, as they were on the wire, flags and escapes included.
CREATE TABLE frames (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_key bigint      NOT NULL,
    vehicle_id  text        NOT NULL,
    direction   smallint    NOT NULL,                 -- 0 up, 1 down
    received_at timestamptz NOT NULL,
    message_id  integer     NOT NULL,
    serial      integer     NOT NULL,
    frame       bytea       NOT NULL,
    sha256      bytea       NOT NULL,                 -- of `frame`, taken by the gateway
    sm3         bytea       NOT NULL
);

CREATE INDEX frames_vehicle ON frames (vehicle_key, received_at, id);
CREATE INDEX frames_received ON frames USING brin (received_at);
