"""Clients check a server's certificate as botocore does, and load the authorities' once."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from http_server import HttpServer, Reply

# Both run in a process of their own, since what is changed in botocore stays. They say how often
# certificates were loaded, before the first call and after the last.
COUNTING = """
import ssl

loaded = []
def counting(load):
    def counted(context, *locations):
        loaded.append(locations)
        load(context, *locations)
    return counted
for name in "load_verify_locations", "load_default_certs":
    setattr(ssl.SSLContext, name, counting(getattr(ssl.SSLContext, name)))
"""

# ``close`` has each client make a new connection.
CLIENTS = (
    COUNTING
    + """
from botocore.exceptions import SSLError
from jetbridge.aws.clients import client
clients = [client("sqs", region) for region in ("us-east-1", "eu-west-1")]
print("start", len(loaded))
for each in clients * 2:
    try:
        each.list_queues()
        print("answered")
    except SSLError as error:
        print("refused", str(error))
    each.close()
print("end", len(loaded))
"""
)

AIRFLOWS = (
    COUNTING
    + """
import json, os
from jetbridge.notify import http
from jetbridge.notify.accounts import Accounts

http.IDLE_SECONDS = -1

secret = json.dumps({"default": {"url": os.environ["AWS_ENDPOINT_URL"], "token": "t"}})
airflows = http.HttpAirflows(Accounts(lambda: secret))
print("start", len(loaded))
for _ in range(3):
    print("answered", airflows.call("default", "GET", "/api/v2/dags").status)
print("end", len(loaded))
"""
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def said_by_clients(
    authority: trustme.CA, host: str, program: str = CLIENTS, **variables: str
) -> list[str]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(tls)
    with HttpServer(lambda _: Reply(content={}), tls) as server:
        return said(program, AWS_ENDPOINT_URL=server.url, **variables)


def said(program: str = CLIENTS, **variables: str) -> list[str]:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "AWS_MAX_ATTEMPTS": "1", **keys, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout.splitlines()


def test_certificates_are_loaded_once_and_at_the_start(authority: trustme.CA, bundle: Path) -> None:
    lines = said_by_clients(authority, "localhost", AWS_CA_BUNDLE=str(bundle))
    assert lines == ["start 1", *["answered"] * 4, "end 1"]


def test_botocores_own_bundle_is_the_default(authority: trustme.CA) -> None:
    start, *calls, end = said_by_clients(authority, "localhost")
    assert (start, end) == ("start 1", "end 1")
    assert all("CERTIFICATE_VERIFY_FAILED" in each for each in calls), calls


def test_a_certificate_for_another_host_is_refused(authority: trustme.CA, bundle: Path) -> None:
    _, *calls, _ = said_by_clients(authority, "example.org", AWS_CA_BUNDLE=str(bundle))
    assert all(each.startswith("refused") and "localhost" in each for each in calls), calls


def test_without_https_nothing_is_loaded() -> None:
    with HttpServer(lambda _: Reply(content={})) as server:
        assert said(AWS_ENDPOINT_URL=server.url) == ["start 0", *["answered"] * 4, "end 0"]


def test_airflows_certificates_are_loaded_once(authority: trustme.CA, bundle: Path) -> None:
    """Each call makes a new connection. The system's certificates are those in SSL_CERT_FILE
    (OpenSSL, ``SSL_CTX_set_default_verify_paths``)."""
    lines = said_by_clients(authority, "localhost", AIRFLOWS, SSL_CERT_FILE=str(bundle))
    assert lines == ["start 1", *["answered 200"] * 3, "end 1"]
