"""Tests mirror the floors: core, models, connectors, services, views, api, jobs; then the whole house."""
