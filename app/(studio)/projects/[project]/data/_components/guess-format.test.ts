import { describe, expect, it } from 'vitest';
import { guessFormat } from './guess-format.ts';

describe('format of a file to import', () => {
  it.each([
    ['a.csv', 'prompt,chosen,rejected', 'csv'],
    ['a.CSV.gz', '\u001f\u008b', 'csv'],
    ['prompts.txt', 'Say hello', 'prompts'],
    [
      'a.jsonl',
      '{"chosen":"\\n\\nHuman: hi\\n\\nAssistant: hello","rejected":"\\n\\nHuman: hi\\n\\nAssistant: no"}',
      'hh-rlhf',
    ],
    ['a.jsonl', '{"prompt":"hi","chosen":"hello","rejected":"no"}', 'trl-preference'],
    ['a.jsonl', '{"chosen":[{"role":"user","content":"hi"}],"rejected":[]}', 'trl-preference'],
    ['a.jsonl', '{"prompt":"hi","responses":["a","b"]}', 'prompts'],
    ['a.jsonl', '{"messages":[]}', 'prompts'],
    ['helpful-base.test.jsonl.gz', '\u001f\u008b', 'hh-rlhf'],
    ['a.jsonl', '{"text":"?"}', null],
    ['a.bin', 'x', null],
  ])('%s with %j is %s', (name, line, format) => {
    expect(guessFormat(name, line)).toBe(format);
  });
});
