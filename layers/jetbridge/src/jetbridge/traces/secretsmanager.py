"""Headers for the endpoint of traces, from a secret."""

from collections.abc import Callable
from typing import Any

import msgspec

from jetbridge.traces.port import NotExported


def headers_in(client: Callable[[], Any], arn: str) -> dict[str, str]:
    """Headers from the secret, whose text is a JSON object of header names and values.

    Raises:
        NotExported: the text is something else.
        ClientError: Secrets Manager refuses.
    """
    text = client().get_secret_value(SecretId=arn).get("SecretString")
    try:
        return msgspec.json.decode(text or "", type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise NotExported(
            f"{arn}: TracesSecretArn must name a secret whose text is a JSON object of header "
            "names and values"
        ) from error
