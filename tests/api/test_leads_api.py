"""`/api/leads` as programs use it (contract 3.1), and who may."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from core.tenancy import system_scope
from jobs.leads import run_import
from services import accounts
from tests.support.lead_files import Importer, csv_of, thousand_rows
from tests.support.world import TenantHandle

HEAD = "nome;telefone;cidade"
COUNTS = ("created", "updated", "duplicates", "invalid", "not_selected", "suppressed")


class Program:
    """A client with a key."""

    def __init__(self, http: FlaskClient, key: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.http.open(f"/api/leads{path}", method=method, headers=self.headers, **options)

    def send(self, content: bytes, **said: str) -> TestResponse:
        fields: dict[str, Any] = {"list_name": "Clientes", "legal_basis": "consent"} | said
        return self.call("POST", "/imports", data=fields | {"file": (io.BytesIO(content), "clientes.csv")})


@pytest.fixture
def program(app: Flask, factory: sessionmaker[Session]) -> Callable[[Any], Program]:
    """`program(tenant)` or `program(human)` -> a client with that person's key."""

    def made(somebody: Any) -> Program:
        human = getattr(somebody, "owner", somebody)
        with system_scope("test"), factory.begin() as session:
            key = make_key(session, human)
        return Program(app.test_client(), key)

    return made


def make_key(session: Session, human: Any) -> str:
    return accounts.create_api_key(session, human.tenant_id, human.user_id, name="teste", scopes=["*"])


@pytest.fixture
def mine(program: Callable[[Any], Program], tenant: TenantHandle) -> Program:
    return program(tenant)


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


def test_a_file_becomes_a_list_and_the_counts_add_up(mine: Program, tenant: TenantHandle) -> None:
    accepted = mine.send(thousand_rows())
    assert (accepted.status_code, accepted.json["status"]) == (202, "uploaded")
    import_id = accepted.json["id"]
    run_import(tenant.id, import_id)
    found = mine.call("GET", f"/imports/{import_id}").json
    assert (found["status"], found["progress"], found["total"], found["created"]) == ("finished", 100, 1000, 1000)
    assert sum(found[name] for name in COUNTS) == found["total"]
    assert found["mapping"]["phone"] == "Telefone"
    assert found["failure"] is None
    page = mine.call("GET", f"/lists/{found['list_id']}/leads?limit=400").json
    seen = [lead["phone"] for lead in page["items"]]
    while page["next_cursor"]:
        page = mine.call("GET", f"/lists/{found['list_id']}/leads?limit=400&cursor={page['next_cursor']}").json
        seen += [lead["phone"] for lead in page["items"]]
    assert len(seen) == len(set(seen)) == 1000
    assert mine.call("GET", "/lists").json["items"][0]["lead_count"] == 1000


def test_mapping_names_the_columns(mine: Program, importer: Importer) -> None:
    content = csv_of("Ana;11900000001", header="quem;zapzap")
    answer = mine.send(content, mapping='{"phone": "zapzap", "name": "quem"}')
    run_import(importer.tenant_id, answer.json["id"])
    assert importer.leads()["5511900000001"].name == "Ana"
    refused = mine.send(content, mapping='{"phone": "outra"}')
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "unknown_column")
    assert mine.send(content, mapping="[1]").status_code == 422


def test_a_held_import_waits_for_confirmation(mine: Program, importer: Importer) -> None:
    import_id = mine.send(csv_of("Ana;11900000001;", "Bia;1;", header=HEAD), auto_confirm="false").json["id"]
    run_import(importer.tenant_id, import_id)
    found = mine.call("GET", f"/imports/{import_id}").json
    assert (found["status"], found["created"]) == ("ready", 1)
    assert found["problems"] == [
        {
            "code": "too_short",
            "count": 1,
            "message": "Faltam dígitos no telefone: escreva o DDD e o número completo.",
            "examples": [{"row": 3, "column": "telefone", "value": "1"}],
        }
    ]
    assert importer.leads() == {}
    assert mine.call("POST", f"/imports/{import_id}/confirm").status_code == 202
    assert mine.call("POST", f"/imports/{import_id}/confirm").status_code == 409
    run_import(importer.tenant_id, import_id)
    assert set(importer.leads()) == {"5511900000001"}


