"""The panel in a real Chromium: open lab 04, do a task, press Check, see it pass beside the cell; by keyboard, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from grader.course.tree import Lab
from grader.grading import samples
from grader.notebook import build
from grader.tests.jupyter.conftest import LAB, Jupyter
from grader.tests.jupyter.looking import faint, picture, texts
from grader.tests.path.test_command import answer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.services
NOTEBOOK = f"{LAB}.ipynb"
PANEL, SAID = ".mlops-panel", ".mlops-said"
TITLE = "One run that carries all it takes to repeat it"
BADGE = f".mlops-badge[aria-label='Checks of task {TITLE}']"
MILLISECONDS = 120_000


WHO_FOCUSES = """
window.focusedBy = [];
const focus = HTMLElement.prototype.focus;
HTMLElement.prototype.focus = function (...options) {
  window.focusedBy.push(`${this.className} ${new Error().stack}`);
  return focus.apply(this, options);
};
"""
"""Once in a while, under load, the focus is lost to JupyterLab during a check: the next time this says to whom."""


@pytest.fixture
def page(browser: Browser, jupyter: Jupyter, fresh: Path) -> Iterator[Page]:
    """JupyterLab on the starter of lab 04, in a browser that has never seen it."""
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    context.set_default_timeout(MILLISECONDS)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.add_init_script(WHO_FOCUSES)
    opened.goto(jupyter.page(NOTEBOOK))
    opened.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady")
    opened.get_by_role("button", name=f"Go to the cell of {TITLE}").click()
    opened.wait_for_selector(BADGE)
    opened.wait_for_function("document.activeElement.closest('.jp-Notebook') !== null")
    yield opened
    context.close()
    assert problems == []


def solution(lab: Lab, task: str) -> str:
    """The author's answer."""
    return str(next(cell.source for cell in build.solution(lab).cells if cell["id"] == task))


def write(page: Page, title: str, source: str) -> None:
    """Put an answer into the cell of a task, as a person pastes it."""
    editor = page.locator(f".jp-Cell:has(.mlops-badge[aria-label='Checks of task {title}']) .cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)


def checked(page: Page) -> str:
    """What the live region says after a check."""
    page.wait_for_function("document.querySelector('.mlops-said').textContent.startsWith('Checked: ')")
    return texts(page, SAID)[0]


def test_do_a_task_press_check_and_see_it_pass(page: Page, lab04: Lab, fresh: Path) -> None:
    """The notebook is saved first; the verdict stands beside the cell and in the panel, each mark with its word."""
    picture(page, "opened")
    assert texts(page, f"{PANEL} h2") == [lab04.spec.title]
    write(page, TITLE, solution(lab04, "tracked-run"))
    page.get_by_role("button", name="Check", exact=True).click()
    assert checked(page) == "Checked: 50 of 100 points, 5 of 10 checks passed."
    saved = nbformat.read(fresh / NOTEBOOK, as_version=4)
    assert next(cell.source for cell in saved.cells if cell["id"] == "tracked-run") == solution(lab04, "tracked-run")
    page.wait_for_function("document.querySelector('.mlops-badge').innerText === '✓ passed · 50 of 50 points'")
    assert texts(page, BADGE) == ["✓ passed · 50 of 50 points"]
    assert texts(page, "[data-task='tracked-run'] > p")[0] == "✓ passed · 50 of 50 points"
    assert texts(page, "[data-task='tracked-run'] .mlops-check") == [
        f"✓ passed {check.id}" for check in lab04.task("tracked-run").checks
    ]
    failed = page.locator("[data-check='every-run']")
    assert re.match(r"✗ failed every-run 0/8 .+ expected .+ found .+ next .+ Hint", " ".join(failed.inner_text().split()))
    picture(page, "checked")

    failed.get_by_role("button", name="Hint for every-run").click()
    page.wait_for_function("document.querySelector('[data-check=every-run] .mlops-hint')")
    assert texts(page, "[data-check='every-run'] .mlops-hint")[0].startswith("Hint 1 of 3: Page one, part 3 looks for runs")
    write(page, TITLE, "train = None")
    page.wait_for_function("document.querySelector('.mlops-badge').textContent.includes('edited since this check')")


def test_reset_asks_and_undo_brings_it_back(page: Page, lab04: Lab) -> None:
    """The open notebook shows the starter after a reset, and the learner's version after an undo."""
    mine = solution(lab04, "tracked-run")
    editor = page.locator(f".jp-Cell:has({BADGE}) .cm-content")
    write(page, TITLE, mine)
    page.get_by_role("button", name=f"Reset task {TITLE}").click()
    dialog = page.locator(".jp-Dialog")
    assert "Your version is kept: “Undo reset” brings it back." in dialog.inner_text()
    dialog.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("document.querySelector('.mlops-said').textContent.startsWith('Reset “')")
    page.wait_for_selector(BADGE)
    assert "NotImplementedError" in editor.inner_text()
    page.get_by_role("button", name="Undo reset").click()
    page.wait_for_function("document.querySelector('.mlops-said').textContent.startsWith('Your version is back.')")
    page.wait_for_selector(BADGE)
    assert "log_params" in editor.inner_text()


def test_by_keyboard_alone(page: Page) -> None:
    """From the notebook to the panel, a check, a quiz question and its verdict, without a mouse; the focus is never lost."""
    show_the_panel(page)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.mlops-said').dataset.running === 'true'")
    assert focus(page) == "check"
    assert checked(page) == "Checked: 0 of 100 points, 0 of 10 checks passed."
    walked = [focus(page)]
    while walked[-1] != "mlops-tab-tasks":
        page.keyboard.press("Tab")
        walked.append(focus(page))
    assert walked == ["check", "hint", "undo", "mlops-tab-tasks"], page.evaluate("window.focusedBy.slice(-3)")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("[data-key='option-a']")
    while focus(page) != "option-a":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    while focus(page) != "quiz-answer":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-key='quiz-next']")
    assert focus(page) == "quiz-head"
    assert re.match("(✓ Right|◐ Partly right|✗ Wrong)", texts(page, "[data-key='quiz-head']")[0])
    picture(page, "quiz")
    while focus(page) != "quiz-next":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-key='quiz-answer']")
    assert focus(page) == "quiz-head"
    for key, said in (("ArrowRight", "Modules and points so far"), ("ArrowRight", "MLflow tracking server")):
        page.evaluate("document.querySelector('.mlops-tabs [aria-selected=true]').focus()")
        page.keyboard.press(key)
        page.wait_for_function(f"document.querySelector('.mlops-page:not([hidden])').textContent.includes({said!r})")
        picture(page, "services" if "MLflow" in said else "progress")
    assert page.get_by_role("link", name="Open MLflow tracking server").get_attribute("href") is not None


