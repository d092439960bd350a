"""Live logs' ports: memory and AWS behave the same."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from jetbridge_testing.clock import Clock
from jetbridge_testing.live import MemoryLive, MemoryPieces
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.tables import create_table

from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.dynamodb import KEPT_SECONDS, DynamoLive
from jetbridge.logs.live.pieces import PIECES, REMEMBERED, Piece
from jetbridge.logs.live.port import Live, Pieces, Progress
from jetbridge.logs.live.s3 import S3Pieces
from jetbridge.logs.live.streams import LiveStream, Named

TARGET = S3LogTarget("airflow-logs", "airflow/dag_id=d/run_id=r/task_id=t/attempt=1.log")
STREAM = LiveStream(run_id="r", launch=2, container="main", attempt=3)


@pytest.fixture(params=["memory", "dynamodb"])
def live(request: pytest.FixtureRequest) -> Live:
    if request.param == "memory":
        return MemoryLive()
    client = request.getfixturevalue("dynamodb")
    return DynamoLive(client, create_table(client, "RunsTable"), Clock())


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="airflow-logs")
    return client


@pytest.fixture(params=["memory", "s3"])
def pieces(request: pytest.FixtureRequest) -> Pieces:
    if request.param == "memory":
        return MemoryPieces()
    return S3Pieces(request.getfixturevalue("s3"))


def test_streams(live: Live) -> None:
    assert live.find("/g", "s") is None
    live.note(Named("/g", "s", STREAM))
    live.note(Named("/g", "s", STREAM))
    assert live.find("/g", "s") == STREAM
    assert live.find("/g", "other") is None
    assert live.find("/other", "s") is None


def test_who_was_said_first_stays(live: Live) -> None:
    live.note(Named("/g", "s", STREAM))
    live.note(Named("/g", "s", LiveStream(run_id="other", launch=1, container="main")))
    assert live.find("/g", "s") == STREAM


def test_progress_only_rises_and_the_end_stays(live: Live) -> None:
    assert live.progress("r") == Progress(0, False)
    for sequence in (3, 1, 3):
        live.advance("r", sequence)
    assert live.progress("r") == Progress(3, False)
    live.close("r")
    live.close("r")
    live.advance("r", 4)
    assert live.progress("r") == Progress(4, True)
    assert live.progress("other") == Progress(0, False)


def test_items_expire(dynamodb: Any) -> None:
    clock = Clock()
    live = DynamoLive(dynamodb, create_table(dynamodb, "RunsTable"), clock)
    live.note(Named("/g", "s", STREAM))
    live.advance("r", 1)
    items = dynamodb.scan(TableName="RunsTable")["Items"]
    assert {item["run_id"]["S"].partition("#")[0] for item in items} == {"stream", "live"}
    assert {item["expires_at"]["N"] for item in items} == {str(int(clock()) + KEPT_SECONDS)}
    assert not any("active" in item for item in items), "the sweeper must not see them"


def _piece(sequence: int, *lines: str) -> Piece:
    return Piece(sequence, [line.encode() for line in lines], {"0123456789": len(lines)})


def test_a_piece_comes_back_as_it_was(pieces: Pieces) -> None:
    assert pieces.read(TARGET, 3) is None
    piece = Piece(22, ["ä\\n".encode(), b"two"], {f"{n:010}": n for n in range(REMEMBERED)})
    assert pieces.write(TARGET, 3, piece, None)
    stored = pieces.read(TARGET, 3)
    assert stored is not None
    assert stored.piece == piece
    assert list(stored.piece.taken) == list(piece.taken), "oldest first"


def test_only_what_was_read_is_replaced(pieces: Pieces) -> None:
    assert pieces.write(TARGET, 0, _piece(0, "a"), None)
    assert not pieces.write(TARGET, 0, _piece(0, "b"), None)
    first = pieces.read(TARGET, 0)
    assert first is not None
    assert pieces.write(TARGET, 0, _piece(0, "a", "b"), first.tag)
    assert not pieces.write(TARGET, 0, _piece(0, "a", "c"), first.tag)
    stored = pieces.read(TARGET, 0)
    assert stored is not None
    assert stored.piece.lines == [b"a", b"b"]


def test_a_piece_that_was_removed_does_not_come_back(pieces: Pieces) -> None:
    assert pieces.write(TARGET, 0, _piece(0, "a"), None)
    assert pieces.write(TARGET, PIECES - 1, _piece(9, "b"), None)
    other = S3LogTarget(TARGET.bucket, TARGET.key_prefix.replace("=1.log", "=10.log"))
    assert pieces.write(other, 0, _piece(0, "of another try"), None)
    stored = pieces.read(TARGET, 0)
    assert stored is not None
    pieces.remove(TARGET)
    pieces.remove(TARGET)
    assert pieces.read(TARGET, 0) is None
    assert pieces.read(TARGET, PIECES - 1) is None
    assert not pieces.write(TARGET, 0, _piece(0, "a", "b"), stored.tag)
    assert pieces.read(other, 0) is not None


def test_objects_are_beside_the_log_of_the_try(s3: Any) -> None:
    S3Pieces(s3).write(TARGET, 7, _piece(7, "a", "b"), None)
    [item] = s3.list_objects_v2(Bucket="airflow-logs")["Contents"]
    assert item["Key"] == f"{TARGET.key_prefix}.jetbridge.live.07.log"
    assert s3.get_object(Bucket="airflow-logs", Key=item["Key"])["Body"].read() == b"a\nb\n"


class _Refusing:
    """S3 for somebody who may not list the bucket, and not write either."""

    def get_object(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    def put_object(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    def delete_objects(self, **_: Any) -> Any:
        error = {"Key": "k", "Code": "AccessDenied", "Message": "Access Denied"}
        return {"Errors": [error]}


def test_denied_reads_mean_no_piece_and_denied_writes_are_errors() -> None:
    pieces = S3Pieces(as_client(_Refusing()))
    assert pieces.read(TARGET, 0) is None
    with pytest.raises(ClientError, match="AccessDenied"):
        pieces.write(TARGET, 0, _piece(0, "a"), None)
    assert not pieces.write(TARGET, 0, _piece(0, "a"), "of one that was removed")
    with pytest.raises(PermissionError, match="Access Denied"):
        pieces.remove(TARGET)


class _Denying(_Refusing):
    """S3 for somebody of its own account, to whom it names the action that is denied."""

    def __init__(self, action: str) -> None:
        text = (
            "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform:"
            f' {action} on resource: "arn:aws:s3:::airflow-logs" because no identity-based policy'
            f" allows the {action} action"
        )
        self.error = ClientError({"Error": {"Code": "AccessDenied", "Message": text}}, "S3")

    def get_object(self, **_: Any) -> Any:
        raise self.error

    def put_object(self, **_: Any) -> Any:
        raise self.error


def test_a_denial_that_names_its_action_is_no_missing_piece() -> None:
    with pytest.raises(ClientError, match="s3:GetObject"):
        S3Pieces(as_client(_Denying("s3:GetObject"))).read(TARGET, 0)
    for before in (None, "of one that is there"):
        with pytest.raises(ClientError, match="s3:PutObject"):
            S3Pieces(as_client(_Denying("s3:PutObject"))).write(TARGET, 0, _piece(0, "a"), before)
    # What S3 answers for a missing object.
    assert S3Pieces(as_client(_Denying("s3:ListBucket"))).read(TARGET, 0) is None


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "RequestTimeout"])
def test_a_read_that_s3_puts_off_is_no_missing_piece(code: str) -> None:
    denying = _Denying("s3:GetObject")
    denying.error = ClientError({"Error": {"Code": code}}, "GetObject")
    with pytest.raises(ClientError, match=code):
        S3Pieces(as_client(denying)).read(TARGET, 0)


class _DenyingKey(_Refusing):
    """S3 for somebody who may not use the bucket's KMS key: the message as AWS re:Post has it."""

    ERROR = ClientError(
        {
            "Error": {
                "Code": "AccessDenied",
                "Message": "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to"
                " perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:123456789012:key/k"
                " because no identity-based policy allows the kms:Decrypt action",
            }
        },
        "GetObject",
    )

    def get_object(self, **_: Any) -> Any:
        raise self.ERROR

    def put_object(self, **_: Any) -> Any:
        raise self.ERROR


def test_a_denied_key_is_no_missing_piece() -> None:
    pieces = S3Pieces(as_client(_DenyingKey()))
    with pytest.raises(PermissionError, match=r"attempt=1\.log.*kms:Decrypt.*KmsKeyArns"):
        pieces.read(TARGET, 0)
    for before in (None, "of one that was removed"):
        with pytest.raises(PermissionError, match="KmsKeyArns"):
            pieces.write(TARGET, 0, _piece(0, "a"), before)


def test_metadata_fits_s3s_limit() -> None:
    """2 KB of names and values (Amazon S3 user guide, "User-defined object metadata")."""
    taken = ",".join(f"{'f' * 10}.{9999}" for _ in range(REMEMBERED))
    assert len(f"sequencetaken{10**6}{taken}") < 2048
