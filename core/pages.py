"""What every template may call beyond Flask's own: asset(), icon(), nav_url(), url_with().

Static files are cached for a year under an address that carries their content's hash, and sent
gzipped: Tabler's CSS is 635 KB plain and 79 KB packed, on a 3G phone the difference is seconds.
"""

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask, Response, abort, current_app, g, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.security import safe_join

from core.assets import read_icon_names

YEAR_SECONDS = 31_536_000
PACKED_SUFFIXES = frozenset({".css", ".js", ".svg", ".json", ".txt"})
SCRIPTS = "js/"


def init_pages(app: Flask) -> None:
    """Register the globals and serve static/ with hashes, far-future caching and gzip."""
    app.jinja_env.globals.update(asset=asset, icon=icon, nav_url=nav_url, url_with=url_with)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.view_functions["static"] = send_static


def asset(name: str) -> str:
    """Address of a file in static/ with its content's hash, e.g. ``/static/css/app.css?v=1f0c…``.

    Scripts share one hash over the whole js/ folder, because our modules import each other by
    relative address and hand the query on (static/js/main.js): a changed module changes them all.
    """
    folder = _static_folder()
    version = _folder_version(folder / SCRIPTS) if name.startswith(SCRIPTS) else _version(folder / name)
    return url_for("static", filename=name, v=version)


def icon(name: str, *, label: str = "", css: str = "") -> Markup:
    """An icon of the sprite; decorative unless it has a label. Raises KeyError for an unknown name."""
    address, names = _sprite()
    if name not in names:
        raise KeyError(f"icon {name!r}: add it to static/icons.txt and run `make assets`")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" {}><use href="{}#{}"/></svg>').format(f"icon {css}".strip(), spoken, address, name)


def _sprite() -> tuple[str, frozenset[str]]:
    """The sprite's address and its icons, looked up once a request: a page may show a hundred."""
    if "sprite" not in g:
        listed = _static_folder() / "icons.txt"
        g.sprite = (asset("vendor/icons.svg"), _icon_names(listed, listed.stat().st_mtime_ns))
    sprite: tuple[str, frozenset[str]] = g.sprite
    return sprite


def nav_url(endpoint: str, **values: object) -> str | None:
    """Address of an endpoint, or None while its room isn't built: the entry is then left out."""
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values)  # type: ignore[arg-type]


def url_with(**changes: str | int | None) -> str:
    """The current address with some query arguments changed; None takes one away."""
    kept = {name: value for name, value in {**request.args.to_dict(), **changes}.items() if value is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def send_static(filename: str) -> ResponseReturnValue:
    """Flask's static view, gzipped where the browser takes it; a versioned address never expires."""
    packed = _packed_response(filename) if request.accept_encodings["gzip"] else None
    response = packed or send_from_directory(_static_folder(), filename, conditional=True)
    if Path(filename).suffix in PACKED_SUFFIXES:
        response.vary.add("Accept-Encoding")
    if "v" in request.args:
        response.cache_control.public = True
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response


def _packed_response(filename: str) -> Response | None:
    path = safe_join(str(_static_folder()), filename)
    if path is None:
        abort(404)
    file = Path(path)
    if file.suffix not in PACKED_SUFFIXES or not file.is_file():
        return None
    body = _packed(file, file.stat().st_mtime_ns)
    response = Response(body, mimetype=mimetypes.guess_type(file.name)[0])
    response.content_encoding = "gzip"
    response.set_etag(f"{_version(file)}-gz")
    response.make_conditional(request)
    return response


def _static_folder() -> Path:
    return Path(current_app.static_folder or "static")


def _version(path: Path) -> str:
    try:
        return _hash(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        # A page without its vendor files is ugly but readable; tests of single rooms run without them.
        return "missing"


def _folder_version(folder: Path) -> str:
    files = sorted(folder.glob("*.js"))
    return hashlib.sha256("".join(_version(file) for file in files).encode()).hexdigest()[:12]


@lru_cache(maxsize=256)
def _hash(path: Path, mtime_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _packed(path: Path, mtime_ns: int) -> bytes:
    """Packed once a process and version; level 6 took 9 ms for the largest file, 9 took 15 for 1% less."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


@lru_cache(maxsize=4)
def _icon_names(path: Path, mtime_ns: int) -> frozenset[str]:
    return frozenset(read_icon_names(path.read_text("utf-8")))
