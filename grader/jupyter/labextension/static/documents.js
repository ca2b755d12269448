/* What is opened in JupyterLab's main area: files of the work, and a milestone's brief. */

const BRIEF = 'mlops-course-brief';

export class Documents {
  /**
   * @param {object} app JupyterLab
   * @param {object} apputils JupyterLab's dialogs and its frame for a page
   * @param {object | null} rendermime what JupyterLab shows Markdown with
   */
  constructor(app, apputils, rendermime) {
    this._app = app;
    this._apputils = apputils;
    this._rendermime = rendermime;
  }

  /**
   * Open a file; where there is none, ask whether to make an empty one. Throws when JupyterLab can't.
   * @param {string} path
   */
  async open(path) {
    if (!(await this._there(path))) {
      const { Dialog, showDialog } = this._apputils;
      const answer = await showDialog({
        title: `${path} isn't there yet`,
        body: 'Make an empty file? What a command writes (a lock, a note of DVC) is better left to the command.',
        buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Make it' })]
      });
      if (!answer.button.accept) {
        return;
      }
      await this._make(path, { type: 'file', format: 'text', content: '' });
    }
    await this._app.commands.execute('docmanager:open', { path });
  }

  async _there(path) {
    try {
      await this._app.serviceManager.contents.get(path, { content: false });
      return true;
    } catch (error) {
      if (error.response?.status !== 404) {
        throw error;
      }
      return false;
    }
  }

  /** Make a file or a folder, and the folders above it that are missing. */
  async _make(path, what) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent !== '' && !(await this._there(parent))) {
      await this._make(parent, { type: 'directory' });
    }
    await this._app.serviceManager.contents.save(path, what);
  }

  /**
   * Show a brief as a page, in the place of the one shown before.
   * @param {{lab: string, title: string, text: string}} brief
   */
  async read(brief) {
    const type = 'text/markdown';
    const content = this._rendermime.createRenderer(type);
    await content.renderModel(this._rendermime.createModel({ data: { [type]: brief.text } }));
    content.addClass('mlops-brief');
    content.node.tabIndex = 0; // by keyboard it can be scrolled
    const page = new this._apputils.MainAreaWidget({ content });
    page.id = `${BRIEF}-${brief.lab}`;
    page.title.label = brief.title;
    page.title.closable = true;
    [...this._app.shell.widgets('main')].filter(one => one.id === page.id).forEach(one => one.dispose());
    this._app.shell.add(page, 'main');
    this._app.shell.activateById(page.id);
  }
}
