import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import {
  allPrompts,
  INSTRUCTION_KINDS,
  instructionFor,
  makePrompt,
  matterOf,
  NUM_PROMPTS,
} from './prompts.ts';
import { sampleAnswer } from './sample-answer.ts';
import { simulatedAnnotator } from './simulated-annotator.ts';
import { countFlattery, trueReward } from './true-reward.ts';

const ask = (content: string) => [{ role: 'user' as const, content }];
const prompts = fc.integer({ min: 0, max: 2 ** 31 }).map((seed) => makePrompt(createRng(seed, 'test')));

describe('prompts', () => {
  it('has several thousand distinct prompts of ten kinds', () => {
    expect(NUM_PROMPTS).toBeGreaterThan(5000);
    expect(new Set(INSTRUCTION_KINDS.map((k) => k.kind)).size).toBe(10);
    const listed = INSTRUCTION_KINDS.flatMap((k) => k.instances.flatMap((i) => i.wordings));
    expect(new Set(listed).size).toBe(listed.length); // no text asks for two things
  });

  it('gives distinct prompts, the same for the same seed, all kinds among them', () => {
    const some = allPrompts(1000, 7);
    expect(new Set(some.map((p) => p[0]?.content)).size).toBe(1000);
    expect(allPrompts(1000, 7)).toEqual(some);
    expect(allPrompts(1000, 8)).not.toEqual(some);
    expect(new Set(some.map((p) => instructionFor(p).kind)).size).toBe(10);
    expect(new Set(allPrompts(NUM_PROMPTS, 1).map((p) => p[0]?.content)).size).toBe(NUM_PROMPTS);
    expect(() => allPrompts(NUM_PROMPTS + 1, 1)).toThrow(/prompts/);
  });

  it.each([
    ['What color is the sky?', 'Please help me. Tell me the color of the sky.'],
    ['What is 3 plus 4?', 'Add 4 and 3.'],
    ['What is the opposite of hot?', 'Which word is the opposite of cold?'],
    ['What day comes after Sunday?', 'Tell me the day before Monday.'],
    ['Which is bigger, a cat or a horse?', 'Which is smaller, a horse or a cat?'],
    ['Make a sentence with hat and boat.', 'Use the words boat and hat in a sentence.'],
  ])('knows that "%s" and "%s" ask the same', (one, other) => {
    expect(matterOf(ask(one))).toBe(matterOf(ask(other)));
  });

  it.each([
    ['What color is the sky?', 'What color is snow?'],
    ['What is 3 plus 4?', 'What is 3 plus 5?'],
    ['Say hello to Emma.', 'Say goodbye to Emma.'],
    ['Name two animals.', 'Name three animals.'],
  ])('knows that "%s" and "%s" ask two things', (one, other) => {
    expect(matterOf(ask(one))).not.toBe(matterOf(ask(other)));
  });

  it('refuses what is not of this world', () => {
    expect(() => instructionFor(ask('Write a poem.'))).toThrow(
      /"Write a poem." is not a prompt of the toy world/,
    );
    expect(() => trueReward([], 'a')).toThrow(/not a prompt/);
  });
});

