"""CloudFormation: functions in a template's conditions.

ministack compares the values in ``Fn::Equals`` as they are, unless one is a Ref or a Select of a
parameter: a Join of an empty list is never equal to the empty text.
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers, stacks

_FUNCTIONS = ("Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub")


def install() -> None:
    evaluate = _with_functions(engine._evaluate_conditions)
    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = evaluate


def _with_functions(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate_all(template: dict[str, Any], params: dict[str, Any]) -> Any:
        mappings = template.get("Mappings") or {}

        def resolved(value: Any) -> Any:
            if isinstance(value, list):
                return [resolved(each) for each in value]
            if not isinstance(value, dict):
                return value
            if any(name in value for name in _FUNCTIONS):
                return engine._resolve_refs(value, {}, params, {}, mappings, "", "")
            return {name: resolved(inner) for name, inner in value.items()}

        conditions = resolved(template.get("Conditions") or {})
        return evaluate({**template, "Conditions": conditions}, params)

    return evaluate_all
