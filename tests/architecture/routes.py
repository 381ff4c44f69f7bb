"""The list of URLs in routes.txt: `python -m tests.architecture.routes` writes it anew."""

import os
from pathlib import Path

from flask import Flask

SNAPSHOT = Path(__file__).with_name("routes.txt")
UNNAMED = {"HEAD", "OPTIONS"}


def routes_of(app: Flask) -> list[str]:
    """`METHODS /path` of every rule, sorted by path."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
    return list(dict.fromkeys(f"{','.join(sorted((rule.methods or set()) - UNNAMED))} {rule.rule}" for rule in rules))


def snapshot() -> list[str]:
    """What routes.txt holds."""
    return SNAPSHOT.read_text().splitlines()


def main() -> None:
    """Write routes.txt. Like every `flask` command it needs no database."""
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    from app import create_app

    SNAPSHOT.write_text("\n".join(routes_of(create_app())) + "\n")


if __name__ == "__main__":
    main()
