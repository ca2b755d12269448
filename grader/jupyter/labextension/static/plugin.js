/* The extension as JupyterLab knows it: a panel on the right, badges in the notebook, commands for the keyboard. */

import { Actions } from './actions.js';
import { Cells } from './cells.js';
import { Documents } from './documents.js';
import { Notebooks, below } from './notebooks.js';
import { Panel } from './panel.js';
import { Server } from './server.js';
import { State } from './state.js';

const ID = 'mlops-course-panel';
const CATEGORY = 'MLOps course';
const PALETTE_CLOSES = 100;
const SAVED = 300;
const WIDTH = '290px';
const SEEN = 'mlops-course:panel-was-shown';
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M12 3 1 9l11 6 9-4.9V17h2V9L12 3zm-7 10.2v4L12 21l7-3.8v-4L12 17l-7-3.8z"/></svg>';

/**
 * @param {Object<string, object>} packages JupyterLab's own copies of what is used here
 * @returns {object} the plugin
 */
export function makePlugin(packages) {
  const { application, apputils, notebook, rendermime } = packages;
  return {
    id: 'mlops-course:plugin',
    description: 'The MLOps course beside the notebook.',
    autoStart: true,
    requires: [notebook.INotebookTracker, rendermime.IRenderMimeRegistry],
    optional: [apputils.ICommandPalette, application.ILayoutRestorer],
    activate: (app, ...taken) => activate(packages, app, ...taken)
  };
}

function activate(packages, app, tracker, registry, palette, restorer) {
  const state = new State();
  const notebooks = new Notebooks(tracker, app.shell, app.serviceManager.contents);
  const actions = new Actions(state, new Server(packages), notebooks, packages.apputils, new Documents(app, packages.apputils, registry));
  const panel = new Panel(state, actions, task => notebooks.show(actions.path, task));
  const widget = new packages.widgets.Widget({ node: panel.node });
  widget.id = ID;
  widget.node.style.minWidth = WIDTH; // here and not in the style sheet, which may come after the first layout
  widget.title.icon = new packages.ui.LabIcon({ name: 'mlops-course:icon', svgstr: ICON });
  widget.title.caption = 'MLOps course';
  app.shell.add(widget, 'right', { rank: 300 });
  restorer?.add(widget, ID);
  new Cells(state, notebooks, tracker);

  const shown = section => {
    app.shell.activateById(ID);
    if (section) {
      panel.choose(section);
    }
    setTimeout(() => panel.focus(), PALETTE_CLOSES); // the palette gives the focus back to where it was, then we take it
  };
  const commands = {
    show: ['show the panel', () => shown('')],
    check: ['check this lab', () => actions.check()],
    hint: ['hint', () => (shown('tasks'), actions.hint())],
    undo: ['undo the last reset', () => actions.undo()],
    quiz: ['quiz', () => shown('quiz')],
    progress: ['progress', () => shown('progress')],
    services: ['services', () => shown('services')]
  };
  for (const [name, [label, execute]] of Object.entries(commands)) {
    const command = `mlops-course:${name}`;
    app.commands.addCommand(command, { label: `${CATEGORY}: ${label}`, execute });
    palette?.addItem({ command, category: CATEGORY });
  }
  void app.restored.then(() => follow(app, state, actions));
  notice(app.serviceManager.contents, state, actions);
  window.addEventListener('focus', () => state.running || actions.refresh()); // back from a terminal, perhaps
}

/** The panel speaks of the lab whose notebook is in front, of the capstone where a file of it is; else of what it spoke of. */
async function follow(app, state, actions) {
  const look = async () => {
    const path = front(app);
    const wanted = path === null ? null : about(path, state.status);
    if (actions.lab === null || (wanted !== null && wanted !== actions.lab.id)) {
      await actions.refresh(wanted);
    }
    introduce(app, actions);
  };
  app.shell.currentChanged.connect(() => void look());
  await look();
}

/** The path of the file in front; null where none is. */
function front(app) {
  return app.shell.currentWidget?.context?.path ?? null;
}

/** The lab or milestone that a file belongs to; null for one that is open already, or none. */
function about(path, status) {
  const name = path.split('/').pop().replace(/\.ipynb$/, '');
  if (/^\d\d-[a-z0-9-]+$/.test(name)) {
    return name;
  }
  const capstone = status?.capstone;
  const there = capstone && capstone.place !== null && path.startsWith(below(capstone.place, ''));
  return there && status.lab?.notebook !== null ? capstone.current : null;
}

/** The first time that a file of the work is open in this browser the panel shows itself; the focus stays in the file. */
function introduce(app, actions) {
  const { currentWidget } = app.shell;
  const path = front(app); // it may have come while the first answer was waited for
  const own = path !== null && (actions.path === null ? actions.place !== null && path.startsWith(below(actions.place, '')) : path === actions.path);
  if (own && localStorage.getItem(SEEN) === null) {
    localStorage.setItem(SEEN, 'true');
    app.shell.activateById(ID);
    app.shell.activateById(currentWidget.id);
  }
}

/** A file that was saved here may be newer than a verdict: look, once the saving is over. */
function notice(contents, state, actions) {
  let timer = 0;
  contents.fileChanged.connect(() => {
    clearTimeout(timer);
    timer = setTimeout(() => state.running || !state.status?.lab?.tasks.some(task => task.files.length > 0) || actions.refresh(), SAVED);
  });
}
