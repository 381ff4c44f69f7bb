"""The role x action table (contract section 4). `docs/roles.md` is generated from it.

owner: all. manager: all but billing, team, keys, closing the account. operator: leads, campaigns, inbox, bots'
messages; no deletes, no settings. viewer: reads.
"""

from typing import Final

from models.accounts import Role

_ALL: Final = frozenset(Role)
_OWNER: Final = frozenset({Role.OWNER})
_MANAGING: Final = frozenset({Role.OWNER, Role.MANAGER})
_OPERATING: Final = frozenset({Role.OWNER, Role.MANAGER, Role.OPERATOR})

PERMISSIONS: Final[dict[str, frozenset[Role]]] = {
    "dashboard.read": _ALL,
    "account.read": _ALL,
    "account.edit_self": _ALL,
    "account.settings": _MANAGING,
    "account.billing": _OWNER,
    "account.team": _OWNER,
    "account.keys": _OWNER,
    "account.close": _OWNER,
    "audit.read": _MANAGING,
    "leads.read": _ALL,
    "leads.import": _OPERATING,
    "leads.edit": _OPERATING,
    "leads.export": _OPERATING,
    "leads.delete": _MANAGING,
    "instances.read": _ALL,
    "instances.connect": _MANAGING,
    "instances.edit": _MANAGING,
    "instances.test": _OPERATING,
    "instances.delete": _MANAGING,
    "campaigns.read": _ALL,
    "campaigns.edit": _OPERATING,
    "campaigns.launch": _OPERATING,
    "campaigns.delete": _MANAGING,
    "inbox.read": _ALL,
    "inbox.answer": _OPERATING,
}


def role_may(role: Role, action: str) -> bool:
    """True when the table allows it. An action that isn't in the table is a mistake of ours: KeyError."""
    return role in PERMISSIONS[action]


def scope_covers(scopes: frozenset[str], action: str) -> bool:
    """A key's scopes: `campaigns` covers all of a room, `campaigns.read` one action, `*` everything."""
    room = action.partition(".")[0]
    return bool(scopes & {"*", room, action})