def show_the_panel(page: Page) -> None:
    """By the palette, until the panel's first button has the focus. JupyterLab gives the focus once more to a notebook that an
    address opened, whenever it is done with that, and the palette closes: then a person opens it again."""
    from playwright.sync_api import TimeoutError as Late

    for milliseconds in (10_000, 10_000, MILLISECONDS):
        try:
            page.keyboard.press("ControlOrMeta+Shift+c")
            page.wait_for_function("document.activeElement.matches('.lm-CommandPalette-input')", timeout=milliseconds)
            page.keyboard.insert_text("MLOps course: show")  # which does nothing where nobody takes text
            found = ".lm-CommandPalette-item.lm-mod-active[data-command='mlops-course:show']"
            page.wait_for_selector(found, timeout=milliseconds)
            page.keyboard.press("Enter")
            page.wait_for_function("document.activeElement.dataset.key === 'check'", timeout=milliseconds)
        except Late:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError("the palette did not show the panel")


def focus(page: Page) -> str:
    """The element that has the focus."""
    return str(page.evaluate("document.activeElement.dataset.key || document.activeElement.id"))


def test_every_text_can_be_read(page: Page, lab04: Lab, fresh: Path) -> None:
    """Contrast AA in the light and the dark theme, with passed, failed and partial checks in sight; narrow, too."""
    sample = next(s for s in lab04.samples() if s.id == "metric-of-the-training-rows")
    wrong = nbformat.reads(samples.wrong(lab04, sample)[0].notebook.decode(), as_version=4)
    answer(fresh / NOTEBOOK, wrong, [task.id for task in lab04.spec.tasks])
    page.reload()
    page.get_by_role("button", name="Check", exact=True).click()
    assert checked(page) == "Checked: 81 of 100 points, 8 of 10 checks passed."
    page.get_by_role("button", name=f"Go to the cell of {TITLE}").click()
    page.wait_for_selector(f"{BADGE}[data-status='partial']")
    faintest = []
    for theme, width in (("Light", 1500), ("Dark", 1500), ("Dark", 800)):
        page.set_viewport_size({"width": width, "height": 950})
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {theme}")
        page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=f"JupyterLab {theme}")
        for tab in ("Quiz", "Progress", "Services", "Tasks"):
            page.get_by_role("tab", name=tab).click()
            page.wait_for_function("!document.querySelector('.mlops-page:not([hidden])').textContent.startsWith('Looking')")
            faintest += [*faint(page, PANEL), *faint(page, ".mlops-badge")]
            assert page.evaluate("(node => node.scrollWidth <= node.clientWidth)(document.querySelector('.mlops-panel'))")
            picture(page, f"{theme.lower()}-{width}-{tab.lower()}")
    assert faintest == []
