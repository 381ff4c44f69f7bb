"""A whole house for faults: database, web process and provider for a module, a tenant with numbers for each test."""

import asyncio
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from connectors.whatsapp import connector
from core.crypto import fingerprint, key_ring
from core.http import send
from core.tenancy import system_scope
from models.accounts import Directory
from models.campaigns import Campaign
from services.campaigns import audit_counters
from services.instances import open_account
from services.sending import Daemon, Engine, Tuning
from tests.services.sending.scene import COUNTED, Scene
from tests.support import world
from tests.support.sandbox_process import SandboxProcess
from tests.support.web_process import WebProcess

BOOKS = {"mega_api": "mega", "evolution": "evolution", "waha": "waha"}
CREDENTIALS = {"mega_api": "token", "evolution": "api_key", "waha": "api_key"}
ANSWERED = ("sent", "delivered", "read")
QUICK = Tuning(
    send_seconds=1.0,
    status_every=0.3,
    status_recheck_seconds=1.0,
    unclear_rest_seconds=4.0,
    recover_every=1.0,
    inbox_every=0.1,
)
"""The engine's own times, shortened where a test would only wait for them."""


@dataclass
class House:
    """What a module of fault tests shares."""

    factory: sessionmaker[Session]
    database_url: str
    web: WebProcess
    provider: SandboxProcess

    def empty(self) -> None:
        """A provider that has forgotten everything; what earlier tests left never runs again."""
        self.provider.reset(instances=True)
        with system_scope("test"), self.factory.begin() as session:
            session.execute(
                update(Campaign)
                .where(Campaign.tenant_id > 0, Campaign.status.in_(("running", "waiting_quota", "waiting_window")))
                .values(status="cancelled")
            )

    def open_shop(self) -> "Shop":
        """One more tenant."""
        owner = world.make_tenant(self.factory)
        return Shop(self, Scene(self.factory, owner.id), self.web.sign_in(owner.email, owner.password))

    def drifts(self) -> list[Any]:
        """What the audit of all counters finds."""
        with system_scope("test"), self.factory() as session:
            return list(audit_counters(session))


@dataclass
class Shop:
    """A tenant of a house."""

    house: House
    scene: Scene
    headers: dict[str, str]

    def add_number(self, kind: str = "mega_api", *, is_heard: bool = True, **columns: Any) -> int:
        """A connected number; when it is to be heard, its webhooks reach the house's own door."""
        key, token, provider = f"demo-{secrets.token_hex(6)}", secrets.token_urlsafe(32), connector(kind)
        credentials = {CREDENTIALS[kind]: f"token-{key}"}
        base_url = f"{self.house.provider.url}/{BOOKS[kind]}"
        seal = key_ring().seal
        bound_to = f"instances:{self.scene.tenant_id}:{key}"
        number = self.scene.add_number(
            base_url,
            instance_key=key,
            connector=kind,
            sealed_credentials=seal(json.dumps(credentials), bound_to=bound_to),
            sealed_webhook_token=seal(token, bound_to=bound_to + ":webhook"),
            webhook_token_hash=fingerprint(token),
            **columns,
        )
        with system_scope("test"), self.house.factory.begin() as session:
            entry = {"kind": "instance_webhook", "key": fingerprint(token)}
            session.add(Directory(**entry, tenant_id=self.scene.tenant_id, target_id=number))
        if not is_heard:
            return number
        account = open_account(self.scene.tenant_id, base_url, key, json_sealed(self.scene, number))
        url = f"{self.house.web.url}/webhooks/whatsapp/{token}"
        for request in (
            provider.create(account, url=url, secret=token),
            provider.set_webhook(account, url=url, secret=token),
        ):
            if request is not None:
                send(request)
        return number

    def shown(self, campaign: int) -> dict[str, Any]:
        """The campaign as the API shows it."""
        answer: dict[str, Any] = self.house.web.get(f"/api/campaigns/{campaign}", self.headers)
        return answer

    def unconfirmed(self, campaign: int) -> Counter[int]:
        """Number -> how many of its messages stand as unconfirmed."""
        rows = self.scene.run_sql(
            "SELECT instance_id, count(*) FROM campaign_contacts WHERE tenant_id = :tenant_id"
            " AND campaign_id = :campaign AND status = 'unconfirmed' GROUP BY 1",
            campaign=campaign,
        )
        return Counter({row[0]: row[1] for row in rows})

    def let_time_pass(self) -> None:
        """As if the minutes until the next attempt and the rests of the numbers were over, and a person had resumed
        what had stopped."""
        self.scene.run_sql(
            "UPDATE campaign_contacts SET next_attempt_at = now() WHERE tenant_id = :tenant_id AND status = 'pending'"
            " AND next_attempt_at > now()"
        )
        self.scene.run_sql(
            "UPDATE instances SET held_until = NULL, status = 'connected', health_score = GREATEST(health_score, 60)"
            " WHERE tenant_id = :tenant_id AND (held_until > now() OR status <> 'connected')"
        )


