"""WhatsApp numbers: add, connect by QR, know their status, test, pause, and keep what their providers call in."""

from services.instances.accounts import account_of, open_account, seal_credentials
from services.instances.calls import (
    ConnectStep,
    TestResult,
    apply_connect,
    apply_refresh,
    apply_test,
    prepare_connect,
    prepare_refresh,
    prepare_test,
)
from services.instances.change import (
    NewInstance,
    create_instance,
    delete_instance,
    pause_instance,
    resume_instance,
    update_instance,
)
from services.instances.direct import DirectContent, queue_direct
from services.instances.events import Arrived, MessagesArrived
from services.instances.find import (
    InstanceFigures,
    figures_of,
    health_status,
    instance_of,
    instances_of,
    is_healthy,
    status_label,
    webhook_url,
)
from services.instances.inbox import find_webhook_owner, store_webhook
from services.instances.set_up import (
    apply_restart,
    apply_webhook_set_up,
    challenge_of,
    prepare_restart,
    prepare_webhook_set_up,
    reach_of,
    set_up_problem,
    set_up_steps,
)
from services.instances.templates import TemplatesNotRead, apply_templates, prepare_templates, templates_of

__all__ = [
    "Arrived",
    "ConnectStep",
    "DirectContent",
    "InstanceFigures",
    "MessagesArrived",
    "NewInstance",
    "TemplatesNotRead",
    "TestResult",
    "account_of",
    "apply_connect",
    "apply_refresh",
    "apply_restart",
    "apply_templates",
    "apply_test",
    "apply_webhook_set_up",
    "challenge_of",
    "create_instance",
    "delete_instance",
    "figures_of",
    "find_webhook_owner",
    "health_status",
    "instance_of",
    "instances_of",
    "is_healthy",
    "open_account",
    "pause_instance",
    "prepare_connect",
    "prepare_refresh",
    "prepare_restart",
    "prepare_templates",
    "prepare_test",
    "prepare_webhook_set_up",
    "queue_direct",
    "reach_of",
    "resume_instance",
    "seal_credentials",
    "set_up_problem",
    "set_up_steps",
    "status_label",
    "store_webhook",
    "templates_of",
    "update_instance",
    "webhook_url",
]
