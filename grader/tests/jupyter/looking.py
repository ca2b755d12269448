"""What a test sees on a page: text by selector, contrast of every text, and a picture where a person wants to look, too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = "MLOPS_PICTURES"
"""The variable that names a folder for pictures."""
AA = 4.5
CONTRAST = """
selector => {
  const parse = text => {
    const numbers = (text.match(/[\\d.]+/g) || []).map(Number);
    return text.startsWith('color(') ? numbers.map((value, at) => (at < 3 ? value * 255 : value)) : numbers;
  };
  const over = (top, under) => {
    const alpha = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(at => top[at] * alpha + under[at] * (1 - alpha));
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(value => value / 255).map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.unshift(parse(getComputedStyle(at).backgroundColor));
    }
    return layers.reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = [];
  for (const root of document.querySelectorAll(selector)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent.trim();
      if (text && element.getClientRects().length) {
        const back = ground(element);
        const front = over(parse(getComputedStyle(element).color), back);
        const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
        found.push([text, Math.round(100 * (a + 0.05) / (b + 0.05)) / 100]);
      }
    }
  }
  return found;
}
"""


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page, if a folder for pictures is named."""
    folder = os.environ.get(PICTURES)
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def texts(page: Page, selector: str) -> list[str]:
    """What the elements say, white space folded."""
    return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]


def faint(page: Page, selector: str) -> list[Any]:
    """The visible texts whose contrast is below WCAG's AA, with it."""
    measured = page.evaluate(CONTRAST, selector)
    assert measured, f"there is no text in {selector}"
    return [one for one in measured if one[1] < AA]
