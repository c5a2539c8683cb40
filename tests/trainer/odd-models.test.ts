/** Models and rows as they come: templates that refuse or end a turn in their own way, embeddings larger than the vocabulary. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { generateResponses } from '../../server/worker/handlers/generate-responses.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { loadPreferences } from '../../trainer/data/load-examples.ts';
import type { Message } from '../../trainer/data/types.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import { generate } from '../../trainer/generate.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { savePretrained } from '../../trainer/model/files/save-pretrained.ts';
import { disposeParams, newParam, type Params, readFloats } from '../../trainer/model/params.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { sft } from '../../trainer/recipes/sft/recipe.ts';
import { sampleResponses } from '../../trainer/sample-responses.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { stopIds } from '../../trainer/tokenizer/stop-ids.ts';
import { sharedPath } from '../support/shared-data.ts';
import { withNative } from '../support/tested-backends.ts';
import { tinyPpo, tinyReward, tinySft } from './tiny-configs.ts';
import {
  collect,
  doneOf,
  foldersOf,
  prompts,
  rankedExamples,
  sftExamples,
  writeTinyModel,
} from './tiny-world.ts';

const EMBEDDING = 'model.embed_tokens.weight';
const PLAIN =
  "{{ bos_token }}{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + 'END' }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
const STRICT = `{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}${PLAIN.replace("'END'", 'eos_token')}`;

let root: string;
let base: string;
let numbered = 0;
beforeAll(async () => {
  await chooseBackend('simd');
  root = mkdtempSync(join(tmpdir(), 'plumbline-odd-'));
  base = await writeTinyModel(join(root, 'base'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Json = Record<string, unknown>;
function change(folder: string, file: string, how: (json: Json) => Json): void {
  const path = join(folder, file);
  writeFileSync(path, JSON.stringify(how(JSON.parse(readFileSync(path, 'utf8')) as Json)));
}
function variant(name: string, template?: string): string {
  const folder = join(root, name);
  cpSync(base, folder, { recursive: true });
  if (template) change(folder, 'tokenizer_config.json', (json) => ({ ...json, chat_template: template }));
  return folder;
}
/** Gives the model `more` rows of the embedding beyond its tokens, likelier than any other. */
function grow(folder: string, more: number, scale = 1): number {
  const { params, config, generationConfig } = loadPretrained(folder);
  const old = readFloats(params[EMBEDDING] as Params[string]);
  const width = config.hiddenSize;
  const values = new Float32Array(old.length + more * width);
  values.set(old);
  for (let i = 0; i < more * width; i++)
    values[old.length + i] = scale * (old[(i * 7) % old.length] as number);
  params[EMBEDDING]?.dispose();
  params[EMBEDDING] = newParam(values, [values.length / width, width]);
  const grown = { ...config, vocabSize: config.vocabSize + more };
  savePretrained({ folder, params, config: grown, generationConfig, tokenizerFolder: null });
  disposeParams(params);
  return config.vocabSize;
}
const run = (model: string, backend = 'simd' as const) => ({
  backend,
  folders: foldersOf({ model, out: join(root, `run-${numbered++}`) }),
  signal: new AbortController().signal,
});
const warnings = (events: TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
const system: Message = { role: 'system', content: 'Be brief.' };
const sampling = { maxNewTokens: 4, temperature: 1, seed: 1, backend: 'simd' };

describe('a chat template that refuses a row', () => {
  const strict = () => variant(`strict-${numbered++}`, STRICT);

  it('sft: the row is told by its place and left out; with none left the run ends with the reason', async () => {
    const withSystem = sftExamples.map((example, i) =>
      i === 2 ? { ...example, prompt: [system, ...example.prompt], at: 'file.jsonl, line 3' } : example,
    );
    const events = await collect(sft({ ...run(strict()), config: tinySft, data: { examples: withSystem } }));
    expect(warnings(events)).toEqual([
      '1 of 8 rows are refused by the chat template and left out; the first: file.jsonl, line 3: no system role',
    ]);
    expect(doneOf(events).summary).toMatchObject({ examples: 6, refused: 1 });
    const all = sftExamples.map((example) => ({
      ...example,
      prompt: [system, ...example.prompt],
      at: 'here',
    }));
    await expect(
      collect(sft({ ...run(strict()), config: tinySft, data: { examples: all } })),
    ).rejects.toThrow(/no examples to train on.*8 of 8 rows are refused .* here: no system role/);
  });

  it('reward and ppo: by their ids', async () => {
    const examples = rankedExamples.map((example, i) =>
      i === 0 ? { ...example, prompt: [system, ...example.prompt] } : example,
    );
    const model = strict();
    const trained = await collect(
      reward({ ...run(model), config: tinyReward, data: { examples, referencePrompts: examples } }),
    );
    expect(warnings(trained)).toContain(
      '1 of 24 rows are refused by the chat template and left out; the first: row task-0: no system role',
    );
    const asked = prompts.map((one, i) => (i === 1 ? { ...one, prompt: [system, ...one.prompt] } : one));
    const data = { prompts: asked, evalPrompts: [], score: () => 1, trueReward: null };
    const played = await collect(ppo({ ...run(model), config: { ...tinyPpo, totalEpisodes: 8 }, data }));
    expect(warnings(played)).toEqual([
      '1 of 8 rows are refused by the chat template and left out; the first: row prompt-1: no system role',
    ]);
    const none = { ...data, prompts: asked.slice(1, 2) };
    await expect(collect(ppo({ ...run(model), config: tinyPpo, data: none }))).rejects.toThrow(
      'no system role',
    );
  });

  it('sampling on the command line and in the worker: the others are answered', async () => {
    const modelFolder = strict();
    const asked = [{ id: 'a', prompt: [system, ...(prompts[0]?.prompt ?? [])] }, ...prompts.slice(0, 2)];
    const { responses, refused } = await sampleResponses({
      ...sampling,
      modelFolder,
      prompts: asked,
      perPrompt: 2,
    });
    expect(responses.map((texts) => texts.length)).toEqual([0, 2, 2]);
    expect(refused).toEqual([{ at: 'row a', reason: 'no system role' }]);
    await expect(
      sampleResponses({ ...sampling, modelFolder, prompts: asked.slice(0, 1), perPrompt: 2 }),
    ).rejects.toThrow('nothing to answer: 1 of 1 rows are refused');

    const task = { ...sampling, modelFolder, responsesPerPrompt: 2 };
    const messages = asked.map(({ id, prompt }) => ({ id, messages: prompt }));
    const batches = [];
    for await (const batch of generateResponses({ ...task, prompts: messages })) batches.push(batch);
    expect(batches[0]?.refused).toMatchObject({ count: 1, notice: expect.stringContaining('prompt a') });
    expect(batches.flatMap((batch) => batch.responses).map(({ promptId }) => promptId)).not.toContain('a');
    expect(batches.flatMap((batch) => batch.responses)).toHaveLength(4);
    await expect(generateResponses({ ...task, prompts: messages.slice(0, 1) }).next()).rejects.toThrow(
      'nothing to answer: 1 of 1 rows',
    );
  });
});

describe("a template that ends a turn with another token than the tokenizer's eos", () => {
  function turnEnd(): { folder: string; eot: number } {
    const folder = variant(`turn-end-${numbered++}`, PLAIN.replace("'END'", "'<eot>'"));
    const eot = grow(folder, 1);
    const flags = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
    change(folder, 'tokenizer.json', (json) => ({
      ...json,
      added_tokens: [...(json.added_tokens as Json[]), { id: eot, content: '<eot>', ...flags }],
    }));
    return { folder, eot };
  }

  it('is learnt, stops every sampler and is not shown', async () => {
    const { folder, eot } = turnEnd();
    const tokenizer = loadTokenizer(folder);
    expect(tokenizer).toMatchObject({ turnEndId: eot, eosTokenId: 2, turnEndText: null });
    expect(stopIds(tokenizer, { eosTokenIds: [2, 7] })).toEqual([eot, 2, 7]);
    const config = { ...tinySft, epochs: 30 };
    const { folder: trained } = doneOf(
      await collect(sft({ ...run(folder), config, data: { examples: sftExamples } })),
    );
    const file = JSON.parse(readFileSync(join(trained, 'generation_config.json'), 'utf8'));
    expect(file.eos_token_id).toEqual([eot, 2]);
    const args = {
      ...sampling,
      modelFolder: trained,
      prompts: prompts.slice(0, 4),
      maxNewTokens: 30,
      temperature: 0,
    };
    const { responses, ended } = await sampleResponses({ ...args, perPrompt: 1 });
    expect(ended.flat()).toEqual([true, true, true, true]);
    for (const [text] of responses) expect(text).toMatch(/^The [\w ]+\.$/);
    const task = {
      ...args,
      responsesPerPrompt: 1,
      prompts: prompts.slice(0, 4).map((p) => ({ id: p.id, messages: p.prompt })),
    };
    for await (const batch of generateResponses(task))
      for (const { content, ended: stopped } of batch.responses) {
        expect(stopped).toBe(true);
        expect(content).toMatch(/^The [\w ]+\.$/);
      }
  });

  it('is said where it is no token', async () => {
    const folder = variant('turn-end-words', PLAIN);
    const { turnEndId, turnEndText } = loadTokenizer(folder);
    expect({ turnEndId, turnEndText }).toEqual({ turnEndId: 2, turnEndText: 'END' });
    const events = await collect(sft({ ...run(folder), config: tinySft, data: { examples: sftExamples } }));
    expect(warnings(events)).toEqual([expect.stringContaining('ends an answer with "END"')]);
  });
});

describe('an embedding with more rows than there are tokens', () => {
  it.each(withNative(['simd', 'cpu']))('%s: ids without a token are never drawn', async (backend) => {
    await chooseBackend(backend);
    const folder = variant(`padded-${numbered++}`);
    const numTokens = grow(folder, 20, 30);
    const { params, config } = loadPretrained(folder);
    const ids = loadTokenizer(folder).encodeChat(prompts[0]?.prompt ?? [], { addGenerationPrompt: true });
    const draw = (temperature: number, minNewTokens: number) =>
      generate({
        ...{ params, config, temperature, minNewTokens, promptIds: Array.from({ length: 40 }, () => ids) },
        ...{ maxNewTokens: 6, rng: createRng(1, 'padded'), eosTokenIds: [2], padTokenId: 0 },
      });
    for (const { responses, logProbs } of [await draw(1, 0), await draw(1, 3), await draw(0, 0)]) {
      expect(Math.max(...responses.flat())).toBeLessThan(numTokens);
      expect(Math.min(...logProbs.flat())).toBeGreaterThan(-100);
    }
    const { vacantIds: _, ...unaware } = config;
    const wrong = await generate({
      ...{ params, config: unaware, temperature: 1, promptIds: Array.from({ length: 40 }, () => ids) },
      ...{ maxNewTokens: 6, rng: createRng(1, 'padded'), eosTokenIds: [2], padTokenId: 0 },
    });
    expect(Math.max(...wrong.responses.flat())).toBeGreaterThanOrEqual(numTokens);
    disposeParams(params);
    await chooseBackend('simd');
  });

  it('ppo learns from the distribution that it sampled from', async () => {
    const folder = variant('padded-ppo');
    grow(folder, 20, 30);
    const data = {
      prompts,
      evalPrompts: prompts,
      score: (_: Message[], text: string) => text.length,
      trueReward: null,
    };
    const events = await collect(ppo({ ...run(folder), config: { ...tinyPpo, totalEpisodes: 16 }, data }));
    const checks = events.flatMap((event) => (event.type === 'self-check' ? [event.name] : []));
    expect(checks).toContain('cached generation gives the log-probabilities of the training forward');
    expect(doneOf(events).stopped).toBe(false);
  });
});

describe('pairs', () => {
  it('that are the same tokens after cutting are dropped and counted', async () => {
    const long = 'the cat is red '.repeat(20);
    const examples = rankedExamples.map((example, i) =>
      i % 2 === 0 ? { ...example, responses: [`${long}a`, `${long}b`], ranks: [0, 1] } : example,
    );
    const data = { examples, referencePrompts: [] };
    const events = await collect(reward({ ...run(base), config: tinyReward, data }));
    expect(doneOf(events).summary).toMatchObject({ identicalPairs: 12, trainExamples: 8 });
    expect(warnings(events).join('\n')).toMatch(/12 pairs are the same tokens on both sides/);
    const same = { examples: examples.filter((_, i) => i % 2 === 0), referencePrompts: [] };
    await expect(collect(reward({ ...run(base), config: tinyReward, data: same }))).rejects.toThrow(
      /no examples to train on.*12 pairs are the same tokens after cutting/,
    );
  });

  it('of one wording start any seed: no chance decides whether a run may begin', async () => {
    const shared = sharedPath('cases', 'train', 'few-pairs-one-wording.jsonl');
    const examples = shared
      ? (await loadPreferences(shared)).examples
      : rankedExamples.map((one) => ({ ...one, responses: ['A red fox.', 'no'], ranks: [0, 1] }));
    for (let seed = 1; seed <= 20; seed++) {
      const config = { ...tinyReward, normalizeOn: 0, epochs: 0.1, runtime: { ...tinyReward.runtime, seed } };
      const events = await collect(
        reward({ ...run(base), config, data: { examples, referencePrompts: [] } }),
      );
      const check = events.find(
        (event) => event.type === 'self-check' && event.name === 'untrained loss is ln 2',
      );
      expect(check).toMatchObject({ tolerance: 1e-6 });
    }
  });
});
