"""`flask counters audit`."""

from dataclasses import asdict

import click

from cli.common import command_work, with_refusals
from services.campaigns import audit_counters


@click.group()
def counters() -> None:
    """Counters beside the rows they count."""


@counters.command("audit")
@click.pass_context
@with_refusals
def audit(context: click.Context) -> None:
    """Recount every counter against its rows; 1 and a table when one has drifted."""
    with command_work() as session:
        drifts = [asdict(drift) for drift in audit_counters(session)]
    if not drifts:
        click.echo("Todos os contadores conferem.")
        return
    click.echo("\t".join(drifts[0]))
    for drift in drifts:
        click.echo("\t".join(str(value) for value in drift.values()))
    context.exit(1)
