import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { templateTokens } from './data-size.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'template-'));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

it('counts control tokens, and the words of a system prompt by their characters', () => {
  // <|im_start|> twice, <|im_end|> once: 3; "system\nBe of good use." and "\n" and "user\n" and "x" less the question: 28 characters
  const template =
    '<|im_start|>system\nBe of good use.<|im_end|>\n{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% endfor %}';
  const folder = folderWith({ 'tokenizer_config.json': JSON.stringify({ chat_template: template }) });
  expect(templateTokens(folder, 768)).toBeCloseTo(3 + 28 / 3);
  expect(templateTokens(folder, 49_152)).toBeCloseTo(3 + 28 / 4);
});

it('reads the bundled model’s own', () => {
  // <bos>, <user>, <assistant>
  expect(templateTokens('trainer/bundled/toy-sft', 768)).toBe(3);
});

it.each([
  ['no files', {}],
  ['no template', { 'tokenizer_config.json': '{}' }],
  ['no JSON', { 'tokenizer_config.json': '{' }],
  ['no Jinja', { 'tokenizer_config.json': JSON.stringify({ chat_template: '{% for' }) }],
  [
    'one that refuses',
    { 'tokenizer_config.json': JSON.stringify({ chat_template: "{{ raise_exception('no') }}" }) },
  ],
])('adds nothing where there is %s', (_, files) => {
  expect(templateTokens(folderWith(files), 768)).toBe(0);
});
