"""What the demonstration writes for the past agrees with itself."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from cli.demo_content import CLINIC
from cli.demo_history import Place, write_finished_campaign
from core.tenancy import system_scope, tenant_scope
from models.inbox import Conversation, Wish
from models.outgoing import Notice, NoticeKind
from services.campaigns import audit_counters
from tests.support.campaigns import add_list, add_number
from tests.support.world import TenantHandle


def test_a_finished_campaign_of_the_demonstration_passes_the_audit(
    factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        people = add_list(session, tenant.id, 30, first=390)
        numbers = [add_number(session, tenant.id), add_number(session, tenant.id)]
        place = Place(tenant.id, tenant.owner_id, people, numbers)
        write_finished_campaign(session, place, CLINIC.campaigns[0], datetime.now(UTC))
    with system_scope("test"), factory() as session:
        assert [one for one in audit_counters(session) if one.tenant_id == tenant.id] == []
        (talk,) = session.scalars(select(Conversation).where(Conversation.tenant_id == tenant.id))
        assert (talk.wish, talk.last_text) == (Wish.MAYBE, CLINIC.campaigns[0].answer)
        (notice,) = session.scalars(select(Notice).where(Notice.tenant_id == tenant.id))
        assert notice.kind == NoticeKind.CAMPAIGN_FINISHED
