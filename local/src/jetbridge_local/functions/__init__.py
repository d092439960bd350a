"""Lambda functions as local processes under AWS's own runtime interface client."""

from .interpreter import Interpreter
from .pool import FunctionPool
from .spec import Credentials, FunctionSpec, InvocationResult, LogRights, UnsupportedRuntime

__all__ = [
    "Credentials",
    "FunctionPool",
    "FunctionSpec",
    "Interpreter",
    "InvocationResult",
    "LogRights",
    "UnsupportedRuntime",
]
