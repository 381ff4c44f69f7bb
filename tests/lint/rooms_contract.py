"""An import-linter contract of our own: rooms use only the rooms the plan allows, and only by their front door."""

import ast
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

from tests.lint.house_plan import FLOORS, HousePlan, house_plan

Broken = tuple[str, str, str]


class RoomsContract(Contract):
    """Direct imports of services (architecture, table of rooms). Tables (`models/`) may be read by every room."""

    type_name = "rooms"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        plan = house_plan(Path.cwd())
        modules = [module for module in graph.modules if module.partition(".")[0] in FLOORS]
        broken = [
            (importer, imported, reason)
            for importer in sorted(modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (reason := why_refused(plan, importer, _as_meant(graph, importer, imported)))
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        broken: list[Broken] = check.metadata["broken"]
        for importer, imported, reason in broken:
            output.print_error(f"- {importer} -> {imported}: {reason}", bold=False)
        output.new_line()


def _as_meant(graph: ImportGraph, importer: str, imported: str) -> str:
    """`from services.accounts import change_password` reads as an import of the file change_password.py when there is
    one; what is meant is the function of that name, if the room exports it."""
    room, _, name = imported.rpartition(".")
    front = Path(*room.split("."), "__init__.py")
    details = graph.get_import_details(importer=importer, imported=imported)
    if not front.exists() or not all(f"from {room} import" in detail["line_contents"] for detail in details):
        return imported
    return room if name in _exported(front) else imported


def _exported(front: Path) -> set[str]:
    """The strings of `__all__`."""
    for statement in ast.parse(front.read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return set(ast.literal_eval(statement.value))
    return set()


def _room(plan: HousePlan, module: str) -> str | None:
    return plan.room_of(module.replace(".", "/") + ".py")


def why_refused(plan: HousePlan, importer: str, imported: str) -> str | None:
    """The rule that the import `importer -> imported` breaks, None when it may stay."""
    floor, *inner = imported.split(".")
    theirs, ours = _room(plan, imported), _room(plan, importer)
    if theirs is None or floor in ("models", "connectors") or (importer.split(".")[0] == floor and theirs == ours):
        return None
    if len(inner) > 1 and floor == "services":
        return f"a room is entered by services.{inner[0]} alone"
    if importer == floor:  # the floor's own __init__ mounts its rooms
        return None
    if ours is not None and theirs != ours and theirs not in plan.rooms[ours]:
        return f"the room {ours} may not use {theirs}"
    return None


def contract_types() -> dict[str, Any]:
    """For tests that run the contract on a tree of their own."""
    return {RoomsContract.type_name: RoomsContract}
