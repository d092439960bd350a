"""What the runs share: job, bucket, live log group, and an Airflow that may be pushed to."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks import site
from jetbridge_local.site.stack import Stack

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
CLUSTER = "jetbridge-example"
JOB_QUEUE = "jetbridge-example"
JOB = "jetbridge-example-cost"
LIVE_JOB = "jetbridge-example-cost-live"
BUCKET = "jetbridge-example-logs"
LIVE_GROUP = "/jetbridge/cost-live"
_GROUP = "/jetbridge/example"
_IMAGE = "jetbridge-benchmark/printer:1"
_SECRET = "jetbridge-benchmark-cost"  # its name
_TOKEN = "a-token"


def prepare(stack: Stack) -> dict[str, str]:
    """Make the resources that the stack's parameters name; returns these parameters."""
    stack.client("logs").create_log_group(logGroupName=LIVE_GROUP)
    secret = stack.client("secretsmanager").create_secret(Name=_SECRET, SecretString="{}")
    return {"LiveLogGroupNames": LIVE_GROUP, "AirflowSecretArn": secret["ARN"]}


def define_jobs(stack: Stack) -> None:
    site.define_job(stack, JOB, _IMAGE, _GROUP)
    site.define_job(stack, LIVE_JOB, _IMAGE, LIVE_GROUP)


def serve_airflow(stack: Stack) -> Callable[[], None]:
    """Answer at the address of the provider's endpoint as it does when it has resumed a task.

    Airflow's own work isn't part of Jetbridge's cost. Returns a function that stops the server.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    account = {"url": f"http://127.0.0.1:{server.server_address[1]}", "token": _TOKEN}
    stack.client("secretsmanager").put_secret_value(
        SecretId=_SECRET, SecretString=json.dumps({"default": account})
    )
    return server.shutdown


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"status": "resumed"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...
