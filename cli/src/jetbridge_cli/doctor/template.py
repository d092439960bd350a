"""What a stack's template makes of a resource's properties.

CloudFormation gives the template, but not the values of its functions. They are computed here from
the parameters and the stack's resources, by CloudFormation's template reference ("Intrinsic
functions", "Pseudo parameters").
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jetbridge_cli.doctor.deployment import Deployment

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_NOTHING = object()


class Unresolved(Exception):
    """The value depends on something that this module doesn't know."""


@dataclass(frozen=True)
class Template:
    """The processed template of a deployment."""

    deployment: Deployment

    def of(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The properties of one type's resources by logical id. Those that the stack's conditions
        leave out are missing. Raises ClientError."""
        there = self.deployment.of(kind)
        return {
            name: each.get("Properties", {})
            for name, each in self.deployment.template.get("Resources", {}).items()
            if each.get("Type") == kind and name in there
        }

    def value(self, expression: Any) -> Any:
        """The value of an expression. Members that are ``AWS::NoValue`` are left out.

        Raises: Unresolved
        """
        match expression:
            case list():
                values = [self.value(each) for each in expression]
                return [each for each in values if each is not _NOTHING]
            case dict() if len(expression) == 1 and (name := next(iter(expression))) in self._known:
                return self._known[name](expression[name])
            case dict() if any(name == "Ref" or name.startswith("Fn::") for name in expression):
                raise Unresolved(", ".join(expression))
            case dict():
                members = {name: self.value(each) for name, each in expression.items()}
                return {name: each for name, each in members.items() if each is not _NOTHING}
        return expression

    @cached_property
    def _known(self) -> Mapping[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda given: str(given[0]).join(map(_text, self.value(given[1]))),
            "Fn::Split": lambda given: _text(self.value(given[1])).split(given[0]),
            "Fn::Select": self._select,
            "Fn::If": lambda given: self.value(given[1 if self._holds(given[0]) else 2]),
            "Fn::Equals": lambda given: self.value(given[0]) == self.value(given[1]),
            "Fn::Not": lambda given: not self._condition(given[0]),
            "Fn::And": lambda given: all(map(self._condition, given)),
            "Fn::Or": lambda given: any(map(self._condition, given)),
        }

    def _condition(self, expression: Any) -> bool:
        if isinstance(expression, dict) and "Condition" in expression:
            return self._holds(expression["Condition"])
        return bool(self.value(expression))

    def _holds(self, name: str) -> bool:
        try:
            return self._condition(self.deployment.template["Conditions"][name])
        except KeyError:
            raise Unresolved(f"condition {name}") from None

    def _select(self, given: Any) -> Any:
        index, values = int(self.value(given[0])), self.value(given[1])
        try:
            return values[index]
        except (IndexError, TypeError):
            raise Unresolved("Fn::Select") from None

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        declared = self.deployment.template.get("Parameters", {}).get(name)
        if declared is not None:
            text = self.deployment.parameters.get(name, "")
            of_many = declared.get("Type", "").startswith(("CommaDelimitedList", "List<"))
            return [each.strip() for each in text.split(",")] if of_many else text
        for of_kind in self.deployment.stack.resources.values():
            if name in of_kind:
                return of_kind[name]
        raise Unresolved(f"Ref {name}")

    @cached_property
    def _pseudo(self) -> Mapping[str, Any]:
        _, partition, _, region, account, _ = self.deployment.arn[:6]
        return {
            "AWS::NoValue": _NOTHING,
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::StackId": ":".join(self.deployment.arn),
            "AWS::StackName": self.deployment.name,
            "AWS::URLSuffix": self.deployment.dns_suffix,
        }

    def _get_att(self, given: Any) -> str:
        name, attribute = given.split(".", 1) if isinstance(given, str) else given
        resources = self.deployment.stack.resources
        if attribute == "Arn" and name in resources.get("AWS::SQS::Queue", {}):
            if queue := self.deployment.queues.get(name):
                return queue["QueueArn"]
        elif attribute == "Arn" and name in resources.get("AWS::DynamoDB::Table", {}):
            table = resources["AWS::DynamoDB::Table"][name]
            return self.deployment.arn_of("dynamodb", f"table/{table}")
        elif attribute == "Prefix" and name in resources.get("Custom::Names", {}):
            return resources["Custom::Names"][name]
        raise Unresolved(f"Fn::GetAtt {name}.{attribute}")

    def _sub(self, given: Any) -> str:
        text, own = (given, {}) if isinstance(given, str) else given

        def value_of(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name in own:
                return _text(self.value(own[name]))
            return _text(self._get_att(name) if "." in name else self._ref(name))

        return _VARIABLE.sub(value_of, text).replace("${!", "${")


def _text(value: Any) -> str:
    """A scalar as CloudFormation passes it on."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise Unresolved(f"{type(value).__name__} in a text")
    return str(value)
