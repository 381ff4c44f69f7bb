"""Apify in the sandbox: the connector's own words, runs that take their time, and every way they go wrong."""

from typing import Any

import pytest

from connectors import apify
from connectors.apify import ApifyAccount, RefusalCode, Refused, Run, RunStatus, Search
from core.http import HttpAnswer, HttpRequest, configure, send
from core.phone import PhoneKind, normalise
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually

SEARCH = Search("dentistas", "Campinas, SP", 60)
ACTOR = apify.GOOGLE_MAPS_ACTOR


class Client:
    """The product's side of the wire."""

    def __init__(self, sandbox: SandboxProcess, token: str = "apify_api_teste") -> None:
        configure(allow_private_hosts=True)
        self.account = ApifyAccount(sandbox.addresses["apify"], token)

    def start(self, search: Search = SEARCH, webhook_url: str = "") -> Run:
        run = apify.read_run(self.try_to_start(search, webhook_url))
        assert isinstance(run, Run), run
        return run

    def try_to_start(self, search: Search = SEARCH, webhook_url: str = "") -> HttpAnswer:
        return send(apify.start_run(self.account, ACTOR, search, max_usd_micros=10**6, webhook_url=webhook_url))

    def run(self, run: Run) -> Run:
        found = apify.read_run(send(apify.get_run(self.account, run.id)))
        assert isinstance(found, Run), found
        return found

    def ended(self, run: Run) -> Run:
        return eventually(lambda: one if (one := self.run(run)).status.is_final else None) or self.run(run)

    def places(self, run: Run, limit: int = 500) -> list[apify.Place]:
        found: list[apify.Place] = []
        offset: int | None = 0
        while offset is not None:
            request = apify.dataset_items(self.account, run.dataset_id, offset=offset, limit=limit)
            page = apify.read_items(send(request), offset=offset, limit=limit)
            assert isinstance(page, apify.Items), page
            found += page.places
            offset = page.next_offset
        return found


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    sandbox.control("apify", run_ms=100)
    return Client(sandbox)


