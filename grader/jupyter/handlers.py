"""The addresses below /mlops/api: a signed-in person's questions, passed on to the `mlops` command."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from pydantic import ValidationError
from tornado import web

from grader.jupyter.command import Refused, run
from grader.jupyter.questions import QUESTIONS, Asked

BUSY = "a check runs already, in another tab perhaps; wait until it is done"
_checking = asyncio.Lock()


def addresses(base: str) -> list[tuple[str, type[APIHandler], dict[str, Any]]]:
    """Tornado's routes for a server that answers below `base`."""
    plain = [name for name in QUESTIONS if name != "check"]
    found: list[tuple[str, type[APIHandler], dict[str, Any]]] = []
    for name in plain:
        found.append((url_path_join(base, "mlops", "api", name), Question, {"question": name}))
    return [*found, (url_path_join(base, "mlops", "api", "check"), Check, {})]


class Handler(APIHandler):
    """What all addresses share: who may ask, how a body is read, how a refusal is said."""

    auth_resource = "mlops"

    def asked(self) -> Asked:
        """The body. Raises HTTPError 400 for one that asks for nothing we know."""
        try:
            return Asked.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            wrong = error.errors()[0]
            raise web.HTTPError(400, f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None

    def refuse(self, why: Refused) -> None:
        """Say why not: 503 where the fault is ours, else 409."""
        self.set_status(503 if why.ours else 409)
        self.finish(json.dumps({"message": why.message}))


class Question(Handler):
    """A question that is answered at once."""

    def initialize(self, question: str) -> None:
        """Which question this address asks."""
        self._question = question

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The command's object; for `status` also places in this server's file browser: `path` of the notebook, `place` of
        the lab's folder and of the capstone's, each None where it lies elsewhere."""
        try:
            answer = await run(QUESTIONS[self._question](self.asked()))
        except Refused as why:
            self.refuse(why)
            return
        if self._question == "status" and answer["lab"] is not None:
            answer["path"] = self._served(answer["lab"]["notebook"])
            answer["place"] = self._served(answer["lab"]["folder"])
            answer["checking"] = _checking.locked()
        if self._question == "status" and answer["capstone"] is not None:
            answer["capstone"]["place"] = self._served(answer["capstone"]["folder"])
        await self.finish(json.dumps(answer))

    def _served(self, name: str | None) -> str | None:
        """A file's path below the server's root, with slashes, the root's own is empty; None when it lies elsewhere."""
        if name is None:
            return None
        file, root = Path(name), Path(str(getattr(self.contents_manager, "root_dir", ""))).expanduser().resolve()
        resolved = file.parent.resolve() / file.name
        if resolved == root:
            return ""
        return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else None


class Check(Handler):
    """A check, which takes seconds: lines of JSON, first what it is doing, at the end the result or why there is none."""

    _work: asyncio.Task[dict[str, Any]] | None = None

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """`{"said": …}` for each line of progress, then `{"result": …}` or `{"message": …}`. 409 while another check runs."""
        asked = self.asked()
        if _checking.locked():
            self.refuse(Refused(BUSY, ours=False))
            return
        self.set_header("Content-Type", "application/x-ndjson")
        async with _checking:
            self._work = asyncio.create_task(run(QUESTIONS["check"](asked), lambda line: self._line(said=line)))
            try:
                self._line(result=await self._work)
            except Refused as why:
                self._line(message=why.message)
            except asyncio.CancelledError:
                return  # nobody waits for the answer any more
        await self.finish()

    def on_connection_close(self) -> None:
        """The person pressed Stop, or closed the page: nobody waits for the answer, so the command is ended."""
        if self._work is not None:
            self._work.cancel()

    def _line(self, **fields: Any) -> None:
        self.write(json.dumps(fields) + "\n")
        self.flush()
