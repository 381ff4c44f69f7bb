"""Rules about the migrations as a whole: dated names, one line from the first to the last, no models."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from tests.lint.rules import imports
from tests.lint.source import Finding, Source

FOLDER = "migrations/versions/"
NAME = re.compile(r"^20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])_(?:[01]\d|2[0-3])[0-5]\d_[a-z0-9_]+\.py$")


def check_migrations(files: Sequence[Source]) -> Iterator[Finding]:
    """Findings in all files under migrations/versions, which have to be checked together."""
    versions = [source for source in files if source.path.startswith(FOLDER) and source.suffix == ".py"]
    for source in versions:
        if not NAME.match(PurePosixPath(source.path).name):
            yield source.finding("migration-name", 1, "name it YYYYMMDD_HHMM_slug.py")
        yield from _imports_models(source)
    yield from _one_line(versions)


def _imports_models(source: Source) -> Iterator[Finding]:
    for line, module in imports(source):
        if module.split(".")[0] == "models":
            yield source.finding("migration-models", line, "models change, a migration must not")


def _said(source: Source, name: str) -> str | None:
    """The value of a top-level assignment such as `revision = "..."`."""
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            value = ast.literal_eval(statement.value)
            return value if value is None else str(value)
    return None


def _one_line(versions: Sequence[Source]) -> Iterator[Finding]:
    ids = {source.path: _said(source, "revision") for source in versions}
    parents = {_said(source, "down_revision") for source in versions}
    used = Counter(ids.values())
    heads = sorted({ids[source.path] for source in versions} - parents, key=str)
    for source in versions:
        own = ids[source.path]
        if used[own] > 1:
            yield source.finding("migration-id", 1, f"the id {own} is used {used[own]} times")
        if own in heads[1:]:
            yield source.finding("migration-heads", 1, f"a second head beside {heads[0]}")
