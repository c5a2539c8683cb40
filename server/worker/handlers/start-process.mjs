// Entry of the training process, loaded as it is: first what must hold from the first moment on, then a loader for TypeScript
// and the module named on the command line.
import { Worker } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

// Ctrl-C in a terminal, and a service manager's SIGTERM, reach the whole group; the worker decides what becomes of a step.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
// Idle, it ends with the channel; this also keeps it from ending by itself before its last message was read.
process.on('disconnect', () => process.exit());
new Worker(new URL('./end-with-parent.mjs', import.meta.url)).unref();
register();
await import(process.argv[2]);
