"""The one typed configuration object, read once at start (architecture rule 10).

Secrets and addresses only; what is business (plans, texts, delays, limits) lives in the database. In production a
missing or weak secret stops the start with the whole list of what is wrong. In embedded mode (no `DATABASE_URL`)
the copy makes its own secrets under `LEADS_HOME`, readable by its owner alone.
"""

import base64
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Environment = Literal["development", "production"]
MIN_SECRET_LENGTH = 32
VERSION = "0.1.0"


class ConfigurationError(RuntimeError):
    """The process must not start; the message lists every reason, one a line."""


class Settings(BaseSettings):
    """Every environment variable the product reads. `.env.example` is held against these fields by a test."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    leads_env: Environment | None = Field(None, description="development or production")
    leads_home: Path = Field(Path("var"), description="folder of the database, files, secrets and logs of this copy")
    port: int = Field(8000, ge=1, le=65535, description="port of the web process")
    demo: bool = Field(True, description="load the demo and start the sandbox at the first start")
    secret_key: str = Field("", description="signs cookies and links; 32 characters or more")
    encryption_keys: str = Field("", description="id:base64 of 32 bytes, comma separated; the first one writes")
    database_url: str = Field("", description="PostgreSQL 15 or later; embedded when empty")
    redis_url: str = Field("", description="Redis 6.2 or later; embedded when empty")
    base_url: str = Field("", description="address people and providers reach the app by")
    pages_url: str = Field("", description="address of published landing pages: another host than base_url")
    storage_url: str = Field("", description="where files live; a folder under LEADS_HOME when empty")
    smtp_url: str = Field("", description="smtp://user:password@host:port, smtps:// for implicit TLS")
    mail_from: str = Field("Leads Infinitos <nao-responda@localhost>", description="sender of the product's e-mails")
    hotmart_hottok: str = Field("", description="the token Hotmart puts in X-HOTMART-HOTTOK")
    apify_token: str = Field("", description="platform token for extractions from Google Maps")
    openai_api_key: str = Field("", description="optional platform key for tenants without one of their own")
    sandbox_url: str = Field("", description="address of the sandbox, set by `make run` in a demonstration")
    metrics_token: str = Field(
        "", description="opens /metrics to other machines, as a Bearer token; empty = loopback only"
    )
    sentry_dsn: str = Field("", description="optional error reports")
    allow_private_hosts: bool | None = Field(
        None, description="let providers live on private addresses; outside production they may unless this says 0"
    )

    @model_validator(mode="after")
    def _fill_and_check(self) -> "Settings":
        problems = _production_problems(self) if self.is_production else []
        problems += _malformed(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def environment(self) -> Environment:
        """What was said, else production as soon as a database of one's own is named."""
        return self.leads_env or ("production" if self.database_url and not self.is_embedded else "development")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def may_reach_private_hosts(self) -> bool:
        """In production only when said; in development providers usually live on this machine (the sandbox)."""
        return not self.is_production if self.allow_private_hosts is None else self.allow_private_hosts

    @property
    def is_embedded(self) -> bool:
        """True when the database is the one this copy started under its own `LEADS_HOME`."""
        from core.embedded import is_own_database

        return not self.database_url or is_own_database(self.leads_home, self.database_url)

    @property
    def public_url(self) -> str:
        """`base_url` without a trailing slash, or the local address."""
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def public_pages_url(self) -> str:
        """Published pages live on another host than the app, since cookies ignore ports."""
        return (self.pages_url or f"http://pages.localhost:{self.port}").rstrip("/")


def _production_problems(settings: Settings) -> list[str]:
    problems = []
    if len(settings.secret_key) < MIN_SECRET_LENGTH:
        problems.append(f"SECRET_KEY: at least {MIN_SECRET_LENGTH} characters are needed in production")
    required = ("encryption_keys", "database_url", "redis_url", "base_url", "smtp_url", "hotmart_hottok")
    problems += [f"{name.upper()}: missing" for name in required if not getattr(settings, name)]
    return problems


def _malformed(settings: Settings) -> list[str]:
    problems = []
    if settings.encryption_keys:
        try:
            parse_encryption_keys(settings.encryption_keys)
        except ValueError as problem:
            problems.append(f"ENCRYPTION_KEYS: {problem}")
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgresql+psycopg2://")):
        problems.append("DATABASE_URL: only postgresql:// is supported")
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        problems.append("REDIS_URL: redis://, rediss:// or unix:// is needed")
    if bool(settings.database_url) != bool(settings.redis_url):
        problems.append("DATABASE_URL and REDIS_URL go together: set both, or neither for the embedded ones")
    if settings.storage_url and not settings.storage_url.startswith("file://"):
        problems.append("STORAGE_URL: only file:// folders are supported by this version")
    return problems


def parse_encryption_keys(text: str) -> dict[str, bytes]:
    """`id:base64,...` -> {id: 32 bytes}, in the order written. ValueError names the entry that is wrong."""
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as problem:
            raise ValueError(f"key {key_id!r} is not base64") from problem
        if not key_id or len(key) != 32:
            raise ValueError(f"key {key_id!r} must be an id and 32 bytes in base64")
        keys[key_id] = key
    if not keys:
        raise ValueError("no key given")
    return keys


def _own_secrets(home: Path) -> dict[str, str]:
    """The secrets an embedded copy made for itself, created at the first start with mode 600."""
    path = home / "secrets.json"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {
            "secret_key": secrets.token_urlsafe(48),
            "encryption_keys": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "hotmart_hottok": secrets.token_urlsafe(24),
        }
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made))
        try:
            os.link(draft, path)  # whoever links first wins; two processes never use different secrets
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    loaded: dict[str, str] = json.loads(path.read_text())
    return loaded


def _embedded_values(said: Settings) -> dict[str, str]:
    from core.embedded import running_addresses

    addresses = running_addresses(said.leads_home)
    values = dict(_own_secrets(said.leads_home))
    if addresses is not None:
        values |= {"database_url": addresses.database_url, "redis_url": addresses.redis_url}
    written = said.leads_home / "addresses.json"
    if written.exists():
        known: dict[str, str] = json.loads(written.read_text())
        values |= {name: known[name] for name in ("smtp_url", "sandbox_url") if known.get(name)}
    return values


def load_settings() -> Settings:
    """Read the environment and `.env`; ConfigurationError lists everything that stops the start."""
    try:
        said = Settings()  # type: ignore[call-arg]
        if said.database_url and said.is_production:
            return said
        missing = {name: value for name, value in _embedded_values(said).items() if not getattr(said, name)}
        return Settings(**(said.model_dump(exclude_unset=True) | missing))
    except ValidationError as refusal:
        reasons = [str(error.get("msg", "")).removeprefix("Value error, ") for error in refusal.errors()]
        names = [".".join(str(part) for part in error["loc"]).upper() for error in refusal.errors()]
        lines = [f"{name}: {reason}" if name else reason for name, reason in zip(names, reasons, strict=True)]
        raise ConfigurationError("The configuration can't be used:\n" + "\n".join(lines)) from refusal


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read at the first call."""
    return load_settings()
