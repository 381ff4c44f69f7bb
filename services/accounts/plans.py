"""Plans: what each allows, and which Hotmart product buys which."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.accounts import Plan, PlanMapping
from services.accounts.creation import require_plan

ANY_PRODUCT: Final = "*"
ANY_OFFER: Final = ""


@dataclass(frozen=True, slots=True)
class PublicPlan:
    """A plan on the price list."""

    slug: str
    name: str
    price_centavos: int
    daily_messages: int
    max_instances: int
    max_leads: int


def public_plans(session: Session) -> list[PublicPlan]:
    """What is offered, cheapest first."""
    plans = session.scalars(select(Plan).where(Plan.is_public).order_by(Plan.position, Plan.slug))
    return [
        PublicPlan(plan.slug, plan.name, plan.price_centavos, plan.daily_messages, plan.max_instances, plan.max_leads)
        for plan in plans
    ]


def change_plan(session: Session, slug: str, **limits: int) -> dict[str, Any]:
    """Change some of a plan's figures (`daily_messages`, `max_instances`, ...); NoSuchPlan. Returns all of them."""
    require_plan(session, slug)
    if limits:
        session.execute(update(Plan).where(Plan.slug == slug).values(limits))
    return plan_line(require_plan(session, slug))


def plan_lines(session: Session) -> list[dict[str, Any]]:
    """Every plan's figures, cheapest first."""
    return [plan_line(plan) for plan in session.scalars(select(Plan).order_by(Plan.position, Plan.slug))]


def plan_line(plan: Plan) -> dict[str, Any]:
    """A plan's figures as the command line prints them."""
    names = ("slug", "name", "daily_messages", "max_instances", "max_leads", "pace_floor_ms", "price_centavos")
    return {name: getattr(plan, name) for name in names}


def map_product(session: Session, product_id: str, plan_slug: str, *, offer_code: str = ANY_OFFER) -> None:
    """From now on this product (`*` = any) and offer (or Hotmart plan id; empty = any) buy the plan. NoSuchPlan."""
    require_plan(session, plan_slug)
    statement = insert(PlanMapping).values(product_id=product_id, offer_code=offer_code, plan_slug=plan_slug)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[PlanMapping.product_id, PlanMapping.offer_code], set_={"plan_slug": plan_slug}
        )
    )


def plan_bought(session: Session, product_id: str, offers: tuple[str, ...]) -> str | None:
    """The plan's slug that a purchase stands for, None when nobody mapped it.

    `offers` are the codes an event names, most telling first. A mapping that names the product wins over `*`, and
    within that one that names the offer wins over any.
    """
    wanted = [*(code for code in offers if code), ANY_OFFER]
    rows = session.execute(
        select(PlanMapping.product_id, PlanMapping.offer_code, PlanMapping.plan_slug).where(
            PlanMapping.product_id.in_([product_id, ANY_PRODUCT]), PlanMapping.offer_code.in_(wanted)
        )
    )
    found = {(row.product_id, row.offer_code): row.plan_slug for row in rows}
    order = [(product, offer) for product in (product_id, ANY_PRODUCT) for offer in wanted]
    return next((found[key] for key in order if key in found), None)
