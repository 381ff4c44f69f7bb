"""Tenants with campaigns, numbers at the sandbox and recipients, written straight into the tables."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from core.crypto import key_ring
from core.tenancy import system_scope
from models.campaigns import (
    Campaign,
    CampaignContact,
    CampaignCounts,
    CampaignInstance,
    CampaignLog,
    CampaignMessage,
)
from models.instances import Instance, WebhookDelivery
from tests.support import world

Factory = sessionmaker[Session]
COUNTED = ("pending", "sending", "sent", "failed", "unconfirmed", "suppressed", "invalid", "cancelled", "expired")


def phones(count: int, *, ddd: int = 11, first: int = 10_001) -> list[str]:
    """Fictitious numbers whose last four digits are not magic."""
    found: list[str] = []
    number = first
    while len(found) < count:
        if number % 10_000 > 1_000:
            found.append(f"55{ddd}9000{number:05d}")
        number += 1
    return found


@dataclass
class Scene:
    """One tenant's numbers and campaigns."""

    factory: Factory
    tenant_id: int

    @classmethod
    def open(cls, factory: Factory, *, plan: str = "infinito") -> "Scene":
        return cls(factory, world.make_tenant(factory, plan=plan).id)

    def add_number(self, base_url: str, **columns: Any) -> int:
        """A connected sandbox number without a gap."""
        key = columns.pop("instance_key", f"demo-{secrets.token_hex(6)}")
        values: dict[str, Any] = {
            "name": key,
            "connector": "mega_api",
            "base_url": base_url,
            "instance_key": key,
            "sealed_credentials": key_ring().seal(
                json.dumps({"token": "token-" + key}), bound_to=f"instances:{self.tenant_id}:{key}"
            ),
            "webhook_token_hash": secrets.token_hex(32),
            "sealed_webhook_token": "-",
            "status": "connected",
            "min_interval_ms": 0,
            "max_interval_ms": 0,
            "is_sandbox": True,
        }
        with self._write() as session:
            number = Instance(tenant_id=self.tenant_id, **(values | columns))
            session.add(number)
            session.flush()
            return number.id

    def add_campaign(
        self,
        numbers: Sequence[int],
        recipients: Iterable[str],
        *,
        texts: Sequence[str] = ("Olá, {nome}!",),
        **columns: Any,
    ) -> int:
        """A running campaign with its pending recipients."""
        listed = list(recipients)
        values = {"name": "Campanha", "status": "running", "exit_line": False, "started_at": datetime.now(UTC)}
        with self._write() as session:
            campaign = Campaign(tenant_id=self.tenant_id, **(values | columns))
            session.add(campaign)
            session.flush()
            who = {"tenant_id": self.tenant_id, "campaign_id": campaign.id}
            session.add(CampaignCounts(**who, total=len(listed), pending=len(listed)))
            session.add_all(CampaignInstance(**who, instance_id=number) for number in numbers)
            session.add_all(CampaignMessage(**who, position=place, content=one) for place, one in enumerate(texts))
            session.flush()
            session.execute(
                text(
                    "INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, name)"
                    " SELECT :tenant_id, :campaign_id, p, p, 'Pessoa ' || right(p, 4)"
                    " FROM unnest(CAST(:phones AS text[])) p"
                ),
                who | {"phones": listed},
            )
            return campaign.id

    def add_inbox(self, instance_id: int, *bodies: dict[str, Any]) -> None:
        """Webhook calls as the door stores them."""
        with self._write() as session:
            session.add_all(
                WebhookDelivery(tenant_id=self.tenant_id, instance_id=instance_id, body=json.dumps(body).encode())
                for body in bodies
            )

    def counts(self, campaign_id: int) -> dict[str, int]:
        """The counters' row, checked against the rows themselves."""
        with system_scope("test"), self.factory() as session:
            # One snapshot for both readings: the engine is writing meanwhile.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            row = session.get_one(CampaignCounts, (self.tenant_id, campaign_id))
            names = (*COUNTED, "total", "delivered", "read", "replied")
            found = {name: getattr(row, name) for name in names}
            by_state = dict(
                session.execute(
                    select(CampaignContact.status, func.count())
                    .where(CampaignContact.tenant_id == self.tenant_id, CampaignContact.campaign_id == campaign_id)
                    .group_by(CampaignContact.status)
                ).all()
            )
        counted = {str(state): count for state, count in by_state.items()}
        taken = counted.get("sent", 0) + counted.get("delivered", 0) + counted.get("read", 0)
        assert found["total"] == sum(counted.values()) == sum(found[name] for name in COUNTED)
        assert found["sent"] == taken, (found, counted)
        for name in COUNTED:
            if name != "sent":
                assert found[name] == counted.get(name, 0), (name, found, counted)
        return found

    def contacts(self, campaign_id: int) -> dict[str, CampaignContact]:
        """Phone -> ledger row."""
        with system_scope("test"), self.factory() as session:
            rows = session.scalars(
                select(CampaignContact).where(
                    CampaignContact.tenant_id == self.tenant_id, CampaignContact.campaign_id == campaign_id
                )
            )
            return {row.phone: row for row in rows}

    def number(self, instance_id: int) -> Instance:
        with system_scope("test"), self.factory() as session:
            return session.get_one(Instance, (self.tenant_id, instance_id))

    def campaign(self, campaign_id: int) -> Campaign:
        with system_scope("test"), self.factory() as session:
            return session.get_one(Campaign, (self.tenant_id, campaign_id))

    def logs(self, campaign_id: int) -> list[CampaignLog]:
        """The campaign's story in its order."""
        with system_scope("test"), self.factory() as session:
            rows = session.scalars(
                select(CampaignLog)
                .where(CampaignLog.tenant_id == self.tenant_id, CampaignLog.campaign_id == campaign_id)
                .order_by(CampaignLog.id)
            )
            return list(rows)

    def run_sql(self, statement: str, **values: Any) -> list[Any]:
        """A statement as an operator would type it."""
        with self._write() as session:
            result = session.execute(text(statement), values | {"tenant_id": self.tenant_id})
            return list(result) if result.returns_rows else []

    def _write(self) -> Any:
        return _SystemTransaction(self.factory)


class _SystemTransaction:
    def __init__(self, factory: Factory) -> None:
        self.factory = factory

    def __enter__(self) -> Session:
        self.scope = system_scope("test")
        self.scope.__enter__()
        self.session = self.factory()
        return self.session

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self.session.commit()
        finally:
            self.session.close()
            self.scope.__exit__(kind, error, trace)
