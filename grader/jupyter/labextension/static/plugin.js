/* The extension as JupyterLab knows it: a panel on the right, badges in the notebook, commands for the keyboard. */

import { Actions } from './actions.js';
import { Cells } from './cells.js';
import { Notebooks } from './notebooks.js';
import { Panel } from './panel.js';
import { Server } from './server.js';
import { State } from './state.js';

const ID = 'mlops-course-panel';
const CATEGORY = 'MLOps course';
const PALETTE_CLOSES = 100;
const WIDTH = '290px';
const SEEN = 'mlops-course:panel-was-shown';
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M12 3 1 9l11 6 9-4.9V17h2V9L12 3zm-7 10.2v4L12 21l7-3.8v-4L12 17l-7-3.8z"/></svg>';

/**
 * @param {Object<string, object>} packages JupyterLab's own copies of what is used here
 * @returns {object} the plugin
 */
export function makePlugin(packages) {
  const { application, apputils, notebook } = packages;
  return {
    id: 'mlops-course:plugin',
    description: 'The MLOps course beside the notebook.',
    autoStart: true,
    requires: [notebook.INotebookTracker],
    optional: [apputils.ICommandPalette, application.ILayoutRestorer],
    activate: (app, tracker, palette, restorer) => activate(packages, app, tracker, palette, restorer)
  };
}

function activate(packages, app, tracker, palette, restorer) {
  const state = new State();
  const notebooks = new Notebooks(tracker, app.shell);
  const actions = new Actions(state, new Server(packages), notebooks, packages.apputils);
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
  void app.restored.then(() => follow(app, tracker, actions));
  window.addEventListener('focus', () => state.running || actions.refresh()); // back from a terminal, perhaps
}

/** The panel speaks of the lab whose notebook is in front; of the one started last before any is. */
async function follow(app, tracker, actions) {
  const look = async () => {
    const name = tracker.currentWidget?.context.path.split('/').pop()?.replace(/\.ipynb$/, '') ?? '';
    const lab = /^\d\d-[a-z0-9-]+$/.test(name) ? name : null;
    if (actions.lab === null || (lab !== null && lab !== actions.lab.id)) {
      await actions.refresh(lab);
    }
    introduce(app, tracker, actions);
  };
  tracker.currentChanged.connect(() => void look());
  await look();
}

/** The first time that a lab's notebook is open in this browser the panel shows itself; the focus stays in the notebook. */
function introduce(app, tracker, actions) {
  const current = tracker.currentWidget;
  if (current && current.context.path === actions.path && localStorage.getItem(SEEN) === null) {
    localStorage.setItem(SEEN, 'true');
    app.shell.activateById(ID);
    app.shell.activateById(current.id);
  }
}
