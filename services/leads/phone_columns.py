"""Several columns with numbers: which one is the person's, and what is said about the others. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.phone import Phone, PhoneKind, parse
from services.leads.columns import RESERVED, ColumnPlan
from services.leads.text import variable_name

STEPS: Final = 5
"""Columns are compared by fifths of the rows looked at: less than that is chance, and the name decides."""


def best_phone_first(plan: ColumnPlan, sample: Sequence[Sequence[str]]) -> ColumnPlan:
    """The plan with the phone column first in which most rows have a mobile, else any number; where two are alike,
    the order of their names stays. The one that was first becomes a variable, as the others are."""
    if len(plan.phones) < 2 or not sample:
        return plan
    ordered = sorted(plan.phones, key=lambda at: _worth(sample, at), reverse=True)
    if ordered[0] == plan.phones[0]:
        return plan
    extras = [one for one in plan.extras if one[1] != ordered[0]]
    extras.append((_free_name(plan, extras), plan.phones[0]))
    return replace(plan, phones=tuple(ordered), extras=tuple(sorted(extras, key=lambda one: one[1])))


def second_number_name(plan: ColumnPlan) -> str:
    """The variable for further numbers of one cell: `telefone_2`, or the next that no column has."""
    taken = {name for name, _at in plan.extras}
    return next(name for number in range(2, len(taken) + 3) if (name := f"telefone_{number}") not in taken)


def phone_notes(plan: ColumnPlan) -> list[dict[str, str]]:
    """What a person is told when a file has more than one column with numbers."""
    if len(plan.phones) < 2:
        return []
    used, *others = (f"“{plan.headers[at][:40]}”" for at in plan.phones)
    message = (
        f"Mais de uma coluna tem telefone: usamos {used}. Onde ela está vazia ou errada, vale {' ou '.join(others)}, "
        "que também fica guardada como segundo número."
    )
    return [{"code": "phone_columns", "message": message}]


def _worth(sample: Sequence[Sequence[str]], at: int) -> tuple[int, int]:
    kinds = [found.kind for row in sample if at < len(row) and type(found := parse(row[at])) is Phone]
    mobiles = sum(kind is not PhoneKind.LANDLINE for kind in kinds)
    return mobiles * STEPS // len(sample), len(kinds) * STEPS // len(sample)


def _free_name(plan: ColumnPlan, extras: Sequence[tuple[str, int]]) -> str:
    taken = RESERVED | {name for name, _at in extras}
    wanted = variable_name(plan.headers[plan.phones[0]], plan.phones[0] + 1)
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := f"{wanted}_{number}" if number > 1 else wanted) not in taken
    )
