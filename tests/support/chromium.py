"""The browser of the browser tests: the machine's own. `python -m tests.support.chromium` makes sure there is one."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-color-emoji")
REMEDY = (
    "The browser tests need Chromium or Chrome: install one (Debian: apt-get install chromium "
    "fonts-noto-color-emoji), or run `make test-fast`, which leaves these tests out."
)


class NoBrowser(RuntimeError):
    """No Chromium is installed; the message says what to do."""


def chromium() -> str:
    """Full path of the machine's Chromium or Chrome. NoBrowser when there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise NoBrowser(REMEDY)


def install() -> bool:
    """Install it where that is ours to do: on Debian and its like, as root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES])
    return all(
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
        for command in commands
    )


def main() -> int:
    """0 when a browser is there, installed now if need be; 1 with the remedy."""
    try:
        chromium()
    except NoBrowser as problem:
        sys.stdout.write("Installing Chromium...\n")
        if not install():
            sys.stderr.write(f"{problem}\n")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
