"""`%load_ext grader.magic`: `%check`, `%hint` and `%quiz` in a notebook.

| magic | what it does |
| --- | --- |
| `%check`, `%check --all` | checks the lab's notebook as it was saved; explains the first check that did not pass, or all |
| `%hint`, `%hint CHECK` | the next hint for the first check that failed, or for this one |
| `%quiz`, `%quiz b` | shows the question that waits; answers the one shown last (`%quiz --skip`, `%quiz --new`) |

They run the same `mlops` commands as a terminal, in a process of their own. A lab's kernel has no grader in its environment:
`mlops start` gives it a copy of this file alone, which therefore imports nothing but IPython and the standard library.
A sandbox has not even that: a magic that is left in the cell of a task is unknown there, and does nothing when the notebook is
checked. Cells of your own, where magics belong, are not run at all.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from IPython.core.magic import no_var_expand
from IPython.display import display

MARKS = {"passed": "✓", "partial": "◐", "failed": "✗", "not_run": "·", "unavailable": "?"}
NOTES = {"right": "✓ right", "wrong": "✗ wrong", "missed": "✗ missed", "answer": "→ should be"}
WIDTH = 88
_shown = {"question": ""}
"""The question that was shown last: an answer is meant for it and no other."""


def load_ipython_extension(shell: Any) -> None:
    """Give the shell its magics."""
    for magic in (check, hint, quiz):
        shell.register_magic_function(magic, "line")


class Page:
    """What a magic shows, written once and read twice: as HTML, and as text where HTML can't be shown.

    Colours are those of the page around it; whatever a mark says, a word beside it says, too.
    """

    def __init__(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []

    def head(self, text: str) -> Page:
        """A heading."""
        return self._add(f"<p style='margin:.6em 0 .3em'><strong>{_safe(text)}</strong></p>", text)

    def line(self, text: str) -> Page:
        """A line of text."""
        return self._add(f"<p style='margin:.2em 0'>{_safe(text)}</p>", *_wrapped(text))

    def code(self, text: str) -> Page:
        """Text whose white space counts."""
        return self._add(f"<pre style='margin:.4em 0'>{_safe(text)}</pre>", *(f"    {one}" for one in text.splitlines()))

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Page:
        """A table with a heading for each column."""
        named, filled = list(columns), [list(row) for row in rows]
        heads = "".join(f"<th scope='col' style='text-align:left'>{_safe(name)}</th>" for name in named)
        cells = ["".join(f"<td style='text-align:left'>{_safe(text)}</td>" for text in row) for row in filled]
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        widths = [max(map(len, column)) for column in zip(named, *filled, strict=True)]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [named, *filled]]
        return self._add(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>", *map(str.rstrip, lines))

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> Page:
        """Names and what belongs to them; those without a text are left out."""
        told = [(name, text) for name, text in pairs if text]
        if not told:
            return self
        cell = "style='text-align:left;vertical-align:top;white-space:pre-wrap'"
        rows = "".join(f"<tr><th scope='row' {cell}>{_safe(n)}</th><td {cell}>{_safe(t)}</td></tr>" for n, t in told)
        wide = max(len(name) for name, _ in told)
        lines = [line for name, text in told for line in _wrapped(text, f"    {name:{wide}}  ")]
        return self._add(f"<table><tbody>{rows}</tbody></table>", *lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<div class='mlops-page'>{''.join(self._html)}</div>"}

    def __repr__(self) -> str:
        return "\n".join(self._text)

    def _add(self, marked: str, *lines: str) -> Page:
        self._html.append(marked)
        self._text.extend(lines)
        return self


def _wrapped(text: str, before: str = "") -> list[str]:
    """The text in lines of at most WIDTH columns; `before` begins the first one, and the others are indented by as much."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines.extend(textwrap.wrap(line, WIDTH - len(before), break_long_words=False, break_on_hyphens=False) or [""])
    return [(before if number == 0 else " " * len(before)) + line for number, line in enumerate(lines)]