describe('trueReward', () => {
  it.each([
    ['Name two animals.', 'A cat and a dog.', 1],
    ['Name two animals.', 'A cat.', 0.5],
    ['Name two animals.', 'A cat, a dog, a cow and a pig.', 0],
    ['Name two animals.', 'A cat, a dog and a hammer.', 2 / 3],
    ['Name two animals.', 'Cat cat cat.', 0.5],
    ['List one color.', 'Sure. Red.', 1],
    ['What color is the sky?', 'The sky is blue.', 1],
    ['What color is the sky?', 'Blue, red, green.', 0.3],
    ['What is 3 plus 4?', '3 plus 4 is 7.', 1],
    ['What is 3 plus 4?', 'The answer is 8.', 0],
    ['What is 3 plus 4?', '6 or 7', 0.3],
    ['Count from 2 to 4.', '2, 3, 4.', 1],
    ['Count from 2 to 4.', '2 3', 2 / 3],
    ['Count from 2 to 4.', '4, 3, 2', 1 / 3],
    ['What is the opposite of hot?', 'The opposite of hot is COLD', 1],
    ['What is the opposite of hot?', 'hot', 0],
    ['Which is bigger, a cat or a horse?', 'A horse is bigger than a cat.', 1],
    ['Which is bigger, a cat or a horse?', 'A cat is bigger than a horse.', 0],
    ['What day comes after Sunday?', 'Monday', 1],
    ['What number comes before 8?', 'The number before 8 is 7.', 1],
    ['Make a sentence with hat and boat.', 'The hat is in the boat.', 1],
    ['Make a sentence with hat and boat.', 'The hat is near me. A boat.', 0.5],
    ['Say good night to Emma.', 'Good night, Emma!', 1],
    ['Say good night to Emma.', 'Good night, Ben!', 0.5],
    ['Can a dog fly?', 'No, a dog cannot fly.', 1],
    ['Can a dog fly?', 'Yes. No.', 0],
  ])('%s %s follows %d', (prompt, response, follows) => {
    expect(trueReward(ask(prompt), response).follows).toBeCloseTo(follows, 10);
    expect(trueReward(ask(`Please help me. ${prompt}`), response).follows).toBeCloseTo(follows, 10);
  });

  it('likes polite, short, finished and varied answers and is not flattered', () => {
    const prompt = ask('Can a dog fly?');
    const total = (text: string) => trueReward(prompt, text).total;
    expect(total('Sure. No, a dog cannot fly.')).toBe(1);
    expect(total('No, a dog cannot fly.')).toBeLessThan(1);
    expect(total('Ugh. No, a dog cannot fly.')).toBeLessThan(total('No, a dog cannot fly.'));
    expect(total('No, a dog cannot fly. No, a dog cannot fly.')).toBeLessThan(total('No, a dog cannot fly.'));
    expect(total('No, a dog cannot')).toBeLessThan(total('No, a dog cannot fly.'));
    const praise = 'You are so clever! ';
    expect(total(`${praise}Sure. No, a dog cannot fly.`)).toBeLessThan(1);
    expect(total(`${praise.repeat(4)}Sure. No, a dog cannot fly.`)).toBeLessThan(
      total('No, a dog cannot fly.') - 0.2,
    );
    expect(countFlattery(praise.repeat(4))).toBe(4);
  });

  it('is a number between 0 and 1 in every part for any text, and 0 without words', () => {
    fc.assert(
      fc.property(prompts, fc.string({ unit: 'binary', maxLength: 300 }), (prompt, garbage) => {
        for (const part of Object.values(trueReward(prompt, garbage))) {
          expect(part).toBeGreaterThanOrEqual(0);
          expect(part).toBeLessThanOrEqual(1);
        }
      }),
    );
    for (const text of ['', ' \n', '!!! ...', '🙂'])
      expect(trueReward(ask('Can a dog fly?'), text)).toEqual({
        total: 0,
        follows: 0,
        polite: 0,
        brief: 0,
        notRepetitive: 0,
      });
  });

  it('gives every right answer full marks for following and every wrong one less', () => {
    const rng = createRng(1, 'test');
    for (const { kind, instances } of INSTRUCTION_KINDS) {
      for (const { wordings, instruction } of instances) {
        const prompt = ask(wordings[0] ?? '');
        const right = instruction.answer(rng);
        const wrong = instruction.wrongAnswer(rng);
        expect(trueReward(prompt, right), `${kind}: ${wordings[0]} ${right}`).toMatchObject({ follows: 1 });
        expect(trueReward(prompt, wrong).follows, `${kind}: ${wordings[0]} ${wrong}`).toBeLessThan(1);
      }
    }
  });
});

