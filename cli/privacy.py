"""`flask privacy` and `flask block-list`."""

from pathlib import Path

import click

from cli.common import command_work, say_json, with_refusals
from core.clock import utcnow
from services import accounts, leads
from services import privacy as room

PERSON = click.argument("person")
TENANT = click.option("--tenant", "tenant_id", type=int, help="One account only; every account when left out.")


@click.group()
def privacy() -> None:
    """What is held on a person, and forgetting them."""


@privacy.command("export")
@PERSON
@TENANT
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder.")
@with_refusals
def export(person: str, tenant_id: int | None, folder: Path) -> None:
    """Write a zip (JSON and CSV) for each account that holds something on PERSON, a phone or an e-mail."""
    asked, found = room.read_person(person), 0
    for one in _accounts(tenant_id):
        with command_work() as session:
            held = room.counted(room.holdings_of(session, one, asked))
            content = room.export_person(session, one, asked, actor=None, now=utcnow()) if held else b""
        if held:
            found += 1
            target = folder / f"pessoa-conta-{one}.zip"
            target.touch(mode=0o600)
            target.write_bytes(content)
            say_json({"tenant_id": one, "file": str(target), "held": held})
    if not found:
        click.echo("Nada guardado sobre esta pessoa.")


@privacy.command("erase")
@PERSON
@TENANT
@click.confirmation_option(prompt="Apagar esta pessoa de vez?")
@with_refusals
def erase(person: str, tenant_id: int | None) -> None:
    """Forget PERSON in every account that holds something (or in the one named) and leave them alone for good."""
    asked, found = room.read_person(person), 0
    for one in _accounts(tenant_id):
        with command_work() as session:
            if tenant_id is None and not room.holdings_of(session, one, asked):
                continue
            found += 1
            made = room.request_erasure(session, one, asked, actor=None)
            is_done = room.erase(session, one, made.id, utcnow())
            say_json({"tenant_id": one, "erasure": made.id, "done": is_done, "removed": made.removed})
    if not found:
        click.echo("Nada guardado sobre esta pessoa.")


@click.group("block-list")
def block_list() -> None:
    """People whom no account may write to."""


@block_list.command("add")
@click.argument("people", nargs=-1, required=True)
@click.option("--reason", default="")
@with_refusals
def add(people: tuple[str, ...], reason: str) -> None:
    """Add phones or e-mails."""
    with command_work() as session:
        added = sum(leads.block_for_everybody(session, _entry(one, reason)) for one in people)
    say_json({"added": added, "already": len(people) - added})


@block_list.command("remove")
@click.argument("people", nargs=-1, required=True)
@with_refusals
def remove(people: tuple[str, ...]) -> None:
    """Take phones or e-mails off."""
    with command_work() as session:
        say_json({"removed": sum(leads.unblock_for_everybody(session, _entry(one, "")) for one in people)})


@block_list.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", default="")
@with_refusals
def import_file(file: Path, reason: str) -> None:
    """Add everybody a CSV, TXT or spreadsheet names ("Não Me Ligue" as it comes)."""
    with command_work() as session, file.open("rb") as stream:
        done = leads.block_file_for_everybody(session, stream, reason=reason)
    say_json({"total": done.total, "added": done.added, "already": done.already, "invalid": done.invalid})


@block_list.command("list")
@click.option("--newest", default=50, show_default=True)
@with_refusals
def list_blocked(newest: int) -> None:
    """How many there are and the newest, a JSON object a line."""
    with command_work() as session:
        total, lines = leads.blocked_for_everybody(session, newest=newest)
    say_json({"total": total})
    for line in lines:
        say_json(line)


def _accounts(tenant_id: int | None) -> list[int]:
    if tenant_id is not None:
        return [tenant_id]
    with command_work() as session:
        return [int(line["tenant_id"]) for line in accounts.tenant_lines(session, utcnow())]


def _entry(person: str, reason: str) -> leads.Entry:
    return leads.Entry(email=person, reason=reason) if "@" in person else leads.Entry(phone=person, reason=reason)
