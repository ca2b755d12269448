/* What is known, and who wants to hear of a change. */

export class State {
  constructor() {
    /** The lab, its last result and its notebook's path, as `status` says; null before the first answer. */
    this.status = null;
    /** The last result, or null. */
    this.result = null;
    /** The source that each task's cell had when it was checked, by task. */
    this.checked = {};
    /** The tasks whose cell was edited since. */
    this.edited = [];
    /** The tasks whose files were saved since. */
    this.filed = [];
    /** Whether a check runs. */
    this.running = false;
    /** What is being done, or was: the text of the live region. */
    this.said = '';
    /** Whether that is a problem. */
    this.problem = false;
    /** Hints so far by check. */
    this.hints = {};
    /** The quiz: the question that waits, and the verdict on the answer given last. */
    this.turn = null;
    this.verdict = null;
    this.progress = null;
    this.services = null;
    this._listeners = [];
  }

  /**
   * Call `listener` now, and whenever one of these fields is set.
   * @param {string[]} fields
   * @param {() => void} listener
   */
  on(fields, listener) {
    this._listeners.push({ fields, listener });
    listener();
  }

  /** @param {object} changes */
  set(changes) {
    Object.assign(this, changes);
    const changed = Object.keys(changes);
    for (const { fields, listener } of this._listeners) {
      if (fields.some(field => changed.includes(field))) {
        listener();
      }
    }
  }
}
