/* The verdict on a task, under the input of its cell. */

import { el, fill, mark } from './dom.js';
import { VERDICTS, late, plain, taskVerdict } from './words.js';

const WAIT = 300;

export class Cells {
  /**
   * @param {import('./state.js').State} state
   * @param {import('./notebooks.js').Notebooks} notebooks
   * @param {object} tracker JupyterLab's notebook tracker
   */
  constructor(state, notebooks, tracker) {
    this._state = state;
    this._notebooks = notebooks;
    this._timer = 0;
    tracker.widgetAdded.connect((_, panel) => this._watch(panel));
    tracker.forEach(panel => this._watch(panel));
    state.on(['status', 'result', 'running', 'edited', 'filed'], () => this._soon());
  }

  /** Draw again when a notebook was read, or its cells change: a reset and an edit both do. */
  _watch(panel) {
    const follow = () => {
      panel.content.model?.contentChanged.connect(() => this._soon());
      this._soon();
    };
    panel.content.modelChanged.connect(follow);
    void panel.context.ready.then(follow);
  }

  _soon() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._draw(), WAIT);
  }

  _draw() {
    const { status } = this._state;
    const panel = this._notebooks.open(status?.path);
    if (!panel) {
      return;
    }
    this._compare(status.path);
    const tasks = new Map(status.lab.tasks.map(task => [task.id, task]));
    for (const cell of panel.content.widgets) {
      const task = tasks.get(cell.model.id);
      if (task) {
        void cell.ready.then(() => this._place(cell, task));
      }
    }
  }

  /** Which cells are no longer what was checked. */
  _compare(path) {
    const { checked, edited } = this._state;
    const now = this._notebooks.sources(path);
    const found = Object.keys(checked).filter(task => now[task] !== undefined && now[task] !== checked[task]);
    if (found.join() !== edited.join()) {
      this._state.set({ edited: found });
    }
  }

  _place(cell, task) {
    const input = cell.node.querySelector(':scope > .jp-Cell-inputWrapper');
    if (cell.isDisposed || !input) {
      return;
    }
    let badge = cell.node.querySelector(':scope > .mlops-badge');
    if (!badge) {
      badge = el('div', { class: 'mlops-badge', role: 'note', 'aria-label': `Checks of task ${task.title}` });
      input.after(badge);
    }
    this._fill(badge, task);
  }

  _fill(badge, task) {
    const verdict = taskVerdict(task, this._state.result);
    const since = this._state.running ? ' · checking …' : verdict ? late(task, this._state) : '';
    if (!verdict) {
      badge.dataset.status = 'not_run';
      fill(badge, el('p', {}, mark(['·', `not checked yet · ${plain(task.points)} points`], 'not_run'), since));
      return;
    }
    badge.dataset.status = verdict.status;
    const missed = verdict.checks.filter(check => check.status !== 'passed');
    fill(
      badge,
      el('p', {}, mark([verdict.sign, verdict.text], verdict.status), since),
      missed.length > 0 &&
        el(
          'ul',
          {},
          missed.map(check => el('li', {}, mark(VERDICTS[check.status], check.status), ` ${check.id}: ${check.next || check.statement}`))
        )
    );
  }
}
