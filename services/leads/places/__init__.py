"""Places of Google Maps in a file: a business is known again by its place id when its number has changed.

A file names places when it has a column `placeId` (as Apify writes it), which arrives as the variable PLACE_ID. The
steps cost nothing for a file without one.
"""

from typing import Final

from sqlalchemy.orm import Session

from services.leads.columns import ColumnPlan
from services.leads.places import sql

PLACE_ID: Final = "placeid"


def know_places_again(session: Session, tenant_id: int, plan: ColumnPlan) -> None:
    """Judge a row of a known place as the person we know, whatever its number is now. Before repeats are merged, and
    while the tenant's leads are locked."""
    if all(name != PLACE_ID for name, _at in plan.extras):
        return
    session.execute(sql.PLACES, {"tenant": tenant_id})
    session.execute(sql.ONE_A_NUMBER)
    session.execute(sql.ANALYZE_PLACES)
    session.execute(sql.KNOW_AGAIN)


def keep_places(session: Session, tenant_id: int, import_id: int) -> None:
    """After the merge: the numbers that changed (what they were is kept for the undo), and everybody's place id."""
    if not session.execute(sql.HAS_PLACES).scalar_one():
        return
    values = {"tenant": tenant_id, "import": import_id}
    session.execute(sql.REMEMBER_NUMBERS, values)
    session.execute(sql.CHANGE_NUMBERS, values)
    session.execute(sql.KEEP_PLACES, values)


def restore_numbers(session: Session, tenant_id: int, import_id: int) -> None:
    """The undo's half: before the other columns are restored."""
    session.execute(sql.RESTORE_NUMBERS, {"tenant": tenant_id, "import": import_id})
