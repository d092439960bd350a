"""What the layer keeps of botocore's data: the same clients, made of less."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import Session, get_session

LAYER = Path(__file__).parents[3] / "layers" / "dependencies"
SERVICES = ("batch", "dynamodb", "ecs", "events", "lambda", "logs", "s3", "secretsmanager", "sqs")
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
    subprocess.run([sys.executable, LAYER / "slim_botocore.py", data, *SERVICES], check=True)
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
def test_clients_are_the_same(slim: Session, service: str) -> None:
    whole = get_session()
    for region in REGIONS:
        ours, theirs = client(slim, service, region), client(whole, service, region)
        assert ours.meta.endpoint_url == theirs.meta.endpoint_url
        assert ours.meta.partition == theirs.meta.partition
        assert ours.meta.method_to_api_mapping == theirs.meta.method_to_api_mapping
    ours_model, theirs_model = ours.meta.service_model, theirs.meta.service_model
    assert ours_model.shape_names == theirs_model.shape_names
    assert _names(ours_model) == _names(theirs_model)
    for name in theirs_model.operation_names:
        mine, other = ours_model.operation_model(name), theirs_model.operation_model(name)
        assert mine.http == other.http
        for mine_shape, other_shape in (
            (mine.input_shape, other.input_shape),
            (mine.output_shape, other.output_shape),
        ):
            assert (mine_shape is None) == (other_shape is None)
            if other_shape is not None:
                assert list(mine_shape.members) == list(other_shape.members)
                assert mine_shape.required_members == other_shape.required_members


def test_nothing_but_documentation_is_left_out(slim: Session) -> None:
    """Some members of shapes have that name."""
    whole = get_session().get_component("data_loader")
    ours = slim.get_component("data_loader").load_service_model("s3", "service-2")
    theirs = whole.load_service_model("s3", "service-2")
    kept = _texts(ours.pop("clientContextParams"))
    assert kept == _texts(theirs.pop("clientContextParams")) > 0
    assert _texts(ours) == 0 < _texts(theirs)
    assert _without(theirs) == _without(ours)


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
