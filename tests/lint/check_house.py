"""`python -m tests.lint.check_house [FOLDER]`: the house rules over every file; exit 1 and a line each when broken."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.lint.house_plan import ROOT
from tests.lint.migration_rules import check_migrations
from tests.lint.rules import RULES
from tests.lint.source import Finding, sources


def check_tree(root: Path) -> list[Finding]:
    """Every finding under `root`, in the order of the files."""
    files = list(sources(root))
    findings = [finding for source in files for rule in RULES for finding in rule(source)]
    return [*findings, *check_migrations(files)]


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    findings = check_tree(Path(arguments[0]).resolve() if arguments else ROOT)
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
