/** Small files and models that went wrong once, through `train` and `generate`. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPreferences } from '../../trainer/data/load-examples.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { sharedPath } from '../support/shared-data.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const TOKENS = path.join(REPOSITORY, 'tests/interop/tokens.py');
/** the smallest model that is always here; make-models.py changes copies of it */
const BASE = path.join(REPOSITORY, 'trainer/bundled/toy-sft');
const rows = sharedPath('cases', 'train');
const imports = sharedPath('cases', 'import');
const maker = sharedPath('cases', 'models', 'make-models.py');
const root = mkdtempSync(path.join(tmpdir(), 'plumbline-train-cases-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Done = { status: number | null; result: Record<string, unknown>; said: string };

function runTrainer(args: string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'trainer/cli.ts', ...args, '--json'], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, said] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.on('close', (status) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      resolve({ status, result: line.startsWith('{') ? JSON.parse(line) : {}, said });
    });
  });
}

let numRuns = 0;
const out = () => path.join(root, `run-${numRuns++}`);
const train = (recipe: string, file: string, model: string, more: string[] = []) => {
  const data = path.join(rows ?? '', file);
  return runTrainer([
    'train',
    recipe,
    '--data',
    data,
    '--model',
    model,
    '--out',
    out(),
    '--preset',
    'toy',
    ...more,
  ]);
};

describe.skipIf(rows === null)('rows', () => {
  it('that are the same after cutting are dropped and counted', async () => {
    const cut = ['--set', 'maxLength=64', '--set', 'epochs=1'];
    const done = await train('reward', 'identical-after-cutting.jsonl', BASE, cut);
    expect(done).toMatchObject({ status: 0, result: { identicalPairs: 20, trainExamples: 16, examples: 4 } });
    expect(done.said).toMatch(/20 pairs are the same tokens on both sides, cut to maxLength 64/);
    const dpo = await train('dpo', 'identical-after-cutting.jsonl', BASE, cut);
    expect(dpo.status).toBe(0);
    expect(dpo.said).toMatch(/20 pairs are the same tokens/);
  }, 120_000);

  it.each([1, 2, 3, 4])(
    'of one wording train with seed %i',
    async (seed) => {
      const more = ['--set', 'epochs=1', '--seed', String(seed)];
      const done = await train('reward', 'few-pairs-one-wording.jsonl', BASE, more);
      expect(done).toMatchObject({ status: 0, result: { trainExamples: 47, examples: 13 } });
    },
    120_000,
  );

  it('are read as imports read them: the same rows are taken, the same refused', async () => {
    const taken: Record<string, number | string> = {};
    const files = [
      'unpaired-surrogate.jsonl',
      'unpaired-surrogate-prompt.jsonl',
      'prompt-twice-conversational.jsonl',
      'prompt-twice-text.jsonl',
      'multi-turn.jsonl',
      'utf16-le-bom-pairs.csv',
      'mixed-eol-header-lf.csv',
      'stray-quotes.csv',
      'unclosed-quote.csv',
      'column-twice.csv',
      'json-array.json',
      'tool-calls.jsonl',
      'no-blanks-between-words.jsonl',
      'hh-edges.jsonl',
      'roles.jsonl',
      'not-yet.parquet',
      'not-text.zst',
      'zip-inside.jsonl',
    ];
    for (const file of files) {
      const loading = loadPreferences(path.join(imports ?? '', file));
      taken[file] = await loading.then(
        ({ report }) => report.used,
        (error: Error) => `${error.name}: ${error.message}`,
      );
    }
    expect(taken).toEqual({
      'unpaired-surrogate.jsonl': 0,
      'unpaired-surrogate-prompt.jsonl': 1,
      'prompt-twice-conversational.jsonl': 3,
      'prompt-twice-text.jsonl': 1,
      'multi-turn.jsonl': 8,
      'utf16-le-bom-pairs.csv': 1,
      'mixed-eol-header-lf.csv': 2,
      'stray-quotes.csv': 3,
      'unclosed-quote.csv': expect.stringMatching(/line 3: a quote opened on line 3 is never closed/),
      'column-twice.csv': expect.stringMatching(/two columns are called "chosen"/),
      'json-array.json': 3,
      'tool-calls.jsonl': 0,
      'no-blanks-between-words.jsonl': 2,
      'hh-edges.jsonl': 5,
      'roles.jsonl': 1,
      'not-yet.parquet': expect.stringMatching(/found a Parquet file/),
      'not-text.zst': expect.stringMatching(/found Zstandard data/),
      'zip-inside.jsonl': expect.stringMatching(/found a zip archive/),
    });
  });
});

