/* The words and marks of verdicts: a colour alone never says anything. */

/** @type {Object<string, [string, string]>} */
export const VERDICTS = {
  passed: ['✓', 'passed'],
  partial: ['◐', 'partial'],
  failed: ['✗', 'failed'],
  not_run: ['·', 'not run'],
  unavailable: ['?', 'unavailable']
};

/** @type {Object<string, [string, string]>} */
export const NOTES = { right: ['✓', 'right'], wrong: ['✗', 'wrong'], missed: ['✗', 'missed'], answer: ['→', 'should be'] };

/** @type {Object<string, [string, string]>} */
export const SERVICES = { up: ['✓', 'up'], down: ['·', 'down'], 'does not answer': ['✗', 'does not answer'] };

const EDITED = ' · edited since this check';
const STANDS = ' · an earlier task was edited since';

/**
 * Whether a task's verdict may be older than the work: its own was edited, or that of a task on which it may stand.
 * @param {object} task of `status`
 * @param {import('./state.js').State} state
 */
export function late(task, state) {
  const order = state.status.lab.tasks.map(one => one.id);
  const edited = order.filter(id => state.edited.includes(id) || state.filed.includes(id));
  if (edited.length === 0) {
    return '';
  }
  return edited.includes(task.id) ? EDITED : order.indexOf(task.id) > order.indexOf(edited[0]) ? STANDS : '';
}

/**
 * `12`, `7.5`: a number without needless digits.
 * @param {number} value
 */
export function plain(value) {
  return String(Math.round(value * 100) / 100);
}

/**
 * `1 check`, `2 checks`.
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * What a task has earned, from its checks' results; null before a check was run.
 * @param {object} task of `status`
 * @param {object | null} result of `check`
 * @returns {{status: string, sign: string, text: string, checks: Array<object>} | null}
 */
export function taskVerdict(task, result) {
  const checks = result ? result.checks.filter(check => check.task === task.id) : [];
  if (checks.length === 0) {
    return null;
  }
  const earned = checks.reduce((sum, check) => sum + check.earned, 0);
  const passed = checks.filter(check => check.status === 'passed').length;
  const points = `${plain(earned)} of ${plain(task.points)} points`;
  if (passed === checks.length) {
    return { status: 'passed', sign: '✓', text: `passed · ${points}`, checks };
  }
  const kinds = new Set(checks.map(check => check.status));
  const status = earned > 0 ? 'partial' : kinds.has('failed') ? 'failed' : [...kinds].find(kind => kind !== 'passed');
  const text = `${VERDICTS[status][1]} · ${passed} of ${counted(checks.length, 'check')} passed · ${points}`;
  return { status, sign: VERDICTS[status][0], text, checks };
}

/**
 * A result in one sentence, for everybody who can't see the panel.
 * @param {object} result
 */
export function summary(result) {
  const passed = result.checks.filter(check => check.status === 'passed').length;
  const outcome = result.outcome === 'finished' ? '' : ` The run ended as: ${result.outcome.replaceAll('_', ' ')}.`;
  const points = `${plain(result.earned)} of ${plain(result.possible)} points`;
  return `Checked: ${points}, ${passed} of ${counted(result.checks.length, 'check')} passed.${outcome}`;
}
