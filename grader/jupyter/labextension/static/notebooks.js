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
   * @param {object} contents JupyterLab's files
   */
  constructor(tracker, shell, contents) {
    this._contents = contents;
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
   * Take over what stands on the disk now; a file that is gone is closed.
   * @param {string | null} place
   */
  async reload(place) {
    for (const context of this._inside(place)) {
      if (await this._gone(context.path)) {
        [...this._shell.widgets('main')].filter(widget => widget.context === context).forEach(widget => widget.dispose());
      } else {
        await context.revert();
      }
    }
  }

  async _gone(path) {
    try {
      await this._contents.get(path, { content: false });
      return false;
    } catch (error) {
      return error.response?.status === 404;
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
