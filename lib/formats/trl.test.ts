import { describe, expect, it } from 'vitest';
import { parseTrlRow } from './trl.ts';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const wanted = { prompt: [user('The sky is')], chosen: ' blue.', rejected: ' green.', margin: 0 };

describe('parseTrlRow', () => {
  it('reads standard rows with explicit and implicit prompt', () => {
    expect(parseTrlRow({ prompt: 'The sky is', chosen: ' blue.', rejected: ' green.' })).toEqual({
      ok: true,
      row: wanted,
    });
    expect(parseTrlRow({ chosen: 'The sky is blue.', rejected: 'The sky is green.' })).toEqual({
      ok: true,
      row: wanted,
    });
  });

  it('does not cut a word in two when answers begin alike', () => {
    expect(parseTrlRow({ chosen: 'It is black.', rejected: 'It is blue.' })).toMatchObject({
      row: { prompt: [user('It is')], chosen: ' black.', rejected: ' blue.' },
    });
    expect(parseTrlRow({ chosen: 'Say it', rejected: 'Say it now' })).toMatchObject({
      ok: false,
      reason: 'empty-answer',
    });
  });

  it('reads conversational rows with explicit and implicit prompt', () => {
    const row = { ...wanted, prompt: [user('Sky?')], chosen: 'Blue.', rejected: 'Green.', margin: 0.5 };
    const explicit = {
      prompt: [user('Sky?')],
      chosen: [assistant('Blue.')],
      rejected: [assistant('Green.')],
      margin: 0.5,
    };
    const implicit = {
      chosen: [user('Sky?'), assistant('Blue.')],
      rejected: [user('Sky?'), assistant('Green.')],
      margin: 0.5,
    };
    expect(parseTrlRow(explicit)).toEqual({ ok: true, row });
    expect(parseTrlRow(implicit)).toEqual({ ok: true, row });
    expect(parseTrlRow({ ...explicit, prompt: 'Sky?' })).toEqual({ ok: true, row });
  });

  it('reads HH-style transcripts given as standard implicit rows', () => {
    expect(
      parseTrlRow({
        chosen: '\n\nHuman: Hi\n\nAssistant: a',
        rejected: '\n\nHuman: Hi\n\nAssistant: b',
        margin: 2,
      }),
    ).toEqual({ ok: true, row: { prompt: [user('Hi')], chosen: 'a', rejected: 'b', margin: 2 } });
  });

  it.each([
    ['wrong-columns', { prompt: 'p', chosen: 'a' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: 'b', margin: '1' }],
    ['wrong-columns', { prompt: 'p', chosen: 'a', rejected: [assistant('b')] }],
    ['wrong-columns', { prompt: 'p', chosen: [{ role: 'tool', content: 'a' }], rejected: [assistant('b')] }],
    ['wrong-columns', null],
    ['bad-transcript', { prompt: [user('p')], chosen: [user('a')], rejected: [assistant('b')] }],
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
