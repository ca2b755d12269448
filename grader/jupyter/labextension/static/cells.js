/* The verdict on a task, under the input of its cell. */

import { el, fill, mark } from './dom.js';
import { VERDICTS, plain, taskVerdict } from './words.js';

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
    state.on(['status', 'result', 'running'], () => this._soon());
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
    const tasks = new Map(status.lab.tasks.map(task => [task.id, task]));
    for (const cell of panel.content.widgets) {
      const task = tasks.get(cell.model.id);
      if (task) {
        void cell.ready.then(() => this._place(cell, task));
      }
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
    this._fill(badge, cell, task);
  }

  _fill(badge, cell, task) {
    const verdict = taskVerdict(task, this._state.result);
    const before = this._state.checked[task.id];
    const edited = before !== undefined && before !== cell.model.sharedModel.getSource();
    const late = this._state.running ? ' · checking …' : edited ? ' · edited since this check' : '';
    if (!verdict) {
      badge.dataset.status = 'not_run';
      fill(badge, el('p', {}, mark(['·', `not checked yet · ${plain(task.points)} points`], 'not_run'), late));
      return;
    }
    badge.dataset.status = verdict.status;
    const missed = verdict.checks.filter(check => check.status !== 'passed');
    fill(
      badge,
      el('p', {}, mark([verdict.sign, verdict.text], verdict.status), late),
      missed.length > 0 &&
        el(
          'ul',
          {},
          missed.map(check => el('li', {}, mark(VERDICTS[check.status], check.status), ` ${check.id}: ${check.next || check.statement}`))
        )
    );
  }
}
