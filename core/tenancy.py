"""Whose data a piece of work may touch: a tenant's, the system's, or nobody's (architecture section 4).

Two fences stand one behind the other. Every query on a tenant table must carry `tenant_id` (the guard below raises
when it doesn't), and PostgreSQL's forced row-level security compares each row with the scope that the transaction
was opened under. Unset means no rows at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.sql import Delete, Select, Update, visitors
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement, ColumnElement
from sqlalchemy.sql.operators import eq, in_op, is_
from sqlalchemy.sql.schema import Column, Table


@dataclass(frozen=True, slots=True)
class Scope:
    """`tenant_id` for one tenant's work, `is_system` for the few named functions that see all tenants."""

    tenant_id: int | None = None
    is_system: bool = False

    @property
    def settings(self) -> tuple[str, str]:
        """The values of `app.tenant_id` and `app.scope` for `SET LOCAL`; empty means unset."""
        return (str(self.tenant_id) if self.tenant_id else "", "system" if self.is_system else "")


class ScopeChanged(RuntimeError):
    """A transaction opened under one scope was used under another: end it before changing hands."""


class TenantMissing(RuntimeError):
    """A query touches a tenant table without saying whose rows it wants."""


NOBODY = Scope()
_scope: ContextVar[Scope] = ContextVar("tenant_scope", default=NOBODY)


def current_scope() -> Scope:
    """The scope new transactions of this context begin with."""
    return _scope.get()


@contextmanager
def tenant_scope(tenant_id: int) -> Iterator[None]:
    """Work as one tenant. Transactions begun inside see that tenant's rows and no others."""
    token = _scope.set(Scope(tenant_id=tenant_id))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """See all tenants. Only for the sender's claim and settle, the clock, a webhook's first look-up, super-admin
    and the command line; `reason` names which, so that a search for callers reads as a list of them."""
    assert reason, "say why the system scope is needed"
    token = _scope.set(Scope(is_system=True))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def request_scope() -> Iterator[None]:
    """Begin as nobody, and put back at the end whatever was before: around one web request, inside which
    `enter_tenant` and `leave_scope` may change hands. A thread serves many requests and none inherits a tenant."""
    token = _scope.set(NOBODY)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_tenant(tenant_id: int) -> None:
    """Set the scope for the rest of this context: for a web request, whose context ends with it."""
    _scope.set(Scope(tenant_id=tenant_id))


def leave_scope() -> None:
    """Back to nobody's: at the end of a web request."""
    _scope.set(NOBODY)


def install(engine: Engine) -> None:
    """Give every transaction of this engine its scope, and every statement the guard."""
    event.listen(engine, "begin", _begin_with_scope)
    event.listen(engine, "before_execute", _guard_statement)


def _begin_with_scope(connection: Connection) -> None:
    scope = current_scope()
    connection.info["scope"] = scope
    cursor = connection.connection.cursor()
    try:
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true), set_config('app.scope', %s, true)", scope.settings
        )
    finally:
        cursor.close()


def _guard_statement(connection: Connection, statement: Any, _multiparams: Any, _params: Any, _options: Any) -> None:
    scope = current_scope()
    opened_with: Scope = connection.info.get("scope", scope)
    if connection.in_transaction() and opened_with != scope:
        raise ScopeChanged(f"the transaction began as {opened_with}, the work now runs as {scope}")
    if scope.is_system or not isinstance(statement, Select | Update | Delete):
        return
    unfenced = tables_without_tenant(statement)
    if unfenced:
        raise TenantMissing(f"no tenant_id condition on {', '.join(sorted(unfenced))}")


_known_good: set[Any] = set()


def tables_without_tenant(statement: ClauseElement) -> set[str]:
    """Names of the tenant tables in a statement that no `tenant_id` condition holds.

    Decided by walking the statement for tables, not by its mappers: `select(count()).select_from(Lead)` has no
    mapper to look at and would count everybody's rows. A statement found good is remembered by SQLAlchemy's own
    cache key, so the walk (about 0.1 ms) happens once a query shape.
    """
    cache_key = statement._generate_cache_key()
    remembered = cache_key.key if cache_key is not None else None
    if remembered is not None and remembered in _known_good:
        return set()
    touched: set[Table] = set()
    fenced: set[Table] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, Table) and "tenant_id" in element.c:
            touched.add(element)
        elif isinstance(element, BinaryExpression) and element.operator in (eq, in_op, is_):
            fenced |= _tenant_columns(element.left) | _tenant_columns(element.right)
    if (
        isinstance(statement, Update | Delete)
        and isinstance(statement.table, Table)
        and "tenant_id" in statement.table.c
    ):
        touched.add(statement.table)
    names = {table.name for table in touched} - {table.name for table in fenced}
    if not names and remembered is not None:
        _known_good.add(remembered)
    return names


def _tenant_columns(side: ColumnElement[Any]) -> set[Table]:
    """The tables whose `tenant_id` stands on this side of a comparison (aliases count as their table)."""
    found: set[Table] = set()
    for element in visitors.iterate(side):
        if isinstance(element, Column) and element.name == "tenant_id":
            source = getattr(element.table, "element", element.table)
            if isinstance(source, Table):
                found.add(source)
    return found
