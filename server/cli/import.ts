/**
 * npm run import -- --project <slug> --format <format> <file> [--data <folder>] [--json]
 *
 * Reads a file into a project of a data folder, without the web; folder and project are made where they are missing. Safe to
 * run twice: rows that are there already are counted as duplicates. Refused rows are kept with their reason and can be downloaded on the project's data page.
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { IMPORT_FORMATS, type ImportFormat } from '../../db/schema/imports.ts';
import type { Ctx } from '../context.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';
import { importFile } from '../imports/import-file.ts';
import type { ImportSummary } from '../imports/schemas.ts';
import { ensureProject } from '../projects/ensure.ts';
import { slugSchema } from '../projects/schemas.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

const count = (n: number) => n.toLocaleString('en');

await runCommand('import', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    project: { type: 'string', required: true, expected: 'slug of a project' },
    format: { type: 'string', required: true, expected: IMPORT_FORMATS.join('|'), oneOf: IMPORT_FORMATS },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('no file named: expected the path of one file to import');
  if (more.length > 0) throw new UsageError(`"${more[0]}": expected one file, named last`);
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new UsageError(`"${file}": no such file; expected the path of one file to import`);
  }
  const slug = slugSchema.safeParse(options.project);
  if (!slug.success) {
    throw new UsageError(`--project "${options.project}": ${slug.error.issues[0]?.message ?? 'not a slug'}`);
  }
  const dataFolder = path.resolve(options.data ?? readEnv().PLUMBLINE_DATA);
  const ctx: Ctx = { db: openDataFolder(dataFolder), actor: { type: 'system' }, dataFolder, now: Date.now };
  const { isNew } = ensureProject({ ctx, input: { slug: slug.data } });
  if (isNew) process.stderr.write(`import: made project "${slug.data}" in ${dataFolder}\n`);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  process.once('SIGINT', stop);
  let bar: ReturnType<typeof startProgressBar> | undefined;
  let summary: ImportSummary;
  try {
    summary = await importFile({
      ctx,
      input: {
        projectSlug: slug.data,
        file,
        format: options.format as ImportFormat,
        onProgress: ({ readBytes, totalBytes, read }) => {
          bar ??= startProgressBar('import', totalBytes);
          bar.update(readBytes, `${count(read)} rows`);
        },
        shouldStop: () => isStopped,
      },
    });
  } finally {
    bar?.stop();
    process.off('SIGINT', stop);
  }
  const { read, accepted, duplicates, rejected } = summary;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ read, accepted, duplicates, rejected })}\n`);
  } else {
    process.stdout.write(
      `${count(read)} rows read: ${count(accepted)} accepted, ${count(duplicates)} here already\n`,
    );
    for (const [reason, n] of Object.entries(rejected)) {
      process.stdout.write(`  rejected, ${reason}: ${count(n)}\n`);
    }
  }
  if (summary.status !== 'done') {
    process.stderr.write(
      'import: stopped; the rows read so far are in. Run the same command again to take the rest.\n',
    );
    return 130;
  }
  if (read > 0 && accepted + duplicates === 0) {
    const [reason] = Object.entries(rejected).sort((a, b) => b[1] - a[1])[0] ?? ['unknown'];
    process.stderr.write(
      `import: none of the rows of "${file}" fits --format ${options.format} (mostly: ${reason})\n`,
    );
    return 1;
  }
  return 0;
});
