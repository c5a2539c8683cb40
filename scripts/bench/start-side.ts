import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { othersShare, readCpuTime } from './cpu-time.ts';

const greedySchema = z.object({
  tokens: z.array(z.array(z.number())),
  logProbs: z.array(z.array(z.number())),
});
// JSON has no NaN: Python writes the bare word, which is caught as a line that is no JSON
const firstSchema = z.object({
  losses: z.array(z.number()).optional(),
  greedy: greedySchema.optional(),
  error: z.number().optional(),
  versions: z.record(z.string(), z.string()).optional(),
  peakRss: z.number().optional(),
});
const roundSchema = z.object({
  seconds: z.number().positive(),
  tokens: z.number().positive(),
  peakRss: z.number().positive(),
});

export type FirstAnswer = z.infer<typeof firstSchema>;
/** `others`: share of the machine's cores that other processes had meanwhile. */
export type RoundAnswer = z.infer<typeof roundSchema> & { others: number };

/** A process that has done its first steps and waits. */
export type Side = {
  first: FirstAnswer;
  /** Lets it work for one round; nothing else should run meanwhile. */
  round(): Promise<RoundAnswer>;
  /** Ends it and resolves when it is gone. */
  stop(): Promise<void>;
};

const LAST_LINES = 5;

/**
 * Starts a process that speaks the benchmark's lines and waits until it is ready. `env` replaces variables; undefined takes
 * one away.
 * @throws Error with the last lines it wrote to standard error when it ends early or answers something else
 */
export async function startSide(options: {
  name: string;
  command: readonly [string, ...string[]];
  env: Record<string, string | undefined>;
  signal: AbortSignal;
}): Promise<Side> {
  const { name, command, signal } = options;
  const [file, ...args] = command;
  signal.throwIfAborted();
  // a group of its own: Ctrl-C reaches the benchmark alone, which ends its processes and keeps the rows
  const child = spawn(file, args, {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  // writing to a process that has just died is reported by its end, not by the pipe
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('close', (code, killed) => resolve(`ended (${killed ?? `code ${code}`})`));
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });

  const nextAnswer = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const line = await Promise.race([lines.next(), gone.then(() => lines.next())]);
    signal.throwIfAborted();
    if (line.done) {
      const reason = await gone;
      const last = errors.trim().split('\n').slice(-LAST_LINES).join('\n');
      throw new Error(`${name} ${reason}${last ? `:\n${last}` : ''}`);
    }
    const parsed = schema.safeParse(parseLine(line.value));
    if (!parsed.success) throw new Error(`${name} answered ${line.value.slice(0, 200)}`);
    return parsed.data;
  };
  const stop = async (): Promise<void> => {
    signal.removeEventListener('abort', kill);
    child.stdin.end();
    const timer = setTimeout(kill, 5000);
    await gone;
    clearTimeout(timer);
  };

  try {
    const first = await nextAnswer(firstSchema);
    const pid = child.pid as number;
    return {
      first,
      round: async () => {
        const before = readCpuTime(pid);
        child.stdin.write('round\n');
        const answer = await nextAnswer(roundSchema);
        return { ...answer, others: othersShare(before, readCpuTime(pid)) };
      },
      stop,
    };
  } catch (error) {
    kill();
    await stop();
    throw error;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
