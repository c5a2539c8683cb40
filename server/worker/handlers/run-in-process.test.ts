import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { OddTask } from '../../../tests/support/odd-process.ts';
import { tinyModelFolder } from '../../../tests/support/training-world.ts';
import { PermanentJobError } from '../../jobs/permanent-job-error.ts';
import type { ProcessReply, ProcessTask } from './process-task.ts';
import { runInProcess } from './run-in-process.ts';

const ODD = new URL('../../../tests/support/odd-process.ts', import.meta.url);
const TELLING = new URL('../../../tests/support/telling-process.ts', import.meta.url);
const unlost = new AbortController().signal;

function runOdd(
  task: OddTask,
  { lost = unlost, onMessage = () => ({ abort: false }) }: OddOptions = {},
): Promise<void> {
  return runInProcess(task as unknown as ProcessTask, {
    lost,
    module: ODD,
    onMessage: (message) => onMessage(message as never),
  });
}
type OddOptions = {
  lost?: AbortSignal;
  onMessage?: (message: { type: string; event: unknown; answer: unknown }) => ProcessReply;
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('hands over a large task and its answers as they are', async () => {
  const line = 'Grüße → 😀 "x"\n'.repeat(50);
  const cargo = {
    examples: Array.from({ length: 20_000 }, (_, i) => ({
      id: `${i}`,
      prompt: line,
      margin: i / 3,
      ranks: [0, 1],
    })),
    floats: new Float32Array([0.1, Number.NaN, Number.POSITIVE_INFINITY, -0]),
    ids: new Int32Array([1, -2]),
    gone: undefined,
    none: null,
  };
  expect(JSON.stringify(cargo).length).toBeGreaterThan(10e6);
  const seen: unknown[] = [];
  await runOdd(
    { act: 'echo', cargo },
    {
      onMessage: (message) => {
        seen.push(message.event ?? message.answer);
        return { abort: true };
      },
    },
  );
  expect(seen[0]).toStrictEqual(cargo);
  expect(seen[1]).toStrictEqual({ abort: true });
});

it('says how the process ended when it did so before its work was done', async () => {
  await expect(runOdd({ act: 'exit', code: 3 })).rejects.toThrow(
    /^The training process ended with code 3 before its work was done\.$/,
  );
  await expect(runOdd({ act: 'die', signal: 'SIGABRT' })).rejects.toThrow(
    /^The training process was ended by SIGABRT before its work was done\.$/,
  );
  const killed = await runOdd({ act: 'die', signal: 'SIGKILL' }).catch((error: unknown) => error);
  expect((killed as Error).message).toMatch(
    /was ended by SIGKILL before its work was done\. .*memory: a lower batch size or sequence length, or recompute/,
  );
  // the next attempt goes on from the last checkpoint
  expect(killed).not.toBeInstanceOf(PermanentJobError);
});

it('keeps what the recipe itself threw, as an error that would come again', async () => {
  const task: ProcessTask = {
    kind: 'generate',
    task: {
      backend: 'cpu',
      modelFolder: '/nowhere',
      prompts: [],
      responsesPerPrompt: 1,
      temperature: 1,
      maxNewTokens: 1,
      seed: 1,
    },
  };
  const onMessage = () => ({ abort: false });
  const error = await runInProcess(task, { lost: unlost, onMessage }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentJobError);
  expect((error as Error).message).toMatch(/\/nowhere\/config\.json/);
});

it('is gone when it returns: killed in the middle of a step, and when its message is refused', async () => {
  const pids: number[] = [];
  const lost = new AbortController();
  const lostRun = runOdd(
    { act: 'hang' },
    {
      lost: lost.signal,
      onMessage: ({ event }) => {
        pids.push(event as number);
        setTimeout(() => lost.abort(), 200);
        return { abort: false };
      },
    },
  );
  await expect(lostRun).rejects.toThrow(/abort/i);
  const refused = runOdd(
    { act: 'hang' },
    {
      onMessage: ({ event }) => {
        pids.push(event as number);
        throw new Error('taken over');
      },
    },
  );
  await expect(refused).rejects.toThrow('taken over');
  expect(pids).toHaveLength(2);
  expect(pids.filter(isAlive)).toEqual([]);
  await expect(runOdd({ act: 'hang' }, { lost: lost.signal })).rejects.toThrow(/abort/i);
});

it('ends with the worker, in the middle of a step, when that is killed with -9', async () => {
  const code = `
    import { runInProcess } from './server/worker/handlers/run-in-process.ts';
    await runInProcess({ act: 'hang' }, {
      module: new URL(${JSON.stringify(ODD.href)}),
      lost: new AbortController().signal,
      onMessage: (message) => { console.log(message.event); return { abort: false }; },
    });`;
  const worker = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: worker.stdout }), 'line');
  const pid = Number(line);
  try {
    expect(isAlive(pid)).toBe(true);
    // both write to this pipe: it closes when the second is gone too
    const closed = once(worker, 'close');
    await sleep(200);
    worker.kill('SIGKILL');
    expect(await Promise.race([closed.then(() => 'gone'), sleep(20_000, 'still there')])).toBe('gone');
  } finally {
    worker.kill('SIGKILL');
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
}, 60_000);

it('gives TensorFlow one thread for a small model', async () => {
  const threads: unknown[] = [];
  await runInProcess(
    {
      kind: 'generate',
      task: {
        backend: 'cpu',
        modelFolder: await tinyModelFolder(),
        prompts: [{ id: 'p', messages: [{ role: 'user', content: 'Name an animal.' }] }],
        responsesPerPrompt: 1,
        temperature: 1,
        maxNewTokens: 1,
        seed: 1,
      },
    },
    {
      module: TELLING,
      lost: unlost,
      onMessage: (message) => {
        threads.push((message as { threads?: string | null }).threads);
        return { abort: false };
      },
    },
  );
  expect(threads).toEqual(['1']);
});
