/**
 * Every text of every procedure's input, by really parsing it: half of a surrogate pair and NUL are refused in words. The
 * schemas are read from the router, so that a new procedure is covered the moment it exists.
 */
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { appRouter } from '../../server/root.ts';

type Def = {
  type: string;
  shape?: Record<string, Schema>;
  element?: Schema;
  keyType?: Schema;
  valueType?: Schema;
  innerType?: Schema;
  in?: Schema;
  options?: Schema[];
  left?: Schema;
  right?: Schema;
  items?: Schema[];
  getter?: () => Schema;
  values?: unknown[];
};
type Schema = z.ZodType & { _zod: { def: Def } };
/** A place where a text may stand, and the input that has one there and otherwise as little as possible. */
type Place = { at: string; input: (text: string) => unknown };

const SILENT = [
  'enum',
  'literal',
  'number',
  'int',
  'boolean',
  'null',
  'undefined',
  'date',
  'bigint',
  'never',
  'void',
];
const MOST_LEVELS = 12;

/** Every place for a text below a schema. Throws for a kind of schema that it does not know, so that none is passed over. */
function textsOf(schema: Schema, at = '', level = 0): Place[] {
  const { def } = schema._zod;
  const below = (inner: Schema | undefined, name: string, wrap: (value: unknown) => unknown): Place[] =>
    inner === undefined || level > MOST_LEVELS
      ? []
      : textsOf(inner, `${at}${name}`, level + 1).map((place) => ({
          at: place.at,
          input: (text) => wrap(place.input(text)),
        }));
  const same = (value: unknown) => value;
  switch (def.type) {
    case 'string':
    case 'unknown':
    case 'any':
      return [{ at, input: (text) => text }];
    case 'object': {
      // what tells the members of a union apart has to be right
      const fixed = Object.entries(def.shape ?? {}).flatMap(([name, field]) => {
        const [only] = field._zod.def.type === 'literal' ? (field._zod.def.values ?? []) : [];
        return only === undefined ? [] : [[name, only] as const];
      });
      return Object.entries(def.shape ?? {}).flatMap(([name, field]) =>
        below(field, `.${name}`, (value) => ({ ...Object.fromEntries(fixed), [name]: value })),
      );
    }
    case 'array':
      return below(def.element, '[0]', (value) => [value]);
    case 'tuple':
      return (def.items ?? []).flatMap((item, i) =>
        below(item, `[${i}]`, (value) => Array.from({ length: i + 1 }, (_, j) => (j === i ? value : null))),
      );
    case 'record':
      return [
        ...below(def.keyType, '{key}', (key) => ({ [String(key)]: null })),
        ...below(def.valueType, '.key', (value) => ({ key: value })),
      ];
    case 'union':
      return (def.options ?? []).flatMap((option) => below(option, '', same));
    case 'intersection':
      return [...below(def.left, '', same), ...below(def.right, '', same)];
    case 'pipe':
      return below(def.in, '', same);
    case 'lazy':
      return below(def.getter?.(), '', same);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'nonoptional':
      return below(def.innerType, '', same);
    default:
      if (SILENT.includes(def.type)) return [];
      throw new Error(`${at}: a schema of type "${def.type}" is not known to this test`);
  }
}

/** All that a refusal says, members of unions and keys of records included. */
function wordsOf(issues: readonly unknown[]): string[] {
  return issues.flatMap((issue) => {
    const {
      message,
      errors = [],
      issues: inner = [],
    } = issue as {
      message: string;
      errors?: unknown[][];
      issues?: unknown[];
    };
    return [message, ...errors.flatMap(wordsOf), ...wordsOf(inner)];
  });
}

const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { inputs: Schema[] } }>,
);
const texts = procedures.flatMap(([name, { _def }]) =>
  _def.inputs.flatMap((schema) => textsOf(schema).map((place) => ({ name, schema, ...place }))),
);

describe('texts of inputs', () => {
  it('are found in every procedure that takes a project, and where people type', () => {
    expect(texts.length).toBeGreaterThan(150);
    const places = new Set(texts.map(({ name, at }) => `${name}${at}`));
    const typed = [
      'judgments.record.rationale',
      'judgments.record.flags{key}',
      'projects.writeGuideline.text',
      'projects.create.name',
      'users.acceptInvite.person.email',
      'prompts.list.search',
      'prompts.list.tag',
      'tasks.skip.reason',
      'schedules.create.name',
      'users.createToken.name',
      'runs.start.config.key',
    ];
    expect(typed.filter((place) => !places.has(place))).toEqual([]);
  });

  it.each(procedures.map(([name]) => name))(
    '%s: half of a surrogate pair and NUL are refused in words',
    (procedure) => {
      for (const { at, schema, input } of texts.filter(({ name }) => name === procedure)) {
        for (const [text, word] of [
          ['cut \ud83d', /half of a surrogate pair/],
          ['\udc00 low', /half of a surrogate pair/],
          ['a\0b', /NUL/],
        ] as const) {
          const parsed = schema.safeParse(input(text));
          const words = parsed.success ? ['accepted'] : wordsOf(parsed.error.issues);
          expect({ at, words: words.filter((said) => word.test(said)) }).not.toEqual({ at, words: [] });
        }
      }
    },
  );
});
