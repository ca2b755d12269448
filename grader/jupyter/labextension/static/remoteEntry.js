/*
 * The container that JupyterLab loads: `window._JUPYTERLAB[name]` with `init` and `get`, as module federation wants it.
 * It is written by hand, and so is all that it loads: nothing is built, what stands here is what runs.
 */
(() => {
  const NAME = 'mlops-course';
  const HERE = document.currentScript.src;
  const TAKEN = {
    application: '@jupyterlab/application',
    apputils: '@jupyterlab/apputils',
    coreutils: '@jupyterlab/coreutils',
    notebook: '@jupyterlab/notebook',
    rendermime: '@jupyterlab/rendermime',
    services: '@jupyterlab/services',
    ui: '@jupyterlab/ui-components',
    widgets: '@lumino/widgets'
  };
  let shared = {};

  /** Whether version `a` is newer than `b`. */
  function newer(a, b) {
    return a.localeCompare(b, 'en', { numeric: true }) > 0;
  }

  /** JupyterLab's own copy of a package. */
  async function take(name) {
    const versions = shared[name];
    if (!versions) {
      throw new Error(`${NAME} needs ${name}, which this JupyterLab does not share`);
    }
    const version = Object.keys(versions).reduce((best, one) => (newer(one, best) ? one : best));
    return (await versions[version].get())();
  }

  const EXPOSED = {
    './extension': async () => {
      const names = Object.keys(TAKEN);
      const packages = await Promise.all(names.map(name => take(TAKEN[name])));
      const { makePlugin } = await import(new URL('plugin.js', HERE).href);
      const plugin = makePlugin(Object.fromEntries(names.map((name, at) => [name, packages[at]])));
      return () => ({ __esModule: true, default: plugin });
    },
    './style': async () => () => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = new URL('style.css', HERE).href;
      document.head.appendChild(link);
      return {};
    }
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: scope => {
      shared = scope;
    },
    get: name => EXPOSED[name]()
  };
})();
