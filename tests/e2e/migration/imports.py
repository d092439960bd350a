"""The change that migrates a DAG: one import for each operator, and nothing else."""

STOCK = "airflow.providers.amazon.aws.operators"
OURS = "airflow_provider_jetbridge.operators"

CHANGES = {
    "example_ecs": ("    EcsRunTaskOperator,\n", "", "ecs", "EcsRunTaskOperator"),
    "example_ecs_fargate": (
        f"from {STOCK}.ecs import EcsRunTaskOperator\n",
        "",
        "ecs",
        "EcsRunTaskOperator",
    ),
    "example_batch": (
        "import BatchCreateComputeEnvironmentOperator, BatchOperator\n",
        "import BatchCreateComputeEnvironmentOperator\n",
        "batch",
        "BatchOperator",
    ),
}
"""By DAG: what imports the operator and no longer shall, and module and name of ours."""

# Every one of them has this line above its other imports of the provider.
_BEFORE = "import boto3\n"


def migrated(dag: str, text: str) -> str:
    """The DAG's file with our operator in place of the stock one.

    Raises:
        AssertionError: the file isn't as expected, or more than the import would change.
    """
    old, new, module, operator = CHANGES[dag]
    assert text.count(old) == text.count(_BEFORE) == 1
    ours = f"from {OURS}.{module} import {operator}\n"
    changed = text.replace(old, new).replace(_BEFORE, _BEFORE + ours)
    assert _after_imports(changed) == _after_imports(text)
    assert changed.count(operator) == text.count(operator)
    return changed


def _after_imports(text: str) -> str:
    """All that follows the last import of the provider, byte for byte."""
    return text[text.index("from tests_common.test_utils.version_compat") :]
