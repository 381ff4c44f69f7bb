"""The operator's door: `flask ...` commands. Blind to `views`, `api` and `jobs`."""

from flask import Flask

from cli import accounts, campaigns, demo, doctor, instances, leads, privacy, secrets

for _command in instances.PLAN_COMMANDS:
    accounts.plans.add_command(_command)

COMMANDS = (
    *accounts.GROUPS,
    campaigns.counters,
    campaigns.prices,
    leads.extraction_prices,
    demo.demo,
    doctor.doctor,
    privacy.privacy,
    privacy.block_list,
    secrets.secrets,
)


def register(app: Flask) -> None:
    """Add every command to `flask`."""
    for command in COMMANDS:
        app.cli.add_command(command)
