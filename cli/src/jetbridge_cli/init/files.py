"""The files that ``jetbridge init`` writes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetbridge_cli.problems import Problem

SAMCONFIG, POLICY = "samconfig.toml", "airflow-policy.json"


def samconfig(
    stack: str, region: str | None, parameters: Mapping[str, str], by: str = "jetbridge init"
) -> str:
    """SAM's configuration: ``sam build`` and ``sam deploy`` take it by ``--config-file``.

    Without a region it is that of the AWS CLI's configuration.
    """
    where = f"region = {_text(region)}\n" if region else ""
    overrides = "".join(f"    {_text(f'{name}={value}')},\n" for name, value in parameters.items())
    return f"""\
# Written by {by}. Deploy with: sam build && sam deploy --config-file <this file>
version = 0.1

[default.global.parameters]
stack_name = {_text(stack)}

[default.deploy.parameters]
{where}resolve_s3 = true
capabilities = "CAPABILITY_IAM"
confirm_changeset = true
parameter_overrides = [
{overrides}]
"""


def write(folder: Path, texts: Mapping[str, str], overwrite: bool) -> None:
    """Raises Problem if a file is there and may not be overwritten; nothing is written then."""
    there = [name for name in texts if (folder / name).exists()]
    if there and not overwrite:
        raise Problem(
            f"{folder / there[0]} is there already: give --overwrite, or another --folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)


def policy(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"


def _text(value: str) -> str:
    """A TOML basic string. JSON's escapes are TOML's, but for DEL (TOML 1.0, "String")."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