def test_a_held_import_shows_its_stage_and_takes_other_columns(mine: Program, importer: Importer) -> None:
    content = csv_of("Ana;1;11900000001;x", header="nome;telefone;recado;obs")
    import_id = mine.send(content, auto_confirm="false").json["id"]
    assert mine.call("GET", f"/imports/{import_id}").json["stage"] == "check"
    run_import(importer.tenant_id, import_id)
    found = mine.call("GET", f"/imports/{import_id}").json
    assert (found["stage"], found["status"], found["failure"]["code"]) == ("verdict", "ready", "nothing_usable")
    assert found["columns"][1] == {
        "position": 2,
        "header": "telefone",
        "field": "phone",
        "variable": "",
        "samples": ["1"],
    }
    assert mine.call("POST", f"/imports/{import_id}/confirm").json["error"]["code"] == "nothing_usable"
    said = [{"position": 2, "field": "ignore"}, {"position": 3, "field": "phone"}, {"position": 4, "field": "variable"}]
    said[2]["variable"] = "Observação"
    answer = mine.call("PUT", f"/imports/{import_id}/mapping", json={"columns": said})
    assert (answer.status_code, answer.json["status"]) == (202, "checking")
    assert mine.call("PUT", f"/imports/{import_id}/mapping", json={"columns": said}).status_code == 409
    run_import(importer.tenant_id, import_id)
    again = mine.call("GET", f"/imports/{import_id}").json
    assert (again["created"], again["failure"], again["mapping"]["observacao"]) == (1, None, "obs")
    mine.call("POST", f"/imports/{import_id}/confirm")
    run_import(importer.tenant_id, import_id)
    done = mine.call("GET", f"/imports/{import_id}").json
    assert (done["stage"], done["columns"][0]["samples"]) == ("result", [])
    assert importer.leads()["5511900000001"].extra == {"observacao": "x"}


@pytest.mark.parametrize(
    "said",
    [
        [{"position": 2, "field": "name"}],
        [{"position": 9, "field": "ignore"}],
        [{"position": 2, "field": "ignore"}],
        [{"position": 2, "field": "dinheiro"}],
        [{"field": "ignore"}],
    ],
)
def test_columns_that_cannot_be_change_nothing(mine: Program, importer: Importer, said: list[dict[str, Any]]) -> None:
    import_id = mine.send(csv_of("Ana;11900000001;", header=HEAD), auto_confirm="false").json["id"]
    run_import(importer.tenant_id, import_id)
    answer = mine.call("PUT", f"/imports/{import_id}/mapping", json={"columns": said})
    assert (answer.status_code, bool(answer.json["error"]["fields"])) == (422, True)
    assert importer.result(import_id).status == "ready"


def test_a_held_import_is_discarded_once(mine: Program, importer: Importer) -> None:
    import_id = mine.send(csv_of("Ana;11900000001;", header=HEAD), auto_confirm="false").json["id"]
    run_import(importer.tenant_id, import_id)
    gone = mine.call("POST", f"/imports/{import_id}/discard")
    assert (gone.status_code, gone.json["status"], gone.json["stage"]) == (200, "discarded", "result")
    for deed in ("discard", "confirm"):
        assert mine.call("POST", f"/imports/{import_id}/{deed}").status_code == 409
    assert importer.leads() == {}


def test_an_import_is_undone_once(mine: Program, importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;", header=HEAD))
    undone = mine.call("POST", f"/imports/{found.id}/undo")
    assert (undone.status_code, undone.json["status"], undone.json["removed"]) == (200, "undone", 1)
    again = mine.call("POST", f"/imports/{found.id}/undo")
    assert (again.status_code, again.json["error"]["code"]) == (409, "cannot_undo")


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [({"legal_basis": ""}, 422, "legal_basis"), ({"list_name": " "}, 422, "list_name"), ({"x": "1"}, 422, "x")],
)
def test_what_is_missing_is_named(mine: Program, said: dict[str, str], status: int, field: str) -> None:
    answer = mine.send(csv_of("Ana;11900000001;", header=HEAD), **said)
    assert answer.status_code == status
    assert field in answer.json["error"]["fields"]


def test_without_a_file_or_with_a_picture_the_answer_says_so(mine: Program) -> None:
    missing = mine.call("POST", "/imports", data={"list_name": "x", "legal_basis": "consent"})
    assert (missing.status_code, "file" in missing.json["error"]["fields"]) == (422, True)
    picture = mine.send(b"\x89PNG\r\n\x1a\n")
    assert (picture.status_code, picture.json["error"]["code"]) == (415, "unsupported_file")


