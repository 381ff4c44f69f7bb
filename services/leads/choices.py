"""What a person says each column of a file is, and the plan that follows. Pure.

A choice stands for one column, in the file's order: `choices_of` reads them out of the plan that was guessed by the
headers, `plan_with` makes a plan of them again. `fill_by_content` guesses where the headers said nothing.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.errors import InvalidInput
from core.phone import Phone, parse
from services.leads.columns import GUESS_SHARE, RESERVED, ColumnPlan
from services.leads.text import plain, variable_name

PHONE: Final = "phone"
SECOND_PHONE: Final = "phone2"
LINK: Final = "whatsapp_link"
VARIABLE: Final = "variable"
IGNORE: Final = "ignore"
ONCE: Final = (PHONE, LINK, "name", "email", "city", "category", "status")
"""Fields that one column at most may be; several may be the second phone, a variable or ignored."""
KINDS: Final = (PHONE, SECOND_PHONE, LINK, "name", "email", "city", "category", "status", VARIABLE, IGNORE)
_NUMBERS: Final = frozenset({PHONE, SECOND_PHONE, LINK})
_KEEP_NAME: Final = frozenset({SECOND_PHONE, VARIABLE})

NO_NUMBER: Final = "Diga em qual coluna está o telefone: sem ele não há como escrever para ninguém."
UNKNOWN_KIND: Final = "Escolha o que é esta coluna."
NO_NAME: Final = "Dê um nome à variável, com letras: por exemplo, bairro."


@dataclass(frozen=True, slots=True)
class Choice:
    """One column: its kind, and the variable's name where it has one."""

    kind: str
    name: str = ""

    def as_json(self) -> dict[str, str]:
        """How it is kept in `lead_imports.choices` and `column_mappings.choices`."""
        return {"kind": self.kind, "name": self.name}


class WrongChoices(InvalidInput):
    """The columns can't be that way; `fields` names each by `column-N` (1-based), or `columns` for all."""

    code = "wrong_columns"
    message = "Confira as colunas marcadas."


def choices_from(kept: Sequence[dict[str, Any]]) -> tuple[Choice, ...]:
    """Choices out of the database."""
    return tuple(Choice(str(one.get("kind", "")), str(one.get("name", ""))) for one in kept)


def choices_of(plan: ColumnPlan) -> tuple[Choice, ...]:
    """What the plan does with each column. A further phone column is a variable too, so that nothing is lost."""
    single = {
        plan.link: LINK, plan.name: "name", plan.email: "email", plan.city: "city", plan.category: "category",
        plan.status: "status",
    }  # fmt: skip
    names = {at: name for name, at in plan.extras}
    found = []
    for at in range(plan.width):
        if at in plan.phones[:1]:
            found.append(Choice(PHONE))
        elif at in plan.phones:
            found.append(Choice(SECOND_PHONE, names.get(at, "")))
        elif at in single:
            found.append(Choice(single[at]))
        else:
            found.append(Choice(VARIABLE, names[at]) if at in names else Choice(IGNORE))
    return tuple(found)


def plan_with(plan: ColumnPlan, choices: Sequence[Choice]) -> ColumnPlan:
    """The plan for the same headers with these choices, which `checked_choices` has let through. Second phones are
    tried in the order in which the guess has them, then in the file's."""
    places = {one.kind: at for at, one in enumerate(choices) if one.kind in ONCE}
    seconds = [at for at, one in enumerate(choices) if one.kind == SECOND_PHONE]
    seconds.sort(key=lambda at: (plan.phones.index(at) if at in plan.phones else plan.width, at))
    return replace(
        plan,
        link=places.get(LINK),
        phones=tuple(([places[PHONE]] if PHONE in places else []) + seconds),
        name=places.get("name"),
        email=places.get("email"),
        city=places.get("city"),
        category=places.get("category"),
        status=places.get("status"),
        extras=tuple((one.name, at) for at, one in enumerate(choices) if one.kind in _KEEP_NAME and one.name),
    )


def checked_choices(headers: Sequence[str], said: Sequence[Choice]) -> tuple[Choice, ...]:
    """What a person said, with every variable named once and as messages can call it. WrongChoices names the columns:
    one field in two columns, a variable without letters, no number at all."""
    wrong = _wrong_kinds(said) | _wrong_names(headers, said)
    if len(said) != len(headers):
        wrong = {"columns": [UNKNOWN_KIND]}
    elif not wrong and not has_number(said):
        wrong = {"columns": [NO_NUMBER]}
    if wrong:
        raise WrongChoices(NO_NUMBER if wrong.get("columns") == [NO_NUMBER] else None, fields=wrong)
    return _named(headers, said)


def _wrong_kinds(said: Sequence[Choice]) -> dict[str, list[str]]:
    times = Counter(one.kind for one in said if one.kind in ONCE)
    wrong = {}
    for at, one in enumerate(said, 1):
        if one.kind not in KINDS:
            wrong[f"column-{at}"] = [UNKNOWN_KIND]
        elif times[one.kind] > 1:
            wrong[f"column-{at}"] = ["Duas colunas não podem ser a mesma coisa. Deixe uma e mude a outra."]
    return wrong


def _wrong_names(headers: Sequence[str], said: Sequence[Choice]) -> dict[str, list[str]]:
    return {
        f"column-{at}": [NO_NAME]
        for at, (header, one) in enumerate(zip(headers, said, strict=False), 1)
        if one.kind == VARIABLE and not plain(one.name or header)
    }


def _named(headers: Sequence[str], said: Sequence[Choice]) -> tuple[Choice, ...]:
    used = set(RESERVED)
    named = []
    for at, (header, one) in enumerate(zip(headers, said, strict=True), 1):
        if one.kind not in _KEEP_NAME:
            named.append(Choice(one.kind))
            continue
        wanted = variable_name(one.name or header, at)
        name, number = wanted, 2
        while name in used:
            name, number = f"{wanted}_{number}", number + 1
        used.add(name)
        named.append(Choice(one.kind, name))
    return tuple(named)


def has_number(choices: Sequence[Choice]) -> bool:
    """Whether some column says how to write to the person."""
    return any(one.kind in _NUMBERS for one in choices)


def is_number(value: str) -> bool:
    """Whether a cell reads as a phone."""
    return type(parse(value)) is Phone


def fill_by_content(choices: Sequence[Choice], columns: Sequence[Sequence[str]]) -> tuple[Choice, ...]:
    """Where no header named a number or an e-mail, the first column whose values look like one four times in five."""
    found = list(choices)
    if not has_number(found):
        _guess(found, columns, PHONE)
    if not any(one.kind == "email" for one in found):
        _guess(found, columns, "email")
    return tuple(found)


def _guess(choices: list[Choice], columns: Sequence[Sequence[str]], kind: str) -> None:
    for at, values in enumerate(columns):
        filled = [value for value in values if value]
        if choices[at].kind != VARIABLE or not filled:
            continue
        if sum(_looks_like(value, kind) for value in filled) >= GUESS_SHARE * len(filled):
            choices[at] = Choice(kind)
            return


def _looks_like(value: str, kind: str) -> bool:
    if kind == PHONE:
        return is_number(value)
    head, at, domain = value.partition("@")
    return bool(head and at and "." in domain and " " not in value)


def headers_key(headers: Sequence[str]) -> str:
    """The same for files with the same headers, however they are written."""
    return hashlib.sha256(json.dumps([plain(header) for header in headers]).encode()).hexdigest()
