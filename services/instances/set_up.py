"""Making a number ready at its provider, in two halves each: exist, be called back, wake up. The door commits between
them and sends."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.whatsapp import Done, NotOffered, Refused, Unclear, connector, webhook_challenge
from core.http_messages import HttpAnswer, HttpRequest
from models.instances import Instance
from services.instances.accounts import account_of, webhook_token
from services.instances.find import instance_of, webhook_url
from services.instances.inbox import find_webhook_owner

UNCLEAR_CALL = "O provedor não respondeu de forma clara. Tente de novo em instantes."

Step = tuple[Callable[[Session], HttpRequest], Callable[[Session, HttpAnswer], str]]
"""The two halves of one call; the second answers with a sentence, empty when all is well."""


def set_up_steps(session: Session, tenant_id: int, instance_id: int, *, app_url: str) -> list[Step]:
    """The calls that make a new number usable, in their order: create it where the provider can, then tell the
    provider where to call us. Judge their sentences with `set_up_problem`."""
    instance = instance_of(session, tenant_id, instance_id)
    steps: list[Step] = [
        (
            lambda session: prepare_webhook_set_up(session, tenant_id, instance_id, app_url=app_url),
            lambda session, answer: apply_webhook_set_up(session, tenant_id, instance_id, answer),
        )
    ]
    if connector(instance.connector).info.creates_instances:
        create = partial(_prepare_create, tenant_id=tenant_id, instance_id=instance_id, app_url=app_url)
        steps.insert(0, (create, partial(_apply_create, tenant_id=tenant_id, instance_id=instance_id)))
    return steps


def set_up_problem(sentences: Sequence[str]) -> str:
    """What to tell of the steps' sentences: nothing while the last step went well (an instance that exists already
    can refuse to be created with its own token), else the first cause."""
    return next((one for one in sentences if one), "") if sentences and sentences[-1] else ""


def reach_of(instance: Instance) -> tuple[str, str]:
    """Where and as whom the provider is reached. When an edit changes it, the provider has to be told again where to
    call us: another server knows nothing of us, and another key may be another account's."""
    return instance.base_url, instance.sealed_credentials


def prepare_webhook_set_up(session: Session, tenant_id: int, instance_id: int, *, app_url: str) -> HttpRequest:
    """Tell the provider where to call us."""
    instance = instance_of(session, tenant_id, instance_id)
    url, secret = webhook_url(instance, app_url), webhook_token(instance)
    return connector(instance.connector).set_webhook(account_of(instance), url=url, secret=secret)


def apply_webhook_set_up(session: Session, tenant_id: int, instance_id: int, answer: HttpAnswer) -> str:
    """A sentence when the provider didn't take the address, empty when it did."""
    instance = instance_of(session, tenant_id, instance_id)
    problem = _sentence(connector(instance.connector).read_set_webhook(answer))
    if problem:
        row = update(Instance).where(Instance.tenant_id == tenant_id, Instance.id == instance_id)
        session.execute(row.values(last_error=problem))
    return problem


def prepare_restart(session: Session, tenant_id: int, instance_id: int) -> HttpRequest:
    """The call that wakes a sleeping number; NotOffered where there is none."""
    instance = instance_of(session, tenant_id, instance_id)
    request = connector(instance.connector).restart(account_of(instance))
    if request is None:
        raise NotOffered(instance.connector)
    return request


def apply_restart(session: Session, tenant_id: int, instance_id: int, answer: HttpAnswer) -> str:
    """A sentence when it didn't wake, empty when it did."""
    instance = instance_of(session, tenant_id, instance_id)
    return _sentence(connector(instance.connector).read_restart(answer))


def challenge_of(session: Session, token: str, query: Mapping[str, str]) -> str | None:
    """What to give back to Meta's GET on a webhook's address; None for a stranger."""
    challenge = webhook_challenge(token, query)
    return challenge if challenge is not None and find_webhook_owner(session, token) is not None else None


def _prepare_create(session: Session, *, tenant_id: int, instance_id: int, app_url: str) -> HttpRequest:
    instance = instance_of(session, tenant_id, instance_id)
    url, secret = webhook_url(instance, app_url), webhook_token(instance)
    request = connector(instance.connector).create(account_of(instance), url=url, secret=secret)
    if request is None:
        raise NotOffered(instance.connector)
    return request


def _apply_create(session: Session, answer: HttpAnswer, *, tenant_id: int, instance_id: int) -> str:
    instance = instance_of(session, tenant_id, instance_id)
    return _sentence(connector(instance.connector).read_create(answer))


def _sentence(outcome: Done | Refused | Unclear) -> str:
    if isinstance(outcome, Done):
        return ""
    return outcome.message if isinstance(outcome, Refused) else UNCLEAR_CALL
