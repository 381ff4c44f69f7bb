"""What reaches a phone: variables filled, never a brace, the same variation for the same person."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.rendering import (
    EXIT_LINE,
    canonical,
    has_stray_brace,
    pieces,
    recipient_values,
    render,
    unfilled_in,
    unknown_in,
    variables_in,
    variation_of,
    whole_text,
)

ANA = {"nome": "Ana", "Procedimento": "limpeza", "cidade": ""}
without_braces = st.text().map(lambda text: text.replace("{", "").replace("}", ""))
names = st.text(alphabet="abcçãéXYZ _-", min_size=1, max_size=12).filter(lambda name: canonical(name) != "")


def test_variables_are_filled_whatever_their_case_and_accents() -> None:
    assert render("Oi {NOME}, sua {procedímento}?", ANA, {}) == "Oi Ana, sua limpeza?"


def test_name_and_nome_are_the_same_variable() -> None:
    assert render("{name} = {nome}", ANA, {}) == "Ana = Ana"
    assert render("{nome}", {"name": "Bia"}, {}) == "Bia"


def test_words_of_a_column_may_be_joined_by_any_sign() -> None:
    assert render("{data_da-consulta}", {"Data da Consulta": "12/03"}, {}) == "12/03"


def test_an_empty_value_takes_the_fallback_beside_it_then_the_campaigns() -> None:
    assert render("em {cidade|sua cidade}", ANA, {"cidade": "São Paulo"}) == "em sua cidade"
    assert render("em {cidade}", ANA, {"Cidade": "São Paulo"}) == "em São Paulo"
    assert render("em {cidade|}.", ANA, {"cidade": "São Paulo"}) == "em ."
    assert render("em {cidade}.", ANA, {}) == "em ."


def test_a_blank_value_counts_as_empty() -> None:
    assert render("{nome|tudo bem}", {"nome": "   "}, {}) == "tudo bem"


def test_double_braces_of_other_products_work() -> None:
    assert render("Oi {{nome}}!", ANA, {}) == "Oi Ana!"


def test_a_value_that_looks_like_a_variable_stays_what_it_is() -> None:
    assert render("{nome}", {"nome": "{cidade}", "cidade": "Recife"}, {}) == "{cidade}"


def test_nothing_is_escaped() -> None:
    assert render("<b>*{nome}* & 100%</b>\\n", ANA, {}) == "<b>*Ana* & 100%</b>\\n"


def test_the_first_name_is_a_variable_of_its_own() -> None:
    values = recipient_values(" Ana Maria Braga ", "5511900000001", {"pet": "Bidu"})
    assert render("{primeiro_nome}, {pet}, {telefone}", values, {}) == "Ana, Bidu, (11) 90000-0001"


def test_unknown_variables_are_reported_as_they_were_written() -> None:
    assert unknown_in("{Nome} {Prosedimento} {prosedimento|x}", ["nome", "procedimento"]) == [
        "Prosedimento",
        "prosedimento",
    ]


def test_variables_are_listed_once_and_in_order() -> None:
    assert variables_in("{cidade} {Nome} {name|x} {CIDADE}") == ["cidade", "nome"]


def test_what_would_print_nothing_is_reported() -> None:
    template = "{nome} {cidade} {bairro|centro} {rua|} {uf}"
    assert unfilled_in(template, ANA, {"UF": "SP"}) == ["cidade"]


def test_a_brace_without_its_pair_is_noticed() -> None:
    assert [has_stray_brace(text) for text in ("Oi {nome", "Oi nome}", "Oi {}", "Oi { | }")] == [True] * 4
    assert not has_stray_brace("Oi {nome}, {{cidade|x}}")


@pytest.mark.parametrize("text", ["{" * 200_000, "{|" * 100_000, "{a" * 100_000, "{" + "|" * 200_000, "{a|" * 70_000])
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    started = time.perf_counter()
    assert has_stray_brace(text)
    assert time.perf_counter() - started < 1


def test_the_pieces_say_what_a_variable_filled() -> None:
    assert pieces("Oi {nome}, {cidade}tudo bem?", ANA, {}) == [("Oi ", False), ("Ana", True), (", ", False),
                                                               ("tudo bem?", False)]  # fmt: skip


def test_the_exit_line_comes_last() -> None:
    assert whole_text("Oi {nome}", ANA, {}, has_exit_line=True) == "Oi Ana" + EXIT_LINE
    assert whole_text("Oi {nome}", ANA, {}, has_exit_line=False) == "Oi Ana"


@given(st.text(), st.dictionaries(names, without_braces), st.dictionaries(names, without_braces))
def test_a_brace_of_the_template_never_gets_out(
    template: str, values: dict[str, str], fallbacks: dict[str, str]
) -> None:
    text = render(template, values, fallbacks)
    assert "{" not in text
    assert "}" not in text
    assert "".join(piece for piece, _ in pieces(template, values, fallbacks)) == text


@given(without_braces, without_braces, names, without_braces.filter(str.strip))
def test_the_words_around_a_variable_stay_untouched(before: str, after: str, name: str, value: str) -> None:
    assert render(f"{before}{{{name}}}{after}", {name: value}, {}) == before + value.strip() + after


@given(st.text(), st.dictionaries(names, without_braces))
def test_a_template_whose_variables_are_all_filled_reports_none(template: str, values: dict[str, str]) -> None:
    everything = values | dict.fromkeys(variables_in(template), "x")
    assert unfilled_in(template, everything, {}) == []
    assert unknown_in(template, everything) == []


@given(names)
def test_a_canonical_name_is_its_own_canonical_name(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)


@given(st.integers(1, 10**9), st.integers(10**11, 10**13), st.integers(1, 20))
def test_a_person_always_gets_the_same_variation(campaign_id: int, phone: int, count: int) -> None:
    chosen = variation_of(campaign_id, str(phone), count)
    assert 0 <= chosen < count
    assert chosen == variation_of(campaign_id, str(phone), count)
