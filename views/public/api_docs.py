"""`/api/docs`: the API's description as a page, made from the same document as `/api/openapi.json`.

Our own page and not a viewer from a content network: no script is needed and nothing is fetched from elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from views.public import blueprint

METHODS: Final = ("get", "post", "put", "patch", "delete")
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of a body or answer, or a parameter."""

    name: str
    kind: str
    is_required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    summary: str
    is_open: bool
    parameters: list[FieldLine]
    body: list[FieldLine]
    answers: list[tuple[str, list[FieldLine]]]


@blueprint.get("/api/docs")
def api_docs() -> ResponseReturnValue:
    """Every operation, by room."""
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    rooms: dict[str, list[Operation]] = defaultdict(list)
    for tag, operation in operations_of(document):
        rooms[tag].append(operation)
    names = {tag["name"]: tag.get("description", tag["name"]) for tag in document.get("tags", [])}
    return render_template("public/api_docs.html", rooms=rooms, names=names, version=document["info"]["version"])


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """(room, operation) in the order of the document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                said = item[method]
                yield (said.get("tags") or [""])[0], _operation(document, path, method, item)


def _operation(document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any]) -> Operation:
    said = item[method]
    words = [said.get("summary", ""), said.get("description", "")]
    return Operation(
        anchor=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=" ".join(word for word in words if word),
        is_open=said.get("security") == [],
        parameters=[_parameter(one) for one in [*item.get("parameters", []), *said.get("parameters", [])]],
        body=_fields(document, _content(said.get("requestBody", {}))),
        answers=[
            (status, _fields(document, _content(answer)))
            for status, answer in said.get("responses", {}).items()
            if status.isdigit() and status.startswith("2")
        ],
    )


def _parameter(said: Mapping[str, Any]) -> FieldLine:
    return FieldLine(said["name"], _kind(said.get("schema", {})), said.get("required", False), said["in"])


def _content(part: Mapping[str, Any]) -> Mapping[str, Any]:
    contents: Mapping[str, Any] = part.get("content", {})
    content: Mapping[str, Any] = contents.get(JSON) or next(iter(contents.values()), {})
    schema: Mapping[str, Any] = content.get("schema", {})
    return schema


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[FieldLine]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    required = schema.get("required", [])
    return [
        FieldLine(name, _kind(said), name in required, said.get("description", ""))
        for name, said in schema.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2].removesuffix("Schema")
    kind = schema.get("type", "")
    if isinstance(kind, list):
        return " | ".join(kind)
    if kind == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return " | ".join(filter(None, [str(kind), schema.get("format", "")]))
