"""The tables: isolation between tenants, migrations, states."""
