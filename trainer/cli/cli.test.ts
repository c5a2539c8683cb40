/** The command line as people use it: real processes, a model of a few thousand weights, the default backend. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EvaluateResult } from './evaluate-reward.ts';

const root = new URL('../..', import.meta.url).pathname;
let work: string;
let base: string;

type Outcome = { code: number | null; out: string; err: string };

function run(args: string[], onError?: (text: string, kill: () => void) => void): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'trainer/cli.ts', ...args], { cwd: root });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
    onError?.(err, () => child.kill('SIGINT'));
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const last = ({ out }: Outcome) => JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;

const TINY = ['hiddenSize=16', 'numLayers=1', 'numHeads=2', 'numKvHeads=1', 'intermediateSize=32'].flatMap(
  (field) => ['--set', `model.${field}`],
);

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'cli-'));
  base = join(work, 'base');
  const sizes = [
    '--set',
    'steps=6',
    '--set',
    'batchSize=4',
    '--set',
    'sequenceLength=16',
    '--set',
    'vocabSize=400',
  ];
  const made = await run([
    'train',
    'pretrain',
    '--data',
    'toy:300',
    '--out',
    base,
    ...TINY,
    ...sizes,
    '--json',
  ]);
  expect(made.err).toContain('6 steps');
  expect(last(made)).toMatchObject({
    recipe: 'pretrain',
    step: 6,
    stopped: false,
    backend: 'simd',
    data: { toy: 300 },
  });
}, 120_000);

describe('npm run train', () => {
  it('fits a reward model on a file and reports accuracy, interval and baseline', async () => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({
        prompt: `Say ${i}.`,
        chosen: `Sure, ${i}.`,
        rejected: i % 2 ? 'No, go away now please.' : 'No.',
      }),
    );
    const file = join(work, 'pairs.jsonl');
    writeFileSync(file, [...rows, '{broken', rows[0]].join('\n'));
    const outcome = await run([
      ...['train', 'reward', '--data', file, '--model', join(base, 'final'), '--out', join(work, 'rm')],
      ...['--set', 'normalizeOn=4', '--json'],
    ]);
    expect(outcome.err).toContain('62 rows read, 60 used, left out: malformed-json 1, duplicate 1');
    const result = last(outcome);
    expect(result).toMatchObject({
      data: { read: 62, used: 60, rejected: { 'malformed-json': 1, duplicate: 1 } },
    });
    const { low, heldOutAccuracy, high, longerWins, bagOfWords } = result as Record<string, number>;
    expect(low).toBeLessThanOrEqual(heldOutAccuracy as number);
    expect(high).toBeGreaterThanOrEqual(heldOutAccuracy as number);
    expect(longerWins).toBeGreaterThan(0);
    expect(longerWins).toBeLessThan(1);
    expect(bagOfWords).toBeGreaterThan(0);
    expect(bagOfWords).toBeLessThanOrEqual(1);
    expect(existsSync(join(work, 'rm', 'final', 'model.safetensors'))).toBe(true);
  }, 120_000);

  it('tells how far that reward model may be believed, and stores its temperature', async () => {
    const [model, file] = [join(work, 'rm', 'final'), join(work, 'pairs.jsonl')];
    const args = ['evaluate', 'reward', '--model', model, '--data', file];
    const outcome = await run([...args, '--heldout', '0.5', '--json']);
    expect(outcome.code).toBe(0);
    const result = last(outcome) as EvaluateResult;
    const { accuracy, low, high, difference, baselines } = result;
    expect(low).toBeLessThanOrEqual(accuracy);
    expect(high).toBeGreaterThanOrEqual(accuracy);
    expect(result.examples).toBeGreaterThan(20);
    expect(baselines.shortest.accuracy).toMatchObject({ value: expect.any(Number) });
    expect(difference.bagOfWords).toMatchObject({
      ...{ value: expect.any(Number), low: expect.any(Number), high: expect.any(Number) },
      inWords: expect.stringMatching(/^(not )?told apart$/),
    });
    expect(result.ece.before).toBeGreaterThanOrEqual(0);

    const words = await run(args);
    expect(words.out).toContain('accuracy, length-matched');
    const temperature = 'value' in result.temperature ? result.temperature.value : null;
    const stored = await run([...args, '--heldout', '0.5', '--store-temperature']);
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
    if (temperature === null) expect(stored.err).toContain('there is no temperature to store');
    else expect(config.plumbline_temperature).toBe(temperature);

    const language = await run([...args.with(3, join(base, 'final'))]);
    expect(language).toMatchObject({ code: 2, err: expect.stringContaining('expected a reward model') });
    const nothing = await run([...args, '--heldout', '0']);
    expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('none of 60 rows is held out') });
    expect((await run(['evaluate', 'policy'])).err).toContain('"policy"; expected: reward');
  }, 120_000);

  it('writes a checkpoint on Ctrl-C, says how to resume, and resumes to the same weights', async () => {
    const args = (out: string) => [
      ...['train', 'sft', '--data', 'toy:200', '--model', join(base, 'final'), '--out', out],
      ...['--set', 'batchSize=4', '--set', 'epochs=2', '--json'],
    ];
    const out = join(work, 'sft');
    let killed = false;
    const first = await run(args(out), (text, kill) => {
      if (!killed && text.includes('sft: ')) {
        killed = true;
        setTimeout(kill, 300);
      }
    });
    expect(first.code).toBe(130);
    expect(last(first)).toMatchObject({ stopped: true });
    const command = /To go on: npm run train -- (.*)/.exec(first.err)?.[1] ?? '';
    expect(command).toBe([...args(out).slice(1), '--resume'].join(' '));

    const again = await run(args(out));
    expect(again.code).toBe(2);
    expect(again.err).toContain('already holds a run; add --resume');

    const resumed = await run(['train', ...command.split(' ')]);
    const whole = await run(args(join(work, 'sft-whole')));
    expect(resumed.code).toBe(0);
    expect(last(resumed).heldOutLoss).toBe(last(whole).heldOutLoss);
  }, 240_000);

  it('answers mistakes in one line with exit code 2', async () => {
    const broken = join(work, 'broken.jsonl');
    writeFileSync(broken, '{oops\n{"prompt":"p"}\n{"prompt":"q"}\n');
    const cases: [string[], string][] = [
      [
        ['train', 'reward', '--data', broken, '--model', join(base, 'final'), '--out', join(work, 'x')],
        `--data ${broken}: none of 3 rows can be used (malformed-json 1, wrong-columns 2); the first:\n  line 1`,
      ],
      [
        ['train', 'reward', '--data', '/no/such.jsonl', '--out', join(work, 'x')],
        '--data /no/such.jsonl: there is no such file',
      ],
      [['train', 'sft', '--data', 'toy', '--out', join(work, 'x'), '--model', work], 'no config.json there'],
      [
        [
          'train',
          'sft',
          '--data',
          'toy',
          '--out',
          join(work, 'x'),
          '--model',
          join(base, 'final'),
          '--resume',
        ],
        'no whole checkpoint',
      ],
      [
        ['train', 'sft', '--data', 'toy', '--out', 'x', '--model', 'y', '--set', 'a=b'],
        '--set: there is no option "a"',
      ],
      [['fly'], 'unknown command "fly"; expected one of: train, generate, evaluate, import-model'],
    ];
    for (const [args, message] of cases) {
      const outcome = await run(args);
      expect(outcome.code, args.join(' ')).toBe(2);
      expect(outcome.err).toContain(message);
      expect(outcome.err).not.toContain('    at ');
    }
    expect((await run(['train', '--help'])).out).toContain('--heldout 0.2');
  }, 120_000);
});

describe('npm run generate', () => {
  it('refuses a prompt that is longer than the context', async () => {
    const prompt = 'Name two animals. '.repeat(100);
    const outcome = await run(['generate', '--model', join(base, 'final'), '--prompt', prompt]);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(/prompt 0 of \d+ tokens and 48 new ones pass the model's \d+ positions/);
    expect(outcome.err).not.toContain('    at ');
  }, 60_000);

  it('gives the same text for the same seed', async () => {
    const args = [
      'generate',
      '--model',
      join(base, 'final'),
      '--prompt',
      'Name two animals.',
      '--max-new',
      '8',
    ];
    const one = await run([...args, '--seed', '4', '--samples', '2', '--json']);
    const two = await run([...args, '--seed', '4', '--samples', '2', '--json']);
    expect(last(one).samples).toHaveLength(2);
    expect(last(two).samples).toEqual(last(one).samples);
  }, 120_000);
});
