"""AWS as both sides see it: every run continues until the benchmark ends it; each call is counted.

One server answers both sides, so a call costs the triggerer the same on both, and a thousand
waiting tasks need no thousand containers on this machine.
"""

import asyncio
import json
import time
from collections import Counter
from typing import Any

from benchmarks.tcp_server import TcpServer

TABLE = "outcomes"
REGION = "us-east-1"


class EndlessRuns(TcpServer):
    """AWS's endpoint for both sides. ``calls`` counts its operations."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self._ended_at: dict[str, float] = {}

    def end(self, run_ids: list[str]) -> None:
        """Put their outcomes into the table."""
        self._ended_at = dict.fromkeys(run_ids, time.time())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *lines = head.decode().split("\r\n")
                headers = dict(each.split(": ", 1) for each in lines if each)
                headers = {name.lower(): value for name, value in headers.items()}
                if "expect" in headers:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, answer = self._answer(line.split(" ", 1)[0], headers, body)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\n"
                    f"Content-Length: {len(answer)}\r\n\r\n".encode()
                )
                if line.startswith("HEAD"):
                    continue
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        target = headers.get("x-amz-target", "")
        operation = target.rpartition(".")[2]
        if not operation:
            self.calls["S3"] += 1
            return ("200 OK" if method == "PUT" else "404 Not Found"), b""
        self.calls[operation] += 1
        request = json.loads(body)
        return "200 OK", json.dumps(getattr(self, f"_{operation}")(request)).encode()

    def _Query(self, request: dict[str, Any]) -> dict[str, Any]:
        after = float(request["ExpressionAttributeValues"][":after"]["N"])
        ended = [run_id for run_id, at in self._ended_at.items() if at > after]
        return {"Items": [{"run_id": {"S": run_id}} for run_id in ended], "Count": len(ended)}

    def _BatchGetItem(self, request: dict[str, Any]) -> dict[str, Any]:
        keys = [key["run_id"]["S"] for key in request["RequestItems"][TABLE]["Keys"]]
        items = [
            {"run_id": {"S": run_id}, "outcome": {"S": _outcome(run_id, self._ended_at[run_id])}}
            for run_id in keys
            if run_id in self._ended_at
        ]
        return {"Responses": {TABLE: items}, "UnprocessedKeys": {}}

    def _DescribeTasks(self, request: dict[str, Any]) -> dict[str, Any]:
        tasks = [
            {"taskArn": arn, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "containers": []}
            for arn in request["tasks"]
        ]
        return {"tasks": tasks, "failures": []}

    def _GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"events": [], "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}


def _outcome(run_id: str, finished_at: float) -> str:
    """An ``Outcome`` of the contract. Nothing here reads it; it is only passed on."""
    caller = {"kind": "airflow", "dag_id": "feed", "run_id": "run", "task_id": "waits"}
    return json.dumps(
        {
            "version": 1,
            "run_id": run_id,
            "state": "succeeded",
            "cause": "completed",
            "fault": "nobody",
            "reason": "Essential container in task exited",
            "advice": "",
            "caller": {**caller, "ti_id": run_id, "try_number": 1},
            "backend": "ecs",
            "region": REGION,
            "finished_at": finished_at,
            "exit_codes": {"main": 0},
        }
    )
