"""`flask extraction-prices`: what Apify charges for places, as the operator read it."""

from datetime import datetime

import click

from cli.common import command_work, with_refusals
from connectors.apify import GOOGLE_MAPS_ACTOR
from core.clock import utcnow
from services.leads import extraction as room


@click.group("extraction-prices")
def extraction_prices() -> None:
    """What an Apify actor charges for 1,000 places."""


@extraction_prices.command("set")
@click.argument("usd_micros_per_thousand", type=click.IntRange(min=0))
@click.option("--source", required=True, help="Who says so: a page and the day it was read.")
@click.option("--start", "usd_micros_per_start", type=click.IntRange(min=0), default=0, help="Millionths for a start.")
@click.option("--actor", default=GOOGLE_MAPS_ACTOR, show_default=True)
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day it is valid; today by default.")
@with_refusals
def set_price(
    usd_micros_per_thousand: int, source: str, usd_micros_per_start: int, actor: str, since: datetime | None
) -> None:
    """Enter a price in millionths of a dollar for 1,000 places (4 dollars are 4000000)."""
    day = (since or utcnow()).date()
    price = room.Price(actor, day, usd_micros_per_thousand, usd_micros_per_start, source)
    with command_work() as session:
        room.set_extraction_price(session, price)
    click.echo(f"{actor}: {usd_micros_per_thousand} micros de USD por mil lugares a partir de {day:%d/%m/%Y}.")


@extraction_prices.command("list")
@with_refusals
def list_prices() -> None:
    """Every price entered, newest first."""
    with command_work() as session:
        found = room.list_extraction_prices(session)
    if not found:
        click.echo("Nenhum preço cadastrado.")
    for one in found:
        micros = f"{one.usd_micros_per_thousand}\t{one.usd_micros_per_start}"
        click.echo(f"{one.actor}\t{one.valid_from:%Y-%m-%d}\t{micros}\t{one.source}")
