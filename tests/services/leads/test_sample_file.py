"""The sample with every kind of problem: what the demonstration and the import page show."""

from pathlib import Path
from typing import Final

from services.leads.refusals import ROW_REASONS
from tests.support.lead_files import Importer, counts_of

SAMPLES: Final = Path(__file__).resolve().parents[3] / "static" / "samples"


def test_the_sample_shows_every_kind_of_problem_once(importer: Importer) -> None:
    importer.send((SAMPLES / "leads-exemplo.csv").read_bytes())
    found = importer.send((SAMPLES / "leads-com-problemas.csv").read_bytes(), filename="leads-com-problemas.csv")
    assert counts_of(found) == {
        "created": 9, "updated": 3, "duplicates": 1, "invalid": 9, "not_selected": 1, "suppressed": 0,
    }  # fmt: skip
    assert {problem["code"] for problem in found.problems} == set(ROW_REASONS)
    assert all(problem["count"] == 1 for problem in found.problems)
    assert {note["code"] for note in found.layout["notes"]} == {"phone_columns", "second_numbers"}


def test_the_samples_hold_nobodys_number(importer: Importer) -> None:
    for path in SAMPLES.glob("*.csv"):
        importer.send(path.read_bytes())
    unassigned = [phone for phone in importer.leads() if phone[4:9] == "90000" or phone.startswith("120255501")]
    assert sorted(unassigned) == sorted(importer.leads())
