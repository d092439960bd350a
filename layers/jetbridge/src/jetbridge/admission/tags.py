"""AWS's rules for tags beyond the service models (Amazon ECS API reference, Tag)."""

from jetbridge.admission.shapes import Field, check_shape
from jetbridge.contract import ContractError

MOST = 50


def merged(field: Field, given: object, added: dict[str, str]) -> list[dict[str, str]] | object:
    """The operation's own tags merged with the request's, in the operation's form. The operation's
    own win.

    RunTask takes a list of ``key`` and ``value``, SubmitJob an object.
    """
    if field == "submit_job":
        return added | given if isinstance(given, dict) else added
    own = list(given) if isinstance(given, list) else []
    named = {tag.get("key") for tag in own if isinstance(tag, dict)}
    return own + [{"key": key, "value": added[key]} for key in added if key not in named]


def check(field: Field, given: object, added: dict[str, str]) -> None:
    """Check the operation's own tags, whose shape is already checked, and the request's against
    AWS's rules.

    Raises:
        ContractError: there are too many, a key comes twice, or a key has AWS's own prefix.
    """
    for key, value in added.items():
        _check_form(key, value)
        _check_prefix(f"tags.{key}", key, value)
    pairs = _pairs(given)
    seen: set[str] = set()
    for path, key, value in pairs:
        if not key:
            raise ContractError(f"{field}.tags{path}.key", "is missing", "Name the tag")
        if key in seen:
            raise ContractError(f"{field}.tags{path}.key", "is there twice", "Give each tag once")
        seen.add(key)
        _check_prefix(f"{field}.tags{path}", key, value)
    total = len(seen | added.keys())
    if total > MOST:
        where = "tags" if added else f"{field}.tags"
        raise ContractError(where, f"makes {total} tags", f"AWS allows {MOST} at most")


def _pairs(given: object) -> list[tuple[str, str, str]]:
    if isinstance(given, dict):
        return [(f".{key}", key, value) for key, value in given.items()]
    tags = given if isinstance(given, list) else []
    return [
        (f"[{index}]", tag.get("key", ""), tag.get("value", "")) for index, tag in enumerate(tags)
    ]


def _check_form(key: str, value: str) -> None:
    # The ECS model has the stricter pattern, and Batch passes a job's tags on to ECS.
    tag = {"taskDefinition": "x", "tags": [{"key": key, "value": value}]}
    try:
        check_shape("run_task", tag)
    except ContractError as error:
        raise ContractError(f"tags.{key}", error.problem, error.fix) from None


def _check_prefix(path: str, key: str, value: str) -> None:
    for text in (key, value):
        if text.lower().startswith("aws:"):
            raise ContractError(path, 'begins with "aws:"', "AWS reserves that prefix")
