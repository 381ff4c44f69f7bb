"""The approved templates every business account of the sandbox has, and how a send fills them in."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.dialect import Refused

_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _template(number: int, name: str, body: str, *, status: str = "APPROVED", header: str = "") -> dict[str, Any]:
    components: list[dict[str, Any]] = [{"type": "HEADER", "format": header}] if header else []
    components.append({"type": "BODY", "text": body})
    return {
        "id": str(300_000_000_000_000 + number),
        "name": name,
        "status": status,
        "category": "MARKETING",
        "language": "pt_BR",
        "components": components,
    }


TEMPLATES = (
    _template(1, "oferta_inicial", "Olá {{1}}, esta semana você tem {{2}} de desconto. Quer saber mais?"),
    _template(2, "boas_vindas", "Olá! Obrigado por falar com a gente."),
    _template(3, "lembrete", "Olá {{nome}}, lembramos do seu horário: {{horario}}."),
    _template(4, "oferta_com_foto", "Olá {{1}}, veja a novidade da semana.", header="IMAGE"),
    _template(5, "oferta_pausada", "Olá {{1}}, aproveite.", status="PAUSED"),
    _template(6, "oferta_em_analise", "Olá {{1}}, aproveite.", status="PENDING"),
)


def filled_in(template: Mapping[str, Any]) -> str:
    """The text a contact reads. Refuses a template that isn't approved or gets other parameters than it asks for."""
    name, language = template.get("name"), template.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    known = next((one for one in TEMPLATES if (one["name"], one["language"]) == (name, code)), None)
    if known is not None and known["status"] == "PAUSED":
        raise Refused(400, "(#132015) Template is Paused")
    if known is None or known["status"] != "APPROVED":
        raise Refused(404, "(#132001) Template name does not exist in the translation")
    parts = {part.get("type"): part for part in template.get("components") or () if isinstance(part, dict)}
    if len(known["components"]) > 1 and "header" not in parts:
        raise Refused(400, "(#132012) Parameter format does not match format in the created template")
    return _with_values(known["components"][-1]["text"], parts.get("body", {}).get("parameters") or [])


def _with_values(text: str, parameters: list[dict[str, Any]]) -> str:
    fields = _FIELD.findall(text)
    if len(fields) != len(parameters):
        raise Refused(400, "(#132000) Number of parameters does not match the expected number of params")
    named = {one.get("parameter_name") or str(place): one.get("text") for place, one in enumerate(parameters, start=1)}
    if set(named) != set(fields) or not all(isinstance(value, str) for value in named.values()):
        raise Refused(400, "(#132012) Parameter format does not match format in the created template")
    return _FIELD.sub(lambda found: str(named[found[1]]), text)
