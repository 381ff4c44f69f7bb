"""The house's own rules that neither ruff nor mypy nor import-linter knows: one function each."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from tests.lint.source import Finding, Source

Rule = Callable[[Source], Iterator[Finding]]

FUNCTION_LINES = 40
FILE_LINES = 400
ENTRY_LINES = 80
ENTRY_POINTS = {"app.py", "worker.py", "worker_sender.py"}
COUNTED = {".py", ".html", ".js", ".css"}
COMMIT_OWNERS = {
    "services/sending/database.py": "the engine of the sender",
    "services/ai/ask.py": "ask()",
    "services/outgoing/runner.py": "the outbox runner",
    "services/bots/runner.py": "the bot runner",
}
RAW_SQL = {"text", "TextClause", "exec_driver_sql"}
HTTP_MODULES = {"urllib.request", "http.client", "smtplib", "requests", "aiohttp", "httpx"}

SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{24,}|\bgh[pousr]_[A-Za-z0-9]{30,}|xox[abpr]-[0-9A-Za-z-]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAIza[0-9A-Za-z_-]{35}|\bAPP_USR-[0-9-]{20,}|\b\d{9,10}:AA[A-Za-z0-9_-]{33}"
)
REGISTRIES = re.compile(
    r"pythonhosted\.org|pypi\.org/simple|registry\.npmjs|registry\.yarnpkg"
    r"|(?<!no-emit)-(?:-index-url|-extra-index-url|-find-links)\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~@-])/(?:(?:work|root|tmp)\b|(?:home|Users)/\w|opt/(?:wheels|pypi))")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
INLINE = re.compile(
    r"""<[^>]*\s(?P<handler>on[a-z]+)\s*=|<[^>]*\s(?P<style>style)\s*=|<(?P<tag>style)\b|(?P<url>javascript:)""", re.I
)
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>", re.I)


def short_functions(source: Source) -> Iterator[Finding]:
    """A function fits on a screen."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield source.finding(
                    "function-length", node.lineno, f"{node.name} has {length} lines, {FUNCTION_LINES} are the most"
                )


def short_files(source: Source) -> Iterator[Finding]:
    """A file can be read in one sitting, an entry point at a glance."""
    most = ENTRY_LINES if source.path in ENTRY_POINTS else FILE_LINES
    if source.suffix in COUNTED and len(source.lines) > most:
        rule = "entry-length" if source.path in ENTRY_POINTS else "file-length"
        yield source.finding(rule, most + 1, f"{len(source.lines)} lines, {most} are the most")


def _is_sql_place(source: Source) -> bool:
    return source.floor in {"core", "migrations", "tests", "bench"} or PurePosixPath(source.path).name == "sql.py"


def sql_in_its_place(source: Source) -> Iterator[Finding]:
    """Hand-written SQL lives in core/, migrations/ and files named sql.py. A table's defaults and partial indexes are
    no statements: models may write them."""
    if _is_sql_place(source):
        return
    allowed = _table_clauses(source.tree) if source.floor == "models" else set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and node not in allowed and _is_raw_sql(node.func):
            yield source.finding("sql-place", node.lineno, f"{_name(node.func)}() belongs into a file named sql.py")


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_raw_sql(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute) and called.attr == "text":  # other things have a method text()
        return _name(called.value) in {"sa", "sqlalchemy", "db"}
    return _name(called) in RAW_SQL


def _table_clauses(tree: ast.Module) -> set[ast.expr]:
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    return {keyword.value for keyword in keywords if keyword.arg in {"server_default", "postgresql_where"}}


def services_never_commit(source: Source) -> Iterator[Finding]:
    """Only doors commit; the owners of their commit points are named above."""
    if source.floor != "services" or source.path in COMMIT_OWNERS:
        return
    for node in ast.walk(source.tree):
        name = _name(node) if isinstance(node, ast.expr) else ""
        if name in {"commit", "unit_of_work"}:
            yield source.finding("services-commit", node.lineno, f"{name} belongs to the door")  # type: ignore[attr-defined]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """(line, module) of every import."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def http_by_its_door(source: Source) -> Iterator[Finding]:
    """Outside calls go through core/: the roof and the standard library are what import contracts can't see."""
    if source.floor not in {"core", "sandbox", "tests", "bench"}:
        for line, module in imports(source):
            if module in HTTP_MODULES:
                yield source.finding("http-door", line, f"{module} is used in core/ alone")


def nobody_imports_the_roof(source: Source) -> Iterator[Finding]:
    """The roof's files are started, not imported."""
    if source.floor not in {"tests", "bench"}:
        for line, module in imports(source):
            if f"{module}.py" in ENTRY_POINTS:
                yield source.finding("roof", line, f"{module} is an entry point")


def the_roof_uses_front_doors(source: Source) -> Iterator[Finding]:
    """Entry points, which import contracts can't see, enter a room by its __init__ like everybody."""
    if source.path in ENTRY_POINTS:
        for line, module in imports(source):
            if module.startswith("services.") and module.count(".") > 1:
                yield source.finding("room-door", line, f"{module}: a room is entered by its __init__ alone")


def no_secrets(source: Source) -> Iterator[Finding]:
    """Nothing that opens a door somewhere."""
    yield from _matches(source, "secret", SECRETS, "looks like a real secret")


def no_registries(source: Source) -> Iterator[Finding]:
    """Where packages come from is the machine's business."""
    yield from _matches(source, "registry", REGISTRIES, "names a package registry")


def no_machine_paths(source: Source) -> Iterator[Finding]:
    """A path of one machine is wrong on the next."""
    if source.path not in {"Dockerfile", "docker-compose.yml"}:
        yield from _matches(source, "machine-path", MACHINE_PATHS, "is a path of one machine")


def nothing_unfinished(source: Source) -> Iterator[Finding]:
    """What is missing is written where people look for it, not in the code."""
    if not source.path.startswith("requirements") and source.path != "package-lock.json":
        yield from _matches(source, "unfinished", UNFINISHED, "say what is missing in an issue")


def no_skipped_tests(source: Source) -> Iterator[Finding]:
    """A test runs or goes."""
    if source.floor == "tests":
        skips = re.compile(r"mark\.(?:skip|skipif|xfail)\b|pytest\.(?:skip|xfail|importorskip)\(")
        yield from _matches(source, "skipped-test", skips, "a test runs or goes")


def _matches(source: Source, rule: str, pattern: re.Pattern[str], says: str) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, 1):
        if found := pattern.search(line):
            yield source.finding(rule, number, f"{found.group(0)[:12]!r} {says}")


def templates_hold_no_code(source: Source) -> Iterator[Finding]:
    """The content security policy would refuse it; mail programs know nothing but inline styles."""
    if source.suffix != ".html" or source.path.startswith("templates/mail/"):
        return
    for found in INLINE.finditer(source.text):
        yield source.finding("inline-code", _line(source, found), f"{found.group(found.lastgroup or 0)} in a page")
    for found in SCRIPT.finditer(source.text):
        if "src=" not in found["attributes"] and "application/json" not in found["attributes"]:
            yield source.finding("inline-code", _line(source, found), "a script without src")


def _line(source: Source, found: re.Match[str]) -> int:
    return source.text.count("\n", 0, found.start()) + 1


RULES: tuple[Rule, ...] = (
    short_functions,
    short_files,
    sql_in_its_place,
    services_never_commit,
    http_by_its_door,
    nobody_imports_the_roof,
    the_roof_uses_front_doors,
    no_secrets,
    no_registries,
    no_machine_paths,
    nothing_unfinished,
    no_skipped_tests,
    templates_hold_no_code,
)
