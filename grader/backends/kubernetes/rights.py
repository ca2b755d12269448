"""What a grader must be allowed to do in the cluster, and nothing more: for a Role, and for who checks whether it is there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """Verbs on a resource of an API group."""

    group: str
    resource: str
    verbs: tuple[str, ...]


SANDBOXES = (
    Right("", "pods", ("create", "get", "list", "watch", "delete", "deletecollection")),
    Right("", "pods/exec", ("get", "create")),
    Right("coordination.k8s.io", "leases", ("create", "list", "patch", "delete")),
    Right("networking.k8s.io", "networkpolicies", ("get",)),
    Right("", "resourcequotas", ("get",)),
    Right("", "limitranges", ("get",)),
)
"""In the namespace of the sandboxes."""
SERVICES = (
    Right("apps", "statefulsets", ("create", "get", "delete")),
    Right("", "pods", ("get", "watch", "delete")),
    Right("", "pods/log", ("get",)),
    Right("", "services", ("create", "get", "list", "delete")),
    Right("", "secrets", ("create", "delete")),
    Right("", "persistentvolumeclaims", ("create", "get", "delete")),
    Right("networking.k8s.io", "networkpolicies", ("create", "get", "delete")),
)
"""In the namespace of the labs' services."""
OUTSIDE = (Right("", "pods/portforward", ("get", "create")),)
"""Also in the namespace of the services, for a grader that the cluster's network doesn't reach."""
MAKING = (
    Right("", "namespaces", ("create",)),
    Right("networking.k8s.io", "networkpolicies", ("create", "delete")),
    Right("", "resourcequotas", ("create",)),
    Right("", "limitranges", ("create",)),
)
"""In the whole cluster, where no chart has made the namespaces."""


def rules(rights: tuple[Right, ...]) -> list[dict[str, list[str]]]:
    """The rules of a Role."""
    return [{"apiGroups": [one.group], "resources": [one.resource], "verbs": list(one.verbs)} for one in rights]
