"""A checkout is built once for all that deploy from it."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jetbridge_local.site.building import build_once


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "layers/core/__pycache__").mkdir(parents=True)
    (tmp_path / "layers/core/module.py").write_text("one")
    (tmp_path / "template.yaml").write_text("Resources: {}")
    (tmp_path / "samconfig.toml").write_text("")
    return tmp_path


@pytest.fixture
def builds(root: Path) -> list[str]:
    return []


@pytest.fixture
def build(root: Path, builds: list[str]) -> Callable[[], None]:
    """As `sam build` does: first remove what was there."""

    def build() -> None:
        folder = root / ".aws-sam/build"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        builds.append((root / "layers/core/module.py").read_text())

    return build


def test_what_has_not_changed_is_not_built_again(
    root: Path, build: Callable[[], None], builds: list[str]
) -> None:
    build_once(root, build)
    (root / "layers/core/__pycache__/module.pyc").write_text("compiled")
    build_once(root, build)
    assert builds == ["one"]


@pytest.mark.parametrize("name", ["layers/core/module.py", "layers/core/new.py", "template.yaml"])
def test_what_has_changed_is_built(
    root: Path, build: Callable[[], None], builds: list[str], name: str
) -> None:
    build_once(root, build)
    (root / name).write_text("two")
    build_once(root, build)
    build_once(root, build)
    assert len(builds) == 2


def test_a_removed_file_is_a_change(
    root: Path, build: Callable[[], None], builds: list[str]
) -> None:
    (root / "layers/core/old.py").touch()
    build_once(root, build)
    (root / "layers/core/old.py").unlink()
    build_once(root, build)
    assert len(builds) == 2


def test_a_build_that_was_interrupted_is_done_again(
    root: Path, build: Callable[[], None], builds: list[str]
) -> None:
    build_once(root, build)
    (root / "template.yaml").write_text("two")

    def interrupted() -> None:
        build()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_once(root, interrupted)
    build_once(root, build)
    assert len(builds) == 3


def test_a_build_by_somebody_else_is_not_taken_for_ours(
    root: Path, build: Callable[[], None], builds: list[str]
) -> None:
    build_once(root, build)
    build()
    build_once(root, build)
    assert len(builds) == 3


def test_who_comes_during_a_build_waits_and_does_not_build(
    root: Path, build: Callable[[], None], builds: list[str]
) -> None:
    building, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        building.set()
        assert go_on.wait(10)
        build()

    first = threading.Thread(target=build_once, args=(root, slow))
    first.start()
    assert building.wait(10)
    second = threading.Thread(target=build_once, args=(root, build))
    second.start()
    second.join(0.2)
    assert second.is_alive(), "it has to wait"
    go_on.set()
    first.join(10)
    second.join(10)
    assert builds == ["one"]
