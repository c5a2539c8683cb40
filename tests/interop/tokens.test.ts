/** Ids of texts and conversations are those of transformers, over several kinds of tokenizers and templates. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Message } from '../../trainer/data/types.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { trainBpe } from '../../trainer/tokenizer/train-bpe.ts';
import { sharedPath } from '../support/shared-data.ts';
import { pythonForTests, runPython } from '../support/with-python.ts';

const SCRIPT = fileURLToPath(new URL('tokens.py', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'tokens-'));
afterAll(() => rmSync(root, { recursive: true }));

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const PLAIN =
  "{{ bos_token }}{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
const LOOKS_INSIDE = `{{- bos_token }}
{%- for m in messages %}
    {%- set text = m.content | trim %}
    {%- if m.role == 'assistant' and '</think>' in text %}
        {%- set text = text.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<' + m.role + '>' + text + ' (' + (m.content | length | string) + ')' + eos_token }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<assistant><think>\\n' }}
{%- endif %}`;
const LLAMA_2 =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}";

type Json = Record<string, unknown>;
type Change = { tokenizer?: (json: Json & { model: Json; added_tokens: Json[] }) => Json; config?: Json };

const trained = trainBpe({
  texts: ['think of a red fox, then think again; the fox thinks', 'assistant user eos pad 1 2 3'],
  vocabSize: 330,
});
const size = trained.vocabSize;
const addThink = <J extends { added_tokens: Json[] }>(json: J, more: Json = {}) => ({
  ...json,
  added_tokens: [
    ...json.added_tokens,
    { id: size, content: '<think>', ...flags, special: false, ...more },
    { id: size + 1, content: '</think>', ...flags, special: false, ...more },
  ],
});
/** SentencePiece's way with spaces, with the vocabulary at hand. */
const asSentencePiece = (json: Json & { model: Json }, steps: Json) => {
  const from = (token: string) => token.replaceAll('Ġ', '▁');
  const { vocab, merges } = json.model as { vocab: Record<string, number>; merges: [string, string][] };
  return {
    ...json,
    pre_tokenizer: null,
    decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: {
      ...json.model,
      unk_token: '<pad>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(Object.entries(vocab).map(([token, id]) => [from(token), id])),
      merges: merges.map((pair) => pair.map(from)),
    },
    ...steps,
  };
};
const replaceSpaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };

const KINDS: Record<string, Change> = {
  plain: {},
  crlf: { config: { chat_template: LOOKS_INSIDE.replaceAll('\n', '\r\n') } },
  think: { tokenizer: (json) => addThink(json) },
  'think-inside': { tokenizer: (json) => addThink(json), config: { chat_template: LOOKS_INSIDE } },
  'think-normalized': {
    tokenizer: (json) => ({ ...addThink(json, { normalized: true }), normalizer: { type: 'NFC' } }),
    config: { chat_template: LOOKS_INSIDE },
  },
  'think-strips': { tokenizer: (json) => addThink(json, { lstrip: true, rstrip: true }) },
  'only-in-config': {
    tokenizer: (json) => ({ ...json, added_tokens: json.added_tokens.slice(0, 3) }),
    config: {
      added_tokens_decoder: Object.fromEntries(
        ['<pad>', '<bos>', '<eos>', '<system>', '<user>', '<assistant>'].map((content, id) => [
          String(id),
          { content, ...flags },
        ]),
      ),
    },
  },
  'ignore-merges': {
    tokenizer: (json) => ({
      ...addThink(json),
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, json.pre_tokenizer] },
      model: { ...json.model, ignore_merges: true },
    }),
  },
  'prefix-space': {
    tokenizer: (json) => ({
      ...addThink(json),
      pre_tokenizer: { ...(json.pre_tokenizer as Json), add_prefix_space: true },
    }),
    config: { add_prefix_space: true },
  },
  prepend: {
    tokenizer: (json) =>
      asSentencePiece(addThink(json), {
        normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replaceSpaces] },
      }),
    config: { chat_template: LLAMA_2 },
  },
  metaspace: {
    tokenizer: (json) =>
      asSentencePiece(addThink(json), {
        normalizer: null,
        pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false },
      }),
    config: { chat_template: LLAMA_2 },
  },
};

