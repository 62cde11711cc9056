-- JT/T 809: links to other platforms, what went over them, post checks, supervision, and how far each is served.

CREATE TABLE exchange_links (
    link            text        PRIMARY KEY,          -- name in the file of links
    role            text        NOT NULL,             -- upper: the peer connects to us; lower: we connect to it
    version         text        NOT NULL,             -- 2011, 2019
    access_code     bigint      NOT NULL,
    main_state      text        NOT NULL,             -- down, connected, up
    sub_state       text        NOT NULL,             -- down, connected, up
    since           timestamptz NOT NULL,             -- of this pair of states
    peer            text        NOT NULL,             -- address of the main link's other end, '' when down
    last_error      text        NOT NULL,
    counters        jsonb       NOT NULL,
    epoch           bigint      NOT NULL,             -- raised by each process that takes the link over
    owner           text        NOT NULL,
    updated_at      timestamptz NOT NULL              -- older than some seconds: nobody runs the link
);

-- Every message but positions and link tests, as it came or went.
CREATE TABLE exchange_messages (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link         text        NOT NULL,
    direction    text        NOT NULL,                -- in, out
    at           timestamptz NOT NULL DEFAULT now(),
    message_type integer     NOT NULL,                -- business type, such as 0x1200
    sub_type     integer,                             -- such as 0x1201
    name         text        NOT NULL,                -- of the decoded message, '' when it could not be decoded
    plate        text        NOT NULL,                -- '' where the message names no vehicle
    plate_colour smallint    NOT NULL,
    vehicle_id   text,                                -- null: no vehicle, or none of the registry
    sequence     bigint      NOT NULL,
    decoded      jsonb       NOT NULL,
    body         bytea       NOT NULL                 -- un-escaped and deciphered
);

CREATE INDEX exchange_messages_link ON exchange_messages (link, id);
CREATE INDEX exchange_messages_vehicle ON exchange_messages (vehicle_id, id) WHERE vehicle_id IS NOT NULL;
CREATE INDEX exchange_messages_at ON exchange_messages (at);

-- What is asked of a peer, or by a peer of us, until it is answered.
CREATE TABLE exchange_orders (
    order_id        uuid        PRIMARY KEY,
    link            text        NOT NULL,
    direction       text        NOT NULL,             -- out: we ask or answer the peer; in: the peer asks our vehicle
    kind            text        NOT NULL,             -- docs/exchange.md lists them
    plate           text        NOT NULL,
    plate_colour    smallint    NOT NULL,
    body            jsonb       NOT NULL,
    operator        text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    state           text        NOT NULL,             -- waiting, sent, answered, failed, expired
    sequence        bigint,                           -- of the message that carried it, or that asked
    sent_at         timestamptz,
    ended_at        timestamptz,
    result          jsonb,
    reason          text,
    command_id      uuid                              -- of the command to the vehicle's terminal (direction in)
);

CREATE INDEX exchange_orders_waiting ON exchange_orders (link, created_at) WHERE state IN ('waiting', 'sent');
CREATE INDEX exchange_orders_link ON exchange_orders (link, created_at);

-- 查岗: a question that somebody on duty has to answer in time.
CREATE TABLE post_checks (
    post_check_id   uuid        PRIMARY KEY,
    link            text        NOT NULL,
    direction       text        NOT NULL,             -- in: the upper platform asks us; out: we ask the lower one
    object_type     smallint    NOT NULL,
    object_id       text        NOT NULL,
    info_id         bigint      NOT NULL,
    sequence        bigint      NOT NULL,             -- of the message that asked
    question        text        NOT NULL,
    asked_at        timestamptz NOT NULL,
    asked_by        text        NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text        NOT NULL,             -- waiting, answered, expired
    answer          text,
    answered_at     timestamptz,
    answered_by     text,
    delivered_at    timestamptz                       -- question (out) or answer (in) handed to the link
);

CREATE UNIQUE INDEX post_checks_asked ON post_checks (link, info_id, asked_at) WHERE direction = 'in';
CREATE INDEX post_checks_due ON post_checks (due_at) WHERE state = 'waiting';
CREATE INDEX post_checks_by_time ON post_checks (asked_at, post_check_id);

-- 督办: cases that an upper platform opens and that end by a result.
CREATE TABLE supervisions (
    case_id         uuid        PRIMARY KEY,
    link            text        NOT NULL,
    direction       text        NOT NULL,             -- in: the upper platform urges us; out: we urge the lower one
    supervision_id  bigint      NOT NULL,             -- the number that the message carries
    sequence        bigint      NOT NULL,
    plate           text        NOT NULL,
    plate_colour    smallint    NOT NULL,
    vehicle_id      text,
    alert_id        uuid,
    alarm_source    smallint    NOT NULL,
    alarm_type      integer     NOT NULL,
    alarm_at        timestamptz NOT NULL,
    level           smallint    NOT NULL,             -- 0 urgent, 1 normal
    supervisor      text        NOT NULL,
    supervisor_tel  text        NOT NULL,
    supervisor_mail text        NOT NULL,
    opened_at       timestamptz NOT NULL,
    opened_by       text        NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text        NOT NULL,             -- open, working, done, ignored, expired
    result          text,                             -- working, done, ignored, later: the newest one
    result_at       timestamptz,
    result_by       text,
    note            text        NOT NULL DEFAULT '',
    delivered_at    timestamptz                       -- order (out) or newest result (in) handed to the link
);

CREATE INDEX supervisions_due ON supervisions (due_at) WHERE state IN ('open', 'working');
CREATE INDEX supervisions_number ON supervisions (link, supervision_id);
CREATE INDEX supervisions_by_time ON supervisions (opened_at, case_id);

-- How far a link has been sent the telemetry log: what lies before is known to have reached the peer.
CREATE TABLE exchange_positions (
    link        text        NOT NULL,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    cluster_id  text        NOT NULL,
    topic_id    text        NOT NULL,
    next_offset bigint      NOT NULL,
    reached_at  timestamptz NOT NULL,                 -- what was received until then has reached the peer
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (link, topic, partition)
);

-- The same for alerts: every change up to this number is dealt with.
CREATE TABLE exchange_alert_cursors (
    link       text        PRIMARY KEY,
    seq        bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Which number a peer knows an alert by, so that results and supervision find it.
CREATE TABLE exchange_alerts (
    link     text   NOT NULL,
    info_id  bigint NOT NULL,
    alert_id uuid   NOT NULL,
    sequence bigint,
    PRIMARY KEY (link, info_id),
    UNIQUE (link, alert_id)
);

-- Numbers by which peers name our questions, supervision orders and alerts: 32 bits on the wire.
CREATE SEQUENCE exchange_numbers AS bigint MAXVALUE 4294967295 CYCLE;
