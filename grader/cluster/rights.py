"""What workers may do in a cluster, each of it used: the chart's Roles say the same (a test compares them)."""

from __future__ import annotations

from dataclasses import dataclass

Rules = dict[tuple[str, str], tuple[str, ...]]
"""Verbs by API group and resource."""
SANDBOXES: Rules = {
    ("", "pods"): ("create", "delete", "deletecollection", "get", "list", "watch"),
    ("", "pods/exec"): ("create", "get"),
    ("", "pods/log"): ("get",),
    ("", "resourcequotas"): ("create", "get"),
    ("", "limitranges"): ("create", "get"),
    ("coordination.k8s.io", "leases"): ("create", "delete", "get", "list", "patch"),
    ("networking.k8s.io", "networkpolicies"): ("create", "delete", "get"),
}
SERVICES: Rules = {
    ("", "pods"): ("delete", "get"),
    ("", "pods/log"): ("get",),
    ("", "persistentvolumeclaims"): ("create", "delete", "get"),
    ("", "secrets"): ("create", "delete"),
    ("", "services"): ("create", "delete", "get", "list"),
    ("apps", "statefulsets"): ("create", "delete", "get"),
    ("networking.k8s.io", "networkpolicies"): ("create", "delete", "get"),
}
BY_NAMESPACE = {"sandboxes": SANDBOXES, "services": SERVICES}
"""The ends of the namespaces' names, and what is done there."""


@dataclass(frozen=True)
class Right:
    """To do one thing with one kind of object in one namespace."""

    verb: str
    group: str
    resource: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} in {self.namespace}"


def wanted(prefix: str) -> list[Right]:
    """All rights that are used in the namespaces whose names begin with this."""
    return [
        Right(verb, group, resource, f"{prefix}-{end}")
        for end, rules in BY_NAMESPACE.items()
        for (group, resource), verbs in rules.items()
        for verb in verbs
    ]
