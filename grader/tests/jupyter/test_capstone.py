"""The panel on the capstone, in a real Chromium: the milestone that comes next, its brief, a file, Check, a hint, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.course.tree import Course
from grader.tests.jupyter.conftest import Jupyter
from grader.tests.jupyter.looking import faint, picture, texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.services
MILLISECONDS = 120_000
TASK = "[data-task='repository']"
LATE = " · edited since this check"


@pytest.fixture
def page(browser: Browser, capstone: Jupyter) -> Iterator[Page]:
    """JupyterLab on the repository's README, in a browser that has never seen it."""
    context = browser.new_context(viewport={"width": 1300, "height": 1400})
    context.set_default_timeout(MILLISECONDS)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(capstone.page("README.md"))
    opened.wait_for_selector(TASK)
    yield opened
    context.close()
    assert problems == []


def said(page: Page, beginning: str) -> str:
    """What the live region says, once it begins so."""
    page.wait_for_function("text => document.querySelector('.mlops-said').textContent.startsWith(text)", arg=beginning)
    return texts(page, ".mlops-said")[0]


def status(page: Page) -> str:
    """The verdict on the task."""
    return texts(page, f"{TASK} > p")[0]


def test_a_milestone_is_worked_on_beside_the_panel(page: Page, course: Course, repository: Path) -> None:
    """The first milestone that isn't passed is shown with its tasks; a check is that of `mlops capstone check`; a file that
    is saved after it marks its task; a reset brings back what was committed, an undo the learner's version."""
    assert texts(page, ".mlops-panel h2") == [course.milestone("0").spec.title]
    assert texts(page, ".mlops-panel header p")[0] == "Capstone · 0 of 5 milestones passed"
    page.get_by_role("button", name="Read the brief").click()
    page.wait_for_selector(".mlops-brief h1")
    assert texts(page, ".mlops-brief h1") == ["Milestone 0: the repository"]
    page.get_by_role("button", name="Check", exact=True).click()
    assert said(page, "Checked: ") == "Checked: 0 of 100 points, 0 of 3 checks passed."
    assert status(page) == "✗ failed · 0 of 3 checks passed · 0 of 100 points"

    page.get_by_role("button", name="Open .gitignore").click()
    page.wait_for_selector(".jp-FileEditor:visible .cm-content")
    page.locator(".jp-FileEditor:visible .cm-content").focus()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.insert_text("data/\n")
    page.keyboard.press("ControlOrMeta+s")
    page.wait_for_function("([task, late]) => document.querySelector(task).textContent.includes(late)", arg=[TASK, LATE])
    assert (repository / ".gitignore").read_text().startswith("data/\n")
    picture(page, "milestone-edited")

    page.get_by_role("button", name="Hint for first-commit").click()
    page.wait_for_selector("[data-check='first-commit'] .mlops-hint")
    hint, step = texts(page, "[data-check='first-commit'] .mlops-hint")[0], texts(page, "[data-check='first-commit'] dd")[2]
    assert (hint.startswith("Hint 1 of "), step in hint) == (True, False)

    page.get_by_role("button", name="Reset task A repository").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Reset", exact=True).click()
    said(page, "Reset “")
    assert not (repository / ".gitignore").exists()  # no commit knows it
    page.get_by_role("button", name="Undo reset").click()
    said(page, "Your version is back.")
    assert (repository / ".gitignore").read_text().startswith("data/\n")


def test_another_milestone_can_be_turned_to(page: Page, course: Course) -> None:
    """From the progress, which names all of them; a task without files has no way back, one with files names each; contrast
    AA, and nothing is cut off."""
    page.get_by_role("tab", name="Progress").click()
    page.get_by_role("button", name="Milestone 1: the package").click()
    page.wait_for_selector("[data-task='rows']")
    tasks = {task.id: list(task.files) for task in course.milestone("1").spec.tasks}
    shown = {name: texts(page, f"[data-task='{name}'] .mlops-file") for name in tasks}
    resets = {name: page.locator(f"[data-key='reset-{name}']").count() for name in tasks}
    assert (shown, resets) == (tasks, {name: int(bool(files)) for name, files in tasks.items()})
    faintest = []
    for theme in ("Light", "Dark"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {theme}")
        page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=f"JupyterLab {theme}")
        faintest += faint(page, ".mlops-panel")
    picture(page, "milestone-dark")
    assert faintest == []
    assert page.evaluate("(node => node.scrollWidth <= node.clientWidth)(document.querySelector('.mlops-panel'))")
