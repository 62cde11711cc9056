-- Desks ask every few seconds which vehicles were imported since they last asked.

CREATE INDEX vehicles_imported ON vehicles (imported_at);
