import { describe, expect, it } from 'vitest';
import type { RankedExample } from '../../data/types.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { watchOverOptimization } from '../ppo/figures.ts';
import { episodeBatch } from '../rollouts/episode-batch.ts';
import { answerBatch } from './answer-batch.ts';
import { createExampleOrder } from './example-order.ts';
import { rankedAccuracy } from './ranked-accuracy.ts';
import { rankedRows } from './ranked-rows.ts';
import { rewardBatch } from './reward-batch.ts';

/** One token a character; 1 opens a prompt, 2 ends a response, 0 pads. */
const tokenizer: Tokenizer = {
  encode: (text) => [...text].map((c) => c.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  applyChatTemplate: () => '',
  encodeChat: (messages) => [
    1,
    ...messages.flatMap(({ content }) => [...content].map((c) => c.charCodeAt(0))),
  ],
  bosTokenId: 1,
  eosTokenId: 2,
  turnEndId: 2,
  turnEndText: null,
  padTokenId: 0,
  vocabSize: 128,
};
const example = (responses: string[], ranks: number[], prompt = 'abc'): RankedExample => ({
  id: 'e',
  prompt: [{ role: 'user', content: prompt }],
  responses,
  ranks,
  margin: 0.7,
  split: 'train',
});
const options = { tokenizer, maxLength: 8, tooLong: 'truncate-prompt', useTies: true } as const;
const codes = (text: string) => [...text].map((c) => c.charCodeAt(0));

describe('createExampleOrder', () => {
  it('is one permutation after another, the same from whatever place it is read', () => {
    const whenNone = 'all were too long';
    const order = () => createExampleOrder({ seed: 1, stream: 's', numExamples: 5, whenNone });
    const all = order()(0, 15);
    for (const pass of [0, 5, 10]) expect(all.slice(pass, pass + 5).sort()).toEqual([0, 1, 2, 3, 4]);
    const late = order();
    expect([...late(11, 15), ...late(3, 6)]).toEqual([...all.slice(11, 15), ...all.slice(3, 6)]);
    expect(() => createExampleOrder({ seed: 1, stream: 's', numExamples: 0, whenNone })).toThrow(
      'no examples to train on: all were too long',
    );
  });
});

describe('rankedRows', () => {
  it('appends EOS and cuts the start of a long prompt by the same amount for every response', () => {
    const { rows, counts } = rankedRows([example(['xy', 'vwxyz'], [0, 1])], options);
    // 8 tokens: the longest response has 6 with EOS, so both keep two tokens of the prompt
    expect(rows[0]?.sequences).toEqual([
      [...codes('bc'), ...codes('xy'), 2],
      [...codes('bc'), ...codes('vwxyz'), 2],
    ]);
    expect(counts).toEqual({
      kept: 1,
      promptsCut: 1,
      responsesCut: 0,
      dropped: 0,
      withoutPairs: 0,
      identicalPairs: 0,
    });
  });

  it('cuts a response that alone is too long, with EOS kept last and one token of the prompt', () => {
    const { rows, counts } = rankedRows([example(['abcdefghij', 'k'], [0, 1])], options);
    expect(rows[0]?.sequences[0]).toEqual([...codes('c'), ...codes('abcdef'), 2]);
    expect(counts).toMatchObject({ promptsCut: 1, responsesCut: 1 });
  });

  it('drops and counts instead when asked, and counts rankings without pairs', () => {
    const dropped = rankedRows([example(['vwxyz', 'a'], [0, 1])], { ...options, tooLong: 'drop' });
    expect(dropped.counts).toMatchObject({ kept: 0, dropped: 1 });
    const tied = rankedRows([example(['a', 'b'], [0, 0])], { ...options, useTies: false });
    expect(tied.counts).toMatchObject({ kept: 0, withoutPairs: 1 });
    expect(() => rankedRows([example(['a'], [0, 1])], options)).toThrow('1 responses but 2 ranks');
  });
});

describe('rewardBatch', () => {
  it('weighs prompts alike, points at the last real token, keeps margins off ties', () => {
    const { rows } = rankedRows([example(['a', 'bc'], [0, 1]), example(['d', 'e', 'f'], [0, 0, 1])], options);
    const batch = rewardBatch(rows, { padTokenId: 0, pack: true, useMargin: true });
    // four pairs; the rest weighs nothing
    const first = ({ data }: HostTensor) => [...data].slice(0, 4);
    expect([...batch.weightsP.data].slice(4)).toEqual(new Array(28).fill(0));
    expect(first(batch.weightsP).map((w) => w * 6)).toEqual([3, 1, 1, 1].map((w) => expect.closeTo(w, 5)));
    expect(first(batch.marginsP).map((m) => m.toFixed(1))).toEqual(['0.7', '0.0', '0.7', '0.7']);
    expect(first(batch.targetsP)).toEqual([1, 0.5, 1, 1]);
    expect(first(batch.chosenP)).toEqual([0, 2, 2, 3]);
    expect(first(batch.rejectedP)).toEqual([1, 3, 4, 4]);
    for (const token of batch.lastM.data)
      expect(batch.idsBT.data[batch.placeOfN?.data[token] as number]).toBe(2);
    expect(batch.numTokens).toBe(6 + 7 + 6 * 3);
  });
});

describe('rankedAccuracy', () => {
  const rows = rankedRows(
    [example(['a', 'b'], [0, 1]), example(['c', 'd', 'e'], [0, 1, 2]), example(['f', 'g'], [0, 0])],
    options,
  ).rows;

  it('is a mean over examples with a decided pair, and its interval counts examples', () => {
    // first example wrong; second: c>d right, c>e right, d=e half; third has no decided pair
    const result = rankedAccuracy(rows, Float32Array.of(0, 1, 3, 2, 2, 9, 9));
    expect(result.accuracy).toBeCloseTo((0 + 2.5 / 3) / 2, 10);
    expect(result.strict).toBeCloseTo((0 + 2 / 3) / 2, 10);
    expect(result).toMatchObject({ numExamples: 2, numPairs: 4 });
    expect(result.margin).toBeCloseTo((-1 + (1 + 1 + 0) / 3) / 2, 10);
  });

  it('a constant model has loss ln 2 and accuracy one half; nothing gives NaN', () => {
    const constant = rankedAccuracy(rows, new Float32Array(7));
    expect(constant.loss).toBeCloseTo(Math.LN2, 10);
    expect(constant.accuracy).toBe(0.5);
    expect(rankedAccuracy([], new Float32Array(0)).accuracy).toBeNaN();
  });
});

describe('answerBatch and episodeBatch', () => {
  const rows = [
    { promptIds: [1, 5], responseIds: [7, 2] },
    { promptIds: [1, 5, 6], responseIds: [8] },
  ];

  it('predict each response token from the place before it', () => {
    const { rowsM, targetsM, weightsM, idsBT, placeOfN } = answerBatch(rows, {
      padTokenId: 0,
      pack: true,
      numTokens: 10,
    });
    expect(idsBT.shape).toEqual([2, 8]);
    // 1 5 once, then 7 2 and 6 8: the places where the three are predicted
    expect([...rowsM.data].slice(0, 3)).toEqual([1, 2, 4]);
    expect([...rowsM.data].slice(0, 3).map((token) => placeOfN?.data[token])).toEqual([1, 2, 8 + 2]);
    expect([...targetsM.data].slice(0, 3)).toEqual([7, 2, 8]);
    expect([...weightsM.data].filter((w) => w !== 0)).toHaveLength(3);
    expect(weightsM.data[0]).toBeCloseTo(0.1, 7);
  });

  it('has few lengths: a quarter, a half or all of the tokens, more only where rows share what they ask for', () => {
    const answerOf = (length: number) => ({
      promptIds: [1],
      responseIds: Array.from({ length }, (_, t) => 3 + t),
    });
    const lengthOf = (...lengths: number[]) =>
      answerBatch(lengths.map(answerOf), { padTokenId: 0, pack: true, numTokens: 1 }).rowsM.shape[0];
    const long = { promptIds: Array.from({ length: 30 }, (_, t) => t), responseIds: [9, 8] };
    expect(answerBatch([long], { padTokenId: 0, pack: true, numTokens: 1 }).rowsM.shape).toEqual([8]);
    expect(lengthOf(31)).toBe(32);
    // 32 tokens in all, 124 of their predictions
    expect(lengthOf(31, 31, 31, 31)).toBe(128);
  });

  it('lay episodes out in equal rows with a mask', () => {
    expect(episodeBatch(rows, { padTokenId: 0 }).responseWidth).toBe(8);
    const { inputs, maskM, responseWidth } = episodeBatch(rows, { padTokenId: 0, responseWidth: 2 });
    expect(responseWidth).toBe(2);
    expect([...maskM]).toEqual([1, 1, 1, 0]);
    expect([...inputs.rowsM.data]).toEqual([1, 2, 10, 0]);
    expect(() => episodeBatch(rows, { padTokenId: 0, responseWidth: 1 })).toThrow(
      'episode 0 has 2 response tokens',
    );
    expect(() => episodeBatch([{ promptIds: [1], responseIds: [] }], { padTokenId: 0 })).toThrow(
      'expected 1 to',
    );
  });
});

describe('watchOverOptimization', () => {
  const at = (trueReward: number, proxy: number) => ({
    'eval/true_reward': trueReward,
    'eval/proxy_reward': proxy,
  });
  it('warns when the proxy rises while the truth comes down from its best, and only then', () => {
    const first = watchOverOptimization(null, at(0.5, 0));
    expect(first).toEqual({ best: { trueReward: 0.5, proxyReward: 0 }, message: null });
    const better = watchOverOptimization(first.best, at(0.6, 1));
    expect(better.message).toBeNull();
    expect(watchOverOptimization(better.best, at(0.59, 2)).message).toBeNull();
    expect(watchOverOptimization(better.best, at(0.4, 0.5)).message).toBeNull();
    const fallen = watchOverOptimization(better.best, at(0.4, 2));
    expect(fallen.message).toContain(
      'true reward fell from 0.6000 to 0.4000 while the proxy rose from 1.0000 to 2.0000',
    );
    expect(fallen.best).toEqual(better.best);
    expect(watchOverOptimization(better.best, { 'eval/proxy_reward': 9 }).message).toBeNull();
  });
});
