import { describe, expect, it } from 'vitest';
import { parseTrlRow } from './trl.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const system = (content: string) => ({ role: 'system', content });
const text = (content: string) => ({ text: content });
const wanted = { prompt: [user('The sky is')], chosen: text(' blue.'), rejected: text(' green.'), margin: 0 };

describe('parseTrlRow', () => {
  it('reads standard rows with explicit and implicit prompt', () => {
    expect(parseTrlRow({ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' })).toMatchObject({
      row: wanted,
    });
    expect(parseTrlRow({ chosen: 'The sky is blue.', rejected: 'The sky is green.' })).toMatchObject({
      row: wanted,
    });
  });

  it('does not cut a word in two when answers begin alike', () => {
    expect(parseTrlRow({ chosen: 'It is black.', rejected: 'It is blue.' })).toMatchObject({
      row: { prompt: [user('It is')], chosen: text(' black.'), rejected: text(' blue.') },
    });
    expect(parseTrlRow({ chosen: 'Say it', rejected: 'Say it now' })).toMatchObject({
      ok: false,
      reason: 'empty-answer',
    });
  });

  it.each([
    ['Chinese', '天空是蓝色的。', '天空是绿色的。', '天空是'],
    ['Japanese', '首都は東京です', '首都は大阪です', '首都は'],
    ['Thai', 'ท้องฟ้าสีน้ำเงิน', 'ท้องฟ้าสีเขียว', 'ท้องฟ้าสี'],
    ['emoji, none of them halved', '🙂👩‍👩‍👧🇩🇪a', '🙂👩‍👩‍👧🇩🇰a', '🙂👩‍👩‍👧'],
    ['a path', 'lib/a-file.ts', 'lib/a-folder', 'lib/a-'],
    ['a blank early, none later', 'GPT 说天空是蓝色', 'GPT 说天空是绿色', 'GPT 说天空是'],
  ])('cuts a common beginning where the text has no blanks: %s', (_, chosen, rejected, prompt) => {
    expect(parseTrlRow({ chosen, rejected })).toMatchObject({
      row: { prompt: [user(prompt)], chosen: text(chosen.slice(prompt.length)) },
    });
  });

  it('reads conversational rows with explicit and implicit prompt', () => {
    const row = { prompt: [user('Sky?')], chosen: text('Blue.'), rejected: text('Green.'), margin: 0.5 };
    const sides = { chosen: [assistant('Blue.')], rejected: [assistant('Green.')], margin: 0.5 };
    const whole = {
      chosen: [user('Sky?'), assistant('Blue.')],
      rejected: [user('Sky?'), assistant('Green.')],
      margin: 0.5,
    };
    expect(parseTrlRow({ ...sides, prompt: [user('Sky?')] })).toMatchObject({ row });
    expect(parseTrlRow({ ...sides, prompt: 'Sky?' })).toMatchObject({ row });
    expect(parseTrlRow(whole)).toMatchObject({ row });
    // the prompt in its own column and once more at the head of both sides
    expect(parseTrlRow({ ...whole, prompt: 'Sky?' })).toMatchObject({ row });
    expect(parseTrlRow({ ...whole, prompt: ' Sky?\n' })).toMatchObject({ row });
    expect(parseTrlRow({ ...whole, prompt: [user('Sky?')] })).toMatchObject({ row });
  });

  it('takes a repeated prompt once in longer conversations and beside system messages', () => {
    const context = [user('Hi'), assistant('Hello'), user('Sky?')];
    const sides = (before: object[]) => ({
      chosen: [...before, assistant('Blue.')],
      rejected: [...before, assistant('Green.')],
    });
    const promptOf = (row: object) => {
      const parsed = parseTrlRow(row);
      return parsed.ok ? parsed.row.prompt : parsed.reason;
    };
    expect(promptOf({ prompt: 'Hi', ...sides(context) })).toEqual(context);
    expect(promptOf({ prompt: context, ...sides(context) })).toEqual(context);
    const told = [system('Be brief.'), ...context];
    expect(promptOf({ prompt: 'Hi', ...sides(told) })).toEqual(told);
    expect(promptOf({ prompt: told, ...sides(context) })).toEqual(told);
    expect(promptOf({ prompt: told, ...sides(told) })).toEqual(told);
    expect(promptOf({ prompt: [system('Rhyme.'), ...context], ...sides(told) })).toBe('prompts-differ');
    // what follows the prompt is no repetition of it
    expect(promptOf({ prompt: [user('Hi')], ...sides([assistant('Hello'), user('Hi')]) })).toEqual([
      user('Hi'),
      assistant('Hello'),
      user('Hi'),
    ]);
  });

  it('takes a prompt once that both texts begin with, and leaves answers that only look so', () => {
    const asked = { prompt: 'Q: capital?', chosen: 'Q: capital? A: Lima', rejected: 'Q: capital? A: Quito' };
    expect(parseTrlRow(asked)).toMatchObject({
      row: { chosen: text(' A: Lima'), rejected: text(' A: Quito') },
    });
    expect(parseTrlRow({ ...asked, prompt: [user('Q: capital?')] })).toMatchObject({
      row: { chosen: text(' A: Lima') },
    });
    expect(parseTrlRow({ prompt: '天空', chosen: '天空蓝', rejected: '天空绿' })).toMatchObject({
      row: { chosen: text('蓝') },
    });
    // one side only; a word that goes on; an answer that is the prompt
    for (const row of [
      { prompt: 'Hi', chosen: 'Hi you', rejected: 'Go' },
      { prompt: 'He', chosen: 'Hello', rejected: 'Help' },
      { prompt: 'Say hi', chosen: 'Say hi', rejected: 'Say hi to all' },
    ]) {
      expect(parseTrlRow(row)).toMatchObject({
        row: { chosen: text(row.chosen), rejected: text(row.rejected) },
      });
    }
  });

  it('reads HH-style transcripts given as standard rows, with and without a prompt column', () => {
    const row = { prompt: [user('Hi')], chosen: text('a'), rejected: text('  b'), margin: 2 };
    const prompt = '\n\nHuman: Hi\n\nAssistant:';
    const sides = { chosen: `${prompt} a`, rejected: `${prompt}   b`, margin: 2 };
    expect(parseTrlRow(sides)).toMatchObject({ row });
    expect(parseTrlRow({ prompt, ...sides })).toMatchObject({ row });
    expect(parseTrlRow({ prompt, chosen: ' a', rejected: '   b', margin: 2 })).toMatchObject({ row });
  });

  it('keeps what comes with a row', () => {
    const row = {
      id: 7,
      prompt: 'p',
      chosen: 'a',
      rejected: 'b',
      chosen_model: 'm1',
      'rejected-model': 'm2',
      annotator: 'ann',
      timestamp: '2024-05-06T07:08:09Z',
      strength: -2,
      rationale: 'clearer',
      tags: ['math', 'short'],
      split: 'test',
      score_chosen: 8,
      source: { name: 'x' },
      nothing: null,
    };
    expect(parseTrlRow(row)).toEqual({
      ok: true,
      row: {
        prompt: [user('p')],
        chosen: { text: 'a', model: 'm1', sampling: null },
        rejected: { text: 'b', model: 'm2', sampling: null },
        margin: 0,
        annotator: 'ann',
        submittedAt: Date.UTC(2024, 4, 6, 7, 8, 9),
        strength: 2,
        rationale: 'clearer',
        tie: 'none',
        externalId: '7',
        tags: ['math', 'short'],
        metadata: { score_chosen: 8, source: { name: 'x' } },
        split: 'heldout',
      },
    });
    expect(parseTrlRow({ prompt: 'p', chosen: 'a', rejected: 'b', tie: true })).toMatchObject({
      row: { tie: 'equal' },
    });
    // what cannot be read as a time, a strength, a side stays as it is
    const odd = { timestamp: 45065.5, strength: 'much', split: 'fold-3', winner: 'model_a', tags: 'x, y,x' };
    expect(parseTrlRow({ prompt: 'p', chosen: 'a', rejected: 'b', ...odd })).toMatchObject({
      row: {
        submittedAt: null,
        strength: null,
        split: null,
        tie: 'none',
        tags: ['x', 'y'],
        metadata: { timestamp: 45065.5, strength: 'much', split: 'fold-3', winner: 'model_a' },
      },
    });
  });

  it('names the key that cannot be kept, the role, the kind of part, with their place', () => {
    const call = { ...assistant('One moment.'), tool_calls: [{ function: { name: 'weather' } }] };
    const detailOf = (row: object) => {
      const parsed = parseTrlRow({
        prompt: [user('p')],
        chosen: [assistant('a')],
        rejected: [assistant('b')],
        ...row,
      });
      return parsed.ok ? 'ok' : `${parsed.reason}: ${parsed.detail}`;
    };
    expect(detailOf({ chosen: [call] })).toMatch(/unsupported-message: chosen\[0\] .*"tool_calls"/);
    expect(detailOf({ chosen: [{ ...call, content: null }] })).toMatch(/"tool_calls"/);
    expect(detailOf({ rejected: [{ ...assistant('b'), reasoning_content: 'hm' }] })).toMatch(
      /"reasoning_content"/,
    );
    expect(detailOf({ prompt: [{ role: 'developer', content: 'x' }] })).toMatch(
      /prompt\[0\] has the role "developer"; expected one of system, user, assistant/,
    );
    expect(detailOf({ chosen: [{ from: 'gpt', value: 'x' }] })).toMatch(
      /chosen\[0\] has the keys from, value/,
    );
    expect(detailOf({ chosen: { from: 'gpt', value: 'x' } })).toMatch(
      /"chosen" is an object with the keys from, value/,
    );
    expect(detailOf({ prompt: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] })).toMatch(
      /prompt\[0\].content\[0\] is of type "image_url"/,
    );
    expect(detailOf({ tools: [{ name: 'weather' }] })).toMatch(/"tools"/);
    expect(detailOf({ tools: [], chosen: [{ ...assistant('a'), tool_calls: null }] })).toBe('ok');
    expect(detailOf({ chosen: [{ role: 'assistant', content: [{ type: 'text', text: 'x' }] }] })).toBe('ok');
    const timed = parseTrlRow({
      chosen: [{ ...user('p'), time: 1 }, assistant('a')],
      rejected: [user('p'), assistant('b')],
    });
    expect(timed).toMatchObject({ row: { metadata: { 'chosen[0].time': 1 } } });
  });

  it.each([
    ['wrong-columns', { prompt: 'p', chosen: 'a' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: 'b', margin: 'much' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: [assistant('b')] }],
    [
      'unsupported-message',
      { prompt: 'p', chosen: [{ role: 'tool', content: 'a' }], rejected: [assistant('b')] },
    ],
    ['wrong-columns', null],
    ['bad-transcript', { prompt: [user('p')], chosen: [user('a')], rejected: [assistant('b')] }],
    ['bad-transcript', { chosen: 'System: x\n\nHuman: y', rejected: 'System: x\n\nHuman: z' }],
    ['prompts-differ', { chosen: [user('p'), assistant('a')], rejected: [user('q'), assistant('b')] }],
    ['identical-pair', { prompt: 'p', chosen: 'a', rejected: 'a ' }],
    ['identical-pair', { chosen: 'same', rejected: 'same' }],
    ['empty-answer', { prompt: 'p', chosen: '', rejected: 'b' }],
    ['empty-prompt', { prompt: ' ', chosen: 'a', rejected: 'b' }],
    ['empty-prompt', { chosen: 'one', rejected: 'two' }],
    ['empty-prompt', { chosen: [assistant('a')], rejected: [assistant('b')] }],
  ])('refuses: %s', (reason, value) => {
    expect(parseTrlRow(value)).toMatchObject({ ok: false, reason });
  });
});
