"""A business of Google Maps stays one lead when its number changes."""

from core.tenancy import tenant_scope
from services import leads
from tests.support.lead_files import Importer, counts_of, csv_of

HEAD = "title,categoryName,city,phone,phoneUnformatted,placeId"
SORRISO = "Clínica Sorriso,Dentista,Campinas,+55 19 90000-0001,+5519900000001,ChIJ1"
MOVED = "Clínica Sorriso,Dentista,Campinas,+55 19 90000-0009,+5519900000009,ChIJ1"
OTHER = "Odonto Vida,Dentista,Campinas,+55 19 90000-0002,+5519900000002,ChIJ2"


def undo(importer: Importer, import_id: int) -> leads.Undone:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        return leads.undo_import(session, importer.tenant_id, import_id, actor=None)


def suppress(importer: Importer, phone: str) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.suppress_entry(session, importer.tenant_id, leads.Entry(phone), actor=None)


def test_a_dataset_of_apify_is_understood_as_it_is(importer: Importer) -> None:
    found = importer.send(csv_of(SORRISO, OTHER, header=HEAD))
    assert found.created == 2
    lead = importer.leads()["5519900000001"]
    assert (lead.name, lead.category, lead.city) == ("Clínica Sorriso", "Dentista", "Campinas")
    assert (lead.place_id, lead.source) == ("ChIJ1", "import")


def test_a_known_place_with_another_number_is_updated_and_not_doubled(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, OTHER, header=HEAD))
    before = importer.leads()["5519900000001"]
    again = importer.send(csv_of(MOVED, OTHER, header=HEAD))
    assert counts_of(again) == {
        "created": 0, "updated": 2, "duplicates": 0, "invalid": 0, "not_selected": 0, "suppressed": 0,
    }  # fmt: skip
    now = importer.leads()
    assert set(now) == {"5519900000009", "5519900000002"}
    assert now["5519900000009"].id == before.id
    assert now["5519900000009"].phone_key == "5519900000009"


def test_the_undo_gives_the_old_number_back(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, header=HEAD))
    renamed = MOVED.replace("Sorriso", "Sorriso Novo")
    again = importer.send(csv_of(renamed, header=HEAD))
    assert importer.leads()["5519900000009"].name == "Clínica Sorriso Novo"
    done = undo(importer, again.id)
    assert done.restored == 1
    (lead,) = importer.leads().values()
    assert (lead.phone, lead.phone_key, lead.name) == ("5519900000001", "5519900000001", "Clínica Sorriso")


def test_who_asked_to_be_left_alone_is_not_reached_by_a_new_number(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, header=HEAD))
    suppress(importer, "5519900000001")
    again = importer.send(csv_of(MOVED, header=HEAD))
    assert (again.suppressed, again.created, again.updated) == (1, 0, 0)
    assert set(importer.leads()) == {"5519900000001"}


def test_a_number_that_is_somebody_elses_decides_alone(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, OTHER, header=HEAD))
    swapped = SORRISO.replace("90000-0001", "90000-0002").replace("900000001", "900000002")
    again = importer.send(csv_of(swapped, header=HEAD))
    assert (again.updated, again.created) == (1, 0)
    now = importer.leads()
    assert set(now) == {"5519900000001", "5519900000002"}
    assert now["5519900000002"].name == "Clínica Sorriso"


def test_two_places_that_exchange_their_numbers_stay_two_people(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, OTHER, header=HEAD))
    moved_in = "Nova,Dentista,Campinas,+55 19 90000-0001,+5519900000001,ChIJ3"
    again = importer.send(csv_of(MOVED, moved_in, header=HEAD))
    assert (again.created, again.updated) == (1, 1)
    assert set(importer.leads()) == {"5519900000001", "5519900000002", "5519900000009"}


def test_an_order_of_rows_does_not_matter_for_a_changed_number(importer: Importer) -> None:
    importer.send(csv_of(SORRISO, OTHER, header=HEAD))
    again = importer.send(csv_of(MOVED.replace("ChIJ1", "ChIJ2"), MOVED, header=HEAD))
    assert (again.updated, again.duplicates, again.created) == (1, 1, 0)
    assert len(importer.leads()) == 2
