"""`/api/leads` for people: found, added, changed, many at once, merged; and who may."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope
from jobs.leads import run_deed
from services import accounts
from tests.support.lead_files import Importer, csv_of
from tests.support.world import TenantHandle

HEAD = "nome;telefone;email;cidade"
ANA = "Ana;11900000001;ana@example.com;Campinas"
BIA = "Bia;11900000002;ana@example.com;Santos"
Call = Callable[..., Any]


@pytest.fixture
def caller(app: Flask, factory: sessionmaker[Session]) -> Callable[..., Call]:
    """`caller(human, scopes)` -> a function (method, path, json) that calls with that person's key."""

    def made(somebody: Any, scopes: tuple[str, ...] = ("*",)) -> Call:
        human = getattr(somebody, "owner", somebody)
        with system_scope("test"), factory.begin() as session:
            key = accounts.create_api_key(session, human.tenant_id, human.user_id, name="t", scopes=list(scopes))
        headers = {"Authorization": f"Bearer {key}"}
        http = app.test_client()
        return lambda method, path, **said: http.open(f"/api/leads{path}", method=method, headers=headers, **said)

    return made


@pytest.fixture
def mine(caller: Callable[..., Call], tenant: TenantHandle) -> Call:
    return caller(tenant)


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json["items"]]


def test_people_are_found_by_filter_and_paged(mine: Call, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    assert names(mine("GET", "?city=campinas&q=an")) == ["Ana"]
    first = mine("GET", "?limit=1")
    assert names(mine("GET", f"?limit=1&cursor={first.json['next_cursor']}")) == ["Ana"]
    assert mine("GET", "/count?city=santos").json == {"count": 1, "is_more": False}
    wrong = mine("GET", "?status=asleep")
    assert (wrong.status_code, set(wrong.json["error"]["fields"])) == (422, {"status"})
    lines = mine("GET", "/export?city=santos").get_data(as_text=True).splitlines()
    assert [line.split(";")[0] for line in lines[1:]] == ["Bia"]


def test_a_person_is_added_changed_left_alone_and_deleted(mine: Call) -> None:
    said = {"phone": "11 90000-0001", "legal_basis": "consent", "name": "Ana", "tags": ["VIP"], "extra": {"cpf": "1"}}
    made = mine("POST", "", json=said)
    assert made.status_code == 201
    assert (made.json["source"], made.json["tags"], made.json["phone"]) == ("api", ["vip"], "5511900000001")
    assert mine("POST", "", json=said).status_code == 409
    where = f"/{made.json['id']}"
    changed = mine("PATCH", where, json={"city": "Itu"}).json
    assert (changed["name"], changed["city"], changed["extra"], changed["tags"]) == (
        "Ana",
        "Itu",
        {"cpf": "1"},
        ["vip"],
    )
    assert mine("PATCH", where, json={"phone": "11900000002"}).status_code == 422
    assert mine("POST", f"{where}/suppress").json["is_suppressed"] is True
    assert mine("POST", f"{where}/unsuppress").json["is_suppressed"] is False
    assert mine("GET", f"{where}/history").json == {"campaigns": [], "conversations": []}
    assert mine("GET", "/tags").json == {"items": ["vip"]}
    assert mine("DELETE", where).status_code == 204
    assert mine("GET", where).status_code == 404


def test_many_at_once_by_ids_and_by_filter(mine: Call, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    ids = [lead.id for lead in importer.leads().values()]
    now = mine("POST", "/deeds", json={"action": "tag", "tag": "x", "ids": ids})
    assert (now.status_code, now.json["done"], now.json["status"]) == (200, 2, "finished")
    later = mine("POST", "/deeds", json={"action": "untag", "tag": "x", "filter": {"city": "Santos"}})
    assert (later.status_code, later.json["status"]) == (202, "waiting")
    run_deed(importer.tenant_id, later.json["id"])
    assert mine("GET", f"/deeds/{later.json['id']}").json["done"] == 1
    assert names(mine("GET", "?tag=x")) == ["Ana"]
    assert mine("POST", "/deeds", json={"action": "tag", "tag": "x"}).status_code == 422


def test_segments_and_merges(mine: Call, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    made = mine("POST", "/segments", json={"name": "Praia", "filter": {"city": "Santos"}})
    assert (made.status_code, made.json["filter"]) == (201, {"city": "Santos"})
    assert names(mine("GET", "/segments")) == ["Praia"]
    assert mine("DELETE", f"/segments/{made.json['id']}").status_code == 204
    pair = mine("GET", "/duplicates").json["items"][0]
    said = {"kept_id": pair["first"]["id"], "gone_id": pair["second"]["id"]}
    merged = mine("POST", "/duplicates/merge", json=said)
    assert len(importer.leads()) == 1
    assert mine("POST", f"/duplicates/{merged.json['id']}/undo").json["undone_at"]
    assert len(importer.leads()) == 2


def test_a_stranger_gets_404_and_a_narrow_key_403(
    mine: Call, caller: Callable[..., Call], importer: Importer, make_tenant: Any, tenant: TenantHandle
) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    lead = next(iter(importer.leads().values())).id
    stranger, reader = caller(make_tenant()), caller(tenant, ("leads.read",))
    tries = [
        ("GET", f"/{lead}", None),
        ("PATCH", f"/{lead}", {"name": "x"}),
        ("DELETE", f"/{lead}", None),
        ("GET", f"/{lead}/history", None),
        ("POST", f"/{lead}/suppress", None),
        ("POST", "/duplicates/merge", {"kept_id": lead, "gone_id": lead + 1}),
    ]
    for method, path, said in tries:
        assert stranger(method, path, json=said).status_code == 404, path
        if method != "GET":
            assert reader(method, path, json=said).status_code == 403, path
    assert names(stranger("GET", "?q=ana")) == []
    assert stranger("POST", "/deeds", json={"action": "delete", "ids": [lead]}).json["done"] == 0
    assert len(importer.leads()) == 1


def test_an_operators_key_deletes_nobody_by_the_way_of_a_deed(
    caller: Callable[..., Call], importer: Importer, tenant: TenantHandle, make_user: Any
) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    lead = next(iter(importer.leads().values())).id
    operator = caller(make_user(tenant, role="operator"))
    assert operator("POST", "/deeds", json={"action": "delete", "ids": [lead]}).status_code == 403
    assert operator("POST", "/deeds", json={"action": "delete", "filter": {}}).status_code == 403
    assert len(importer.leads()) == 1
