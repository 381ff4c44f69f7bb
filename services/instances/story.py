"""What a person does to a number, told in the story of every campaign that is sending through it."""

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from models.campaigns import ACTIVE, Campaign, CampaignInstance, CampaignLog, LogType, Severity
from models.instances import Instance


def tell_campaigns(
    session: Session, tenant_id: int, instance_id: int, log_type: LogType, message: str, *, actor: int | None
) -> None:
    """One line in each active campaign of this number, with who did it."""
    lines = (
        select(
            literal(tenant_id),
            Campaign.id,
            literal(log_type.value),
            literal(Severity.INFO.value),
            literal(message),
            Instance.id,
            Instance.health_score,
            literal(actor),
        )
        .join(
            CampaignInstance,
            (CampaignInstance.tenant_id == Campaign.tenant_id) & (CampaignInstance.campaign_id == Campaign.id),
        )
        .join(
            Instance,
            (Instance.tenant_id == CampaignInstance.tenant_id) & (Instance.id == CampaignInstance.instance_id),
        )
        .where(Campaign.tenant_id == tenant_id, Campaign.status.in_(ACTIVE), Instance.id == instance_id)
    )
    columns = (
        "tenant_id",
        "campaign_id",
        "log_type",
        "severity",
        "message",
        "instance_id",
        "instance_health_score",
        "created_by",
    )
    session.execute(insert(CampaignLog).from_select(columns, lines))
