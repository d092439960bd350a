"""DynamoDB tables as template.yaml defines them."""

from typing import Any

from jetbridge_testing.template import resources


def create_table(client: Any, logical_id: str) -> str:
    """Create a table of the template; returns its name."""
    properties = resources("AWS::DynamoDB::Table")[logical_id]["Properties"]
    client.create_table(
        TableName=logical_id,
        **{
            name: properties[name]
            for name in (
                "AttributeDefinitions",
                "KeySchema",
                "GlobalSecondaryIndexes",
                "BillingMode",
            )
            if name in properties
        },
    )
    return logical_id


def fresh_table(client: Any, logical_id: str) -> str:
    """The table without its items."""
    if logical_id in client.list_tables()["TableNames"]:
        client.delete_table(TableName=logical_id)
    return create_table(client, logical_id)
