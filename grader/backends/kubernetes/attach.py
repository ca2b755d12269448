"""A process started in a running pod: its standard input and output as one end of a socket pair."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from websocket import ABNF, WebSocketException

if TYPE_CHECKING:
    from websocket import WebSocket

    from grader.backends.kubernetes.cluster import Cluster

STDIN, STDOUT, STDERR, STATUS = range(4)
"""Channels of the API's own protocol: the first byte of each message."""
CLOSE = 255
"""What closes one channel, in the API's newer protocol; with the older one the whole connection must go."""
HALF_CLOSING = "v5.channel.k8s.io"
CHUNK = 32 * 1024
KEPT_ERRORS = 8 * 1024
PING_SECONDS = 20
"""What lies between here and the API server may drop a connection that is silent for a minute."""


class Attachment:
    """Starts `command` in a container. Give `pipe` away or close it.

    One thread copies both ways, since a TLS connection must not be read and written by two. It may wait for either side to
    take what it holds: both ends of the stream protocol always read. The process's standard input ends when this process
    does, however it ends.
    """

    def __init__(self, cluster: Cluster, pod: str, container: str, command: Sequence[str]) -> None:
        """`pod` is the path of the pod. Raises ClusterError."""
        query = [("container", container), *(("command", word) for word in command)]
        query += [("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        self._api: WebSocket = cluster.connect(f"{pod}/exec", query)
        self.pipe, self._inner = socket.socketpair()
        self.status: int | None = None
        """With which status the process ended, once the API has said so."""
        self._errors = b""
        self._thread = threading.Thread(target=self._copy, name="pod-streams", daemon=True)
        self._thread.start()

    @property
    def errors(self) -> str:
        """The end of what the process printed to standard error."""
        return self._errors.decode(errors="replace").strip()

    def wait(self, seconds: float) -> None:
        """Wait until all has been said, at most so long."""
        self._thread.join(seconds)

    def close(self) -> None:
        """Hang up and end the thread."""
        with suppress(OSError):  # not connected any more
            self._inner.shutdown(socket.SHUT_RDWR)
        with suppress(OSError, TypeError):  # closed meanwhile
            # Not SSLSocket's own method, which also takes the TLS session from under the thread that reads.
            socket.socket.shutdown(self._api.sock, socket.SHUT_RDWR)  # type: ignore[arg-type]
        self._thread.join()
        self._inner.close()

    def _copy(self) -> None:
        relay(self._api, self._inner, STDIN, self._hand_out)

    def _hand_out(self, channel: int, data: bytes) -> None:
        if channel == STDOUT:
            with suppress(OSError):  # nobody reads any more, while the process ends
                self._inner.sendall(data)
        elif channel == STDERR:
            self._errors = (self._errors + data)[-KEPT_ERRORS:]
        elif channel == STATUS:
            self.status = status_of(data)


def relay(api: WebSocket, inner: socket.socket, channel: int, hand_out: Callable[[int, bytes], None]) -> None:
    """Until the API hangs up: what comes from `inner` goes to this channel, and `hand_out` gets what comes of any channel.

    When `inner` ends, the channel is closed where that can be, else the connection. In the end both are shut.
    """
    poll = select.poll()
    poll.register(api.fileno(), select.POLLIN)  # type: ignore[no-untyped-call]
    poll.register(inner, select.POLLIN)
    number = inner.fileno()
    try:
        while True:
            ready = [one for one, _ in poll.poll(PING_SECONDS * 1000)]
            if not ready:
                api.ping()
            if number in ready:
                data = inner.recv(CHUNK)
                if data:
                    api.send(bytes([channel]) + data, ABNF.OPCODE_BINARY)
                elif api.subprotocol == HALF_CLOSING:
                    api.send(bytes([CLOSE, channel]), ABNF.OPCODE_BINARY)
                    poll.unregister(inner)
                else:
                    return
            if set(ready) - {number} and not _take(api, hand_out):
                return
    except (WebSocketException, OSError):
        pass  # one of the two sides hung up
    finally:
        with suppress(OSError, WebSocketException):
            api.shutdown()  # type: ignore[no-untyped-call]
        with suppress(OSError):
            inner.shutdown(socket.SHUT_RDWR)


def _take(api: WebSocket, hand_out: Callable[[int, bytes], None]) -> bool:
    """Pass on what has come; False at the end."""
    while True:
        code, frame = api.recv_data_frame(True)
        if code == ABNF.OPCODE_CLOSE:
            return False
        if code in (ABNF.OPCODE_BINARY, ABNF.OPCODE_TEXT) and frame.data:
            hand_out(frame.data[0], bytes(frame.data[1:]))
        # A TLS record may hold several messages, and poll doesn't see what is decrypted already.
        if not (isinstance(api.sock, ssl.SSLSocket) and api.sock.pending()):
            return True


def status_of(message: bytes) -> int | None:
    """The exit status that the API's last message tells; None when it tells of something else."""
    with suppress(ValueError, KeyError, TypeError, IndexError):
        told = json.loads(message)
        if told["status"] == "Success":
            return 0
        for cause in told["details"]["causes"]:
            if cause["reason"] == "ExitCode":
                return int(cause["message"])
    return None
