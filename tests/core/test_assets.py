"""The assets build decides when to run, and draws the sprite; npm itself is not called here."""

import json
import time

import pytest

from core import assets

SEND = '<svg xmlns="x" width="24"><path stroke="none" d="M0 0h24v24H0z" fill="none" />\n<path d="M1 2" /></svg>'


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A static folder with a finished build of two files."""
    (tmp_path / "vendor").mkdir()
    for name, attribute in {"package-lock.json": "LOCK", "icons.txt": "ICON_LIST"}.items():
        (tmp_path / name).write_text("send\n")
        monkeypatch.setattr(assets, attribute, tmp_path / name)
    monkeypatch.setattr(assets, "VENDOR", tmp_path / "vendor")
    (tmp_path / "vendor" / "icons.svg").write_text("<svg/>")
    manifest = {"fingerprint": assets.fingerprint(), "files": {"icons.svg": assets.digest(b"<svg/>")}}
    (tmp_path / "vendor" / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_a_finished_build_is_recognised_in_no_time(tree):
    began = time.perf_counter()
    assert assets.is_current()
    assert assets.main() == 0
    assert time.perf_counter() - began < 0.2


@pytest.mark.parametrize("name", ["package-lock.json", "icons.txt", "vendor/icons.svg"])
def test_a_changed_source_or_result_asks_for_a_new_build(tree, name):
    (tree / name).write_text("changed")
    assert not assets.is_current()


@pytest.mark.parametrize("name", ["vendor/icons.svg", "vendor/manifest.json"])
def test_a_missing_result_asks_for_a_new_build(tree, name):
    (tree / name).unlink()
    assert not assets.is_current()


def test_the_icon_list_may_hold_comments_blank_lines_and_repeats():
    assert assets.read_icon_names("# states\nsend\n\ncheck # done\nsend\n") == ["check", "send"]


def test_an_icon_becomes_a_symbol_without_its_empty_frame():
    symbol = assets.draw_symbol("send", SEND)
    assert symbol.startswith('<symbol id="send" viewBox="0 0 24 24"')
    assert "M0 0h24v24H0z" not in symbol
    assert '<path d="M1 2" />' in symbol


def test_an_unknown_icon_is_named(tmp_path):
    with pytest.raises(assets.AssetsError, match="'sendd'"):
        assets.draw_sprite(["sendd"], tmp_path)


def test_the_lock_file_names_no_download_address():
    lock = json.loads(assets.LOCK.read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)
