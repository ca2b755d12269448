"""A container's standard input and output as one end of a socket pair, whatever carries the engine's own protocol."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import APIClient

FRAME = struct.Struct("!BxxxI")
"""The engine's header before each piece of output: which stream it belongs to, and its length."""
STDOUT = 1
CHUNK = 64 * 1024
KEPT_ERRORS = 8 * 1024


class Attachment:
    """Attached to a container that is created and not yet started. Give `pipe` away or close it.

    Two threads copy, since an engine may be behind a Unix socket, a TLS connection or a Windows pipe, and only blocking
    calls work on all of them. The socket pair between holds what the reader hasn't taken yet: the kernel's buffers are
    the bound. The container's standard input ends when this process does, however it ends.
    """

    def __init__(self, client: APIClient, container: str) -> None:
        wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._response: Any = client.attach_socket(container, wanted)  # closes the connection when it is collected
        self._engine: Any = getattr(self._response, "_sock", self._response)
        self._engine.settimeout(None)
        self.pipe, self._inner = socket.socketpair()
        self._errors = b""
        self._threads = [
            threading.Thread(target=self._copy_out, name="container-output", daemon=True),
            threading.Thread(target=self._copy_in, name="container-input", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def errors(self) -> str:
        """The end of what the container's own process printed to standard error."""
        return self._errors.decode(errors="replace").strip()

    def close(self) -> None:
        """Hang up and end both threads; the container must be gone, or end when its input does."""
        for connection in (self._inner, self._engine):
            with suppress(OSError, AttributeError):  # not connected any more, or a Windows pipe, which has no shutdown
                connection.shutdown(socket.SHUT_RDWR)
        self._response.close()
        self._engine.close()
        for thread in self._threads:
            thread.join()
        self._inner.close()

    def _copy_out(self) -> None:
        try:
            while header := self._take(FRAME.size):
                kind, length = FRAME.unpack(header)
                while length:
                    data = self._take(min(length, CHUNK))
                    length -= len(data)
                    if kind == STDOUT:
                        self._inner.sendall(data)
                    else:
                        self._errors = (self._errors + data)[-KEPT_ERRORS:]
        except (OSError, EOFError):
            pass  # one of the two sides hung up
        finally:
            _shut(self._inner)

    def _take(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._engine.recv(size - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def _copy_in(self) -> None:
        try:
            while data := self._inner.recv(CHUNK):
                self._engine.sendall(data)
        except OSError:
            pass  # one of the two sides hung up
        finally:
            _shut(self._engine)


def _shut(connection: Any) -> None:
    """Tell the other side that no more will be written."""
    with suppress(OSError, AttributeError):  # gone already, or a Windows pipe: it is closed with the container
        connection.shutdown(socket.SHUT_WR)
