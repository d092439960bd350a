"""How large a request and its parts may be, so that its row and its outcome always fit.

A row of the runs table has 400 KB at most (Amazon DynamoDB developer guide, "Service quotas"). The
request is its largest part; the rest (deaths, attachments, watchers, the end) has bounds of its
own that leave most of that room free.
"""

from jetbridge.contract import ContractError, S3LogTarget, StartRequest, TriggerDagRun
from jetbridge.runs.sizes import largest_part, stored_bytes

# A new row has 128 KB at most (runs/item.py): the request, and what the row has besides it.
REQUEST_BYTES = 120 * 1024
# Of one ``conf`` or ``extra``: it is stored in Airflow's database, too.
VALUES_BYTES = 16 * 1024
# S3 takes keys of 1,024 bytes (Amazon S3 user guide, "Naming Amazon S3 objects"). Jetbridge appends
# the container's name and more to the prefix, and puts ``jetbridge-whole/`` into it. Counted as it
# is stored: ten later tries may add theirs to the row, and JSON writes a control character as six.
KEY_PREFIX_BYTES = 880


def check_sizes(request: StartRequest) -> None:
    """Refuse what is too large.

    Raises:
        ContractError: names the part, its size and the limit.
    """
    target = request.log_target
    if isinstance(target, S3LogTarget):
        _check(
            "log_target.key_prefix",
            stored_bytes(target.key_prefix) - len('""'),
            KEY_PREFIX_BYTES,
            "Shorten the ids of DAG, run and task, or leave log_target out",
        )
    for index, entry in enumerate(request.on_finish):
        values = entry.conf if isinstance(entry, TriggerDagRun) else entry.extra
        name = "conf" if isinstance(entry, TriggerDagRun) else "extra"
        _check(
            f"on_finish[{index}].{name}",
            stored_bytes(values),
            VALUES_BYTES,
            "Write it to S3 and send its address",
        )
    size = stored_bytes(request)
    if size > REQUEST_BYTES:
        field, its_size = largest_part(request)
        raise ContractError(
            field,
            f"has {its_size} bytes as JSON, and the message {size}, {REQUEST_BYTES} at most",
            "Send less: write large values to S3 and send their addresses",
        )


def _check(field: str, size: int, limit: int, fix: str) -> None:
    if size > limit:
        raise ContractError(field, f"has {size} bytes, {limit} at most", fix)
