-- Operators ask for the alerts of a vehicle by its id.

CREATE INDEX alerts_vehicle_id ON alerts (vehicle_id, seq);
DROP INDEX alerts_vehicle;
