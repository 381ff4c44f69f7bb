"""A Chromium for the browser tests: the machine's own, or Debian's package where we may install it."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-color-emoji")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """Full path of the browser; RuntimeError when there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("no Chromium found: install one (Debian: apt-get install chromium fonts-noto-color-emoji)")
    return found


def main() -> int:
    """Make sure that there is one; installs Debian's package as root, else says what to do."""
    if any(map(shutil.which, NAMES)):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-q"], check=True, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES], check=True, **quiet)  # type: ignore[call-overload]
        return 0
    sys.stderr.write("The browser tests need Chromium. Debian: apt-get install chromium fonts-noto-color-emoji\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
