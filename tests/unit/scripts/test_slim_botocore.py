"""What the layer keeps of botocore's data: the same clients, made of less."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.session import Session, get_session

LAYER = Path(__file__).parents[3] / "layers" / "dependencies"
CORE = Path(__file__).parents[3] / "layers" / "jetbridge" / "src"
OPERATIONS = json.loads((LAYER / "operations.json").read_bytes())
SERVICES = tuple(OPERATIONS)
# Those that botocore calls by itself, or asks for a service's endpoints (slim_botocore.py).
ITS_OWN = {"s3": {"CreateSession", "HeadBucket"}, "dynamodb": {"DescribeEndpoints"}}
REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "ap-southeast-5")


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Session:
    data = tmp_path_factory.mktemp("botocore") / "data"
    whole = Path(botocore.__file__).parent / "data"
    kept = shutil.ignore_patterns(*(each.name for each in whole.iterdir() if _is_odd(each)))
    shutil.copytree(whole, data, ignore=kept)
    caches = [data / "endpoints.json", *data.glob("s3/*/service-2.json.gz")]
    for path in caches:
        path.with_name("cache").hardlink_to(path)
    script, operations = LAYER / "slim_botocore.py", LAYER / "operations.json"
    subprocess.run([sys.executable, script, data, operations], check=True)
    assert sorted(each.name for each in data.iterdir() if each.is_dir()) == sorted(SERVICES)
    for path in caches:
        original = whole / path.relative_to(data)
        assert path.with_name("cache").read_bytes() == original.read_bytes()
    session = get_session()
    loader = Loader([str(data)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session


def _is_odd(folder: Path) -> bool:
    """All services but ours and two that have to go."""
    return folder.is_dir() and folder.name not in (*SERVICES, "ec2", "iam")


def client(session: Session, service: str, region: str) -> Any:
    return session.create_client(
        service, region, aws_access_key_id="any", aws_secret_access_key="any"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_clients_are_the_same_but_for_operations_that_nobody_calls(
    slim: Session, service: str
) -> None:
    whole = get_session()
    kept = {*OPERATIONS[service], *ITS_OWN.get(service, ())}
    for region in REGIONS:
        ours, theirs = client(slim, service, region), client(whole, service, region)
        assert ours.meta.endpoint_url == theirs.meta.endpoint_url
        assert ours.meta.partition == theirs.meta.partition
        assert set(ours.meta.method_to_api_mapping.values()) == kept
        assert ours.meta.method_to_api_mapping.items() <= theirs.meta.method_to_api_mapping.items()
    ours_model, theirs_model = ours.meta.service_model, theirs.meta.service_model
    assert _names(ours_model) == _names(theirs_model)
    for name in kept:
        _same(ours_model.operation_model(name), theirs_model.operation_model(name))


def _same(ours: Any, theirs: Any) -> None:
    assert ours.http == theirs.http
    assert ours.metadata == theirs.metadata
    assert [each.name for each in ours.error_shapes] == [each.name for each in theirs.error_shapes]
    for mine, other in (
        (ours.input_shape, theirs.input_shape),
        (ours.output_shape, theirs.output_shape),
    ):
        assert (mine is None) == (other is None)
        if other is not None:
            assert list(mine.members) == list(other.members)
            assert mine.required_members == other.required_members


def test_nothing_but_documentation_is_left_out_of_a_shape(slim: Session) -> None:
    """Some members of shapes have that name."""
    whole = get_session().get_component("data_loader")
    ours = slim.get_component("data_loader").load_service_model("s3", "service-2")
    theirs = whole.load_service_model("s3", "service-2")
    kept = _texts(ours.pop("clientContextParams"))
    assert kept == _texts(theirs.pop("clientContextParams")) > 0
    assert _texts(ours) == 0 < _texts(theirs)
    for part in ("operations", "shapes"):
        mine, others = ours.pop(part), theirs.pop(part)
        assert mine == {name: _without(others[name]) for name in mine}
        assert len(mine) < len(others)
    assert _without(theirs) == ours


def test_the_operations_are_those_that_the_adapters_call() -> None:
    """An adapter names its service by its client's type. A client has no method for an operation
    that is left out."""
    called: dict[str, set[str]] = {service: set() for service in SERVICES}
    for path in CORE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        words = {word for node in ast.walk(tree) for word in _words(node)}
        for service in {_TYPES[word] for word in words if word in _TYPES}:
            methods = get_session().get_service_model(service).operation_names
            called[service] |= {name for name in methods if xform_name(name) in words}
    assert called == {service: set(names) for service, names in OPERATIONS.items()}


_TYPES = {f"mypy_boto3_{service}": service for service in SERVICES}


def _words(node: ast.AST) -> Iterator[str]:
    """Attributes, the names of paginators, and imported packages."""
    if isinstance(node, ast.Attribute):
        yield node.attr
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module


def _names(model: Any) -> list[str]:
    return [each.name for each in model.client_context_parameters]


def _texts(value: Any) -> int:
    if isinstance(value, dict):
        here = isinstance(value.get("documentation"), str)
        return here + sum(map(_texts, value.values()))
    return sum(map(_texts, value)) if isinstance(value, list) else 0


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without(each)
            for name, each in value.items()
            if name != "documentation" or not isinstance(each, str)
        }
    return [_without(each) for each in value] if isinstance(value, list) else value
