"""Documents point at what is there."""

import re
from pathlib import Path

import pytest

from tests.lint.house_plan import ROOT
from tests.lint.source import Source, sources

LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")
CODE = re.compile(r"`(?P<path>(?:core|models|connectors|services|views|api|cli|jobs|tests|docs|docker)/[\w./-]*)`")

DOCUMENTS = [source for source in sources(ROOT) if source.suffix == ".md"]


def dead_links(source: Source) -> list[str]:
    """Relative links whose target doesn't exist."""
    folder = (ROOT / source.path).parent
    return [found["target"] for found in LINK.finditer(source.text) if not (folder / found["target"]).exists()]


def dead_paths(source: Source) -> list[str]:
    """Files of ours that are named in code marks and don't exist; a name in <> stands for many."""
    return [found["path"] for found in CODE.finditer(source.text) if not (ROOT / found["path"]).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda source: source.path)
def test_links_and_files_in_a_document_exist(document: Source) -> None:
    assert dead_links(document) == []
    assert dead_paths(document) == []


def test_a_dead_link_is_noticed() -> None:
    text = "[there](docs/architecture.md) [away](https://example.com) [gone](docs/nowhere.md) `core/nowhere.py`"
    assert dead_links(Source("README.md", text)) == ["docs/nowhere.md"]
    assert dead_paths(Source(str(Path("README.md")), text)) == ["core/nowhere.py"]


def test_the_targets_of_the_makefile_are_listed_by_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]
    helped = re.findall(r"^([a-z-]+):.*## ", makefile, re.M)
    assert sorted(phony) == sorted(helped)
    promised = {"run", "test", "test-fast", "lint", "bench", "bench-full", "help", "assets", "screenshots"}
    assert promised | {"chaos", "soak", "requirements"} <= set(helped)
