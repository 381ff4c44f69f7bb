"""A sandbox for each test process, emptied before every test, and a receiver in place of the app."""

from collections.abc import Iterator

import pytest

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver

HOTTOK = "hottok-of-the-tests"


@pytest.fixture(scope="session")
def running_receiver() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def running_sandbox(running_receiver: WebhookReceiver) -> Iterator[SandboxProcess]:
    with SandboxProcess("--app-url", running_receiver.url, "--hottok", HOTTOK) as process:
        yield process


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    running_sandbox.reset(instances=True)
    return running_sandbox


@pytest.fixture
def receiver(sandbox: SandboxProcess, running_receiver: WebhookReceiver) -> WebhookReceiver:
    running_receiver.clear()
    return running_receiver


@pytest.fixture
def mega(sandbox: SandboxProcess) -> MegaClient:
    """A client of a connected instance, without a webhook."""
    return MegaClient(sandbox.mega_url, "demo-loja")


@pytest.fixture
def mega_with_webhook(mega: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver) -> MegaClient:
    """The same with a webhook and receipts at once."""
    sandbox.control("mega", receipt_delay_ms=[0, 0, 0], reply_delay_ms=0)
    mega.set_webhook(f"{receiver.url}/webhooks/whatsapp/segredo")
    return mega
