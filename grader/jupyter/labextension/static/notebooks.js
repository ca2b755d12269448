/* The lab's notebook where it is open: found by its path, saved before a check, read again after a reset. */

export class Notebooks {
  /** @param {object} tracker JupyterLab's notebook tracker */
  constructor(tracker) {
    this._tracker = tracker;
  }

  /**
   * The open notebook with this path, or undefined.
   * @param {string | null | undefined} path
   */
  open(path) {
    return path ? this._tracker.find(panel => panel.context.path === path) : undefined;
  }

  /**
   * Save the notebook if it has changed. Throws when JupyterLab can't.
   * @param {string | null} path
   */
  async save(path) {
    const panel = this.open(path);
    if (panel && panel.context.model.dirty) {
      await panel.context.save();
    }
  }

  /**
   * Take over what stands on the disk now.
   * @param {string | null} path
   */
  async reload(path) {
    await this.open(path)?.context.revert();
  }

  /**
   * The source of each task's cell, by the cell's id.
   * @param {string | null} path
   * @returns {Object<string, string>}
   */
  sources(path) {
    const cells = this.open(path)?.content.widgets ?? [];
    return Object.fromEntries(cells.map(cell => [cell.model.id, cell.model.sharedModel.getSource()]));
  }

  /**
   * Show a task's cell and put the focus on it.
   * @param {string | null} path
   * @param {string} task
   * @param {object} shell JupyterLab's shell
   * @returns {boolean} whether there is such a cell
   */
  show(path, task, shell) {
    const panel = this.open(path);
    const at = panel ? panel.content.widgets.findIndex(cell => cell.model.id === task) : -1;
    if (at < 0) {
      return false;
    }
    shell.activateById(panel.id);
    panel.content.activeCellIndex = at;
    panel.content.mode = 'command';
    void panel.content.scrollToItem(at, 'smart');
    panel.content.activate();
    return true;
  }
}
