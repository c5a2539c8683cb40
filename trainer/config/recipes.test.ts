import { describe, expect, it } from 'vitest';
import type { ModelNeed } from './definition.ts';
import { definitionOf, RECIPES } from './recipes.ts';

const MODEL: Record<ModelNeed, string> = {
  required: 'a model',
  'or-new': 'a model, or nothing: then it makes one',
  'or-base':
    'a model; on the command line also nothing: then a small base is pretrained on the same rows first',
};

/** docs/recipes.md is this text; `npx vitest run trainer/config -u` writes it anew. */
function describeRecipes(): string {
  const sections = RECIPES.map((name) => {
    const { title, description, startsFrom, data, result, presets } = definitionOf(name);
    const { model, rewardModel } = startsFrom;
    return [
      `## ${title}: \`${name}\``,
      description,
      '| | |',
      '|---|---|',
      `| starts from | ${MODEL[model.need]}${rewardModel ? ', and a reward model' : ''}. ${model.hint} |`,
      `| trains on | ${data} |`,
      `| gives | a ${result.kind.replace('-', ' ')}, \`<name of the model it started from>${result.suffix}\` |`,
      `| options | \`trainer/config/${name}.ts\` |`,
      ...Object.entries(presets).map(([preset, { reason }]) => `| \`--preset ${preset}\` | ${reason} |`),
    ].join('\n\n');
  });
  const text = [
    '# Recipes',
    'Made from `trainer/config/recipes.ts`, as are the run form, the help of `npm run train` and the charts of a run.',
    ...sections,
  ].join('\n\n');
  // a table has no empty lines between its rows
  return `${text.replaceAll('|\n\n|', '|\n|')}\n`;
}

it('docs/recipes.md says what the table of recipes says', async () => {
  await expect(describeRecipes()).toMatchFileSnapshot('../../docs/recipes.md');
});

describe.each(RECIPES)('%s', (name) => {
  const definition = definitionOf(name);

  it.each(Object.entries(definition.presets))('preset %s is valid and says why', (_, { config, reason }) => {
    expect(() => definition.schema.parse(config)).not.toThrow();
    expect(reason).toMatch(/\.$/);
  });

  it('labels in its summary whatever it is known by', () => {
    for (const { name: figure, before, interval } of definition.headlines) {
      const figures = [figure, before ?? figure, ...(interval ? Object.values(interval) : [])];
      expect(Object.keys(definition.summary)).toEqual(expect.arrayContaining(figures));
    }
  });

  it('draws no chart twice', () => {
    const titles = definition.charts.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
