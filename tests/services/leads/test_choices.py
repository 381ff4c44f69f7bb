"""What a person says of the columns, and the plan that follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.leads.choices import (
    KINDS,
    ONCE,
    Choice,
    WrongChoices,
    checked_choices,
    choices_from,
    choices_of,
    fill_by_content,
    headers_key,
    plan_with,
)
from services.leads.columns import KNOWN, RESERVED, NoPhoneColumn, plan_columns

WORDS = st.sampled_from(["Bairro", "Obs.", "", "2ª via", "Nome", "nome", "R$", "Observação"])
NAMES = st.one_of(st.sampled_from([name for names in KNOWN.values() for name in names]), WORDS)
HEADERS = st.lists(NAMES, min_size=1, max_size=8)
CHOICES = st.builds(Choice, st.sampled_from(KINDS), st.sampled_from(["", "bairro", "nome", "1ª vez", "Ação"]))


def planned(headers: list[str]):
    try:
        return plan_columns(headers, 1)
    except NoPhoneColumn as unnamed:
        return unnamed.plan


@given(HEADERS)
def test_the_guess_read_as_choices_makes_the_same_plan(headers):
    plan = planned(headers)
    assert plan_with(plan, choices_of(plan)) == plan
    assert choices_from([one.as_json() for one in choices_of(plan)]) == choices_of(plan)


@given(HEADERS)
def test_the_guess_is_always_something_a_person_may_leave_as_it_is(headers):
    plan = planned(headers)
    if plan.phones or plan.link is not None:
        assert [one.kind for one in checked_choices(plan.headers, choices_of(plan))] == [
            one.kind for one in choices_of(plan)
        ]


@given(st.data(), HEADERS)
def test_whatever_is_let_through_has_a_number_and_every_name_once(data, headers):
    said = data.draw(st.lists(CHOICES, min_size=len(headers), max_size=len(headers)))
    try:
        choices = checked_choices(headers, said)
    except WrongChoices as refusal:
        assert refusal.fields
        return
    plan = plan_with(planned(headers), choices)
    names = [name for name, _at in plan.extras]
    assert plan.phones or plan.link is not None
    assert len(set(names) | RESERVED) == len(names) + len(RESERVED)
    assert all(name[0].isalpha() for name in names)
    assert sum(one.kind in ONCE for one in choices) == len({one.kind for one in choices if one.kind in ONCE})
    assert checked_choices(headers, choices) == choices, "what was kept can be said again"


def test_what_is_ignored_is_nowhere_in_the_plan():
    plan = plan_columns(["Nome", "Telefone", "CPF"], 1)
    said = [Choice("name"), Choice("phone"), Choice("ignore", "cpf")]
    assert plan_with(plan, checked_choices(plan.headers, said)).extras == ()


def test_a_choice_for_a_column_too_few_is_refused():
    with pytest.raises(WrongChoices):
        checked_choices(["a", "b"], [Choice("phone")])


def test_values_say_what_the_headers_did_not():
    choices = [Choice("variable", "quem"), Choice("variable", "onde"), Choice("variable", "escrever")]
    columns = [["Ana", "Bia"], ["11900000001", "(11) 90000-0002"], ["a@example.com", ""]]
    assert [one.kind for one in fill_by_content(choices, columns)] == ["variable", "phone", "email"]
    assert fill_by_content([Choice("phone"), *choices[1:2]], columns[:2])[1].kind == "variable", "one number is enough"
    assert fill_by_content(choices[:1], [["11900000001", "Bia", "Cau"]])[0].kind == "variable", "one in three is chance"


def test_headers_are_known_again_however_they_are_written():
    assert headers_key(["Nº de Telefone", "Nome"]) == headers_key(["nº de  telefone", "NOME "])
    assert headers_key(["Nome", "Telefone"]) != headers_key(["Telefone", "Nome"])
    assert headers_key(["a_b"]) != headers_key(["a", "b"])