def test_rejects_and_exports_are_files(mine: Program, importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;", "Bia;1;", header=HEAD))
    rejects = mine.call("GET", f"/imports/{found.id}/rejects")
    assert "3;Faltam dígitos" in rejects.get_data(as_text=True)
    export = mine.call("GET", f"/lists/{found.list_id}/export?format=csv")
    assert "attachment" in export.headers["Content-Disposition"]
    assert "Ana;(11) 90000-0001;https://wa.me/5511900000001;;;;1" in export.get_data(as_text=True)
    assert mine.call("GET", f"/lists/{found.list_id}/export?format=xlsx").get_data()[:2] == b"PK"
    assert mine.call("GET", f"/lists/{found.list_id}/export?format=pdf").status_code == 422


def test_people_are_left_alone_by_phone_or_e_mail(mine: Program) -> None:
    made = mine.call("POST", "/suppressions", json={"phone": "11 8765-4321", "reason": "pediu"})
    assert (made.status_code, made.json["phone"]) == (201, "5511987654321")
    assert mine.call("POST", "/suppressions", json={"phone": "5511987654321"}).status_code == 200
    assert mine.call("POST", "/suppressions", json={"email": "Ana@Example.com"}).json["email"] == "ana@example.com"
    assert mine.call("POST", "/suppressions", json={"reason": "x"}).status_code == 422
    assert len(mine.call("GET", "/suppressions").json["items"]) == 2
    assert len(mine.call("GET", "/suppressions?q=98765").json["items"]) == 1
    assert mine.call("DELETE", f"/suppressions/{made.json['id']}").status_code == 204
    assert mine.call("DELETE", f"/suppressions/{made.json['id']}").status_code == 404
    content = csv_of("11900000001", "x", header="telefone")
    taken = mine.call("POST", "/suppressions/import", data={"file": (io.BytesIO(content), "bloqueio.csv")})
    assert taken.json == {"total": 2, "added": 1, "already": 0, "invalid": 1}


def test_a_list_is_deleted(mine: Program, importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;", header=HEAD))
    assert mine.call("DELETE", f"/lists/{found.list_id}?with_leads=true").status_code == 204
    assert mine.call("GET", f"/lists/{found.list_id}").status_code == 404
    assert mine.call("GET", "/lists").json == {"items": [], "next_cursor": None}


ROUTES = [
    ("GET", "/imports/{import}"),
    ("GET", "/imports/{import}/rejects"),
    ("POST", "/imports/{import}/confirm"),
    ("POST", "/imports/{import}/discard"),
    ("POST", "/imports/{import}/undo"),
    ("GET", "/lists/{list}"),
    ("GET", "/lists/{list}/leads"),
    ("GET", "/lists/{list}/export"),
    ("DELETE", "/lists/{list}"),
    ("DELETE", "/suppressions/{suppression}"),
]
READS = {"/imports/{import}", "/imports/{import}/rejects", "/lists/{list}", "/lists/{list}/leads"}


@pytest.fixture
def address(mine: Program, importer: Importer) -> Callable[[str], str]:
    """A route's pattern -> its path to something of `tenant`'s."""
    found = importer.send(csv_of("Ana;11900000001;", header=HEAD))
    kept = mine.call("POST", "/suppressions", json={"phone": "11900000009"}).json["id"]
    return lambda pattern: pattern.format(**{"import": found.id, "list": found.list_id, "suppression": kept})


@pytest.fixture
def others(app: Flask, program: Callable[[Any], Program], make_tenant: Any, make_user: Any, tenant: Any) -> Any:
    """Nobody, a stranger and a colleague who may only read."""
    return Program(app.test_client(), ""), program(make_tenant()), program(make_user(tenant, role="viewer"))


@pytest.mark.parametrize(("method", "pattern"), ROUTES)
def test_nobody_gets_401_a_stranger_404_and_a_viewer_403(
    others: Any, importer: Importer, address: Callable[[str], str], method: str, pattern: str
) -> None:
    answers = [one.call(method, address(pattern)).status_code for one in others]
    assert answers == [401, 404, 200 if method == "GET" and pattern in READS else 403]
    assert set(importer.leads()) == {"5511900000001"}


def test_only_who_may_import_says_what_the_columns_are(others: Any, importer: Importer) -> None:
    import_id = importer.upload_guided(csv_of("Ana;11900000001;", header=HEAD))
    said = {"columns": [{"position": 3, "field": "ignore"}]}
    answers = [one.call("PUT", f"/imports/{import_id}/mapping", json=said).status_code for one in others]
    assert answers == [401, 404, 403]
    assert importer.result(import_id).status == "mapping"


def test_a_stranger_cannot_import_into_somebodys_list(
    program: Callable[[Any], Program], importer: Importer, make_tenant: Any
) -> None:
    found = importer.send(csv_of("Ana;11900000001;", header=HEAD))
    answer = program(make_tenant()).send(csv_of("Bia;11900000002;", header=HEAD), list_id=str(found.list_id))
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "list_not_found")
