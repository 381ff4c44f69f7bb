"""Asking for an extraction: what is refused, what it will cost, whose token pays."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from core.config import Settings
from core.errors import InvalidInput
from core.tenancy import system_scope, tenant_scope
from models.leads_extractions import ExtractionAccount, ExtractionPrice, ExtractionStatus
from models.states import NotAllowedNow
from services.leads import extraction as room
from services.leads.extraction.estimate import Past, estimate
from services.leads.extraction.run import poll_seconds, retry_seconds
from services.leads.extraction.words import ENDINGS, ending_of
from tests.support.extractions import Extractor
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

PRICE = room.Price("a~b", date(2026, 1, 1), 4_000_000, 7_000, "apify.example")


@pytest.fixture
def extractor(factory: sessionmaker[Session], tenant: TenantHandle, sandbox: SandboxProcess) -> Extractor:
    return Extractor(factory, tenant.id, sandbox)


def test_without_price_and_past_nothing_is_said() -> None:
    found = estimate(200, [], None)
    assert (found.cost_usd_micros, found.seconds, found.cost_source) == (None, None, "")
    assert found.cap_usd_micros == 5_000_000


def test_the_table_says_the_price_until_ones_own_past_does() -> None:
    table = estimate(200, [], PRICE)
    assert (table.cost_usd_micros, table.cost_source, table.price) == (807_000, "table", PRICE)
    past = [Past(100, 100_000, 50.0), Past(300, 500_000, 150.0)]
    own = estimate(200, past, PRICE)
    assert (own.cost_usd_micros, own.cost_source, own.runs, own.seconds) == (300_000, "history", 2, 100)


def test_a_run_that_found_next_to_nothing_or_has_no_cost_says_nothing_of_the_price() -> None:
    assert estimate(200, [Past(3, 900_000, 1.0)], None).cost_usd_micros is None
    found = estimate(200, [Past(100, None, 10.0)], PRICE)
    assert (found.cost_source, found.seconds) == ("table", 20)


pasts = st.builds(Past, st.integers(0, 5000), st.none() | st.integers(0, 10**9), st.none() | st.floats(0, 10**5))


@given(most=st.integers(1, 5000), past=st.lists(pasts, max_size=5), has_price=st.booleans())
def test_an_estimate_is_never_negative_and_the_cap_never_below_it(
    most: int, past: Sequence[Past], has_price: bool
) -> None:
    found = estimate(most, past, PRICE if has_price else None)
    assert (found.cost_usd_micros is None) is (found.cost_source == "")
    assert found.cap_usd_micros >= max(500_000, found.cost_usd_micros or 0)
    assert found.seconds is None or found.seconds >= 0


@given(run_status=st.sampled_from(["SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"]), found=st.integers(0, 3),
       saved=st.integers(0, 3), is_ours=st.booleans())  # fmt: skip
def test_every_ending_is_final_and_what_is_not_as_asked_says_so(
    run_status: str, found: int, saved: int, is_ours: bool
) -> None:
    saved = min(saved, found)
    ending = ending_of(run_status, found, saved=saved, is_abort_ours=is_ours)
    assert ending.status in {ExtractionStatus.FINISHED, ExtractionStatus.FAILED, ExtractionStatus.ABORTED}
    is_as_asked = (run_status == "SUCCEEDED" and saved > 0) or (run_status == "ABORTED" and is_ours)
    assert (ending.code == "") is is_as_asked
    assert ending.message == ENDINGS.get(ending.code, "")
    assert not (ending.status is ExtractionStatus.FAILED and saved), "what was saved is no failure"


def test_waiting_grows_and_stops_growing() -> None:
    assert [retry_seconds(n) for n in (0, 1, 2, 6, 100)] == [5, 10, 20, 300, 300]
    assert [poll_seconds(timedelta(minutes=n)) for n in (0, 5, 30)] == [5, 15, 30]


def test_a_price_needs_somebody_who_vouches_for_it(system_session: Session) -> None:
    with pytest.raises(InvalidInput):
        room.set_extraction_price(system_session, room.Price("a~b", date(2026, 1, 1), 1, 0, " "))


def test_prices_are_entered_by_the_operator(app: Flask) -> None:
    runner = app.test_cli_runner()
    said = ["extraction-prices", "set", "4000000", "--source", "página de 05/01", "--actor", "x~y", "--from"]
    assert runner.invoke(args=[*said, "2026-01-05"]).exit_code == 0
    assert runner.invoke(args=[*said, "2026-03-01"]).exit_code == 0
    listed = runner.invoke(args=["extraction-prices", "list"]).output
    assert listed.index("2026-03-01") < listed.index("2026-01-05")
    assert "página de 05/01" in listed
    assert runner.invoke(args=["extraction-prices", "set", "1"]).exit_code != 0, "a source is asked for"


@pytest.fixture(autouse=True)
def no_prices(factory: sessionmaker[Session]) -> Any:
    """Prices are everybody's: they go after each test."""
    yield
    with system_scope("test"), factory.begin() as session:
        session.execute(delete(ExtractionPrice))


def test_the_token_is_kept_sealed_for_this_tenant_alone(extractor: Extractor, system_session: Session) -> None:
    extractor.use_token("apify_api_muito_secreto")
    with tenant_scope(extractor.tenant_id), extractor.factory() as session:
        row = session.get(ExtractionAccount, extractor.tenant_id)
        assert row is not None
        assert "secreto" not in row.sealed_token
        assert row.token_end == "reto"


def test_the_platforms_token_pays_where_a_tenant_has_none(settings: Settings) -> None:
    real = room.platform_of(settings.model_copy(update={"apify_token": "t", "sandbox_url": "http://127.0.0.1:1"}))
    assert real.account is not None
    assert (real.account.base_url, real.account.token) == ("https://api.apify.com/v2", "t")
    demo = room.platform_of(settings.model_copy(update={"apify_token": "", "sandbox_url": "http://127.0.0.1:1"}))
    assert demo.account is not None
    assert demo.account.base_url == "http://127.0.0.1:1/apify/v2"
    bare = room.platform_of(settings.model_copy(update={"apify_token": "", "sandbox_url": ""}))
    assert bare.account is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"search": " "}, "search"), ({"location": ""}, "location"), ({"max_items": 0}, "max_items"),
        ({"max_items": 5001}, "max_items"), ({"max_cost_usd_micros": 1}, "max_cost"),
        ({"list_name": "x" * 121}, "list_name"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_beside_its_field(extractor: Extractor, said: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        extractor.ask(**said)
    assert set(refused.value.fields) == {field}
    assert extractor.runs() == []


def test_three_at_once_are_enough(extractor: Extractor) -> None:
    for _ in range(3):
        extractor.ask()
    with pytest.raises(room.TooManyExtractions):
        extractor.ask()


def test_without_anybodys_token_nothing_begins(extractor: Extractor) -> None:
    with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
        room.forget_account(session, extractor.tenant_id, actor=None)
    extractor.platform = room.Platform("", "", "http://127.0.0.1:9", may_choose_address=False)
    with pytest.raises(room.NoToken):
        extractor.ask()


def test_a_token_taken_away_ends_what_runs_with_a_sentence(extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
        room.forget_account(session, extractor.tenant_id, actor=None)
    extractor.advance(extraction_id)
    found = extractor.look(extraction_id)
    assert (found.status, found.failure_code) == (ExtractionStatus.FAILED, "no_apify_token")


def test_what_runs_is_not_deleted(extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    with pytest.raises(NotAllowedNow):
        extractor.delete(extraction_id, with_leads=False)
