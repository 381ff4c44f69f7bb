"""The Google Maps actor's dataset as Apify lets one download it, and other programs' exports."""

import csv
import io
from typing import Any

import pytest
import xlsxwriter

from tests.support.lead_files import Importer, csv_of

PLACES: list[dict[str, Any]] = [
    {
        "title": "Clínica Sorriso Exemplo", "categoryName": "Dentista", "categories/0": "Dentista",
        "categories/1": "Clínica odontológica", "address": "R. das Flores, 100 - Centro, Campinas - SP",
        "street": "R. das Flores, 100", "neighborhood": "Centro", "city": "Campinas", "state": "São Paulo",
        "phone": "(19) 90000-0001", "phoneUnformatted": "+5519900000001", "website": "https://sorriso.exemplo.test/",
        "totalScore": 4.7, "reviewsCount": 132, "placeId": "ChIJexemplo0001", "url": "https://maps.exemplo.test/1",
        "permanentlyClosed": False, "location/lat": -22.9, "emails/0": "oi@example.com",
    },
    {
        "title": "Padaria Exemplo", "categoryName": "Padaria", "city": "Campinas", "phone": "(415) 555-2671",
        "phoneUnformatted": "+14155552671", "placeId": "ChIJexemplo0002", "totalScore": 5, "reviewsCount": 1,
    },
    {
        "title": "Só formatado", "phone": "+55 19 3234-5678", "placeId": "ChIJexemplo0003",
    },
    {"title": "Sem telefone", "placeId": "ChIJexemplo0004"},
]  # fmt: skip
HEADERS = list(PLACES[0])


def as_csv() -> bytes:
    """With a mark and commas, truths in words, as Apify writes it."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(HEADERS)
    for place in PLACES:
        cells = [place.get(name, "") for name in HEADERS]
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else cell for cell in cells])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def as_xlsx() -> bytes:
    """Numbers as numbers, nothing where there is nothing."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, HEADERS)
    for at, place in enumerate(PLACES, 1):
        for column, name in enumerate(HEADERS):
            if name in place:
                sheet.write(at, column, place[name])
    book.close()
    return target.getvalue()


@pytest.mark.parametrize("content", [as_csv(), as_xlsx()], ids=["csv", "xlsx"])
def test_a_dataset_becomes_the_same_leads_whatever_the_download(importer: Importer, content: bytes) -> None:
    found = importer.send(content, filename="dataset_crawler-google-places.csv")
    assert (found.created, found.invalid, found.not_selected) == (3, 1, 0)
    people = importer.leads()
    assert set(people) == {"5519900000001", "14155552671", "551932345678"}
    clinic = people["5519900000001"]
    assert (clinic.name, clinic.category, clinic.city, clinic.email) == (
        "Clínica Sorriso Exemplo", "Dentista", "Campinas", "oi@example.com",
    )  # fmt: skip
    assert clinic.extra == {
        "placeid": "ChIJexemplo0001", "address": "R. das Flores, 100 - Centro, Campinas - SP", "neighborhood": "Centro",
        "state": "São Paulo", "website": "https://sorriso.exemplo.test/", "totalscore": "4.7", "reviewscount": "132",
        "url": "https://maps.exemplo.test/1",
    }  # fmt: skip
    assert people["14155552671"].extra == {"placeid": "ChIJexemplo0002", "totalscore": "5", "reviewscount": "1"}
    assert found.problems[0]["examples"] == [{"row": 5, "column": "phoneUnformatted", "value": ""}]
    assert {note["code"]: note["message"] for note in found.layout["notes"]}["places"] == (
        "Arquivo do Google Maps (Apify): guardamos nome, telefone, categoria, cidade, e-mail e endereço."
    )


def test_thousands_of_columns_are_fine_in_such_a_file_only(importer: Importer) -> None:
    more = ",".join(f"reviews/{n}/text" for n in range(2_000))
    content = f"title,placeId,cid,phone,{more}\nPadaria,ChIJexemplo0001,1,19900000001\n".encode()
    assert importer.send(content).created == 1


def test_what_a_person_says_of_the_columns_goes_before_what_we_know(importer: Importer) -> None:
    content = b"title,placeId,cid,phone,subTitle\nPadaria,ChIJexemplo0001,1,19900000001,Centro\n"
    importer.send(content, mapping={"phone": "phone", "name": "subTitle"})
    assert importer.leads()["5519900000001"].name == "Centro"


def test_the_contacts_of_a_phone_are_read_as_google_exports_them(importer: Importer) -> None:
    importer.send(
        csv_of(
            "Ana,ana@example.com,Mobile,+55 11 90000-0001 ::: 11 90000-0002",
            header="First Name,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value",
        )
    )
    ana = importer.leads()["5511900000001"]
    assert (ana.name, ana.email) == ("Ana", "ana@example.com")
    assert ana.extra == {"phone_1_label": "Mobile", "telefone_2": "(11) 90000-0002"}
