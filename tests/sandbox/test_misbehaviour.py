"""The switches: seeded, checked, and each doing what it says."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess


def phone(number: int) -> str:
    return f"55119{number:06d}11"


def statuses(mega: MegaClient, count: int) -> list[int]:
    return [mega.send(phone(number)).status_code for number in range(count)]


def test_a_seed_repeats_the_same_luck(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=0.5, seed=7)
    first = statuses(mega, 24)
    sandbox.control("mega", seed=7)
    assert statuses(mega, 24) == first
    assert set(first) == {200, 500}


def test_other_calls_do_not_disturb_the_luck_of_sends(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=0.5, seed=7)
    first = statuses(mega, 12)
    sandbox.control("mega", seed=7)
    mega.status()
    assert statuses(mega, 12) == first


def test_failing_sends_are_not_accepted_and_count_up_with_the_rest(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=0.5, seed=1)
    answers = statuses(mega, 30)
    figures = sandbox.summary("mega")
    assert figures["accepted"] == answers.count(200)
    assert figures["refused"] == answers.count(500)


def test_fail_of_one_takes_the_whole_provider_down(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=1)
    assert mega.status().status_code == 500
    sandbox.control("mega", fail=0)
    assert mega.status().status_code == 200


def test_throttle_answers_429(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", throttle=1)
    answer = mega.send(phone(1))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert mega.status().headers["Retry-After"] == "2"


def test_drop_resets_before_anything_is_read(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", drop=1)
    with pytest.raises(requests.ConnectionError):
        mega.send(phone(1))
    assert sandbox.ledger("mega") == []


def test_silent_sends_are_accepted_and_closed_after_a_while(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", silent=1, hang_ms=300)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        mega.send(phone(1))
    assert 0.25 < time.monotonic() - began < 2
    (entry,) = sandbox.ledger("mega")
    assert (entry["accepted"], entry["answered"]) == (True, False)
    assert mega.status().status_code == 200


def test_latency_delays_the_answer_not_the_acceptance(mega: MegaClient, sandbox: SandboxProcess) -> None:
    sandbox.control("mega", latency_ms=600)
    with pytest.raises(requests.ReadTimeout):
        mega.send(phone(1), seconds=0.2)
    time.sleep(0.7)
    (entry,) = sandbox.ledger("mega")
    assert (entry["accepted"], entry["answered"]) == (True, False)
    began = time.monotonic()
    assert mega.send(phone(2)).status_code == 200
    assert time.monotonic() - began >= 0.6


def test_switches_not_named_stay(sandbox: SandboxProcess) -> None:
    sandbox.control("mega", fail=0.25)
    shown = sandbox.control("mega", latency_ms=10)["providers"]["mega"]
    assert (shown["fail"], shown["latency_ms"]) == (0.25, 10)
    assert sandbox.get("/sandbox/control").json()["providers"]["mega"] == shown


def test_a_star_means_every_provider(sandbox: SandboxProcess) -> None:
    shown = sandbox.control("*", latency_ms=5, silent=0.5)["providers"]
    assert {provider: switches["latency_ms"] for provider, switches in shown.items()} == dict.fromkeys(shown, 5)
    assert "silent" not in shown["hotmart"]


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"provider": "nobody"},
        {"provider": "mega", "fail": 3},
        {"provider": "mega", "fail": "0.5"},
        {"provider": "mega", "fail": True},
        {"provider": "mega", "latency_ms": -1},
        {"provider": "mega", "latency_ms": 1.5},
        {"provider": "mega", "seed": "x"},
        {"provider": "mega", "receipt_delay_ms": [1, 2]},
        {"provider": "mega", "receipt_delay_ms": 5},
        {"provider": "mega", "failure": 0.5},
        {"provider": "hotmart", "reorder": 0.5},
    ],
)
def test_nonsense_is_a_400_with_a_sentence_and_changes_nothing(
    sandbox: SandboxProcess, request_body: dict[str, Any]
) -> None:
    before = sandbox.get("/sandbox/control").json()
    answer = sandbox.post("/sandbox/control", json=request_body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(".")
    assert sandbox.get("/sandbox/control").json() == before


@pytest.mark.parametrize("body", ["{", "[1]", '"mega"'])
def test_a_body_that_is_no_object_is_a_400(sandbox: SandboxProcess, body: str) -> None:
    answer = sandbox.post("/sandbox/control", data=body)
    assert (answer.status_code, "JSON" in answer.json()["error"]["message"]) == (400, True)


def test_a_useless_switch_at_its_default_is_let_pass(sandbox: SandboxProcess) -> None:
    assert sandbox.control("hotmart", reorder=0, fail=0, latency_ms=1)["providers"]["hotmart"]["latency_ms"] == 1


def test_the_form_of_the_index_page_does_the_same(sandbox: SandboxProcess) -> None:
    form = {"provider": "mega", "fail": "0,5", "latency_ms": "20", "seed": "9", "receipt_delay_ms": "1 2 3"}
    assert sandbox.post("/sandbox/control/form", data=form).status_code == 200
    shown = sandbox.get("/sandbox/control").json()["providers"]["mega"]
    assert (shown["fail"], shown["latency_ms"], shown["seed"]) == (0.5, 20, 9)
    assert shown["receipt_delay_ms"] == [1, 2, 3]
    assert sandbox.post("/sandbox/control/form", data={"provider": "mega", "fail": "muito"}).status_code == 400
