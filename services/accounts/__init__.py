"""Tenants, their people, sign-in, licences, plans, quotas, and what Hotmart tells us."""

from services.accounts.api_keys import (
    create_api_key,
    create_sign_in_key,
    find_api_key,
    note_key_used,
    person_of_key,
    remove_expired_keys,
)
from services.accounts.change_password import WrongPassword, change_password
from services.accounts.creation import (
    EmailTaken,
    NewTenant,
    NoSuchPlan,
    create_tenant,
    create_user,
    grant_manual_licence,
    new_password,
    require_plan,
    welcome_owner,
)
from services.accounts.directory import (
    AlreadyTaken,
    DirectoryEntry,
    find_in_directory,
    register_in_directory,
    remove_from_directory,
)
from services.accounts.emails import BadEmail, checked_email, normalise_email
from services.accounts.entitlement import (
    Entitlement,
    LicenceReason,
    NoLiveLicence,
    PlanLimits,
    entitlement_of,
    entitlements_of,
    require_live_licence,
)
from services.accounts.events import LicenceChanged, OneTimeLinkMade
from services.accounts.hotmart import (
    apply_hotmart_event,
    note_failure,
    open_hotmart_events,
    replay_unmapped_events,
    store_hotmart_event,
)
from services.accounts.idempotency import (
    Answer,
    KeptAnswer,
    claim_idempotency_key,
    forget_old_answers,
    keep_answer,
    release_idempotency_key,
)
from services.accounts.manners import MOST_A_WEEK, limit_messages_per_person, messages_per_person_week
from services.accounts.one_time import (
    LinkClaim,
    LinkIsOver,
    LinkOwner,
    owner_of_link,
    read_one_time_link,
    send_one_time_link,
    use_one_time_link,
)
from services.accounts.operations import NoSuchPerson, create_super_admin, require_account, tenant_lines
from services.accounts.passwords import WeakPassword
from services.accounts.permissions import PERMISSIONS, role_may
from services.accounts.plans import PublicPlan, change_plan, map_product, plan_bought, plan_lines, public_plans
from services.accounts.principal import Company, Person, load_person, parse_cookie_id, person_of_cookie
from services.accounts.reset import send_reset_link
from services.accounts.roles_table import roles_markdown
from services.accounts.sign_in import WrongCredentials, check_sign_in, find_account
from services.accounts.usage import LicenceLine, Usage, licences_of, usage_of

__all__ = [
    "MOST_A_WEEK",
    "PERMISSIONS",
    "AlreadyTaken",
    "Answer",
    "BadEmail",
    "Company",
    "DirectoryEntry",
    "EmailTaken",
    "Entitlement",
    "KeptAnswer",
    "LicenceChanged",
    "LicenceLine",
    "LicenceReason",
    "LinkClaim",
    "LinkIsOver",
    "LinkOwner",
    "NewTenant",
    "NoLiveLicence",
    "NoSuchPerson",
    "NoSuchPlan",
    "OneTimeLinkMade",
    "Person",
    "PlanLimits",
    "PublicPlan",
    "Usage",
    "WeakPassword",
    "WrongCredentials",
    "WrongPassword",
    "apply_hotmart_event",
    "change_password",
    "change_plan",
    "check_sign_in",
    "checked_email",
    "claim_idempotency_key",
    "create_api_key",
    "create_sign_in_key",
    "create_super_admin",
    "create_tenant",
    "create_user",
    "entitlement_of",
    "entitlements_of",
    "find_account",
    "find_api_key",
    "find_in_directory",
    "forget_old_answers",
    "grant_manual_licence",
    "keep_answer",
    "licences_of",
    "limit_messages_per_person",
    "load_person",
    "map_product",
    "messages_per_person_week",
    "new_password",
    "normalise_email",
    "note_failure",
    "note_key_used",
    "open_hotmart_events",
    "owner_of_link",
    "parse_cookie_id",
    "person_of_cookie",
    "person_of_key",
    "plan_bought",
    "plan_lines",
    "public_plans",
    "read_one_time_link",
    "register_in_directory",
    "release_idempotency_key",
    "remove_expired_keys",
    "remove_from_directory",
    "replay_unmapped_events",
    "require_account",
    "require_live_licence",
    "require_plan",
    "role_may",
    "roles_markdown",
    "send_one_time_link",
    "send_reset_link",
    "store_hotmart_event",
    "tenant_lines",
    "usage_of",
    "use_one_time_link",
    "welcome_owner",
]
