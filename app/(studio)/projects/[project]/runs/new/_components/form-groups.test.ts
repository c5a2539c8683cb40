import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseRecipeConfig } from '@/server/runs/schemas.ts';
import { definitionOf, RECIPES } from '@/trainer/config/recipes.ts';
import { formGroups, toConfig, toFormValues } from './form-groups.ts';

function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
}

describe.each(RECIPES)('the form of %s', (recipe) => {
  const { schema, presets } = definitionOf(recipe);
  const groups = formGroups(schema);
  const fields = groups.flatMap((group) => group.fields);

  it('has one field, with help and default, for every option of the schema', () => {
    const defaults = schema.parse({});
    expect(fields.map((field) => field.path).sort()).toEqual(leaves(defaults).sort());
    for (const field of fields) {
      expect(field.help, field.path).not.toBe('');
      expect(field.defaultValue, field.path).not.toBeUndefined();
    }
  });

  it('gives back the defaults when nothing was typed', () => {
    const values = toFormValues(groups, {});
    expect(schema.parse(toConfig(groups, values))).toEqual(schema.parse({}));
  });

  it('gives back every preset', () => {
    for (const [name, { config }] of Object.entries(presets)) {
      const values = toFormValues(groups, config);
      expect(schema.parse(toConfig(groups, values)), name).toEqual(schema.parse(config));
    }
  });

  it('leaves an empty number and a word to the schema, which names the field', () => {
    const field = fields.find((candidate) => candidate.kind !== 'boolean' && candidate.kind !== 'choice');
    if (!field) throw new Error('no number in this schema');
    for (const typed of ['', 'many']) {
      const config = toConfig(groups, { ...toFormValues(groups, {}), [field.path]: typed });
      const parsed = parseRecipeConfig(recipe, config);
      expect(parsed.ok ? [] : parsed.issues.map((issue) => issue.path)).toEqual([field.path]);
    }
  });
});

describe('a field', () => {
  const [group] = formGroups(
    z.object({
      share: z.number().min(0).max(1).default(0.5).describe('s'),
      maxKlSteps: z.number().int().positive().default(3).describe('m'),
      stop: z.number().positive().nullable().default(null).describe('t'),
      decay: z.number().min(0).lt(1).default(0.9).describe('d'),
    }),
  );

  it('says its limits and its name in words', () => {
    expect(group?.fields.map((field) => [field.label, field.limits])).toEqual([
      ['Share', '0 to 1'],
      ['Max KL steps', '1 or more'],
      ['Stop', 'above 0'],
      ['Decay', '0 or more, below 1'],
    ]);
  });

  it('that may be null is null when empty', () => {
    if (!group) throw new Error('no group');
    const values = toFormValues([group], {});
    expect(values.stop).toBe('');
    expect(toConfig([group], values)).toEqual({ share: 0.5, maxKlSteps: 3, stop: null, decay: 0.9 });
  });

  it('of a kind that the form cannot show is refused by name', () => {
    expect(() => formGroups(z.object({ names: z.array(z.string()).default([]) }))).toThrow(/names/);
  });
});
