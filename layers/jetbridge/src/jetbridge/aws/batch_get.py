"""Reads many of a table's items by their keys."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from jetbridge.aws.back_off import back_off, spread
from jetbridge.aws.batches import batches
from jetbridge.aws.items import Item, marshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# BatchGetItem takes 100 keys and returns at most 16 MB; it returns the other keys as unprocessed
# (API reference).
KEYS_AT_ONCE = 100
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
# The pauses between attempts take 5.2 s at most. A sweep keeps its last 15 s for work already
# begun.
EMPTY_ANSWERS = 8


def items_of(
    client: "DynamoDBClient",
    table: str,
    run_ids: Iterable[str],
    sleep: Callable[[float], None],
    *,
    consistent: bool = False,
) -> Iterator[Item]:
    """The items that are there, in DynamoDB's notation and in no order. Keys that DynamoDB leaves
    out are read again, with back-off.

    Raises:
        RuntimeError: DynamoDB repeatedly leaves out all keys.
    """
    for some in batches(run_ids, KEYS_AT_ONCE):
        keys = [marshal({"run_id": run_id}) for run_id in some]
        asked: Item = {table: {"Keys": keys, "ConsistentRead": consistent}}
        empty = 0
        while asked:
            answer = client.batch_get_item(RequestItems=asked)
            items = answer["Responses"].get(table, [])
            yield from items
            asked = answer.get("UnprocessedKeys") or {}
            if items:
                empty = 0
            elif asked:
                empty += 1
                if empty == EMPTY_ANSWERS:
                    raise RuntimeError(
                        f"BatchGetItem on {table} left out all keys {EMPTY_ANSWERS} times in a "
                        "row: is the table throttled?"
                    )
                pause = back_off(_FIRST_PAUSE_SECONDS, empty - 1, _LONGEST_PAUSE_SECONDS)
                sleep(spread(pause))
