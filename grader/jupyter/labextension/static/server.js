/* Asks the Jupyter server, which runs the same `mlops` commands as a terminal. */

/** The server said no: the message says why, and what to do next. */
export class Refused extends Error {}

export class Server {
  /** @param {object} packages JupyterLab's own: `services` and `coreutils` */
  constructor({ services, coreutils }) {
    this._connection = services.ServerConnection;
    this._settings = services.ServerConnection.makeSettings();
    this._join = coreutils.URLExt.join;
  }

  /**
   * Ask a question. Throws Refused.
   * @param {string} question
   * @param {object} body
   * @returns {Promise<object>}
   */
  async ask(question, body = {}) {
    const response = await this._post(question, body);
    if (!response.ok) {
      throw new Refused(await reason(response));
    }
    return response.json();
  }

  /**
   * Have a lab checked; `say` hears what is being done. Throws Refused, or an AbortError when `signal` is aborted.
   * @param {string} lab
   * @param {(text: string) => void} say
   * @param {AbortSignal} signal
   * @returns {Promise<object>} the result
   */
  async check(lab, say, signal) {
    const response = await this._post('check', { lab }, { signal });
    if (!response.ok) {
      throw new Refused(await reason(response));
    }
    for await (const line of lines(response.body)) {
      const told = JSON.parse(line);
      if (told.result) {
        return told.result;
      }
      if (told.message) {
        throw new Refused(told.message);
      }
      say(told.said);
    }
    throw new Refused('the server ended before the check was done; press Check again');
  }

  async _post(question, body, more = {}) {
    const url = this._join(this._settings.baseUrl, 'mlops/api', question);
    const sent = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined));
    try {
      return await this._connection.makeRequest(url, { method: 'POST', body: JSON.stringify(sent), ...more }, this._settings);
    } catch (error) {
      if (more.signal?.aborted) {
        throw error;
      }
      throw new Refused('the Jupyter server does not answer; is it still running in its terminal?');
    }
  }
}

/**
 * Why a request was refused, as a sentence.
 * @param {Response} response
 */
async function reason(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).message || `the server answered ${response.status}`;
  } catch {
    return response.status === 404
      ? 'this Jupyter server does not have the course in it; start JupyterLab with: mlops start 04 --lab'
      : `the server answered ${response.status} ${response.statusText}`;
  }
}

/**
 * The lines of a stream, as they come.
 * @param {ReadableStream<Uint8Array>} stream
 */
async function* lines(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    yield* whole.filter(line => line !== '');
    if (done) {
      return;
    }
  }
}
