"""The files that the house checks read, and what a check has to say about one."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SKIPPED = {".git", ".venv", "node_modules", "vendor", "var", "samples", "__pycache__", "screenshots"}
BINARY = {".png", ".jpg", ".ico", ".woff2", ".xlsx", ".webp", ".gif", ".mo", ".pdf", ".zip"}


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place."""

    rule: str
    path: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.says}"


@dataclass(frozen=True)
class Source:
    """A text file; `path` is relative to the project, with slashes."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    @property
    def floor(self) -> str:
        """The top-level folder, empty for a file beside them."""
        return self.path.partition("/")[0] if "/" in self.path else ""

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed Python; empty for anything else."""
        return ast.parse(self.text if self.suffix == ".py" else "")

    def finding(self, rule: str, line: int, says: str) -> Finding:
        return Finding(rule, self.path, line, says)


def _names(root: Path) -> list[str]:
    """What git knows or would add; every file when this is no repository of git's."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if listed.returncode == 0:
            return sorted(filter(None, listed.stdout.split("\0")))
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def sources(root: Path) -> Iterator[Source]:
    """Every text file of the project in `root`, the broken samples left out."""
    for name in _names(root):
        path = root / name
        if SKIPPED.isdisjoint(Path(name).parts) and path.suffix not in BINARY and path.is_file():
            if path.is_symlink():
                continue
            yield Source(name, path.read_text(encoding="utf-8", errors="replace"))
