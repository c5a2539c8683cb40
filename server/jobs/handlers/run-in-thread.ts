import { Worker } from 'node:worker_threads';
import { PermanentJobError } from '../permanent-job-error.ts';
import type { ThreadMessage, ThreadReply, ThreadTask } from './thread-task.ts';

/**
 * Runs one task in a thread of its own and hands each of its messages to `onMessage`, whose answer lets the thread go on:
 * a recipe is never ahead of the rows it has caused. Its memory is given back when it ends. Aborting `lost` kills it where it
 * stands. Throws PermanentJobError for what the recipe itself threw (it would throw it again), Error when the thread died.
 */
export async function runInThread(
  task: ThreadTask,
  { onMessage, lost }: { onMessage: (message: ThreadMessage) => ThreadReply; lost: AbortSignal },
): Promise<void> {
  const thread = new Worker(new URL('./start-thread.mjs', import.meta.url), { workerData: task });
  const kill = () => void thread.terminate();
  lost.addEventListener('abort', kill, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      thread.on('message', (message: ThreadMessage) => {
        try {
          if (message.type === 'end') resolve();
          else if (message.type === 'error') {
            reject(new PermanentJobError(message.message, { cause: message.stack }));
          } else thread.postMessage(onMessage(message) satisfies ThreadReply);
        } catch (error) {
          reject(error);
        }
      });
      thread.on('error', reject);
      // after 'end' this changes nothing; helper threads of a backend may keep it from exiting by itself
      thread.on('exit', (code) =>
        reject(new Error(`The training thread ended with code ${code} before its work was done.`)),
      );
    });
  } finally {
    lost.removeEventListener('abort', kill);
    await thread.terminate();
  }
}