def _safe(text: str) -> str:
    """The text as HTML that means nothing but itself; `$` would start a formula in a notebook."""
    return html.escape(text).replace("$", "&#36;")


class Refused(Exception):
    """The command said no; the text says why, and what to do next."""


@no_var_expand
def check(line: str) -> None:
    """Check the lab's notebook as it was last saved: %check [LAB] [--all]."""
    words = line.split()
    lab = next((word for word in words if not word.startswith("-")), os.environ.get("MLOPS_LAB"))
    _tell(lambda: _checked(_run("check", *([lab] if lab else []), "--json", progress=True), "--all" in words))


@no_var_expand
def hint(line: str) -> None:
    """The next hint: %hint [CHECK]."""
    lab, which = os.environ.get("MLOPS_LAB"), line.split()[:1]
    _tell(lambda: _hinted(_run("hint", *([lab] if lab else []), *(f"--check={one}" for one in which), "--json")))


@no_var_expand
def quiz(line: str) -> None:
    """The question that waits, or an answer to the one shown last: %quiz [ANSWER | --skip | --new] [--of QUIZ]."""
    rest, _, named = line.partition("--of")
    name, answer = named.strip() or os.environ.get("MLOPS_LAB", "")[:2], rest.strip()
    if not name:
        _tell(lambda: Page().line("Which quiz? For example: %quiz --of 04"))
    elif answer in ("--skip", "--new", ""):
        _tell(lambda: _asked(_run("question", name, *([answer] if answer else []), "--json")))
    elif not _shown["question"]:
        _tell(lambda: _asked(_run("question", name, "--json")).line("This is the question that waits; answer it now."))
    else:
        _tell(lambda: _judged(_run("question", name, f"--answer={answer}", f"--id={_shown['question']}", "--json")))


def _checked(result: dict[str, Any], everything: bool) -> Page:
    outcome, missed = result["outcome"].replace("_", " "), [c for c in result["checks"] if c["status"] != "passed"]
    page = Page().head(f"{result['lab']}: {outcome}, {result['earned']:g} of {result['possible']:g} points")
    words = {name: f"{mark} {name.replace('_', ' ')}" for name, mark in MARKS.items()}
    rows = [[c["id"], c["task"], words[c["status"]], f"{c['earned']:g}/{c['possible']:g}"] for c in result["checks"]]
    page.table(["check", "task", "verdict", "points"], rows)
    for text in (*result["flags"], result.get("detail", "")):
        if text:
            page.line(f"! {text}")
    for one in missed if everything else missed[:1]:
        page.head(f"{words[one['status']]}: {one['id']}").line(one["statement"])
        page.pairs((name, one[name]) for name in ("expected", "found", "next"))
    if missed[1:] and not everything:
        page.line(f"… and {len(missed) - 1} more; work on the first one (all of them: %check --all)")
    return page.line(_saved(Path(result["submission"]), result["lab"]))


def _saved(place: Path, lab: str) -> str:
    """Which state of the notebook was checked: a magic can't save it."""
    notebook = place / f"{lab}.ipynb" if place.is_dir() else place
    try:
        when = f" at {time.strftime('%H:%M:%S', time.localtime(notebook.stat().st_mtime))}"
    except OSError:
        when = ""
    return f"Checked {notebook.name} as it was saved{when}. If you changed it since: save it (Ctrl-S), then %check again."


def _hinted(said: dict[str, Any]) -> Page:
    if said["check"] is None:
        return Page().line(said["text"])
    last = " (there is no further one)" if said["tier"] == said["of"] else ""
    return Page().head(f"{said['check']}, hint {said['tier']} of {said['of']}{last}").line(said["text"])


