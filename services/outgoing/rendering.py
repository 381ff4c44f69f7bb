"""E-mails from templates: `templates/mail/NAME.txt` and `.html`, in the tenant's language, without Flask.

The text's first line is the subject. The HTML one extends `_layout.html`, which holds on light and dark screens.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ROOT: Final = Path(__file__).resolve().parents[2]
LANGUAGE: Final = "pt_BR"


class EmailTemplate(StrEnum):
    """Every e-mail the product writes; the value is the template's name."""

    WELCOME = "welcome"
    RESET_PASSWORD = "reset_password"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """Ready to be stored."""

    subject: str
    text: str
    html: str


def render_email(template: EmailTemplate, values: dict[str, Any], *, language: str = LANGUAGE) -> RenderedEmail:
    """Fill both forms of a template. A variable that isn't given is a mistake of ours and raises."""
    environment = _environment(language)
    subject, _, text = environment.get_template(f"{template}.txt").render(values).partition("\n")
    html = environment.get_template(f"{template}.html").render(values | {"subject": subject.strip()})
    return RenderedEmail(subject.strip(), text.strip() + "\n", html)


@lru_cache(maxsize=4)
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = Translations.load(ROOT / "translations", [language])
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["language"] = language.replace("_", "-")
    return environment