def json_sealed(scene: Scene, number: int) -> str:
    sealed: str = scene.number(number).sealed_credentials
    return sealed


@dataclass
class Sampler:
    """Asks the API for a campaign's counts again and again, in a thread, and keeps each that doesn't add up."""

    shop: Shop
    campaigns: Sequence[int]
    every_seconds: float = 1.0
    samples: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    most_unconfirmed: int = 0
    """The most messages of one number that stood as unconfirmed at once."""

    def __enter__(self) -> "Sampler":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._over.is_set():
            for campaign in self.campaigns:
                counts = self.shop.shown(campaign)["counts"]
                self.samples += 1
                self.most_unconfirmed = max([self.most_unconfirmed, *self.shop.unconfirmed(campaign).values()])
                if counts["total"] != sum(counts[name] for name in COUNTED) or not _is_sane(counts):
                    self.wrong.append(counts)
            self._over.wait(self.every_seconds)


def _is_sane(counts: dict[str, int]) -> bool:
    return min(counts.values()) >= 0 and counts["sent"] >= counts["delivered"] >= counts["read"]


def while_sending(house: House, story: Callable[[], None], *, tuning: Tuning = QUICK, redis_url: str = "") -> None:
    """A whole daemon in this process for as long as the story takes."""

    async def lived() -> None:
        engine = Engine(house.factory, tuning, rng=Random(11))
        daemon = asyncio.create_task(Daemon(engine, redis_url=redis_url).run())
        try:
            await asyncio.to_thread(story)
        finally:
            engine.stop()
            await daemon

    asyncio.run(lived())


def assert_honest(shop: Shop, campaign: int, book: str) -> dict[str, int]:
    """Nobody twice; who the provider lacks is shown as such; who it has is never shown as still to be sent; the
    counters add up (`Scene.counts` holds them against the rows)."""
    summary = shop.house.provider.summary(book)
    assert summary["duplicates"] == {}
    taken = set(summary["phones"])
    for phone, row in shop.scene.contacts(campaign).items():
        allowed = {*ANSWERED, "unconfirmed", "sending"} if phone in taken else {
            "pending", "failed", "unconfirmed", "sending", "invalid", "suppressed"
        }  # fmt: skip
        assert row.status in allowed, (phone, row.status, row.reason, phone in taken)
        assert row.status not in ("failed", "invalid", "suppressed") or row.reason, (phone, row.status)
    return shop.scene.counts(campaign)


def settled_share(shop: Shop, campaign: int, book: str) -> float:
    """Of those the provider took, how many are shown as sent, delivered or read."""
    taken = set(shop.house.provider.summary(book)["phones"])
    rows = shop.scene.contacts(campaign)
    mine = [phone for phone in taken if phone in rows]
    return sum(rows[phone].status in ANSWERED for phone in mine) / len(mine) if mine else 1.0
