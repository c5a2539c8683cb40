/**
 * npm run agreement -- --project <slug> [--source annotator|simulated|imported] [--data <folder>] [--json]
 *
 * How far the people of a project agree where several judged the same responses: percent, Krippendorff's alpha, Gwet's AC1 and AC2, each
 * with its 95 % interval or the reason why it has none, and the ceiling that they set to any reward model.
 */
import { eq } from 'drizzle-orm';
import { JUDGMENT_SOURCES } from '../../db/schema/judgments.ts';
import { projects } from '../../db/schema/projects.ts';
import { type Agreement, type Figure, measureAgreement } from '../agreement/measure-agreement.ts';
import { type JudgmentSource, type RatingsRead, readRatings } from '../agreement/read-ratings.ts';
import { readEnv } from '../env.ts';
import { openExisting } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { runCommand } from './run-command.ts';

/** People, here or in the files that were brought along; simulated annotators only when they are asked for. */
const PEOPLE: readonly JudgmentSource[] = ['annotator', 'imported'];

const LEFT_OUT: Record<keyof RatingsRead['leftOut'], string> = {
  notRankable: 'not rankable',
  nobodyNamed: 'imported without a name of who judged',
  superseded: 'said anew by the same person',
};

await runCommand('agreement', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    project: { type: 'string', required: true, expected: 'slug of a project' },
    source: { type: 'string', expected: JUDGMENT_SOURCES.join('|'), oneOf: JUDGMENT_SOURCES },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const ctx = openExisting(options.data ?? readEnv().PLUMBLINE_DATA);
  const slug = options.project ?? '';
  const project = ctx.db.select({ id: projects.id }).from(projects).where(eq(projects.slug, slug)).get();
  if (!project) throw new UsageError(`--project "${slug}": no such project in this data folder`);
  const sources = options.source ? [options.source as JudgmentSource] : PEOPLE;
  const read: RatingsRead = { judgments: 0, leftOut: { notRankable: 0, nobodyNamed: 0, superseded: 0 } };
  const agreement = measureAgreement(readRatings(ctx, { projectId: project.id, sources }, read));
  if (options.json) process.stdout.write(`${JSON.stringify({ ...agreement, sources, ...read })}\n`);
  else process.stdout.write(inWords(agreement, read));
  return 0;
});

function inWords(agreement: Agreement, { judgments, leftOut }: RatingsRead): string {
  const { alpha, pairs, annotators, scale } = agreement;
  const lines: [string, Figure][] = [
    ['say the same (first, tie, second)', agreement.percent],
    ['say the same where both decide', agreement.decided],
    ['alpha, nominal', alpha.nominal],
    ['alpha, ordinal', alpha.ordinal],
    ['alpha, interval', alpha.interval],
    ['AC1', agreement.ac1],
    ['AC2, ordinal weights', agreement.ac2],
    ['ceiling: decides as most others', agreement.ceiling],
  ];
  const by = scale.kind === 'strength' ? 'how much better counts' : 'only which is better counts';
  return [
    `${judgments.toLocaleString('en')} judgments of ${annotators.value} people; ${pairs.judgedTwice} of ${pairs.value.toLocaleString('en')} pairs were judged by two or more (${by})`,
    ...lines.map(([name, figure]) => `${name.padEnd(36)}${figureInWords(figure)}`),
    ...Object.entries(leftOut)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `left out, ${LEFT_OUT[reason as keyof RatingsRead['leftOut']]}: ${count}`),
    '',
  ].join('\n');
}

function figureInWords(figure: Figure): string {
  if (!('value' in figure)) return `undefined: ${figure.undefined}`;
  const [value, low, high] = [figure.value, figure.low, figure.high].map((x) => x.toFixed(3));
  return `${value}  (95 % ${low} to ${high}; ${figure.of} sets of responses)`;
}
