"""A stored alarm of vehicle V1."""

INSERT_ALARM = """
INSERT INTO safety_alarms (vehicle_key, identifier, vehicle_id, alarm_key, alarm_number, time, received_at,
    peripheral, dialect, event, terminal_alarm_id, flag, level, degree, speed_kmh,
    longitude_deg, latitude_deg, attachments, expires_at, alert_id)
SELECT vehicle_key, $1::bytea, vehicle_id, substr($1::bytea, 1, 14), $2::text, now(), now(),
    101, 0, 1, 1, 0, 2, 5, 60,
    118.0, 32.0, 3, now() + interval '1100 days', $3::uuid
FROM vehicles WHERE vehicle_id = 'V1'
"""
"""Arguments: identifier, alarm number, alert id or None."""
