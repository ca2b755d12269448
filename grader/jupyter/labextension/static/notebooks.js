/* The lab's notebook and files where they are open: found by path, saved before a check, read again after a reset. */

const LESSONS = 'lessons/';

/**
 * The path of a file in a folder; an empty folder is the server's own.
 * @param {string} place
 * @param {string} file
 */
export function below(place, file) {
  return place === '' ? file : `${place}/${file}`;
}

export class Notebooks {
  /**
   * @param {object} tracker JupyterLab's notebook tracker
   * @param {object} shell JupyterLab's shell
   */
  constructor(tracker, shell) {
    this._tracker = tracker;
    this._shell = shell;
  }

  /**
   * The open notebook with this path, or undefined.
   * @param {string | null | undefined} path
   */
  open(path) {
    return path ? this._tracker.find(panel => panel.context.path === path) : undefined;
  }

  /**
   * Save what is open of a folder and has changed. Throws when JupyterLab can't.
   * @param {string | null} place the folder's path, empty for the server's own
   */
  async save(place) {
    for (const context of this._inside(place)) {
      if (context.model.dirty) {
        await context.save();
      }
    }
  }

  /**
   * Take over what stands on the disk now. Of a file that is gone JupyterLab says so itself.
   * @param {string | null} place
   */
  async reload(place) {
    for (const context of this._inside(place)) {
      await context.revert().catch(() => undefined);
    }
  }

  /** What is open of the work's folder, lessons left out: those are no part of the work. */
  _inside(place) {
    if (place === null) {
      return [];
    }
    const folder = below(place, '');
    const contexts = [...this._shell.widgets('main')].map(widget => widget.context).filter(Boolean);
    return [...new Set(contexts)].filter(({ path: at }) => at.startsWith(folder) && !at.startsWith(folder + LESSONS));
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
   * @returns {boolean} whether there is such a cell
   */
  show(path, task) {
    const panel = this.open(path);
    const at = panel ? panel.content.widgets.findIndex(cell => cell.model.id === task) : -1;
    if (at < 0) {
      return false;
    }
    this._shell.activateById(panel.id);
    panel.content.activeCellIndex = at;
    panel.content.mode = 'command';
    void panel.content.scrollToItem(at, 'smart');
    panel.content.activate();
    return true;
  }
}