const TEXTS = [
  'The fox thinks.',
  ' a  space \n\nand lines ',
  '<think>red</think> fox',
  'x<think>\n a </think>\n\n b',
  'text <eos> text<assistant>',
  '<eos>',
  '<th<eos>ink> <<eos>>',
  '日本語 é e\u0301 👩‍👩‍👧',
];
const CHATS: Message[][] = [
  [{ role: 'user', content: 'Name a red fox' }],
  [
    { role: 'system', content: ' Be brief. ' },
    { role: 'user', content: 'a < b' },
    { role: 'assistant', content: '<think>\nred\n</think>\n\nA fox' },
    { role: 'user', content: 'more <think>' },
  ],
];
/** contents that name special tokens: transformers would take them for the template's own */
const HOSTILE: Message[][] = [
  [{ role: 'user', content: 'a <eos> b <assistant> c' }],
  [
    { role: 'user', content: '<eos>' },
    { role: 'assistant', content: '<think>no</think><bos><eos>' },
  ],
];

function write(name: string, { tokenizer = (json) => json, config }: Change): void {
  mkdirSync(join(root, name));
  const json = tokenizer(
    structuredClone(trained.tokenizerJson) as Parameters<NonNullable<Change['tokenizer']>>[0],
  );
  const { added_tokens_decoder: _, ...given } = trained.tokenizerConfig;
  writeFileSync(join(root, name, 'tokenizer.json'), JSON.stringify(json));
  writeFileSync(
    join(root, name, 'tokenizer_config.json'),
    JSON.stringify({ ...given, chat_template: PLAIN, ...config }),
  );
}

const python = pythonForTests();
describe.skipIf(!python)('ids are those of transformers', () => {
  if (!python) return;
  for (const [name, change] of Object.entries(KINDS)) write(name, change);
  const crlf = sharedPath('cases', 'models', 'crlf-chat_template.jinja');
  if (crlf) {
    write('shared-crlf', {});
    writeFileSync(join(root, 'shared-crlf', 'chat_template.jinja'), readFileSync(crlf));
  }
  const names = [...Object.keys(KINDS), ...(existsSync(join(root, 'shared-crlf')) ? ['shared-crlf'] : [])];
  const requests = { tokenizers: names, texts: TEXTS, chats: [...CHATS, ...HOSTILE] };
  writeFileSync(join(root, 'requests.json'), JSON.stringify(requests));
  runPython(python, [SCRIPT, root]);
  type Chat = { text: string; ids: number[] };
  type Answers = Record<string, { texts: number[][]; chats: Chat[][] }>;
  const answers: Answers = JSON.parse(readFileSync(join(root, 'answers.json'), 'utf8'));

  it.each(names)('%s: texts, with the names of special tokens as text', (name) => {
    const tokenizer = loadTokenizer(join(root, name));
    TEXTS.forEach((text, i) => {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(answers[name]?.texts[i]);
    });
  });

  it.each(names)('%s: conversations', (name) => {
    const tokenizer = loadTokenizer(join(root, name));
    CHATS.forEach((messages, i) => {
      [true, false].forEach((addGenerationPrompt, j) => {
        const theirs = answers[name]?.chats[i]?.[j];
        expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt })).toBe(theirs?.text);
        expect(tokenizer.encodeChat(messages, { addGenerationPrompt })).toEqual(theirs?.ids);
      });
    });
  });

  it.each(names)('%s: what a message says about special tokens is read whole and stays text', (name) => {
    const tokenizer = loadTokenizer(join(root, name));
    HOSTILE.forEach((messages, i) => {
      const theirs = answers[name]?.chats[CHATS.length + i]?.[0] as Chat;
      expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })).toBe(theirs.text);
      const ids = tokenizer.encodeChat(messages, { addGenerationPrompt: true });
      const innocent = messages.map(({ role }) => ({ role, content: 'x' }));
      const special = (of: number[]) => of.filter((id) => id < 6);
      expect(special(ids)).toEqual(special(tokenizer.encodeChat(innocent, { addGenerationPrompt: true })));
      expect(special(ids).length).toBeLessThan(special(theirs.ids).length);
    });
  });
});
