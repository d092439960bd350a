"""CloudFormation: global secondary indexes change one at a time, and never in place.

ministack makes and deletes as many as a template asks for, and replaces one that has changed.
Sources: AWS CloudFormation's reference of AWS::DynamoDB::Table, "GlobalSecondaryIndexes" (an update
makes or deletes one at most; of one that is there, only its throughput and contributor insights
change); the first message as in aws/aws-cdk#14920.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

_MUTABLE = frozenset(
    {"ContributorInsightsSpecification", "OnDemandThroughput", "ProvisionedThroughput"}
)


def install() -> None:
    """To be called before others wrap the update of tables."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    update = handlers["update"]

    def update_one_index(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any
    ) -> Any:
        _check(_indexes(old), _indexes(new))
        return update(physical_id, old, new, *rest)

    handlers["update"] = update_one_index


def _check(old: dict[str, Any], new: dict[str, Any]) -> None:
    if len(old.keys() ^ new.keys()) > 1:
        raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")
    for name in old.keys() & new.keys():
        if _fixed(old[name]) != _fixed(new[name]):
            raise ValueError(
                "Cannot update GSI's properties other than Provisioned Throughput and Contributor"
                " Insights Specification. You can create a new GSI with a different name."
            )


def _indexes(properties: dict[str, Any]) -> dict[str, Any]:
    return {each["IndexName"]: each for each in properties.get("GlobalSecondaryIndexes") or []}


def _fixed(index: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in index.items() if name not in _MUTABLE}
