"""The role x action table, and the page of the documentation made from it."""

from pathlib import Path

import pytest

from models.accounts import Role
from services.accounts import PERMISSIONS, role_may, roles_markdown
from services.accounts.permissions import scope_covers

ROOT = Path(__file__).resolve().parents[3]


def test_the_documentation_says_what_the_code_does() -> None:
    assert (ROOT / "docs" / "roles.md").read_text("utf-8") == roles_markdown(), "run: flask roles > docs/roles.md"


def test_the_owner_may_do_everything_and_the_viewer_reads() -> None:
    assert all(role_may(Role.OWNER, action) for action in PERMISSIONS)
    seen = {action for action in PERMISSIONS if role_may(Role.VIEWER, action)}
    assert seen == {action for action in PERMISSIONS if action.endswith(".read")} - {"audit.read"} | {
        "account.edit_self"
    }


@pytest.mark.parametrize("action", ["account.billing", "account.team", "account.keys", "account.close"])
def test_the_manager_may_do_all_but_the_owners_four(action: str) -> None:
    assert not role_may(Role.MANAGER, action)
    assert {a for a in PERMISSIONS if not role_may(Role.MANAGER, a)} == {
        "account.billing",
        "account.team",
        "account.keys",
        "account.close",
    }


def test_the_operator_deletes_nothing_and_changes_no_settings() -> None:
    allowed = {action for action in PERMISSIONS if role_may(Role.OPERATOR, action)}
    assert not [action for action in allowed if action.endswith((".delete", ".settings", ".connect"))]


def test_an_action_nobody_listed_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        role_may(Role.OWNER, "campaigns.explode")


@pytest.mark.parametrize(
    ("scopes", "covers"),
    [({"*"}, True), ({"campaigns"}, True), ({"campaigns.read"}, True), ({"campaigns.edit"}, False), ({"leads"}, False)],
)
def test_scopes_name_everything_a_room_or_an_action(scopes: set[str], covers: bool) -> None:
    assert scope_covers(frozenset(scopes), "campaigns.read") is covers
