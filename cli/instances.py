"""`flask plans warm-up|floor`: how gently new numbers begin, and how fast a plan's numbers may go."""

import click

from cli.common import command_work, say_json, with_refusals
from services import instances

NO_LIMIT = "none"


@click.command("warm-up")
@click.argument("from_day", type=click.IntRange(1), required=False)
@click.argument("daily_cap", required=False)
@click.option("--remove", is_flag=True, help="forget the stage that begins on FROM_DAY")
@with_refusals
def warm_up(from_day: int | None, daily_cap: str | None, *, remove: bool) -> None:
    """List the stages of the warm-up; with FROM_DAY and DAILY_CAP ('none' = no limit) set one."""
    with command_work() as session:
        if from_day is not None and remove:
            instances.remove_stage(session, from_day)
        elif from_day is not None:
            instances.set_stage(session, from_day, _cap(daily_cap))
        stages = instances.stages_of(session)
    for stage in stages:
        say_json(stage._asdict())


@click.command("floor")
@click.argument("slug")
@click.argument("connector")
@click.argument("floor_ms", type=click.IntRange(0))
@with_refusals
def floor(slug: str, connector: str, floor_ms: int) -> None:
    """The shortest gap of a connector's numbers under this plan, instead of the plan's own."""
    with command_work() as session:
        instances.set_pace_floor(session, slug, connector, floor_ms)
    say_json({"plan": slug, "connector": connector, "floor_ms": floor_ms})


def _cap(said: str | None) -> int | None:
    if said is None:
        raise click.UsageError("Missing DAILY_CAP: a number, or 'none' for no limit.")
    if said == NO_LIMIT:
        return None
    if not said.isdecimal():
        raise click.UsageError("DAILY_CAP is a number, or 'none' for no limit.")
    return int(said)


PLAN_COMMANDS = (warm_up, floor)
