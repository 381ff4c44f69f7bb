"""`docs/architecture.md` is the plan: every file stands where it says, and every room it names exists."""

from pathlib import Path

import pytest

from tests.lint.house_plan import FLOORS, ROOT, BadPlan, house_plan, read_plan
from tests.lint.source import sources

BESIDE_THE_HOUSE = {"core", "sandbox", "migrations", "tests", "bench"}
ROOF = {"app.py", "worker.py", "worker_sender.py", "gunicorn.conf.py"}

PYTHON = [source.path for source in sources(ROOT) if source.suffix == ".py"]
HEADERS = "| room | what | may use |\n|---|---|---|\n"


def test_every_file_of_a_floor_belongs_to_a_room_or_a_piece_the_document_describes() -> None:
    plan = house_plan()
    on_floors = [path for path in PYTHON if path.partition("/")[0] in FLOORS]
    lost = [path for path in on_floors if not path.endswith("/__init__.py") and not plan.describes(path)]
    assert lost == [], "say in docs/architecture.md where these belong"


def test_every_package_of_a_floor_belongs_to_a_room_or_a_piece() -> None:
    plan = house_plan()
    packages = [path for path in PYTHON if path.endswith("/__init__.py") and path.count("/") > 1]
    lost = [path for path in packages if path.partition("/")[0] in FLOORS and not plan.describes(path)]
    assert lost == []


def test_nothing_stands_beside_the_floors_unseen() -> None:
    tops = {path.partition("/")[0] for path in PYTHON}
    assert tops - set(FLOORS) - BESIDE_THE_HOUSE - ROOF == set()


def test_every_room_and_every_piece_of_the_document_exists() -> None:
    plan = house_plan()
    built = {plan.room_of(path) for path in PYTHON}
    assert set(plan.rooms) - built == set()
    assert {piece for piece in plan.pieces if not (ROOT / piece).exists()} == set()


def test_templates_belong_to_rooms_or_to_all_pages() -> None:
    plan = house_plan()
    shared = {"admin", "components", "errors", "layouts", "mail"}
    folders = {path.name for path in (ROOT / "templates").iterdir() if path.is_dir()}
    assert folders - shared - set(plan.rooms) == set()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("| a | x | b |\n| b | x | a |\n", "circle"),
        ("| a | x | elsewhere |\n", "don't exist"),
        ("", "no table of rooms"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(rows: str, says: str) -> None:
    with pytest.raises(BadPlan, match=says):
        read_plan(HEADERS + rows)


def test_a_room_may_use_what_the_rooms_it_uses_may_use() -> None:
    plan = read_plan(HEADERS + "| a | x | b |\n| b | x | c |\n| c | x | |\n| z | x | all |\n")
    assert plan.rooms == {"a": {"b", "c"}, "b": {"c"}, "c": frozenset(), "z": {"a", "b", "c"}}


def test_files_of_no_room_are_noticed() -> None:
    plan = read_plan(HEADERS + "| leads | x | |\n\n| piece | what |\n|---|---|\n| `views/errors.py` | x |\n")
    described = ["views/leads/list.py", "jobs/leads.py", "cli/leads_export.py", "views/errors.py"]
    assert [path for path in described if plan.describes(path)] == described
    assert not plan.describes("views/leaders.py")
    assert not plan.describes(str(Path("services") / "helpers.py"))
