"""Functions that exceed Lambda's limits, made by Lambda's API."""

import io
import zipfile
from pathlib import Path
from typing import Any

from probe_aws import Aws

CODE = Path(__file__).parent / "limited" / "app.py"


def make_function(aws: Aws, name: str, **configuration: Any) -> str:
    """A function of ``limited/app.py``, which does what its event says; returns its name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.write(CODE, "app.py")
    asked: dict[str, Any] = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": aws.role(),
        "Code": {"ZipFile": archive.getvalue()},
    }
    aws.client("lambda").create_function(**(asked | configuration))
    return name
