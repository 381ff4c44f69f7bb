"""Command line: `python -m sandbox --host 127.0.0.1 --port N --smtp-port M`."""

import argparse
import os
import sys
from pathlib import Path

import uvloop

from sandbox.server import serve
from sandbox.world import Options


def _options(arguments: list[str]) -> Options:
    standard = Options()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The offline world of Leads Infinitos.")
    parser.add_argument("--host", default=standard.host)
    parser.add_argument("--port", type=int, default=standard.port, help="HTTP; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=standard.smtp_port, help="mail; 0 takes a free one")
    parser.add_argument("--app-url", default=standard.app_url, help="where the shop sends its events")
    parser.add_argument("--data-dir", type=Path, default=None, help="keeps ledger and connections across restarts")
    hottok = os.environ.get("SANDBOX_HOTTOK", standard.hottok)  # a process list shows arguments to everybody
    parser.add_argument("--hottok", default=hottok, help="the token the shop sends along")
    found = parser.parse_args(arguments)
    return Options(**vars(found))


def main() -> int:
    """Run the sandbox; 1 when a port is taken."""
    options = _options(sys.argv[1:])
    try:
        uvloop.run(serve(options))
    except OSError as error:
        sys.stderr.write(f"O sandbox não conseguiu abrir sua porta: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
