"""DynamoDB as the template declares it, and conditional writes in a race."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from probe_aws import Aws


def test_time_to_live_and_recovery_come_from_the_template(aws: Aws, stack: dict[str, str]) -> None:
    dynamodb = aws.client("dynamodb")
    ttl = dynamodb.describe_time_to_live(TableName=stack["Table"])["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb.describe_continuous_backups(TableName=stack["Table"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    table = dynamodb.describe_table(TableName=stack["Table"])["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "by-time"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_one_of_sixteen_conditional_puts_wins(aws: Aws, stack: dict[str, str]) -> None:
    dynamodb = aws.client("dynamodb", max_pool_connections=16)

    def put(number: int) -> bool:
        try:
            dynamodb.put_item(
                TableName=stack["Table"],
                Item={"pk": {"S": "contested"}, "by": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(put, range(16))) == 1


def test_a_version_only_rises(aws: Aws, stack: dict[str, str]) -> None:
    """The write of a state change: an update guarded by a number."""
    dynamodb = aws.client("dynamodb", max_pool_connections=8)

    def advance(version: int) -> None:
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.update_item(
                TableName=stack["Table"],
                Key={"pk": {"S": "versioned"}},
                UpdateExpression="SET version = :v, #l = list_append(if_not_exists(#l, :e), :n)",
                ConditionExpression="attribute_not_exists(version) OR version < :v",
                ExpressionAttributeNames={"#l": "seen"},
                ExpressionAttributeValues={
                    ":v": {"N": str(version)},
                    ":n": {"L": [{"N": str(version)}]},
                    ":e": {"L": []},
                },
            )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(advance, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]))
    item = dynamodb.get_item(
        TableName=stack["Table"], Key={"pk": {"S": "versioned"}}, ConsistentRead=True
    )["Item"]
    seen = [int(entry["N"]) for entry in item["seen"]["L"]]
    assert item["version"] == {"N": "9"}
    assert seen == sorted(set(seen))


def test_a_set_takes_no_more_members_than_its_condition_says(
    aws: Aws, stack: dict[str, str]
) -> None:
    """The write of a concurrency group: `size` of a set is the number of its members."""
    dynamodb = aws.client("dynamodb", max_pool_connections=8)

    def join(member: str) -> bool:
        try:
            dynamodb.update_item(
                TableName=stack["Table"],
                Key={"pk": {"S": "group"}},
                UpdateExpression="ADD holders :us",
                ConditionExpression=(
                    "attribute_not_exists(holders) OR size(holders) < :limit "
                    "OR contains(holders, :member)"
                ),
                ExpressionAttributeValues={
                    ":us": {"SS": [member]},
                    ":member": {"S": member},
                    ":limit": {"N": "3"},
                },
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def leave(member: str) -> None:
        dynamodb.update_item(
            TableName=stack["Table"],
            Key={"pk": {"S": "group"}},
            UpdateExpression="DELETE holders :us",
            ExpressionAttributeValues={":us": {"SS": [member]}},
        )

    members = [f"run-{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        joined = [
            run for run, is_in in zip(members, threads.map(join, members), strict=True) if is_in
        ]
    assert len(joined) == 3
    assert join(joined[0]), "it is in already"
    for _ in range(2):
        leave(joined[0])
    others = [run for run in members if run not in joined]
    assert [join(run) for run in others[:2]] == [True, False]
    for run in members:
        leave(run)
    assert join(members[0])
