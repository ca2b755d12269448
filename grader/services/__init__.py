"""The live services as the grader uses them, by id. A service is a spec (`environments/services/`) and a class here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.backends.protocol import Address
from grader.services.mlflow import MlflowService
from grader.services.package_index import PackageIndexService
from grader.services.postgres import PostgresService
from grader.services.protocol import Service
from grader.services.registry import RegistryService
from grader.services.s3 import S3Service

SERVICES: dict[str, Callable[[Address, Mapping[str, str]], Service]] = {
    "mlflow": MlflowService,
    "package-index": PackageIndexService,
    "postgres": PostgresService,
    "registry": RegistryService,
    "s3": S3Service,
}
"""Makes the grader's side of a service from its address and the secrets that its spec names."""
