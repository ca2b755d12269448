/* The lab's tasks: what each check said, hints, and a way to the cell and back to the starter. */

import { button, el, mark, prose } from './dom.js';
import { VERDICTS, late, plain, taskVerdict } from './words.js';

/**
 * @param {import('./state.js').State} state
 * @param {import('./actions.js').Actions} actions
 * @param {(task: string) => void} show
 * @returns {Node[]}
 */
export function tasks(state, actions, show) {
  const { status } = state;
  if (status === null) {
    return [el('p', {}, 'Looking …')];
  }
  if (status.lab === null || !status.lab.started) {
    const number = status.lab ? status.lab.id.slice(0, 2) : '04';
    return [
      el('p', {}, 'No lab was started yet. In a terminal:'),
      el('pre', {}, `mlops start ${number} --lab`),
      el('p', {}, 'It makes a folder to work in, brings the services up, and opens JupyterLab on the lab.')
    ];
  }
  const milestone = status.lab.notebook === null;
  return [elsewhere(status), milestone && ways(status, actions), ...status.lab.tasks.map(task => section(task, state, actions, show))];
}

/** Where the work is, if this JupyterLab can't open it. */
function elsewhere({ lab, path, place }) {
  if (lab.notebook !== null) {
    const start = `mlops start ${lab.id.slice(0, 2)} --lab`;
    return path === null && el('p', { class: 'mlops-note' }, `The lab's notebook is ${lab.notebook}, which this JupyterLab can't open. Start it with: ${start}`);
  }
  return place === null && el('p', { class: 'mlops-note' }, `Your repository is ${lab.folder}, which this JupyterLab can't open. Start it with: mlops capstone lab`);
}

/** From a milestone to its brief and, once it is passed, to the next one. */
function ways({ lab, capstone }, actions) {
  const at = capstone.milestones.findIndex(one => one.id === lab.id);
  const next = capstone.milestones[at + 1];
  const done = capstone.milestones[at].passed;
  return el(
    'p',
    { class: 'mlops-actions' },
    button('brief', 'Read the brief', () => actions.brief()),
    done && next && button('onward', `Go on: ${next.title}`, () => actions.refresh(next.id), { class: 'mlops-button mlops-first' })
  );
}

function section(task, state, actions, show) {
  const verdict = taskVerdict(task, state.result);
  const head = `mlops-task-${task.id}`;
  const said = verdict ? mark([verdict.sign, verdict.text], verdict.status) : mark(['·', `not checked yet · ${plain(task.points)} points`], 'not_run');
  const { lab, place } = state.status;
  const file = name => (place === null ? el('code', {}, name) : button(`open-${task.id}-${name}`, name, () => actions.open(name), { class: 'mlops-file', 'aria-label': `Open ${name}` }));
  const where = task.files.length > 0 && el('p', {}, 'In ', task.files.map((name, at) => [at ? ', ' : '', file(name)]));
  return el(
    'section',
    { class: 'mlops-task', 'aria-labelledby': head, 'data-task': task.id, 'data-status': verdict?.status ?? 'not_run' },
    el('h3', { id: head }, task.title, task.stretch && el('span', { class: 'mlops-tag' }, 'stretch')),
    el('p', {}, said, verdict && late(task, state)),
    where,
    el('ul', { class: 'mlops-checks' }, (verdict?.checks ?? task.checks).map(check => one(check, state, actions))),
    el(
      'p',
      { class: 'mlops-actions' },
      task.files.length === 0 && lab.notebook !== null && button(`show-${task.id}`, 'Go to cell', () => show(task.id), { 'aria-label': `Go to the cell of ${task.title}` }),
      (task.files.length > 0 || lab.notebook !== null) && button(`reset-${task.id}`, 'Reset task', () => actions.reset(task), { 'aria-label': `Reset task ${task.title}` })
    )
  );
}

/** A check: its verdict, and if it did not pass, what it expected and found, what to do next, and hints. */
function one(check, state, actions) {
  const judged = check.status !== undefined;
  const missed = judged && check.status !== 'passed';
  const points = judged ? `${plain(check.earned)}/${plain(check.possible)}` : `${plain(check.points)} points`;
  const hints = missed ? state.hints[check.id] ?? [] : [];
  const exhausted = hints.some(hint => hint.tier === hint.of);
  return el(
    'li',
    { 'data-check': check.id, 'data-status': check.status ?? 'not_run' },
    el('span', { class: 'mlops-check' }, judged && [mark(VERDICTS[check.status], check.status), ' '], el('b', {}, check.id)),
    el('span', { class: 'mlops-points' }, points),
    missed && el('p', {}, prose(check.statement)),
    missed && found(check),
    hints.map(hint => el('p', { class: 'mlops-hint' }, el('b', {}, `Hint ${hint.tier} of ${hint.of}: `), prose(hint.text))),
    missed &&
      !exhausted &&
      button(`hint-${check.id}`, hints.length ? 'Another hint' : 'Hint', () => actions.hint(check.id), {
        'aria-label': `${hints.length ? 'Another hint' : 'Hint'} for ${check.id}`
      })
  );
}

function found(check) {
  const told = ['expected', 'found', 'next'].filter(name => check[name]);
  return told.length > 0 && el('dl', {}, told.map(name => [el('dt', {}, name), el('dd', {}, prose(check[name]))]));
}
