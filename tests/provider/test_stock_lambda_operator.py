"""LambdaInvokeFunctionOperator starts runs with the payload of docs/reference/contract.md."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator

from jetbridge.contract import AirflowCaller, StartRequest, decode

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "contract.md"


def payload() -> str:
    [block] = re.findall(r"```jinja\n(.*?)```", CONTRACT.read_text(), re.DOTALL)
    return str(block)


def test_the_documented_payload_is_a_start_request_of_this_try(ti: Any) -> None:
    operator = LambdaInvokeFunctionOperator(
        task_id="job", function_name="jetbridge-start-run", payload=payload()
    )
    dag = SimpleNamespace(dag_id=ti.dag_id)
    context: Any = {"ti": ti, "dag": dag, "run_id": ti.run_id}
    operator.render_template_fields(context)
    request = decode(StartRequest, operator.payload)
    assert request.caller == AirflowCaller(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        try_number=2,
        ti_id=ti.id,
    )
    assert request.run_task is not None
