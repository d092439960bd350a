"""The environment variables of a function's process.

Source: AWS Lambda developer guide, "Working with Lambda environment variables".
"""

import os
from pathlib import Path

from .spec import FunctionSpec

# Only these come from the cloud's own environment: the function sees Lambda's world, not ours.
_INHERITED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")


def variables_of(spec: FunctionSpec, *, endpoint_url: str, log_stream: str) -> dict[str, str]:
    """Everything but AWS_LAMBDA_RUNTIME_API.

    The function's own variables win over those that Lambda lets a function set and lose against
    the reserved ones. ``AWS_SDK_UA_APP_ID`` puts the function's name into the User-Agent of each
    of its AWS calls.
    """
    open_to_the_function = {
        "PATH": os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": _python_path(spec),
        "AWS_SDK_UA_APP_ID": spec.name,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_ACCESS_KEY_ID": spec.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": spec.credentials.secret_access_key,
        "AWS_SESSION_TOKEN": spec.credentials.session_token,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": spec.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ENDPOINT_URL": endpoint_url,
        "LAMBDA_TASK_ROOT": str(spec.code),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "PYTHONUNBUFFERED": "1",
    }
    if spec.log_level:
        reserved["AWS_LAMBDA_LOG_LEVEL"] = spec.log_level
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | open_to_the_function | dict(spec.environment) | reserved


def _python_path(spec: FunctionSpec) -> str:
    version = spec.runtime
    layer_folders: list[Path] = []
    for layer in spec.layers:
        layer_folders += [layer / "python" / "lib" / version / "site-packages", layer / "python"]
    present = [str(folder) for folder in layer_folders if folder.is_dir()]
    return os.pathsep.join([str(spec.code), *present])
