/**
 * node --import tsx tests/support/dying-worker.ts <data folder> <kind> <n>
 *
 * A worker that is killed (kill -9) when a job of a kind asks for the n-th time whether it should stop.
 */
import pino from 'pino';
import { openDataFolder } from '../../server/data-folder.ts';
import type { JobKind } from '../../server/jobs/definitions.ts';
import { jobHandlers } from '../../server/worker/job-handlers.ts';
import { work } from '../../server/worker/work.ts';

const [dataFolder = '', kind = '', nth = ''] = process.argv.slice(2);
const handler = await jobHandlers[kind as JobKind]();
let asked = 0;
await work({
  ...{ db: openDataFolder(dataFolder), dataFolder, backend: null },
  handlers: {
    ...jobHandlers,
    [kind]: async () => ({
      ...handler,
      handle: (context: Parameters<typeof handler.handle>[0]) =>
        handler.handle({
          ...context,
          stopReason: () => {
            asked += 1;
            if (asked === Number(nth)) process.kill(process.pid, 'SIGKILL');
            return context.stopReason();
          },
        }),
    }),
  },
  ...{ signal: new AbortController().signal, owner: `dying-${process.pid}`, log: pino({ level: 'silent' }) },
  ...{ pollMs: 10, leaseMs: 1000, heartbeatMs: 200 },
});