def test_a_run_begins_finds_more_and_more_and_ends(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.control("apify", run_ms=1500)
    run = client.start()
    assert run.status is RunStatus.READY
    some = eventually(lambda: client.places(run))
    assert 0 < len(some) < 60
    done = client.ended(run)
    assert done.status is RunStatus.SUCCEEDED
    assert len(client.places(run)) == 60
    assert done.cost_usd_micros == 60_000


def test_pages_of_a_dataset_add_up(client: Client) -> None:
    run = client.ended(client.start())
    whole = client.places(run)
    assert client.places(run, limit=7) == whole
    assert len({place.place_id for place in whole}) == 60


def test_places_are_of_the_city_and_their_phones_are_not_in_use(client: Client) -> None:
    places = client.places(client.ended(client.start()))
    assert {place.city for place in places} == {"Campinas"}
    phones = [normalise(place.phone) for place in places if place.phone]
    assert all(phone and phone.kind is PhoneKind.MOBILE and phone.digits.startswith("551990000") for phone in phones)
    assert 0 < len([place for place in places if not place.phone]) < 10
    assert len({phone.digits for phone in phones if phone}) < len(phones), "some share a phone"


def test_the_same_search_finds_the_same_places_and_another_does_not(client: Client) -> None:
    first, again = (client.places(client.ended(client.start())) for _ in range(2))
    other = client.places(client.ended(client.start(Search("pet shops", "Campinas, SP", 60))))
    assert first == again
    assert not {place.place_id for place in first} & {place.place_id for place in other}


def test_a_webhook_tells_of_the_end(client: Client, receiver: WebhookReceiver) -> None:
    run = client.start(webhook_url=f"{receiver.url}/webhooks/apify/segredo")
    # A lane of the courier may still be waiting for somebody's receiver that hangs.
    assert eventually(lambda: receiver.received, seconds=30)
    (one,) = receiver.received
    assert one.path == "/webhooks/apify/segredo"
    assert apify.read_webhook(one.body) == apify.RunHint(run.id, "ACTOR.RUN.SUCCEEDED")


def test_a_webhook_comes_several_times_or_never(
    sandbox: SandboxProcess, client: Client, receiver: WebhookReceiver
) -> None:
    sandbox.control("apify", duplicate=1, copies=2)
    client.start(webhook_url=f"{receiver.url}/twice")
    assert eventually(lambda: len(receiver.received) == 2)
    sandbox.control("apify", duplicate=0, lost_webhook=1)
    client.ended(client.start(webhook_url=f"{receiver.url}/never"))
    sandbox.post("/sandbox/maps/1/webhook").raise_for_status()
    assert eventually(lambda: len(receiver.received) >= 3)
    assert {one.path for one in receiver.received} == {"/twice"}


@pytest.mark.parametrize(
    ("switch", "status", "found"),
    [
        ("actor_fails", RunStatus.FAILED, 0),
        ("times_out", RunStatus.TIMED_OUT, 30),
        ("no_places", RunStatus.SUCCEEDED, 0),
    ],
)
def test_runs_end_badly_on_demand(
    sandbox: SandboxProcess, client: Client, switch: str, status: RunStatus, found: int
) -> None:
    switches: dict[str, Any] = {switch: 1}
    sandbox.control("apify", **switches)
    run = client.ended(client.start())
    assert (run.status, len(client.places(run))) == (status, found)


def test_without_credit_nothing_begins(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.control("apify", no_credit=1)
    assert apify.read_run(client.try_to_start()) == Refused(RefusalCode.CREDIT)
    assert apify.read_runs(send(apify.list_runs(client.account, ACTOR))) == []
    (entry,) = sandbox.ledger("apify")
    assert (entry["accepted"], entry["to"]) == (False, "Campinas, SP")


def test_a_silent_start_has_begun_and_can_be_found_by_its_input(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.control("apify", silent=1, hang_ms=50)
    assert isinstance(apify.read_run(client.try_to_start()), apify.Unclear)
    runs = apify.read_runs(send(apify.list_runs(client.account, ACTOR)))
    assert isinstance(runs, list)
    (run,) = runs
    assert apify.is_input_of(send(apify.run_input(client.account, run)), SEARCH)


def test_an_abort_ends_a_run_and_leaves_an_ended_one_alone(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.control("apify", run_ms=60_000)
    run = client.start()
    aborted = apify.read_run(send(apify.abort_run(client.account, run.id)))
    assert isinstance(aborted, Run)
    assert aborted.status is RunStatus.ABORTED
    sandbox.control("apify", run_ms=0)
    done = client.start()
    again = apify.read_run(send(apify.abort_run(client.account, done.id)))
    assert isinstance(again, Run)
    assert again.status is RunStatus.SUCCEEDED


def refusal(request: HttpRequest) -> object:
    found = apify.read_run(send(request))
    return found.code if isinstance(found, Refused) else found


def test_a_wrong_token_and_another_accounts_run_are_refused(sandbox: SandboxProcess, client: Client) -> None:
    run = client.start()
    stranger = Client(sandbox, "apify_api_outro")
    assert refusal(apify.get_run(stranger.account, run.id)) is RefusalCode.NOT_FOUND
    assert refusal(apify.get_run(Client(sandbox, "invalid-1").account, run.id)) is RefusalCode.TOKEN
    owner = apify.read_owner(send(apify.verify_token(client.account)))
    assert isinstance(owner, apify.Owner)
    assert owner.username.startswith("sandbox-")
    limits = apify.read_limits(send(apify.account_limits(client.account)))
    assert isinstance(limits, apify.Limits)
    assert limits.most_usd_micros == 5_000_000


def test_runs_survive_a_restart(tmp_path: Any) -> None:
    with SandboxProcess("--data-dir", str(tmp_path)) as process:
        process.control("apify", run_ms=0)
        run = Client(process).start()
    with SandboxProcess("--data-dir", str(tmp_path)) as process:
        assert Client(process).ended(run).status is RunStatus.SUCCEEDED
