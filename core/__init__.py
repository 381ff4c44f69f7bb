"""The ground floor: configuration, database, tenancy, clock, errors, queue. Imports nothing of ours above it."""
