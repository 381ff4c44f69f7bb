"""What every Python peer shares: where things are, the two statements, the request, and how an id is read."""

import json
import os
from typing import Final

DSN: Final = os.environ.get("BENCH_DSN", "")
REDIS: Final = os.environ.get("BENCH_REDIS", "")
REDIS_SOCKET: Final = REDIS.removeprefix("unix://").split("?")[0]
PROVIDER: Final = os.environ.get("BENCH_PROVIDER", "")
TENANT: Final = int(os.environ.get("BENCH_TENANT", "0"))
CAMPAIGN: Final = int(os.environ.get("BENCH_CAMPAIGN", "0"))
IN_FLIGHT: Final = int(os.environ.get("BENCH_IN_FLIGHT", "200"))
HEADERS: Final = {"Content-Type": "application/json", "Authorization": "Bearer token"}

# The peers see all rows without a scope of our own making: the connection says so once.
OPTIONS: Final = "-c app.scope=system -c timezone=UTC"
READ: Final = "SELECT phone, name FROM campaign_contacts WHERE tenant_id = {0} AND campaign_id = {1} AND id = {2}"
WRITE: Final = (
    "UPDATE campaign_contacts SET status = 'sent', provider_message_id = {0}, sent_at = now()"
    " WHERE tenant_id = {1} AND campaign_id = {2} AND id = {3}"
)


def body_of(phone: str, name: str) -> bytes:
    """The request our Mega API connector would build."""
    said = f"Olá {name}, esta é a variação 1 da nossa mensagem de teste, com um texto de tamanho comum."
    return json.dumps({"messageData": {"to": f"{phone}@s.whatsapp.net", "text": said, "linkPreview": False}}).encode()


def id_in(answer: bytes) -> str:
    """The provider's id of the message."""
    found: str = json.loads(answer)["messageData"]["key"]["id"]
    return found


def ids() -> range:
    """The ledger's ids: the harness made the rows in an empty table."""
    return range(1, int(os.environ["BENCH_COUNT"]) + 1)
