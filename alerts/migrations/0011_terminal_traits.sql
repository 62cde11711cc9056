-- What gateways have learned of a vehicle's terminal and must know again after a new connection or a restart:
-- the edition and dialect it speaks, and whose card is in. `changed_ms` (when a gateway learned it) lets the
-- newest of several gateways win.
CREATE TABLE terminal_traits (
    vehicle_key     bigint PRIMARY KEY,
    changed_ms      bigint NOT NULL,
    edition         text NOT NULL,
    dialect         smallint NOT NULL,
    driver_id       text NOT NULL,
    driver_since_ms bigint NOT NULL,
    driver_before   text NOT NULL
);
