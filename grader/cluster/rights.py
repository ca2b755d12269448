"""What workers may do in a cluster, each of it used: the chart's Role says the same (a test compares them)."""

from __future__ import annotations

from dataclasses import dataclass

RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "pods", ("create", "delete", "get", "list", "watch")),
    ("", "pods/exec", ("create", "get")),
    ("", "pods/log", ("get",)),
    ("", "configmaps", ("create", "delete", "get", "list", "patch")),
    ("", "persistentvolumeclaims", ("create", "delete", "get", "list", "patch")),
    ("", "secrets", ("create", "delete", "get", "list", "patch")),
    ("", "services", ("create", "delete", "get", "list", "patch")),
    ("apps", "statefulsets", ("create", "delete", "get", "list", "patch")),
    ("networking.k8s.io", "networkpolicies", ("create", "delete", "get", "list", "patch")),
)
"""API group, resource, verbs."""


@dataclass(frozen=True)
class Right:
    """To do one thing with one kind of object; in all namespaces where `namespace` is empty."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str

    def __str__(self) -> str:
        kind = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.verb} {kind}"


def wanted(namespace: str) -> list[Right]:
    """All rights that are used in the namespace of sandboxes."""
    return [
        Right(verb, group, *(resource.split("/") if "/" in resource else (resource, "")), namespace)
        for group, resource, verbs in RULES
        for verb in verbs
    ]
