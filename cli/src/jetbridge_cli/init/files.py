"""Writes the files of ``jetbridge init``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jetbridge_cli.problems import Problem

SAMCONFIG, POLICY = "samconfig.toml", "airflow-policy.json"


def samconfig(
    stack: str, region: str | None, parameters: Mapping[str, str], by: str = "jetbridge init"
) -> str:
    """SAM's configuration, for ``--config-file`` of ``sam build`` and ``sam deploy``.

    Without a region, SAM takes the one in the AWS CLI's configuration.
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
    """Write the files. Raises Problem and writes nothing if a file exists and may not be
    overwritten."""
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
    """A TOML basic string. JSON's escapes work in TOML, except for DEL (TOML 1.0, "String")."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
