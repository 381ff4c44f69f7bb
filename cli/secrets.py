"""`flask secrets rotate`."""

import click

from cli.common import command_work, say_json, with_refusals
from services import instances, leads, privacy


@click.group()
def secrets() -> None:
    """What is sealed with ENCRYPTION_KEYS."""


@secrets.command("rotate")
@with_refusals
def rotate() -> None:
    """Seal every secret again with the first key of ENCRYPTION_KEYS; then the old keys may go. Nobody who was forgotten
    comes back: the key of their hashes is sealed again, not replaced."""
    with command_work() as session:
        say_json(
            {
                "platform": leads.reseal(session),
                "instances": instances.reseal(session),
                "erasures": privacy.reseal(session),
            }
        )
