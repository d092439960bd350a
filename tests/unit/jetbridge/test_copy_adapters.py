"""What copies are written with, on moto: S3's multipart uploads, and how far each copy is."""

from typing import Any

import boto3
import pytest
from jetbridge_testing.logs import client_error
from jetbridge_testing.objects import S3Client
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.tables import create_table

from jetbridge.logs.batch import BatchRecords
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.dynamodb import DynamoCopies
from jetbridge.logs.port import Objects, UploadGone
from jetbridge.logs.position import Position
from jetbridge.logs.s3 import S3Objects
from jetbridge.runs.port import UnreadableRow

PART = b"x" * (5 * 1024 * 1024)
PLACE = ("airflow-logs", "k")


@pytest.fixture(params=["moto", "memory"])
def objects(request: pytest.FixtureRequest, aws: None) -> Objects:
    """Both S3s that the tests know behave alike."""
    if request.param == "memory":
        return S3Objects(lambda: as_client(S3_CLIENT))
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="airflow-logs")
    return S3Objects(lambda: client)


S3_CLIENT = S3Client()


def test_parts_become_one_object(objects: Objects) -> None:
    upload = objects.begin(*PLACE)
    etags = [objects.upload(*PLACE, upload, 1, PART), objects.upload(*PLACE, upload, 2, b"end")]
    objects.complete(*PLACE, upload, etags)
    size = objects.size(*PLACE)
    assert size == len(PART) + 3
    assert objects.read(*PLACE, size - 5, size) == b"xxend"
    assert objects.read(*PLACE, 0, 2) == b"xx"


def test_a_part_that_is_written_again_replaces_the_first(objects: Objects) -> None:
    upload = objects.begin(*PLACE)
    objects.upload(*PLACE, upload, 1, b"first")
    etag = objects.upload(*PLACE, upload, 1, b"second")
    objects.complete(*PLACE, upload, [etag])
    assert objects.size(*PLACE) == 6


def test_a_part_that_somebody_else_has_written_over_is_noticed(objects: Objects) -> None:
    upload = objects.begin(*PLACE)
    etag = objects.upload(*PLACE, upload, 1, b"mine")
    objects.upload(*PLACE, upload, 1, b"theirs")
    with pytest.raises(UploadGone):
        objects.complete(*PLACE, upload, [etag])


def test_an_upload_that_is_gone_is_noticed() -> None:
    objects = S3Objects(lambda: as_client(S3_CLIENT))
    upload = objects.begin(*PLACE)
    objects.abort(*PLACE, upload)
    objects.abort(*PLACE, upload)
    with pytest.raises(UploadGone):
        objects.upload(*PLACE, upload, 1, b"a")
    with pytest.raises(UploadGone):
        objects.complete(*PLACE, upload, [])


def test_what_does_not_exist_has_no_size(objects: Objects) -> None:
    assert objects.size("airflow-logs", "nothing") is None


def test_other_errors_of_s3_stay_errors() -> None:
    class Denied:
        def __getattr__(self, name: str) -> Any:
            def refuse(**parameters: Any) -> None:
                raise client_error("SlowDown", "", 503)

            return refuse

    denied = S3Objects(lambda: as_client(Denied()))
    for call in (
        lambda: denied.size(*PLACE),
        lambda: denied.upload(*PLACE, "u", 1, b"a"),
        lambda: denied.abort(*PLACE, "u"),
    ):
        with pytest.raises(Exception, match="SlowDown"):
            call()


def test_states_follow_each_other(aws: None) -> None:
    client = boto3.client("dynamodb")
    table = create_table(client, "RunsTable")
    copies = DynamoCopies(client, table, lambda: 1_772_323_200.5)
    assert copies.get("r#a") == CopyState()
    first = CopyState(version=1, position=Position(token="f/1", last=7, count=2), etags=["e"])
    assert copies.save("r#a", first)
    assert not copies.save("r#a", first), "somebody else was faster"
    assert copies.get("r#a") == first
    assert not copies.save("r#a", CopyState(version=3))
    assert copies.save("r#a", CopyState(version=2, done=True))
    assert copies.get("r#a").done
    assert copies.get("r#b") == CopyState()
    item = client.get_item(TableName=table, Key={"run_id": {"S": "copy#r#a"}})["Item"]
    assert int(item["expires_at"]["N"]) == 1_772_323_200 + 14 * 24 * 3600


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"state": {"S": "{"}},
        {"state": {"S": "[" * 100_000}},
        {"state": {"S": '{"version": "one"}'}},
        {"state": {"S": '{"etags": null}'}},
        {"state": {"NULL": True}},
        {"state": {"N": "1"}},
    ],
    ids=str,
)
def test_a_state_that_somebody_else_wrote_is_one_unreadable_row(
    aws: None, item: dict[str, Any]
) -> None:
    client = boto3.client("dynamodb")
    table = create_table(client, "RunsTable")
    client.put_item(TableName=table, Item={"run_id": {"S": "copy#r#a"}} | item)
    copies = DynamoCopies(client, table)
    with pytest.raises(UnreadableRow, match="copy#r#a"):
        copies.get("r#a")
    known: dict[str, Any] = {
        "state": {"S": '{"version":7,"later":1}'},
        "of_a_later_version": {"L": []},
    }
    client.put_item(TableName=table, Item={"run_id": {"S": "copy#r#b"}} | known)
    assert copies.get("r#b") == CopyState(version=7)


def test_the_largest_state_fits_an_item(aws: None) -> None:
    """S3's ten thousand parts."""
    client = boto3.client("dynamodb")
    copies = DynamoCopies(client, create_table(client, "RunsTable"))
    position = Position(token="f/" + "9" * 60, last=1_772_323_229_007, count=10_000)
    state = CopyState(version=1, position=position, upload="u" * 150, etags=["0" * 32] * 10_000)
    assert copies.save("r#" + "n" * 500, state)
    assert copies.get("r#" + "n" * 500) == state


class Batch:
    def describe_jobs(self, jobs: list[str]) -> Any:
        assert len(jobs) <= 100
        return {"jobs": [{"jobId": job} for job in jobs if job != "forgotten"]}

    def list_jobs(self, arrayJobId: str, jobStatus: str) -> Any:
        assert jobStatus == "FAILED"
        indexes = (10, 9, 100, 2)
        return {"jobSummaryList": [{"jobId": f"{arrayJobId}:{index}"} for index in indexes]}


def test_batch_records() -> None:
    jobs = BatchRecords(lambda: as_client(Batch()))
    assert set(jobs.describe(["a", "forgotten"])) == {"a"}
    assert len(jobs.describe([str(number) for number in range(130)])) == 100
    assert jobs.failed_children("j", 3) == ["j:2", "j:9", "j:10"]
