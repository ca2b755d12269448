"""How this process reaches a service: directly where the cluster's network is in reach, else through the API."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from grader.backends.kubernetes.attach import relay
from grader.backends.kubernetes.cluster import ClusterError
from grader.backends.protocol import Address

if TYPE_CHECKING:
    from grader.backends.kubernetes.cluster import Cluster

LOOPBACK = "127.0.0.1"
REACH = "MLOPS_KUBE_REACH"
"""`direct` or `forward`, where trying is not wanted."""
REACH_SECONDS = 1.0
DATA = 0
"""The channel of a forwarded port's bytes; its first message repeats the port's number."""
log = logging.getLogger(__name__)


def reaches(cluster: Cluster) -> bool:
    """Whether addresses of the cluster's services can be reached from here, tried on the one that every cluster has."""
    if said := os.environ.get(REACH):
        return said == "direct"
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return True
    try:
        spec = cluster.get("/api/v1/namespaces/default/services/kubernetes")["spec"]
        with socket.create_connection((spec["clusterIP"], spec["ports"][0]["port"]), REACH_SECONDS):
            return True
    except (ClusterError, OSError):
        return False


class Forwards:
    """Ports of this machine's loopback that lead to pods, while this process lives."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._listeners: dict[str, list[socket.socket]] = {}

    def start(self, name: str, pod: str, port: int, number: int) -> Address:
        """Have `port` lead to a pod's port `number`. Raises OSError when somebody else has it."""
        listener = socket.create_server((LOOPBACK, port), backlog=128)
        with self._lock:
            self._listeners.setdefault(name, []).append(listener)
        threading.Thread(target=self._accept, args=(listener, pod, number), name="forward", daemon=True).start()
        return Address(LOOPBACK, port)

    def holds(self, name: str) -> bool:
        """Whether this process forwards to this service."""
        with self._lock:
            return name in self._listeners

    def stop(self, name: str) -> None:
        """Close its ports."""
        with self._lock:
            listeners = self._listeners.pop(name, [])
        for listener in listeners:
            with suppress(OSError):  # wakes whoever waits for a connection
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket, pod: str, number: int) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection, pod, number), name="forwarded", daemon=True).start()

    def _serve(self, connection: socket.socket, pod: str, number: int) -> None:
        seen: set[int] = set()

        def hand_out(channel: int, data: bytes) -> None:
            if channel not in seen:
                seen.add(channel)
            elif channel == DATA:
                connection.sendall(data)
            else:
                raise ConnectionResetError(data.decode(errors="replace"))

        with connection:
            try:
                api = self._cluster.connect(f"{pod}/portforward", [("ports", str(number))])
            except ClusterError as error:
                log.debug("port %s of %s can't be reached: %s", number, pod, error)
            else:
                relay(api, connection, DATA, hand_out)
