/**
 * The worker's program, as text: it starts from a Blob in browsers and by `eval: true` in Node, so it needs no file
 * of its own beside a bundle. It gets compiled modules and the shared memory by message, then takes chunks of a
 * stage from a shared counter until none are left. A worker sees one memory in its life.
 */
import { DONE, NEXT, STOP } from "./stage.js";

const BODY = `
const instances = new Map();
port.onmessage = ({ data }) => {
  const { key, module, memory, control, call, end: last, grain, parameters } = data;
  let error = null;
  try {
    if (!instances.has(key)) instances.set(key, new WebAssembly.Instance(module, { env: { memory } }).exports);
    const run = instances.get(key)[call];
    for (;;) {
      const begin = Atomics.add(control, ${NEXT}, grain);
      if (begin >= last || Atomics.load(control, ${STOP})) break;
      const end = Math.min(last, begin + grain);
      run(begin, end, ...parameters);
      Atomics.add(control, ${DONE}, end - begin);
    }
  } catch (cause) {
    Atomics.store(control, ${STOP}, 1);
    error = String(cause);
  }
  port.postMessage({ error });
};
port.postMessage({ error: null });
`;

export const NODE_WORKER = `const port = require("node:worker_threads").parentPort;${BODY}`;
export const BROWSER_WORKER = `const port = self;${BODY}`;
