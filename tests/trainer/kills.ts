/**
 * The recipes as people start them (conformance.ts), killed (-9) ten times each at random moments and resumed: every number of every step
 * and evaluation, and every byte of the final model, are those of a run that nobody touched.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../lib/rng.ts';
import type { BackendName } from '../../trainer/backends/choose.ts';
import { latestCheckpoint } from '../../trainer/checkpoint.ts';
import { allPrompts, instructionFor } from '../../trainer/toy-world/prompts.ts';
import { type CliRun, type MetricsLine, readMetrics, startCli, waitUntil } from '../support/cli-run.ts';
import { conformance, RECIPE_ROWS } from './conformance.ts';

const KILLS = 10;
const SEED = 20;
const CHECKPOINT_EVERY = 2;
const EVAL_EVERY = 3;
const BUNDLED = fileURLToPath(new URL('../../trainer/bundled/toy-sft', import.meta.url));

/** What a process was at when it was killed. */
type Place = 'before its first step' | 'in a step' | 'in an evaluation' | 'writing a checkpoint';

/** The tests of one backend; each is a file of its own, so that both go side by side. */
export function testKills(backend: BackendName): void {
  let data: string;
  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'plumbline-kill-'));
    const rng = createRng(SEED, 'kill-data');
    // prompts of one length in characters: few shapes, so that little of a process's life is tracing
    const pairs = allPrompts(400, SEED).flatMap((prompt) => {
      const instruction = instructionFor(prompt);
      const question = prompt[0]?.content as string;
      return [{ prompt: question, good: instruction.answer(rng), bad: instruction.wrongAnswer(rng) }];
    });
    const jsonl = (name: string, rows: object[]) =>
      writeFileSync(join(data, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const few = pairs.slice(0, 40);
    jsonl(
      'texts.jsonl',
      pairs.map(({ prompt, good }) => ({ text: `${prompt} ${good}` })),
    );
    jsonl(
      'answers.jsonl',
      few.map(({ prompt, good }) => ({ prompt, completion: good })),
    );
    jsonl(
      'pairs.jsonl',
      few.map(({ prompt, good, bad }) => ({ prompt, chosen: good, rejected: bad })),
    );
    jsonl(
      'labels.jsonl',
      few.flatMap(({ prompt, good, bad }) => [
        { prompt, completion: good, label: true },
        { prompt, completion: bad, label: false },
      ]),
    );
    jsonl(
      'prompts.jsonl',
      few.slice(0, 20).map(({ prompt }) => ({ prompt })),
    );
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  const set = (options: Record<string, string | number>) =>
    Object.entries(options).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

  describe(`on ${backend}`, () => {
    let folder: string;
    const places: Place[] = [];
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), `plumbline-kill-${backend}-`));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(RECIPE_ROWS)(`%s survives ${KILLS} kills`, { timeout: 600_000 }, async (recipe) => {
      const { kill, killConfig } = conformance[recipe];
      // the reward recipe's row comes before those that need its result
      const paths = kill({ data, bundled: BUNDLED, reward: join(folder, 'reward-whole', 'final') });
      const options = [
        ...Object.entries(paths).flatMap(([name, path]) => [`--${name}`, path]),
        ...set(killConfig),
        ...set({ 'runtime.checkpointEvery': CHECKPOINT_EVERY, 'runtime.evalEvery': EVAL_EVERY }),
      ];
      // a resumed process is not told the backend: it goes on with its checkpoint's
      const start = (out: string) => {
        const how = latestCheckpoint(out) ? ['--resume'] : ['--backend', backend];
        return startCli([recipe, ...options, '--out', out, ...how], out);
      };
      const whole = join(folder, `${recipe}-whole`);
      const untouched = start(whole);
      await waitUntil(untouched, () => (untouched.newLines()?.length ?? 0) > 2);
      const from = { at: performance.now(), lines: untouched.newLines()?.length ?? 0 };
      await untouched.done();
      const msPerLine = (performance.now() - from.at) / Math.max(1, readMetrics(whole).length - from.lines);

      const out = join(folder, `${recipe}-killed`);
      const rng = createRng(SEED, `kill/${backend}/${recipe}`);
      const told: string[] = [];
      for (let i = 0; i < KILLS; i++) {
        const run = start(out);
        await waitForMoment(run, { rng, msPerLine });
        expect(run.exitCode(), `kill ${i + 1} of ${KILLS} came too late`).toBeNull();
        await run.kill();
        const place = placeOf(run);
        places.push(place);
        told.push(`${place} (after ${run.newLines()?.length ?? 0} lines)`);
      }
      const resumedAt = latestCheckpoint(out)?.step ?? 0;
      await start(out).done();
      console.log(
        `${recipe} on ${backend}, seed ${SEED}: ${told.join('; ')}; last resumed at step ${resumedAt}`,
      );

      expect(resumedAt).toBeGreaterThan(0);
      expect(numbersOf(readMetrics(out))).toEqual(numbersOf(readMetrics(whole)));
      const manifest = (at: string) => readFileSync(join(at, 'final', 'manifest.json'), 'utf8');
      expect(manifest(whole)).toContain('model.safetensors');
      expect(manifest(out)).toBe(manifest(whole));
    });

    it('the kills fell everywhere', () => {
      const count = (place: Place) => places.filter((other) => other === place).length;
      expect(places).toHaveLength(KILLS * RECIPE_ROWS.length);
      expect(count('before its first step')).toBeLessThan(places.length / 2);
      for (const place of ['in a step', 'in an evaluation', 'writing a checkpoint'] as const)
        expect(count(place), place).toBeGreaterThan(0);
    });
  });
}

/** Some steps after the start, then at any time, or as an evaluation begins, or a moment into the writing of a checkpoint. */
async function waitForMoment(
  run: CliRun,
  { rng, msPerLine }: { rng: Rng; msPerLine: number },
): Promise<void> {
  const lines = rng.integer(6);
  const kind = rng.integer(4);
  const fraction = rng.uniform();
  await waitUntil(run, () => (run.newLines()?.length ?? -1) >= lines);
  if (kind === 0) {
    await waitUntil(run, () => isEvaluating(run.newLines()?.at(-1)));
    await pause(run, 0.3 * fraction * msPerLine);
  } else if (kind === 1) {
    await waitUntil(run, run.isWritingCheckpoint);
    await pause(run, 10 * fraction);
  } else await pause(run, fraction * msPerLine);
}

async function pause(run: CliRun, ms: number): Promise<void> {
  const until = performance.now() + ms;
  await waitUntil(run, () => performance.now() >= until);
}

/** Read from what the process left: an unfinished checkpoint, and its last line. */
function placeOf(run: CliRun): Place {
  const lines = run.newLines() ?? [];
  if (run.isWritingCheckpoint()) return 'writing a checkpoint';
  if (isEvaluating(lines.at(-1))) return 'in an evaluation';
  return lines.some(({ type }) => type === 'step') ? 'in a step' : 'before its first step';
}

/** An evaluation follows its step at once. */
function isEvaluating(last: MetricsLine | undefined): boolean {
  return last?.type === 'step' && last.step % EVAL_EVERY === 0;
}

/** Without what the clock decides. */
function numbersOf(lines: MetricsLine[]) {
  return lines.map(({ type, step, metrics: { eps: _, ...metrics } }) => ({ type, step, metrics }));
}
