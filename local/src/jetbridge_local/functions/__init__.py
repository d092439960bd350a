"""Lambda functions as local processes under AWS's own runtime interface client."""

from .interpreter import Interpreter
from .pool import FunctionPool
from .spec import FunctionSpec, InvocationResult, UnsupportedRuntime

__all__ = ["FunctionPool", "FunctionSpec", "Interpreter", "InvocationResult", "UnsupportedRuntime"]
