"""Saved queries of CloudWatch Logs Insights, which ministack doesn't know.

PutQueryDefinition, DescribeQueryDefinitions and DeleteQueryDefinition (CloudWatch Logs API
reference), and the CloudFormation type AWS::Logs::QueryDefinition, whose Ref is the definition's id
(template reference). They are lost with the process.
"""

import json
import time
import uuid
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.services.cloudformation import provisioners

from .asgi import serve_with

_TYPE = "AWS::Logs::QueryDefinition"
_NOT_FOUND = "Query definition with given queryDefinitionId doesn't exist."


class QueryDefinitions:
    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def put(self, given: dict[str, Any]) -> str:
        """The definition's id: a new one unless one is given."""
        key = str(given.get("queryDefinitionId") or uuid.uuid4())
        fields = ("name", "queryString", "logGroupNames")
        self._known[key] = {name: given[name] for name in fields if name in given} | {
            "queryDefinitionId": key,
            "lastModified": int(time.time() * 1000),
        }
        return key

    def answer(self, operation: str, given: dict[str, Any]) -> Any:
        """The operation's answer; None for one of another subject."""
        match operation:
            case "PutQueryDefinition":
                if not given.get("name") or not given.get("queryString"):
                    return error_response_json(
                        "InvalidParameterException", "name and queryString are required", 400
                    )
                return json_response({"queryDefinitionId": self.put(given)})
            case "DescribeQueryDefinitions":
                prefix = given.get("queryDefinitionNamePrefix", "")
                found = [each for each in self._known.values() if each["name"].startswith(prefix)]
                return json_response({"queryDefinitions": found})
            case "DeleteQueryDefinition":
                if self._known.pop(given.get("queryDefinitionId", ""), None) is None:
                    return error_response_json("ResourceNotFoundException", _NOT_FOUND, 400)
                return json_response({"success": True})
        return None

    # As ministack calls its provisioners.

    def create(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        key = self.put(_to_api(properties))
        return key, {"QueryDefinitionId": key}

    def update(
        self,
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack_name: str,
        logical_id: str = "",
    ) -> Any:
        key = self.put(_to_api(new) | {"queryDefinitionId": physical_id})
        return key, {"QueryDefinitionId": key}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        self._known.pop(physical_id, None)


def install() -> None:
    """Answer the operations, and make the resources of templates."""
    definitions = QueryDefinitions()
    others = app.SERVICE_HANDLERS["logs"]

    async def handle(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation.endswith(("QueryDefinition", "QueryDefinitions")):
            answer = definitions.answer(operation, json.loads(body or b"{}"))
            if answer is not None:
                return answer
        return await others(method, path, headers, body, query)

    serve_with("logs", handle)
    provisioners._RESOURCE_HANDLERS[_TYPE] = {
        "create": definitions.create,
        "update": definitions.update,
        "update_with_logical_id": True,
        "delete": definitions.delete,
    }


def _to_api(properties: dict[str, Any]) -> dict[str, Any]:
    return {f"{name[:1].lower()}{name[1:]}": value for name, value in properties.items()}
