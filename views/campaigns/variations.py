"""The variations of the form: each a text, a file and an approved template, kept as typed while it is being written.

Files are stored as soon as they arrive, whatever button was pressed: the form then carries their ids, so that nothing
has to be chosen twice and everything works without JavaScript.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict

from connectors.whatsapp import TemplateStatus, connector, connector_names
from models.instances import ApprovedTemplate, Instance
from models.media import MediaFile
from services.campaigns import MessageInput, fields_of

BETWEEN: Final = "|"
"""Between a template's name and its language in the form; neither holds one."""


@dataclass
class TypedMessage:
    """One variation as typed: `media` is the id of its file, `template` is `name|language`, `fields` what fills it."""

    text: str = ""
    media: str = ""
    template: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def media_id(self) -> int | None:
        return int(self.media) if self.media.isdecimal() and len(self.media) <= 18 else None

    def understood(self) -> MessageInput:
        """What it says."""
        if not self.template:
            return MessageInput(self.text, self.media_id)
        name, _between, language = self.template.partition(BETWEEN)
        return MessageInput(
            self.text, self.media_id, {"name": name, "language": language, "variables": dict(self.fields)}
        )


@dataclass(frozen=True)
class TemplateChoice:
    """A template to choose: its key in the form, what it says, what it wants filled (field and label) and on top."""

    key: str
    body: str
    fields: Sequence[tuple[str, str]]
    header: str = ""
    is_known: bool = True


def messages_in(form: MultiDict[str, str]) -> list[TypedMessage]:
    """The variations as they were sent; fields of a template are called `field.<variation>.<name>`."""
    texts = form.getlist("messages") or [""]
    media, templates = form.getlist("media"), form.getlist("template")
    typed = [
        TypedMessage(text, media[at] if at < len(media) else "", templates[at] if at < len(templates) else "")
        for at, text in enumerate(texts)
    ]
    for name, text in form.items():
        prefix, _dot, rest = name.partition(".")
        place, _dot, wanted = rest.partition(".")
        if prefix == "field" and place.isdecimal() and len(place) < 4 and int(place) < len(typed) and wanted:
            typed[int(place)].fields[wanted] = text
    return typed


def messages_from(said: Sequence[MessageInput | str]) -> list[TypedMessage]:
    """The variations of a campaign that exists."""
    typed = []
    for one in said:
        whole = MessageInput(one) if isinstance(one, str) else one
        template: Mapping[str, Any] = whole.template or {}
        key = f"{template['name']}{BETWEEN}{template['language']}" if template else ""
        fields = dict(template.get("variables", {}))
        typed.append(TypedMessage(whole.text, str(whole.media_id or ""), key, fields))
    return typed or [TypedMessage()]


def take_files(
    typed: Sequence[TypedMessage], files: Mapping[str, FileStorage], keep: Callable[[FileStorage], MediaFile]
) -> bool:
    """Keep every file chosen in the form (`file.<variation>`) and put its id into its variation -> whether there was
    one. What `keep` raises comes out."""
    found = False
    for place, message in enumerate(typed):
        chosen = files.get(f"file.{place}")
        if chosen is not None and chosen.filename:
            message.media = str(keep(chosen).id)
            found = True
    return found


def press_button(typed: list[TypedMessage], form: Mapping[str, str]) -> bool:
    """Do what a button of the variations asked for; False when another one was pressed."""
    if "add_message" in form:
        typed.append(TypedMessage())
        return True
    removed = _place(form.get("remove_message", ""), typed)
    if removed is not None:
        del typed[removed]
        typed.extend([] if typed else [TypedMessage()])
        return True
    emptied = _place(form.get("remove_file", ""), typed)
    if emptied is not None:
        typed[emptied].media = ""
        return True
    return "choose_template" in form or "add_file" in form


def official_numbers(instances: Sequence[Instance]) -> list[Instance]:
    """The numbers that use approved templates."""
    known = connector_names()
    return [one for one in instances if one.connector in known and connector(one.connector).info.has_templates]


def template_choices(rows: Sequence[ApprovedTemplate], typed: Sequence[TypedMessage]) -> list[TemplateChoice]:
    """The approved ones, each once, and those a variation has chosen that are not listed (any more)."""
    found: dict[str, TemplateChoice] = {}
    for row in rows:
        key = f"{row.name}{BETWEEN}{row.language}"
        if row.status == TemplateStatus.APPROVED and key not in found:
            found[key] = TemplateChoice(key, row.body, [(name, _label(name)) for name in fields_of(row)], row.header)
    for one in typed:
        if one.template and one.template not in found:
            fields = [(name, _label(name)) for name in one.fields]
            found[one.template] = TemplateChoice(one.template, "", fields, is_known=False)
    return list(found.values())


def keep_only_wanted(typed: Sequence[TypedMessage], choices: Sequence[TemplateChoice]) -> None:
    """Fields of a template chosen before don't go on with the one chosen now."""
    wanted = {one.key: [name for name, _label in one.fields] for one in choices}
    for one in typed:
        one.fields = {name: one.fields.get(name, "") for name in wanted.get(one.template, ())}


def _place(text: str, typed: Sequence[TypedMessage]) -> int | None:
    place = int(text) if text.isdecimal() and len(text) < 4 else -1
    return place if 0 <= place < len(typed) else None


def _label(name: str) -> str:
    label = "{{" + name + "}}"
    if name == "@header":
        label = _("Campo do título")
    elif name.startswith("@button."):
        label = _("Final do link do botão %(number)s", number=int(name.removeprefix("@button.")) + 1)
    return label
