/* What a person can do: each action asks the server, and says in the live region what came of it. */

import { below } from './notebooks.js';
import { Refused } from './server.js';
import { summary } from './words.js';

export class Actions {
  /**
   * @param {import('./state.js').State} state
   * @param {import('./server.js').Server} server
   * @param {import('./notebooks.js').Notebooks} notebooks
   * @param {object} apputils JupyterLab's dialogs
   * @param {import('./documents.js').Documents} documents
   */
  constructor(state, server, notebooks, apputils, documents) {
    this._documents = documents;
    this._state = state;
    this._server = server;
    this._notebooks = notebooks;
    this._dialogs = apputils;
    this._abort = null;
    this._busy = new Set();
    this._looking = null;
  }

  get lab() {
    return this._state.status?.lab ?? null;
  }

  get path() {
    return this._state.status?.path ?? null;
  }

  /** The work's folder as the file browser knows it; null when it lies elsewhere. */
  get place() {
    return this._state.status?.place ?? null;
  }

  /**
   * Where the learner is. A look that is under way may have begun before a save: the next one comes after it.
   * @param {string | null} [wanted] the lab of the notebook in front, or a milestone; by default the one that is shown
   */
  refresh(wanted) {
    this._looking = (this._looking ?? Promise.resolve()).then(() => this._look(wanted === undefined ? this.lab?.id ?? null : wanted));
    return this._looking;
  }

  async _look(wanted) {
    await this._doing('status', '', async () => {
      let status;
      try {
        status = await this._server.ask('status', { lab: wanted });
      } catch (error) {
        if (!(error instanceof Refused) || wanted === null) {
          throw error;
        }
        status = await this._server.ask('status');
      }
      const changed = status.lab?.id !== this.lab?.id;
      const before = this._state.status !== null; // what was said is about that lab
      const anew = changed ? { hints: {}, turn: null, verdict: null, edited: [], ...(before && { said: '', problem: false }) } : {};
      this._state.set({ status, result: status.result, checked: status.checked, filed: status.edited, ...anew });
    });
  }

  /** Save the notebook and have the lab checked; a check that runs already goes on alone. */
  async check() {
    if (this._state.running || !(await this._begun()) || this._state.running) {
      return;
    }
    const { lab, path, place } = this;
    this._abort = new AbortController();
    this._state.set({ running: true, said: 'Saving your work, then checking it …', problem: false });
    try {
      await this._notebooks.save(place);
      const checked = this._notebooks.sources(path);
      const said = text => this._state.set({ said: text });
      const result = await this._server.check(lab.id, said, this._abort.signal);
      this._state.set({ running: false, result, checked, filed: [], said: summary(result), problem: false });
      void this.refresh(); // a file may have been saved meanwhile; a milestone may have been passed
      void this.progress();
      void this.services();
    } catch (error) {
      const stopped = this._abort.signal.aborted;
      this._state.set(stopped ? { said: 'Stopped; nothing was recorded.', problem: false } : told(error));
    } finally {
      this._abort = null;
      this._state.set({ running: false });
    }
  }

  /** End the check that runs. */
  stop() {
    this._abort?.abort();
  }

  /** @param {string | null} check the check to hint at; by default the first that failed */
  async hint(check = null) {
    if (!(await this._begun())) {
      return;
    }
    await this._doing('hint', 'Looking for a hint …', async () => {
      const hint = await this._server.ask('hint', { lab: this.lab.id, check });
      if (hint.check === null) {
        this._state.set({ said: hint.text });
        return;
      }
      const before = (this._state.hints[hint.check] ?? []).filter(one => one.text !== hint.text);
      const hints = { ...this._state.hints, [hint.check]: [...before, hint] };
      this._state.set({ hints, said: `Hint ${hint.tier} of ${hint.of} for ${hint.check}: ${hint.text}` });
    });
  }