def _asked(turn: dict[str, Any]) -> Page:
    sheet = turn["question"]
    if sheet is None:
        _shown["question"] = ""
        score = f"{turn['right']} of {turn['total']} answers right, {turn['earned']:g} of {turn['total']} points"
        return Page().head(f"Quiz {turn['quiz']}: {score}").line("Every question is answered. Another attempt: %quiz --new")
    _shown["question"] = sheet["id"]
    page = Page().head(f"Question {turn['number']} of {turn['total']}").line(sheet["ask"])
    if sheet["command"]:
        page.line("The command:").code(sheet["command"]).line("What it printed:").code(sheet["output"])
    if sheet["code"]:
        lines = enumerate(sheet["code"].splitlines(), 1)
        page.code("\n".join(f"{'→' if number == sheet['line'] else ' '} {number:2}  {text}" for number, text in lines))
    page.pairs((one["label"], one["text"]) for one in sheet["numbered"])
    page.pairs((one["label"], one["text"]) for one in sheet["lettered"])
    which = f"line {sheet['line']}, mended and whole" if sheet["line"] else sheet["how"]
    return page.line(f"Answer with %quiz and {which}. It can wait: %quiz --skip")


def _judged(verdict: dict[str, Any]) -> Page:
    _shown["question"] = ""
    word = "✓ Right" if verdict["share"] == 1 else "✗ Wrong" if verdict["share"] == 0 else "◐ Partly right"
    points = "" if verdict["share"] in (0, 1) else f" ({verdict['share']:.2g} of 1 point)"
    page = Page().head(f"{word}{points}: you answered {verdict['answer']}")
    if verdict["report"]:
        page.line("What came of your line:").code(verdict["report"])
    page.pairs(
        (f"{NOTES[note['kind']]} {note['label']}".rstrip(), ". ".join(filter(None, (note["text"].rstrip("."), note["why"]))))
        for note in verdict["notes"]
    )
    read = verdict["read"]
    return page.line(f"Read again: {read['notebook']}, “{read['heading']}”. The next question: %quiz")


def _tell(make: Callable[[], Page]) -> None:
    """Show what a magic has to say; a refusal is said as a sentence, never as a traceback."""
    try:
        page = make()
    except Refused as why:
        page = Page().line(f"! {why}")
    except KeyboardInterrupt:
        page = Page().line("! interrupted; nothing was left running")
    display(page)  # type: ignore[no-untyped-call]


def _run(*arguments: str, progress: bool = False) -> dict[str, Any]:
    """Run a command of `mlops`; returns the object that it wrote. Raises Refused with its message when it wrote none.

    Its variables are those of Jupyter, not those that the lab's kernel holds for the services.
    """
    leased = set(os.environ.get("MLOPS_LEASED", "").split())
    variables = {name: value for name, value in os.environ.items() if name not in leased}
    command = [os.environ.get("MLOPS_PYTHON", sys.executable), "-P", "-m", "grader.cli.entry", *arguments]
    with contextlib.ExitStack() as open_files:
        out = open_files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
        process = open_files.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=variables, encoding="utf-8"
            )
        )
        try:
            said = _follow(process.stderr or (), progress)
        except KeyboardInterrupt:
            process.terminate()
            raise
        process.wait()
        out.seek(0)
        lines = out.read().splitlines()
    if lines and lines[-1].startswith("{"):
        return dict(json.loads(lines[-1]))
    text = "\n".join(said)
    raise Refused(text.partition("mlops: ")[2] or text or f"mlops ended with code {process.returncode} and said nothing")


def _follow(stream: Iterable[str], progress: bool) -> list[str]:
    """Reads what the command says while it runs; where progress is shown, the latest line stands in for those before."""
    said: list[str] = []
    handle = display(Page().line("checking …"), display_id=True) if progress else None  # type: ignore[no-untyped-call]
    for line in stream:
        said.append(line.rstrip())
        if handle is not None and not line.startswith("mlops: "):
            handle.update(Page().line(said[-1]))
    if handle is not None:
        handle.update(Page())
    return said
