"""Where the code of functions and their layers are unpacked."""

import io
import zipfile
from pathlib import Path

import pytest

from jetbridge_local.functions.package import PackageStore


def archive(text: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr(zipfile.ZipInfo("python/module.py"), text)
    return written.getvalue()


def refuses() -> bytes:
    raise AssertionError("it is known")


def test_equal_archives_share_a_folder_and_others_do_not(tmp_path: Path) -> None:
    store = PackageStore(tmp_path / "packages")
    one = store.unpacked("layer arn:1", lambda: archive("A = 1"))
    again = store.unpacked("layer arn:2", lambda: archive("A = 1"))
    other = store.unpacked("layer arn:3", lambda: archive("A = 2"))
    assert one == again != other
    assert (one / "python/module.py").read_text() == "A = 1"
    assert (other / "python/module.py").read_text() == "A = 2"
    assert store.unpacked("layer arn:2", refuses) == one


def test_an_invalid_archive_leaves_nothing(tmp_path: Path) -> None:
    store = PackageStore(tmp_path / "packages")
    with pytest.raises(zipfile.BadZipFile):
        store.unpacked("code", lambda: b"no zip")
    assert list((tmp_path / "packages").iterdir()) == []
    assert store.unpacked("code", lambda: archive("A = 1")).is_dir()


def test_a_new_store_begins_empty(tmp_path: Path) -> None:
    first = PackageStore(tmp_path / "packages").unpacked("code", lambda: archive("A = 1"))
    PackageStore(tmp_path / "packages")
    assert not first.exists()
