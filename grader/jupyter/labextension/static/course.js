/* The course around the lab: modules and what comes next, services and their pages. */

import { button, el, mark } from './dom.js';
import { SERVICES, plain } from './words.js';

/**
 * @param {import('./state.js').State} state
 * @param {(milestone: string) => void} turn to a milestone
 * @returns {Node[]}
 */
export function progress(state, turn) {
  const { progress: way } = state;
  if (way === null) {
    return [el('p', {}, 'Looking …')];
  }
  const rows = way.modules.map(one =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, `${one.module.slice(0, 2)} ${one.title}`),
      el('td', {}, one.solved ? mark(['✓', `solved`], 'passed') : one.best === null ? '–' : `${plain(one.best)}/100`),
      el('td', {}, one.quiz ? `${plain(one.quiz[0])}/${one.quiz[1]}` : '–')
    )
  );
  const heads = ['Module', 'Lab, best', 'Quiz, best'].map(name => el('th', { scope: 'col' }, name));
  return [
    el('p', {}, `Next: ${way.next}.`),
    el('pre', {}, way.command),
    el('table', {}, el('caption', { class: 'mlops-hidden' }, 'Modules and points so far'), el('thead', {}, el('tr', {}, heads)), el('tbody', {}, rows)),
    milestones(state.status?.capstone, turn)
  ];
}

/** The capstone's milestones; each one can be turned to where this JupyterLab holds the repository. */
function milestones(capstone, turn) {
  if (!capstone) {
    return el('p', {}, 'The capstone, one repository that grows with the modules: ', el('code', {}, 'mlops capstone init'));
  }
  const rows = capstone.milestones.map(one => {
    const points = one.earned === null ? '–' : `${plain(one.earned)}/${plain(one.possible)}`;
    const title = capstone.place === null ? one.title : button(`turn-${one.id}`, one.title, () => turn(one.id), { class: 'mlops-file' });
    return el('tr', {}, el('th', { scope: 'row' }, title), el('td', {}, one.passed ? mark(['✓', 'passed'], 'passed') : [points, one.id === capstone.current && ' · next']));
  });
  const heads = ['Capstone', 'Last check'].map(name => el('th', { scope: 'col' }, name));
  return [
    el('table', {}, el('caption', { class: 'mlops-hidden' }, 'Milestones of the capstone'), el('thead', {}, el('tr', {}, heads)), el('tbody', {}, rows)),
    capstone.place === null && el('p', {}, 'To work on it beside this panel, in a terminal: ', el('code', {}, 'mlops capstone lab'))
  ];
}

/**
 * @param {import('./state.js').State} state
 * @param {import('./actions.js').Actions} actions
 * @returns {Node[]}
 */
export function services(state, actions) {
  if (state.services === null) {
    return [el('p', {}, 'Looking …')];
  }
  const lab = state.status?.lab;
  const own = new Set(lab?.services ?? []);
  const ordered = [...state.services].sort((a, b) => Number(own.has(b.service)) - Number(own.has(a.service)));
  return [
    el('ul', { class: 'mlops-services' }, ordered.map(one => service(one, own.has(one.service), lab?.accounts?.[one.service]))),
    button('services-again', 'Look again', () => actions.services())
  ];
}

function service(one, own, account) {
  const page = one.url && el('a', { href: one.url, target: '_blank', rel: 'noopener noreferrer', 'data-key': `page-${one.service}` }, `Open ${one.title}`);
  const start = own ? ['Check brings it up; or in a terminal: '] : ['To bring it up, in a terminal: '];
  return el(
    'li',
    { 'data-service': one.service, 'data-status': one.state },
    el('p', {}, el('b', {}, one.title), own && el('span', { class: 'mlops-tag' }, 'this lab')),
    el('p', {}, mark(SERVICES[one.state], one.state === 'up' ? 'passed' : 'not_run'), one.address && [' at ', el('code', {}, one.address)]),
    page && el('p', {}, page, account && [' as ', el('code', {}, account.user), ', password ', el('code', {}, account.password)]),
    one.state === 'down' && el('p', {}, start, el('code', {}, `mlops up ${one.service}`)),
    one.state === 'does not answer' && el('p', {}, 'It starts or is stuck: ', el('code', {}, `mlops logs ${one.service}`))
  );
}
