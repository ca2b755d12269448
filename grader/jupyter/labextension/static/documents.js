/* What is opened in JupyterLab's main area: files of the work, and a milestone's brief. */

const BRIEF = 'mlops-course-brief';

export class Documents {
  /**
   * @param {object} app JupyterLab
   * @param {object} apputils JupyterLab's frame for a page
   * @param {object | null} rendermime what JupyterLab shows Markdown with
   */
  constructor(app, apputils, rendermime) {
    this._app = app;
    this._frame = apputils.MainAreaWidget;
    this._rendermime = rendermime;
  }

  /**
   * Open a file; make an empty one where there is none. Throws when JupyterLab can't.
   * @param {string} path
   */
  async open(path) {
    const { contents } = this._app.serviceManager;
    try {
      await contents.get(path, { content: false });
    } catch (error) {
      if (error.response?.status !== 404) {
        throw error;
      }
      await contents.save(path, { type: 'file', format: 'text', content: '' });
    }
    await this._app.commands.execute('docmanager:open', { path });
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
    const page = new this._frame({ content });
    page.id = `${BRIEF}-${brief.lab}`;
    page.title.label = brief.title;
    page.title.closable = true;
    [...this._app.shell.widgets('main')].filter(one => one.id === page.id).forEach(one => one.dispose());
    this._app.shell.add(page, 'main');
    this._app.shell.activateById(page.id);
  }
}
