"""The small parts: lines, pages, images, sizes."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.engine import AwsError, ImageMap, ImageMapError, ImageMapFile
from jetbridge_local.engine.batch.retry import is_retried
from jetbridge_local.engine.containers.awslogs import LogTarget, _batches
from jetbridge_local.engine.containers.lines import LineSplitter
from jetbridge_local.engine.ecs.fargate import cpu_units, is_size, memory_mib
from jetbridge_local.engine.paging import page


def split(chunks: list[bytes], maximum: int) -> list[str]:
    splitter = LineSplitter(maximum)
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.close()


@given(st.text(max_size=80), st.lists(st.integers(0, 200), max_size=6), st.integers(4, 20))
def test_lines_don_t_depend_on_how_the_bytes_come(text: str, cuts: list[int], maximum: int) -> None:
    data = text.encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]
    lines = split(chunks, maximum)
    assert lines == split([data], maximum)
    assert "".join(lines) == text.replace("\n", "")
    assert all(line and len(line.encode()) <= maximum for line in lines)
    if all(len(line.encode()) <= maximum for line in text.split("\n")):
        assert lines == [line for line in text.split("\n") if line]


@given(st.binary(max_size=60), st.integers(4, 20))
def test_no_bytes_are_too_bad(data: bytes, maximum: int) -> None:
    lines = split([data], maximum)
    assert all("\n" not in line for line in lines)
    assert bool(lines) == bool(data.replace(b"\n", b""))


@given(st.sets(st.integers(), max_size=30), st.integers(1, 7), st.booleans())
def test_pages_together_are_the_whole(numbers: set[int], size: int, descending: bool) -> None:
    items = sorted(numbers, reverse=descending)
    found: list[int] = []
    parameters: dict[str, Any] = {"maxResults": size}
    while True:
        part, more = page(items, int, parameters, "X", descending=descending)
        assert len(part) <= size
        found += part
        if not more:
            break
        parameters = {"maxResults": size, **more}
    assert found == items


@pytest.mark.parametrize("token", ["nonsense", "e30=", "InRleHQi", "\u00e9"])
def test_a_token_of_somebody_else(token: str) -> None:
    with pytest.raises(AwsError):
        page([1, 2, 3], int, {"nextToken": token}, "X")


@given(st.lists(st.integers(1, 400_000), max_size=20))
def test_batches_of_events_keep_to_the_limits_of_put_log_events(lengths: list[int]) -> None:
    events: list[Any] = [{"timestamp": n, "message": "x" * size} for n, size in enumerate(lengths)]
    batches = list(_batches(events))
    assert [event for batch in batches for event in batch] == events
    for batch in batches:
        size = sum(len(event["message"]) + 26 for event in batch)
        assert 1 <= len(batch) <= 10_000
        assert size <= 1_048_576


def test_ten_thousand_events_are_one_batch_and_one_more_is_two() -> None:
    events: list[Any] = [{"timestamp": 1, "message": "x"}] * 10_001
    assert [len(batch) for batch in _batches(events)] == [10_000, 1]


def test_log_targets() -> None:
    def target(options: dict[str, str], driver: str = "awslogs") -> LogTarget | None:
        configuration = {"logDriver": driver, "options": options}
        return LogTarget.from_configuration(configuration, "main", "task")

    assert LogTarget.from_configuration(None, "main", "task") is None
    assert target({"awslogs-group": "g"}, "json-file") is None
    assert target({"awslogs-group": "g"}) == LogTarget("g", "task", False)
    assert target({"awslogs-group": "g", "awslogs-stream-prefix": "p"}) == LogTarget(
        "g", "p/main/task", False
    )
    assert target({"awslogs-group": "g", "awslogs-create-group": "True"}) == LogTarget(
        "g", "task", True
    )


def test_an_image_map_from_yaml_and_json(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "images.yaml").write_text(
        "repository/*:\n  folder: one\n  command: [python, job.py]\n"
        "repository/two:1:\n  folder: two\n  environment: {A: b}\n"
    )
    images = ImageMap.load(tmp_path / "images.yaml")
    glob, literal = images.resolve("repository/x:7"), images.resolve("repository/two:1")
    assert glob
    assert literal
    assert (glob.folder, glob.command) == (tmp_path / "one", ("python", "job.py"))
    assert (literal.folder, literal.environment) == (tmp_path / "two", {"A": "b"})
    assert images.resolve("other") is None
    (tmp_path / "images.json").write_text(json.dumps({"a": {"folder": str(tmp_path / "two")}}))
    image = ImageMap.load(tmp_path / "images.json").resolve("a")
    assert image
    assert image.folder == tmp_path / "two"


def test_an_image_map_is_read_again_when_its_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "images.yaml"
    (tmp_path / "one").mkdir()
    file.write_text("")
    images = ImageMapFile(file)
    assert images.resolve("one:1") is None
    file.write_text("one:*: {folder: one}\n")
    image = images.resolve("one:1")
    assert image
    assert image.folder == tmp_path / "one"
    file.write_text("one:*: {folder: two}\n# no such folder")
    for _ in range(2):
        with pytest.raises(ImageMapError, match=r"images\.yaml: one:\*: 'folder' must name"):
            images.resolve("one:1")
    file.unlink()
    with pytest.raises(ImageMapError, match=r"images\.yaml: can't be read: .*No such file"):
        images.resolve("one:1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- a", "must be a mapping"),
        ("a: b", "must be a mapping with 'folder'"),
        ("a: {folder: missing}", "missing"),
        ("a: {folder: ., command: python job.py}", "list of strings"),
        ("a: {folder: ., environment: {A: 1}}", "strings to strings"),
        ("a: {folder: ., comand: [x]}", "unknown comand"),
        ("a: [", "not valid YAML"),
    ],
)
def test_an_image_map_that_is_wrong_says_where_and_why(
    tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "images.yaml").write_text(content)
    with pytest.raises(ImageMapError, match=r"images\.yaml") as caught:
        ImageMap.load(tmp_path / "images.yaml")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "units"), [("256", 256), ("1024", 1024), (".25 vCPU", 256), ("2vcpu", 2048)]
)
def test_cpu_units(text: str, units: int) -> None:
    assert cpu_units(text) == units


@pytest.mark.parametrize(("text", "mib"), [("512", 512), ("0.5 GB", 512), ("30GB", 30720)])
def test_memory(text: str, mib: int) -> None:
    assert memory_mib(text) == mib


@pytest.mark.parametrize(
    ("cpu", "memory", "valid"),
    [
        (256, 512, True),
        (256, 1536, False),
        (256, 2048, True),
        (256, 4096, False),
        (512, 1024, True),
        (1024, 8192, True),
        (1024, 9216, False),
        (4096, 30720, True),
        (8192, 16384, True),
        (8192, 17408, False),
        (16384, 122880, True),
        (300, 512, False),
    ],
)
def test_fargate_sizes(cpu: int, memory: int, valid: bool) -> None:
    assert is_size(cpu, memory) is valid


def test_a_condition_without_an_exit_code_to_look_at() -> None:
    strategy = {"attempts": 2, "evaluateOnExit": [{"onExitCode": "0*", "action": "EXIT"}]}
    assert is_retried(strategy, 1, None, None, "Task failed to start")
    strategy["evaluateOnExit"] = [{"onReason": "*", "action": "EXIT"}]
    assert not is_retried(strategy, 1, None, None, "Task failed to start")
