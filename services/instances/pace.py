"""The shortest gap a number may have, by the tenant's plan and the number's connector."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.whatsapp import UnknownConnector, connector
from core.errors import InvalidInput
from models.instances import PaceFloor
from services.accounts import PlanLimits, entitlement_of, require_plan
from services.instances.warm_up import is_unofficial


@dataclass(frozen=True, slots=True)
class Floors:
    """The platform's table: (plan, connector) -> milliseconds."""

    rows: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, plan: PlanLimits, connector_name: str, *, is_sandbox: bool = False) -> int:
        """A row of the table, else the plan's own floor; official connectors have none of their own, the sandbox
        none at all."""
        if is_sandbox:
            return 0
        own = plan.pace_floor_ms if is_unofficial(connector_name) else 0
        return self.rows.get((plan.slug, connector_name), own)


def floors_of(session: Session) -> Floors:
    """Every row: they are a handful."""
    rows = session.execute(select(PaceFloor.plan_slug, PaceFloor.connector, PaceFloor.floor_ms))
    return Floors({(slug, name): floor for slug, name, floor in rows})


def pace_floor_of(
    session: Session, tenant_id: int, connector_name: str, now: datetime, *, is_sandbox: bool = False
) -> int:
    """The shortest gap of a number of this tenant, in milliseconds."""
    plan = entitlement_of(session, tenant_id, now).plan
    return floors_of(session).of(plan, connector_name, is_sandbox=is_sandbox)


def set_pace_floor(session: Session, plan_slug: str, connector_name: str, floor_ms: int) -> None:
    """This plan's numbers of this connector keep at least this gap, from the next look on. NoSuchPlan."""
    require_plan(session, plan_slug)
    try:
        connector(connector_name)
    except UnknownConnector:
        raise InvalidInput(f"Não há conector chamado {connector_name}.") from None
    values = {"plan_slug": plan_slug, "connector": connector_name, "floor_ms": floor_ms}
    statement = insert(PaceFloor).values(values)
    key = [PaceFloor.plan_slug, PaceFloor.connector]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_={"floor_ms": floor_ms}))
