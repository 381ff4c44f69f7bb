"""`flask counters audit` and `flask prices`."""

from dataclasses import asdict
from datetime import datetime

import click

from cli.common import command_work, with_refusals
from core.clock import utcnow
from services.campaigns import Price, audit_counters, list_prices, set_price


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


@click.group()
def prices() -> None:
    """What Meta charges for a message through an official number."""


@prices.command("set")
@click.argument("category")
@click.argument("country")
@click.argument("micros", type=click.IntRange(min=0))
@click.option("--currency", default="USD", show_default=True, help="Three letters.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day it is valid; today by default.")
@with_refusals
def set_one(category: str, country: str, micros: int, currency: str, since: datetime | None) -> None:
    """Enter a price: CATEGORY (marketing, utility, authentication, service), COUNTRY (BR, or * for any other), MICROS
    (millionths: 0.0625 USD is 62500). The prices before it stay for the days before it."""
    day = (since or utcnow()).date()
    with command_work() as session:
        set_price(session, Price(category.lower(), country.upper(), day, currency, micros))
    click.echo(
        f"{category.lower()} {country.upper()}: {micros} micros de {currency.upper()} a partir de {day:%d/%m/%Y}."
    )


@prices.command("list")
@with_refusals
def list_all() -> None:
    """Every price entered, newest first."""
    with command_work() as session:
        found = list_prices(session)
    if not found:
        click.echo("Nenhum preço cadastrado.")
    for one in found:
        click.echo(f"{one.category}\t{one.country}\t{one.valid_from:%Y-%m-%d}\t{one.currency}\t{one.micros}")
