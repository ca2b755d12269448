/* The side panel: the score, what is going on, and four sections behind tabs. */

import { button, el, fill } from './dom.js';
import { progress, services } from './course.js';
import { quiz } from './quiz.js';
import { tasks } from './tasks.js';
import { counted, plain } from './words.js';

const TABS = { tasks: 'Tasks', quiz: 'Quiz', progress: 'Progress', services: 'Services' };

export class Panel {
  /**
   * @param {import('./state.js').State} state
   * @param {import('./actions.js').Actions} actions
   * @param {(task: string) => void} show
   */
  constructor(state, actions, show) {
    this._state = state;
    this._actions = actions;
    this._tab = 'tasks';
    this._head = el('header');
    this._said = el('p', { class: 'mlops-said', role: 'status', 'aria-live': 'polite' });
    this._buttons = el('p', { class: 'mlops-actions' });
    this._clock = el('span', { class: 'mlops-clock', 'aria-hidden': 'true' });
    this._tabs = Object.keys(TABS).map(name => this._makeTab(name));
    this._pages = Object.fromEntries(Object.keys(TABS).map(name => [name, this._makePage(name)]));
    this.node = el(
      'div',
      { class: 'mlops-panel', role: 'region', 'aria-label': 'MLOps course' },
      this._head,
      this._buttons,
      this._said,
      el('div', { role: 'tablist', 'aria-label': 'Sections', class: 'mlops-tabs', onkeydown: event => this._arrow(event) }, this._tabs),
      Object.values(this._pages)
    );
    state.on(['status', 'result'], () => this._drawHead());
    state.on(['running', 'status'], () => this._drawButtons());
    state.on(['running'], () => this._tick());
    state.on(['said', 'problem', 'running'], () => this._drawSaid());
    state.on(['status', 'result', 'hints', 'edited', 'filed'], () => fill(this._pages.tasks, tasks(state, actions, show)));
    state.on(['turn', 'verdict'], () => this._drawQuiz()); // not with each status: a half typed answer must stay
    state.on(['progress', 'status'], () => fill(this._pages.progress, progress(state, milestone => this._turn(milestone))));
    state.on(['status', 'services'], () => fill(this._pages.services, services(state, actions)));
    this.choose('tasks');
    state.on(['status'], () => this.look());
  }

  /** Show a milestone's tasks, and put the focus there. */
  async _turn(milestone) {
    await this._actions.refresh(milestone);
    this.choose('tasks');
    this.focus();
  }

  /** Ask again for what this section shows. */
  look() {
    if (this._tab === 'quiz' && this._state.turn === null) {
      void this._actions.ask();
    } else if (this._tab === 'progress') {
      void this._actions.progress();
    } else if (this._tab === 'services') {
      void this._actions.services();
    }
  }

  /** @param {string} name the section to show */
  choose(name) {
    this._tab = name;
    for (const tab of this._tabs) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      this._pages[tab.dataset.tab].hidden = !chosen;
    }
    this.look();
  }

  /** Put the focus on the first button. */
  focus() {
    this._buttons.querySelector('button')?.focus();
  }

  _makeTab(name) {
    return el('button', { type: 'button', role: 'tab', id: `mlops-tab-${name}`, 'aria-controls': `mlops-page-${name}`, 'data-tab': name, onclick: () => this._open(name) }, TABS[name]);
  }

  /** A press on a tab also looks anew at the tasks: they may have been checked in a terminal. */
  _open(name) {
    this.choose(name);
    if (name === 'tasks' && !this._state.running) {
      void this._actions.refresh();
    }
  }

  _makePage(name) {
    return el('div', { role: 'tabpanel', id: `mlops-page-${name}`, 'aria-labelledby': `mlops-tab-${name}`, class: 'mlops-page', hidden: true });
  }

  /** Left and right go from tab to tab, as everywhere. */
  _arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const at = this._tabs.findIndex(tab => tab.dataset.tab === this._tab);
      const next = this._tabs[(at + step + this._tabs.length) % this._tabs.length];
      this.choose(next.dataset.tab);
      next.focus();
    }
  }

  _drawHead() {
    const { status, result } = this._state;
    const lab = status?.lab;
    const passed = result?.checks.filter(check => check.status === 'passed').length;
    const score = result
      ? [
          el('progress', { max: result.possible, value: result.earned, 'aria-label': 'Points of this lab' }),
          el('p', {}, el('b', {}, `${plain(result.earned)} of ${plain(result.possible)} points`), ` · ${passed} of ${result.checks.length} checks passed`)
        ]
      : [el('p', {}, lab?.started ? 'Not checked yet.' : '')];
    const notes = result ? [...result.flags, result.detail].filter(Boolean) : [];
    const far = lab?.notebook === null && el('p', {}, `Capstone · ${status.capstone.milestones.filter(one => one.passed).length} of ${counted(status.capstone.milestones.length, 'milestone')} passed`);
    fill(this._head, el('h2', {}, lab?.title ?? 'MLOps course'), far, score, notes.map(text => el('p', { class: 'mlops-note' }, `! ${text}`)));
  }

  _drawButtons() {
    const { running } = this._state;
    fill(
      this._buttons,
      button('check', running ? 'Checking …' : 'Check', () => this._actions.check(), { class: 'mlops-button mlops-first', 'aria-disabled': String(running) }),
      running && button('stop', 'Stop', () => this._actions.stop()),
      running && this._clock,
      !running && button('hint', 'Hint', () => this._actions.hint()),
      button('undo', 'Undo reset', () => this._actions.undo())
    );
  }

  /** Seconds since a check began: for the eye only, the live region would say each of them. */
  _tick() {
    clearInterval(this._ticking);
    const began = Date.now();
    const show = () => fill(this._clock, `${Math.round((Date.now() - began) / 1000)} s`);
    show();
    this._ticking = this._state.running ? setInterval(show, 1000) : 0;
  }

  _drawSaid() {
    const { said, problem, running } = this._state;
    this._said.dataset.problem = String(problem);
    this._said.dataset.running = String(running);
    fill(this._said, problem ? `✗ Problem: ${said}` : said);
  }

  /** A new question, or the verdict on an answer, takes the focus if the quiz had it. */
  _drawQuiz() {
    const page = this._pages.quiz;
    const inside = page.contains(document.activeElement);
    fill(page, quiz(this._state, this._actions));
    if (inside && !page.contains(document.activeElement)) {
      page.querySelector('[data-key="quiz-head"]')?.focus();
    }
  }
}
