"""Multi-node parallel jobs: nodes that start together. The main node's state is the job's.

Source: AWS Batch user guide, multi-node-parallel-jobs.html ("the job's status is that of the main
node; when it exits, the others are stopped") and mnp-env-vars.html; API_NodeProperties: a range is
``"0:1"``, ``":1"``, ``"2:"`` or ``"2"``, and the narrowest range applies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .errors import client_error
from .job import Job

MOST_NODES = 1000
MAIN_NODE_ENDED = "Main node has ended"


def check_properties(properties: dict[str, Any]) -> None:
    """Raises AwsError unless every node has a container."""
    nodes, main = properties["numNodes"], properties["mainNode"]
    if not 1 <= nodes <= MOST_NODES:
        raise client_error(f"numNodes must be between 1 and {MOST_NODES}")
    if not 0 <= main < nodes:
        raise client_error("mainNode must be one of the job's nodes")
    for index in range(nodes):
        range_of(properties, index, nodes)


def range_of(properties: dict[str, Any], index: int, nodes: int) -> dict[str, Any]:
    """The narrowest range that contains the node. Raises AwsError if there is none."""
    found = [
        (last - first, each)
        for each in properties["nodeRangeProperties"]
        for first, last in [bounds(each["targetNodes"], nodes)]
        if first <= index <= last
    ]
    if not found:
        raise client_error(f"nodeRangeProperties: no range has node {index}")
    chosen: dict[str, Any] = min(found, key=lambda item: item[0])[1]
    if "container" not in chosen:
        raise client_error("The local AWS Batch runs only multi-node jobs with container.")
    return chosen


def bounds(target: str, nodes: int) -> tuple[int, int]:
    """The first and the last node of a range such as ``"0:3"``. Raises AwsError."""
    first, colon, last = target.partition(":")
    if not all(part.isdecimal() for part in (first, last) if part) or not (first or last):
        raise client_error(f"targetNodes {target!r} is no range of nodes")
    low = int(first or 0)
    return low, int(last or nodes - 1) if colon else low


def node_environment(index: int, main: int, nodes: int) -> dict[str, str]:
    return {
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(main),
        "AWS_BATCH_JOB_NODE_INDEX": str(index),
        "AWS_BATCH_JOB_NUM_NODES": str(nodes),
        "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS": "127.0.0.1",
    }


async def run_together(
    job: Job, run: Callable[[Job], Awaitable[None]], end: Callable[[Job, str], None]
) -> Job:
    """Run all nodes. When the main node has ended, stop the others. Returns the main node.

    Args:
        run: drives a node to its end.
        end: stops a node, with a reason.
    """
    main = job.main_node
    others = [asyncio.ensure_future(run(node)) for node in job.children if node is not main]
    await run(main)
    for node in job.children:
        if node is not main:
            end(node, MAIN_NODE_ENDED)
    await asyncio.gather(*others)
    return main