  /** @param {object} task the task whose starter is put back, after a question */
  async reset(task) {
    const { Dialog, showDialog } = this._dialogs;
    const before = this.lab?.notebook === null ? 'What was committed last' : 'The starter';
    const answer = await showDialog({
      title: `Reset “${task.title}”?`,
      body: `${before} goes back into ${task.files.length ? task.files.join(', ') : 'its cell'}. Your version is kept: “Undo reset” brings it back.`,
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Reset' })]
    });
    if (answer.button.accept) {
      await this._replace('reset', { task: task.id }, `Reset “${task.title}”. To have your version back: Undo reset.`);
    }
  }

  /** @param {string} file of the work, opened, and made where it isn't there yet */
  async open(file) {
    await this._doing('open', '', () => this._documents.open(below(this.place, file)));
  }

  /** Open what the milestone asks for. */
  async brief() {
    await this._doing('brief', '', async () => this._documents.read(await this._server.ask('brief', { lab: this.lab.id })));
  }

  /** Take the last reset back. */
  async undo() {
    await this._replace('undo', {}, 'Your version is back. Undo reset once more brings back what stood there until now.');
  }

  /** @param {'quiz' | 'quiz/new' | 'quiz/skip'} what the question that waits, of a new attempt or after this one is left */
  async ask(what = 'quiz') {
    const quiz = this.lab?.quiz;
    if (quiz) {
      const question = what === 'quiz/skip' ? this._state.turn?.question?.id : null;
      await this._doing('quiz', '', async () => {
        this._state.set({ turn: await this._server.ask(what, { quiz, question }), verdict: null, problem: false });
      });
    }
  }

  /** @param {string} answer to the question that is shown */
  async answer(answer) {
    const { turn } = this._state;
    await this._doing('quiz', '', async () => {
      const verdict = await this._server.ask('quiz/answer', { quiz: turn.quiz, question: turn.question.id, answer });
      const word = verdict.right ? 'Right.' : verdict.share > 0 ? 'Partly right.' : 'Wrong.';
      this._state.set({ verdict, said: `${word} The reasons are below.`, problem: false });
      void this.progress();
    });
  }

  /** The modules and what comes next. */
  async progress() {
    await this._doing('progress', '', async () => this._state.set({ progress: await this._server.ask('progress') }));
  }

  /** The services' states. */
  async services() {
    await this._doing('services', '', async () => this._state.set({ services: (await this._server.ask('services')).services }));
  }

  /** Whether there is a notebook to work on; if not, that is said. */
  async _begun() {
    if (this._state.status === null) {
      await (this._looking ?? this.refresh()); // pressed before the first answer came
    }
    if (this._state.status === null) {
      return false; // why not, was said
    }
    if (this.lab?.started) {
      return true;
    }
    const number = this.lab ? this.lab.id.slice(0, 2) : '04';
    this._state.set({ said: `No lab was started here yet. Start one in a terminal: mlops start ${number} --lab`, problem: true });
    return false;
  }

  /** Save, have files replaced, and read the notebook again. */
  async _replace(question, body, said) {
    if (!(await this._begun())) {
      return;
    }
    await this._doing(question, '', async () => {
      await this._notebooks.save(this.place);
      await this._server.ask(question, { lab: this.lab.id, ...body });
      await this._notebooks.reload(this.place);
      this._state.set({ said, problem: false });
      await this.refresh();
    });
  }

  /** Do one thing at a time of each kind, and say what went wrong. */
  async _doing(kind, said, act) {
    if (this._busy.has(kind)) {
      return;
    }
    this._busy.add(kind);
    if (said) {
      this._state.set({ said, problem: false });
    }
    try {
      await act();
    } catch (error) {
      this._state.set(told(error));
    } finally {
      this._busy.delete(kind);
    }
  }
}

/** An error as the live region says it. */
function told(error) {
  const text = error instanceof Error ? error.message : String(error);
  return { said: text.charAt(0).toUpperCase() + text.slice(1), problem: true };
}
