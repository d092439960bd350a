"""Operators and sensors with their parameters, read from the provider's source.

griffe reads it without importing it, so that no Airflow need be installed.
"""

import re
from collections.abc import Iterator

import griffe

from documentation.pages import ROOT
from documentation.reference.markdown import NOTE, table

_SOURCE = ROOT / "airflow_provider" / "src"
_CLASSES = (
    "operators.ecs.EcsRunTaskOperator",
    "operators.batch.BatchOperator",
    "operators.run.JetbridgeRunOperator",
    "operators.stop.StopRunOperator",
    "sensors.run.JobRunSensor",
    "sensors.ecs.EcsTaskStateSensor",
    "sensors.batch.BatchSensor",
)
_PARAM = re.compile(r"^:param (?P<name>\w+):\s*(?P<text>.*(?:\n +.*)*)", re.MULTILINE)


def operators_page() -> str:
    package = griffe.load("airflow_provider_jetbridge", search_paths=[_SOURCE])
    parts = [
        "# Operators and sensors",
        "This page lists the parameters of Jetbridge's operators and sensor, from their source. "
        f"{NOTE} [Migration](../how-to/migration.md) compares them with the amazon provider's, "
        "and [The provider in Airflow](airflow.md) shows how to use them.",
        "All take `**kwargs`, too: the parameters of the class they extend.",
    ]
    for path in _CLASSES:
        found = package[path]
        assert isinstance(found, griffe.Class)
        parts += [f"## {found.name}", *_described(path, found)]
    return "\n\n".join([*parts, ""])


def _described(path: str, found: griffe.Class) -> Iterator[str]:
    text = found.docstring.value if found.docstring else ""
    module = path.rpartition(".")[0]
    yield f"```python\nfrom airflow_provider_jetbridge.{module} import {found.name}\n```"
    yield text.partition(":param ")[0].strip().replace("``", "`")
    meanings = {match["name"]: match["text"].replace("``", "`") for match in _PARAM.finditer(text)}
    own = found.members.get("__init__")
    parameters = list(own.parameters) if isinstance(own, griffe.Function) else []
    rows = [
        (
            f"`{parameter.name}`",
            f"`{parameter.annotation}`" if parameter.annotation else "",
            f"`{parameter.default}`" if parameter.default is not None else "required",
            meanings.pop(parameter.name, ""),
        )
        for parameter in parameters
        if parameter.name != "self" and not parameter.name.startswith("kwargs")
    ]
    rows += [(f"`{name}`", "", "of the class it extends", text) for name, text in meanings.items()]
    yield table(["parameter", "type", "default", "meaning"], rows)