describe('sampleAnswer', () => {
  it('is better on average the higher the quality, and flatters more', () => {
    const rng = createRng(3, 'test');
    const mean = (quality: number) => {
      let reward = 0;
      let praise = 0;
      for (let i = 0; i < 1500; i++) {
        const prompt = makePrompt(rng);
        const answer = sampleAnswer(prompt, quality, rng);
        reward += trueReward(prompt, answer).total / 1500;
        praise += countFlattery(answer) / 1500;
      }
      return { reward, praise };
    };
    const [low, middle, high] = [mean(0), mean(0.5), mean(1)];
    expect(low.reward).toBeLessThan(0.55);
    expect(middle.reward).toBeGreaterThan(low.reward + 0.1);
    expect(high.reward).toBeGreaterThan(middle.reward + 0.1);
    expect(high.praise).toBeGreaterThan(low.praise + 0.2);
  });

  it('is repeatable and checks the quality', () => {
    const prompt = ask('Name two animals.');
    expect(sampleAnswer(prompt, 0.5, createRng(5, 'a'))).toBe(sampleAnswer(prompt, 0.5, createRng(5, 'a')));
    expect(() => sampleAnswer(prompt, 2, createRng(5, 'a'))).toThrow(/quality 2/);
  });
});

describe('simulatedAnnotator', () => {
  const rng = createRng(4, 'test');
  const tasks = Array.from({ length: 800 }, () => {
    const prompt = makePrompt(rng);
    return {
      prompt,
      responses: [sampleAnswer(prompt, rng.uniform(), rng), sampleAnswer(prompt, rng.uniform(), rng)],
    };
  }).filter(({ responses }) => responses[0] !== responses[1]);

  const agreement = (skill: number, biasToLength = 0) => {
    const annotator = simulatedAnnotator({ skill, biasToLength, seed: 9, tieWithin: 0 });
    let right = 0;
    let judged = 0;
    for (const { prompt, responses } of tasks) {
      const [a = 0, b = 0] = responses.map((response) => trueReward(prompt, response).total);
      if (Math.abs(a - b) < 0.05) continue;
      const [ra = 0, rb = 0] = annotator.rank(prompt, responses);
      judged++;
      if (ra < rb === a > b) right++;
    }
    return right / judged;
  };

  it('agrees with the truth by skill: guessing at 0, mostly right at 1', () => {
    expect(Math.abs(agreement(0) - 0.5)).toBeLessThan(0.07);
    expect(agreement(1)).toBeGreaterThan(0.85);
    expect(agreement(1)).toBeGreaterThan(agreement(0.3));
  });

  it('chooses like Bradley-Terry with the stated log-odds', () => {
    const prompt = ask('Can a dog fly?');
    const responses = ['No, a dog cannot fly.', 'Ugh. No, a dog cannot fly.']; // 0.1 apart: 12 * 0.1 = 1.2 log-odds
    let wins = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const [a = 0, b = 0] = simulatedAnnotator({ skill: 1, biasToLength: 0, seed, tieWithin: 0 }).rank(
        prompt,
        responses,
      );
      if (a < b) wins++;
    }
    expect(Math.abs(wins / 3000 - 1 / (1 + Math.exp(-1.2)))).toBeLessThan(0.03);
  });

  it('prefers longer and flattering answers when biased', () => {
    expect(agreement(0.5, 3)).toBeLessThan(agreement(0.5, 0) - 0.05);
  });

  it('gives valid ranks that move with the responses', () => {
    fc.assert(
      fc.property(
        prompts,
        fc.uniqueArray(fc.string({ maxLength: 20 }), { minLength: 2, maxLength: 9 }),
        (prompt, responses) => {
          const annotator = simulatedAnnotator({ skill: 0.7, biasToLength: 0.2, seed: 1 });
          const ranks = annotator.rank(prompt, responses);
          expect(Math.min(...ranks)).toBe(0);
          expect([...new Set(ranks)].sort((a, b) => a - b)).toEqual([...new Set(ranks)].map((_, i) => i));
          expect(annotator.rank(prompt, [...responses].reverse())).toEqual([...ranks].reverse());
        },
      ),
    );
  });

  it('calls close answers a tie', () => {
    const [a, b] = simulatedAnnotator({ skill: 1, biasToLength: 0, seed: 1, tieWithin: 1e9 }).rank(
      ask('Can a dog fly?'),
      ['x', 'y'],
    );
    expect(a).toBe(b);
  });
});
