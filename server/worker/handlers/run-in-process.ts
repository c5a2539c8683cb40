import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PermanentJobError } from '../../jobs/permanent-job-error.ts';
import { storageProblem } from '../../storage/storage-problem.ts';
import type { ProcessMessage, ProcessReply, ProcessTask } from './process-task.ts';

const TRAINING = new URL('./training-process.ts', import.meta.url);
const START = fileURLToPath(new URL('./start-process.mjs', import.meta.url));

/**
 * Runs one task in a process of its own and hands each of its messages to `onMessage`, whose answer lets the process go on:
 * a recipe is never ahead of the rows it has caused. A process, not a thread: TensorFlow never gives memory back and sizes its
 * threads once, and what the system kills for its memory, or what crashes, must not be the worker. Aborting `lost` kills it
 * where it stands; so does the end of this process, however it comes (end-with-parent.mjs). Throws PermanentJobError for what
 * the recipe itself threw (it would throw it again), Error that says how when the process died.
 */
export async function runInProcess(
  task: ProcessTask,
  {
    onMessage,
    lost,
    module = TRAINING,
  }: { onMessage: (message: ProcessMessage) => ProcessReply; lost: AbortSignal; module?: URL },
): Promise<void> {
  const child = fork(START, [module.href], {
    serialization: 'advanced',
    // its own loader, whatever this process was started with
    execArgv: [],
    // the fifth is the pipe whose end tells the child that this process is gone
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    signal: lost,
    killSignal: 'SIGKILL',
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: ProcessMessage) => {
        try {
          if (message.type === 'end') resolve();
          else if (message.type === 'error') {
            reject(errorOf(message));
          } else say(child, onMessage(message));
        } catch (error) {
          reject(error);
        }
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => reject(new Error(describeEnd(code, signal))));
      say(child, task);
    });
  } finally {
    await end(child);
  }
}

/** What a recipe throws it would throw again, unless the disk was to blame. */
function errorOf({ message, stack, code }: Extract<ProcessMessage, { type: 'error' }>): Error {
  const told = Object.assign(new Error(message, { cause: stack }), { code });
  return storageProblem(told) === null ? new PermanentJobError(message, { cause: stack }) : told;
}

/** A child that has died meanwhile is reported by its end, not by the channel. */
function say(child: ChildProcess, message: ProcessTask | ProcessReply): void {
  child.send(message, () => {});
}

/** Resolves when it is gone: until then it could write into the run's folder. It has nothing left to say or to save. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
  const hint =
    signal === 'SIGKILL'
      ? ' It may have been the system, short of memory: a lower batch size or sequence length, or recompute, needs less.'
      : '';
  return `The training process ${end} before its work was done.${hint}`;
}
