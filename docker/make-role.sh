#!/bin/sh
# Run once by the postgres image, on an empty volume. Row-level security binds the application's role only because it
# is no superuser; the app refuses to start on one that is.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$LEADS_DB_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE leads_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE DATABASE leads OWNER leads_app;
SQL
