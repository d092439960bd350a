"""The functions' packages, as they were deployed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jetbridge_local.functions import Credentials, FunctionSpec
from jetbridge_local.functions.package import PackageStore
from jetbridge_local.site.stack import Stack

# Lambda's quotas count in these ("Lambda quotas": 250 MB unzipped are 262,144,000 bytes).
_MB = 1_048_576
_DOWNLOAD_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Package:
    """A function with its layers: what it is, and its sizes in Lambda's MB."""

    spec: FunctionSpec
    unzipped_mb: float
    zipped_mb: float


class Packages:
    """Reads functions back from Lambda: configuration, code and layers, unpacked in ``folder``."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._store = PackageStore(folder)

    def read(self, function: str) -> Package:
        """The package of a deployed function, by Lambda's name for it."""
        functions = self._stack.client("lambda")
        answer = functions.get_function(FunctionName=function)
        configuration, code = answer["Configuration"], answer["Code"]["Location"]
        layers = [
            functions.get_layer_version_by_arn(Arn=layer["Arn"])
            for layer in configuration.get("Layers", [])
        ]
        spec = self._spec(
            configuration,
            code=self._unpacked(code, configuration["CodeSha256"]),
            layers=tuple(
                self._unpacked(layer["Content"]["Location"], layer["LayerVersionArn"])
                for layer in layers
            ),
        )
        zipped = configuration["CodeSize"] + sum(layer["Content"]["CodeSize"] for layer in layers)
        return Package(
            spec=spec,
            unzipped_mb=sum(size_of(folder) for folder in (spec.code, *spec.layers)) / _MB,
            zipped_mb=zipped / _MB,
        )

    def _unpacked(self, location: str, identity: str) -> Path:
        return self._store.unpacked(identity, lambda: _download(location))

    def _spec(
        self, configuration: dict[str, Any], *, code: Path, layers: tuple[Path, ...]
    ) -> FunctionSpec:
        settings = self._stack.cloud.settings
        return FunctionSpec(
            arn=configuration["FunctionArn"],
            name=configuration["FunctionName"],
            version=configuration["Version"],
            runtime=configuration["Runtime"],
            handler=configuration["Handler"],
            timeout=configuration["Timeout"],
            memory=configuration["MemorySize"],
            account=settings.account,
            region=settings.region,
            code=code,
            layers=layers,
            environment=tuple(sorted(configuration["Environment"]["Variables"].items())),
            log_group=f"/aws/lambda/{configuration['FunctionName']}",
            log_format=configuration["LoggingConfig"]["LogFormat"],
            credentials=_CREDENTIALS,
        )


# The client of an administrator of the local cloud: permissions aren't measured here.
_CREDENTIALS = Credentials(
    access_key_id="benchmark", secret_access_key="local", session_token="local"
)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; Lambda counts an unzipped package in this way."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _download(location: str) -> bytes:
    answer = httpx.get(location, timeout=_DOWNLOAD_SECONDS)
    answer.raise_for_status()
    return answer.content