const python = pythonForTests();
describe.skipIf(rows === null || maker === null || python === null)('models', () => {
  const model = (name: string) => path.join(root, 'models', name);
  beforeAll(() => {
    mkdirSync(path.join(root, 'models'));
    runPython(python ?? '', [maker ?? '', BASE, path.join(root, 'models')]);
  }, 120_000);

  it.each(['sft', 'kto'])(
    'whose template refuses one row of forty: %s names it and trains on the others',
    async (recipe) => {
      let file = 'one-system-row.jsonl';
      if (recipe === 'kto') {
        const lines = readFileSync(path.join(rows ?? '', file), 'utf8')
          .trim()
          .split('\n');
        file = path.join(root, 'labelled.jsonl');
        writeFileSync(
          file,
          lines.map((line, i) => JSON.stringify({ ...JSON.parse(line), label: i % 2 === 0 })).join('\n'),
        );
      }
      const done = await runTrainer([
        'train',
        recipe,
        ...['--data', path.resolve(rows ?? '', file), '--model', model('strict-template'), '--out', out()],
        ...['--preset', 'toy', '--set', 'epochs=1'],
      ]);
      expect(done).toMatchObject({ status: 0, result: { refused: 1 } });
      expect(done.said).toMatch(
        /1 of 40 rows are refused by the chat template.*line 18: System role not supported/,
      );
    },
    120_000,
  );

  it('whose template ends a turn its own way: that end is learnt, and stops what is sampled', async () => {
    const folder = out();
    const data = path.join(rows ?? '', 'turn-end.jsonl');
    const how = ['--preset', 'toy', '--set', 'epochs=20', '--set', 'optimizer.learningRate=3e-3'];
    const done = await runTrainer([
      'train',
      'sft',
      '--data',
      data,
      '--model',
      model('turn-end'),
      '--out',
      folder,
      ...how,
    ]);
    expect(done.status).toBe(0);
    expect(done.said).not.toMatch(/does not end with/);
    const final = path.join(folder, 'final');
    const sampled = await runTrainer([
      'generate',
      '--model',
      final,
      '--prompt',
      'Say 3',
      '--temperature',
      '0',
    ]);
    expect(sampled).toMatchObject({ status: 0, result: { samples: [{ text: 'Red.', ended: true }] } });
  }, 180_000);

  it('with more rows than tokens, an end of their own, added tokens: what is drawn are texts', async () => {
    const samples = async (name: string, count: number) => {
      const sampling = ['--samples', String(count), '--max-new', '12', '--prompt', '<think> Hi'];
      const { status, result } = await runTrainer(['generate', '--model', model(name), ...sampling]);
      expect([name, status]).toEqual([name, 0]);
      return (result.samples as { text: string }[]).map(({ text }) => text);
    };
    expect(await samples('padded-vocab', 300)).toHaveLength(300);
    for (const text of await samples('turn-end', 100)) expect(text).not.toContain('<eot>');
    expect(await samples('think', 5)).toHaveLength(5);
  }, 180_000);

  it('have the ids that transformers gives, for texts and chats, also with a template of CRLF lines', () => {
    const jinja = sharedPath('cases', 'models', 'crlf-chat_template.jinja') ?? '';
    cpSync(BASE, model('crlf'), { recursive: true });
    cpSync(jinja, path.join(model('crlf'), 'chat_template.jinja'));
    const config = path.join(model('crlf'), 'tokenizer_config.json');
    const { chat_template: _, ...rest } = JSON.parse(readFileSync(config, 'utf8'));
    writeFileSync(config, JSON.stringify(rest));
    const tokenizers = ['think', 'turn-end', 'crlf'];
    const texts = ['<think>a</think> b', 'x <eot> y', 'a <think> \n b'];
    const chats = [[{ role: 'user' as const, content: 'more <think> of\n\nit' }]];
    const folder = path.join(root, 'models');
    writeFileSync(path.join(folder, 'requests.json'), JSON.stringify({ tokenizers, texts, chats }));
    runPython(python ?? '', [TOKENS, folder]);
    const answers = JSON.parse(readFileSync(path.join(folder, 'answers.json'), 'utf8'));
    for (const name of tokenizers) {
      const tokenizer = loadTokenizer(model(name));
      expect([name, texts.map((text) => tokenizer.encode(text))]).toEqual([name, answers[name].texts]);
      for (const [i, messages] of chats.entries()) {
        const written = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
        expect([name, written]).toEqual([name, answers[name].chats[i][0].text]);
        expect(tokenizer.encodeChat(messages, { addGenerationPrompt: true })).toEqual(
          answers[name].chats[i][0].ids,
        );
      }
    }
    expect(
      loadTokenizer(model('crlf')).applyChatTemplate(chats[0] ?? [], { addGenerationPrompt: true }),
    ).not.toContain('\r');
  }, 120_000);

  it('saved again by transformers still score for ppo; one of another vocabulary is refused', async () => {
    const trained = path.join(root, 'reward');
    const data = path.join(rows ?? '', 'few-pairs-one-wording.jsonl');
    const how = ['--model', BASE, '--out', trained, '--preset', 'toy', '--set', 'epochs=1'];
    expect((await runTrainer(['train', 'reward', '--data', data, ...how])).status).toBe(0);
    const again = path.join(root, 'reward-again');
    const code = [
      'import sys; from transformers import AutoModelForSequenceClassification as M, AutoTokenizer as T',
      'M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])',
      'T.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])',
    ].join('\n');
    runPython(python ?? '', ['-c', code, path.join(trained, 'final'), again]);
    expect(readFileSync(path.join(again, 'tokenizer.json'))).not.toEqual(
      readFileSync(path.join(trained, 'final', 'tokenizer.json')),
    );
    const prompts = path.join(root, 'prompts.txt');
    writeFileSync(prompts, Array.from({ length: 40 }, (_, i) => `Name a colour, number ${i}.`).join('\n'));
    const ppo = (scorer: string) =>
      runTrainer([
        'train',
        'ppo',
        ...['--data', prompts, '--model', BASE, '--reward', scorer, '--out', out(), '--preset', 'toy'],
        ...['--set', 'totalEpisodes=32'],
      ]);
    const done = await ppo(again);
    expect([done.status, done.said]).toEqual([0, expect.any(String)]);
    const other = path.join(root, 'reward-other');
    cpSync(again, other, { recursive: true });
    const file = path.join(other, 'tokenizer.json');
    const json = JSON.parse(readFileSync(file, 'utf8'));
    const [first, second] = json.model.merges;
    json.model.merges.splice(0, 2, second, first);
    writeFileSync(file, JSON.stringify(json));
    const refused = await ppo(other);
    expect(refused.status).toBe(1);
    expect(refused.said).toMatch(/tokenizer/);
  }, 180_000);
});
