"""`flask privacy`, `flask block-list`, `flask secrets` as an operator types them."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope, tenant_scope
from models.leads import Lead
from services import leads
from tests.support.lead_files import Importer, csv_of
from tests.support.world import TenantHandle

Run = Callable[..., Result]
ANA = "Ana Quaresma;11987660001"


@pytest.fixture
def flask(app: Flask) -> Run:
    """`flask ARGUMENTS`."""

    def run(*arguments: str) -> Result:
        result = app.test_cli_runner().invoke(args=list(arguments))
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    made = Importer(factory, tenant.id)
    made.send(csv_of(ANA, "Bia;11987660002", header="nome;telefone"))
    return made


def test_a_person_is_written_to_a_file_and_forgotten(flask: Run, importer: Importer, tmp_path: Path) -> None:
    tenant = str(importer.tenant_id)
    told = json.loads(flask("privacy", "export", "11987660001", "--tenant", tenant, "--to", str(tmp_path)).stdout)
    assert told["held"] == {"leads": 1, "lead_lists": 1}
    made = Path(told["file"])
    assert made.stat().st_mode & 0o077 == 0, "for nobody else's eyes"
    assert "Quaresma" in zipfile.ZipFile(made).read("dados.json").decode()
    done = json.loads(flask("privacy", "erase", "(11) 98766-0001", "--tenant", tenant, "--yes").stdout)
    assert (done["done"], done["removed"]["leads"]) == (True, 1)
    assert set(importer.leads()) == {"5511987660002"}


def test_without_an_account_every_account_that_holds_them_is_asked(flask: Run, importer: Importer) -> None:
    lines = [json.loads(line) for line in flask("privacy", "erase", "11987660002", "--yes").stdout.splitlines()]
    assert importer.tenant_id in {line["tenant_id"] for line in lines}
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        kept = session.scalars(select(Lead.phone_key).where(Lead.tenant_id == importer.tenant_id)).all()
    assert kept == ["5511987660001"]
    assert "Nada guardado" in flask("privacy", "erase", "11987669999", "--yes").stdout


def test_a_list_for_all_accounts(flask: Run, factory: sessionmaker[Session], tmp_path: Path) -> None:
    file = tmp_path / "nao-me-ligue.csv"
    file.write_bytes(csv_of("11;987670001", "19;987670002", header="DDD;Telefone"))
    try:
        assert json.loads(flask("block-list", "import", str(file)).stdout)["added"] == 2
        assert json.loads(flask("block-list", "add", "11987670001", "x@example.com").stdout) == {
            "added": 1,
            "already": 1,
        }
        total, *lines = flask("block-list", "list").stdout.splitlines()
        assert json.loads(total)["total"] >= 3
        assert any(json.loads(line)["phone"] == "5519987670002" for line in lines)
    finally:
        gone = flask("block-list", "remove", "11987670001", "19987670002", "x@example.com").stdout
    assert json.loads(gone) == {"removed": 3}


def test_what_is_sealed_is_sealed_again(flask: Run, importer: Importer) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.forget_for_good(session, importer.tenant_id, phone_key="5511987660003", reason="privacy")
    with system_scope("test"):
        told = json.loads(flask("secrets", "rotate").stdout)
    assert told["platform"] == 1
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        assert leads.is_suppressed(session, importer.tenant_id, "5511987660003")
