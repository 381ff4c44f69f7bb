"""What an account holds on one person, as a file they can read: JSON for programs, CSV for people, in a zip."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from services.audit import record_audit
from services.leads import hashes_of
from services.privacy import sql
from services.privacy.person import Person, known_person

Rows = list[dict[str, Any]]
FILE_NAMES: Final = {
    "leads": "cadastro",
    "lead_lists": "listas",
    "lead_import_changes": "alteracoes",
    "lead_import_rejects": "linhas-recusadas",
    "suppressions": "nao-perturbe",
    "campaign_contacts": "campanhas",
    "direct_messages": "mensagens-diretas",
    "conversations": "conversas",
    "inbox_messages": "mensagens-das-conversas",
    "number_checks": "consultas-do-numero",
    "webhook_inbox": "avisos-do-whatsapp",
    "outgoing_emails": "e-mails",
}
README: Final = """O que esta conta guarda sobre a pessoa pedida.

dados.json tem tudo, para programas. Os arquivos .csv têm o mesmo, um por assunto, e abrem em qualquer planilha.
Assuntos sem nada não têm arquivo. Horários em UTC. Dos avisos que o WhatsApp mandou só está quando vieram: um aviso
pode falar de outras pessoas, e o que ele disse desta está nas mensagens.
"""


def holdings_of(session: Session, tenant_id: int, asked: Person) -> dict[str, Rows]:
    """Everything that is held, by table; only tables that hold something."""
    values = values_for(session, tenant_id, known_person(session, tenant_id, asked))
    found = {name: [dict(row) for row in session.execute(one, values).mappings()] for name, one in sql.HELD.items()}
    return {name: rows for name, rows in found.items() if rows}


def counted(held: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """How many rows of each kind."""
    return {name: len(rows) for name, rows in held.items()}


def export_person(session: Session, tenant_id: int, asked: Person, *, actor: int | None, now: datetime) -> bytes:
    """The zip. That somebody asked is audited, who was asked about isn't."""
    held = holdings_of(session, tenant_id, asked)
    record_audit(session, tenant_id, "privacy.export", actor_user_id=actor, rows=sum(counted(held).values()))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files_of(held, now).items():
            archive.writestr(name, content)
    return target.getvalue()


def files_of(held: Mapping[str, Rows], now: datetime) -> dict[str, str]:
    """File name -> content."""
    told = {"gerado_em": now.isoformat(), "dados": held}
    files = {"LEIA-ME.txt": README, "dados.json": json.dumps(told, ensure_ascii=False, indent=2, default=str)}
    return files | {f"{FILE_NAMES[name]}.csv": _csv_of(rows) for name, rows in held.items()}


def values_for(session: Session, tenant_id: int, person: Person) -> dict[str, Any]:
    """The parameters every statement of `sql` takes."""
    keys = list(person.phone_keys)
    values = {
        "tenant": tenant_id,
        "keys": keys,
        "emails": list(person.emails),
        "leads": list(person.lead_ids),
        "digits": list(person.digits),
        "whole": list(person.whole),
        "hashes": hashes_of(session, keys, person.emails),
    }
    return values | {"addresses": list(session.scalars(sql.ADDRESSES, values))}


def _csv_of(rows: Rows) -> str:
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target, delimiter=";")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return "'" + shown if shown[:1] in {"=", "+", "-", "@", "\t"} else shown
