"""What the form of a number says, as typed and as understood."""

from collections.abc import Mapping
from typing import Any, Final

from connectors.whatsapp import ConnectorInfo
from services.instances import NewInstance

SANDBOX_PATHS: Final = {
    "mega_api": "/mega",
    "evolution": "/evolution",
    "waha": "/waha",
    "cloud_api": "/cloud/v23.0",
}
"""Where the simulator stands in for each provider."""

SANDBOX_SECRETS: Final = {("cloud_api", "app_secret"): "sandbox-app-secret"}
"""What the simulator signs with; every other credential may be anything there."""


def new_instance_from(form: Mapping[str, str]) -> NewInstance:
    """The form's fields; seconds become milliseconds, empty numbers mean "the default"."""
    return NewInstance(
        name=form.get("name", ""),
        connector=form.get("connector", ""),
        base_url=form.get("base_url", ""),
        instance_key=form.get("instance_key", ""),
        credentials=credentials_from(form),
        min_interval_ms=_milliseconds(form.get("min_interval_seconds", "")),
        max_interval_ms=_milliseconds(form.get("max_interval_seconds", "")),
        daily_cap=_whole(form.get("daily_cap", "")),
        warm_up=bool(form.get("warm_up")),
        check_numbers=bool(form.get("check_numbers")),
    )


def first_values(info: ConnectorInfo, sandbox_url: str) -> dict[str, Any]:
    """What the form of one provider starts with; with the simulator running, its address."""
    values: dict[str, Any] = {"connector": info.name, "base_url": info.default_base_url, "warm_up": "1"}
    values["check_numbers"] = "1" if info.has_number_check else ""
    if sandbox_url:
        values["base_url"] = sandbox_url + SANDBOX_PATHS[info.name]
    return values


def changes_from(form: Mapping[str, str]) -> dict[str, Any]:
    """What an edit may change; an empty token keeps the one that is stored."""
    new = new_instance_from(form)
    return {
        "name": new.name.strip() or None,
        "base_url": new.base_url.strip().rstrip("/") or None,
        "min_interval_ms": new.min_interval_ms,
        "max_interval_ms": new.max_interval_ms,
        "daily_cap": new.daily_cap,
        "warm_up": new.warm_up,
        "check_numbers": new.check_numbers,
        "credentials": new.credentials,
    }


def credentials_from(form: Mapping[str, str]) -> dict[str, str]:
    """Fields named `credentials.<name>`."""
    prefix = "credentials."
    return {name.removeprefix(prefix): value.strip() for name, value in form.items() if name.startswith(prefix)}


def _milliseconds(text: str) -> int | None:
    seconds = _whole(text)
    return None if seconds is None else seconds * 1000


def _whole(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 8 else None
