"""`flask tenants|users|api-keys|plans`."""

from typing import Final

import click

from cli.common import command_work, say_json, with_refusals
from core.clock import utcnow
from services import accounts


@click.group()
def tenants() -> None:
    """Customers' accounts."""


@tenants.command("create")
@click.argument("name")
@click.argument("email")
@click.option("--plan", "plan_slug", required=True, help="starter, pro, infinito, ...")
@with_refusals
def create_tenant(name: str, email: str, plan_slug: str) -> None:
    """Make a tenant with its owner and a licence without end; prints the owner's password once."""
    password = accounts.new_password()
    with command_work() as session:
        made = accounts.create_tenant(session, name=name, email=email, password=password)
        accounts.grant_manual_licence(session, made.tenant_id, plan_slug, utcnow())
    say_json({"tenant_id": made.tenant_id, "user_id": made.user_id, "email": made.email, "password": password})


@tenants.command("list")
@with_refusals
def list_tenants() -> None:
    """Every tenant, a JSON object a line."""
    with command_work() as session:
        lines = accounts.tenant_lines(session, utcnow())
    for line in lines:
        say_json(line)


@click.group()
def users() -> None:
    """People."""


@users.command("create-admin")
@click.argument("email")
@with_refusals
def create_admin(email: str) -> None:
    """Make a super-admin in an account of their own; prints the password once."""
    password = accounts.new_password()
    with command_work() as session:
        made = accounts.create_super_admin(session, email=email, password=password)
    say_json({"tenant_id": made.tenant_id, "user_id": made.user_id, "email": made.email, "password": password})


@click.group("api-keys")
def api_keys() -> None:
    """Keys for programs."""


@api_keys.command("create")
@click.argument("email")
@click.option("--name", default="linha de comando", help="what it is for")
@click.option("--scope", "scopes", multiple=True, default=("*",), help="*, a room (campaigns) or campaigns.read")
@with_refusals
def create_api_key(email: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make a key of this person; prints the key alone, once."""
    with command_work() as session:
        account = accounts.require_account(session, email)
        key = accounts.create_api_key(session, account.tenant_id, account.target_id, name=name, scopes=scopes)
    click.echo(key)


@click.group()
def plans() -> None:
    """What licences allow."""


@plans.command("list")
@with_refusals
def list_plans() -> None:
    """Every plan, a JSON object a line."""
    with command_work() as session:
        lines = accounts.plan_lines(session)
    for line in lines:
        say_json(line)


@plans.command("set")
@click.argument("slug")
@click.option("--daily-messages", "daily_messages", type=click.IntRange(0))
@click.option("--instances", "max_instances", type=click.IntRange(0))
@click.option("--leads", "max_leads", type=click.IntRange(0))
@click.option("--pace-floor-ms", "pace_floor_ms", type=click.IntRange(0))
@with_refusals
def set_plan(slug: str, **limits: int | None) -> None:
    """Change a plan's limits, for everybody who has it, from the next message on."""
    with command_work() as session:
        line = accounts.change_plan(session, slug, **{name: said for name, said in limits.items() if said is not None})
    say_json(line)


@plans.command("map")
@click.argument("product_id")
@click.argument("slug")
@click.option("--offer", "offer_code", default="", help="offer code or Hotmart plan id; any when left out")
@with_refusals
def map_product(product_id: str, slug: str, offer_code: str) -> None:
    """Say which plan a Hotmart product buys ('*' = any product), and apply the purchases that waited for it."""
    with command_work() as session:
        accounts.map_product(session, product_id, slug, offer_code=offer_code)
        replayed = accounts.replay_unmapped_events(session)
    say_json({"product_id": product_id, "offer": offer_code, "plan": slug, "replayed": replayed})


@click.command()
def roles() -> None:
    """The role x action table, as docs/roles.md holds it."""
    click.echo(accounts.roles_markdown(), nl=False)


GROUPS: Final = (tenants, users, api_keys, plans, roles)
