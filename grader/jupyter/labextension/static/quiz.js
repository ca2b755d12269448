/* The quiz, a question at a time: nothing of the answer is here before it was given. */

import { button, el, mark, prose } from './dom.js';
import { NOTES, plain } from './words.js';

/**
 * @param {import('./state.js').State} state
 * @param {import('./actions.js').Actions} actions
 * @returns {Node[]}
 */
export function quiz(state, actions) {
  const { turn, verdict, status } = state;
  if (!status?.lab?.quiz) {
    return [el('p', {}, 'This lab has no quiz.')];
  }
  if (turn === null) {
    return [el('p', {}, 'Looking …')];
  }
  if (verdict !== null) {
    return judged(turn, verdict, actions);
  }
  if (turn.question === null) {
    return [
      el('h3', { tabindex: '-1', 'data-key': 'quiz-head' }, 'Every question is answered'),
      el('p', {}, `${turn.right} of ${turn.total} answers right, ${plain(turn.earned)} of ${turn.total} points.`),
      button('quiz-new', 'Take it again', () => actions.ask('quiz/new'))
    ];
  }
  return asked(turn, turn.question, actions);
}

function asked(turn, sheet, actions) {
  const fields = inputs(sheet);
  const submit = event => {
    event.preventDefault();
    void actions.answer(fields.read());
  };
  return [
    el('h3', { tabindex: '-1', 'data-key': 'quiz-head' }, `Question ${turn.number} of ${turn.total}`),
    el('p', { id: 'mlops-ask' }, prose(sheet.ask)),
    sheet.command && [el('p', {}, 'The command:'), el('pre', {}, sheet.command), el('p', {}, 'What it printed:'), el('pre', {}, sheet.output)],
    sheet.code && el('pre', {}, numbered(sheet.code, sheet.line)),
    el(
      'form',
      { onsubmit: submit },
      fields.nodes,
      el(
        'p',
        { class: 'mlops-actions' },
        el('button', { type: 'submit', class: 'mlops-button mlops-first', 'data-key': 'quiz-answer' }, 'Answer'),
        button('quiz-skip', 'Skip for now', () => actions.ask('quiz/skip'))
      )
    )
  ];
}

/** How a type of question is answered: what to show, and how to read it as one would type it in a terminal. */
function inputs(sheet) {
  if (['single', 'output', 'multiple'].includes(sheet.type)) {
    const type = sheet.type === 'multiple' ? 'checkbox' : 'radio';
    const boxes = sheet.lettered.map(({ label }) => el('input', { type, name: 'mlops-option', value: label, 'data-key': `option-${label}` }));
    const rows = sheet.lettered.map(({ label, text }, at) => el('label', { class: 'mlops-option' }, boxes[at], el('b', {}, label), el('span', {}, prose(text))));
    const which = type === 'radio' ? 'Choose one' : 'Choose all that fit';
    return {
      nodes: [el('fieldset', { 'aria-describedby': 'mlops-ask' }, el('legend', {}, which), rows)],
      read: () => boxes.filter(box => box.checked).map(box => box.value).join(' ')
    };
  }
  if (sheet.type === 'match') {
    const choices = sheet.lettered.map(({ label, text }) => el('li', {}, el('b', {}, label), ' ', prose(text)));
    const selects = sheet.numbered.map(({ label }) =>
      el('select', { id: `mlops-match-${label}`, 'data-key': `match-${label}` }, el('option', { value: '' }, 'choose'), sheet.lettered.map(one => el('option', { value: one.label }, one.label)))
    );
    const rows = sheet.numbered.map(({ label, text }, at) => el('p', { class: 'mlops-match' }, el('label', { for: `mlops-match-${label}` }, el('b', {}, label), ' ', prose(text)), selects[at]));
    return {
      nodes: [el('fieldset', { 'aria-describedby': 'mlops-ask' }, el('legend', {}, 'A letter for each number'), el('ul', { class: 'mlops-letters' }, choices), rows)],
      read: () => sheet.numbered.map(({ label }, at) => (selects[at].value ? label + selects[at].value : '')).join(' ')
    };
  }
  const line = sheet.line ? sheet.code.split('\n')[sheet.line - 1] : '';
  const field = el('input', { type: 'text', class: sheet.line ? 'mlops-typed mlops-code' : 'mlops-typed', id: 'mlops-typed', autocomplete: 'off', spellcheck: 'false', 'data-key': 'typed', 'aria-describedby': 'mlops-ask', value: line });
  const what = sheet.line ? `Line ${sheet.line}, mended and whole` : `Your answer: ${sheet.how}`;
  const items = sheet.lettered.map(({ label, text }) => el('li', {}, el('b', {}, label), ' ', prose(text)));
  return {
    nodes: [items.length > 0 && el('ul', { class: 'mlops-letters' }, items), el('label', { for: 'mlops-typed' }, what), field],
    read: () => field.value
  };
}

function judged(turn, verdict, actions) {
  const [sign, word] = verdict.right ? ['✓', 'Right'] : verdict.share > 0 ? ['◐', 'Partly right'] : ['✗', 'Wrong'];
  const status = verdict.right ? 'passed' : verdict.share > 0 ? 'partial' : 'failed';
  const points = verdict.share > 0 && verdict.share < 1 ? ` (${plain(verdict.share)} of 1 point)` : '';
  return [
    el('h3', { tabindex: '-1', 'data-key': 'quiz-head' }, mark([sign, word + points], status)),
    el('p', {}, prose(turn.question.ask)),
    el('p', {}, 'You answered ', el('code', {}, verdict.answer)),
    verdict.report && [el('p', {}, 'What came of your line:'), el('pre', {}, verdict.report)],
    el(
      'ul',
      { class: 'mlops-why' },
      verdict.notes.map(note =>
        el('li', {}, el('p', {}, mark(NOTES[note.kind], note.kind === 'right' ? 'passed' : 'failed'), ' ', note.label && el('b', {}, `${note.label} `), prose(note.text)), note.why && el('p', {}, prose(note.why)))
      )
    ),
    el('p', {}, `Read again: ${verdict.read.notebook}, “${verdict.read.heading}”`),
    button('quiz-next', 'Next question', () => actions.ask(), { class: 'mlops-button mlops-first' })
  ];
}

/** Code with line numbers; the line to mend has an arrow. */
function numbered(code, line) {
  return code
    .trimEnd()
    .split('\n')
    .map((text, at) => `${at + 1 === line ? '→' : ' '} ${String(at + 1).padStart(2)}  ${text}`)
    .join('\n');
}
