/**
 * npm run import -- --project <slug> --format <format> <file> [--data <folder>] [--json]
 * npm run import -- --format help
 *
 * Reads a file into a project of a data folder, without the web; folder and project are made where they are missing. Safe to
 * run twice: rows that are there already are counted as duplicates. Refused rows are kept with their reason and can be
 * downloaded on the project's data page. Exit code 1 when a part of the file could not be read, or nothing was taken.
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { importFormats } from '../../lib/formats/import-formats.ts';
import { IMPORT_FORMATS, type ImportFormat } from '../../lib/import-formats.ts';
import type { Ctx } from '../context.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';
import { importFile } from '../imports/import-file.ts';
import { listRejects } from '../imports/rejects.ts';
import type { ImportSummary } from '../imports/schemas.ts';
import { ensureProject } from '../projects/ensure.ts';
import { slugSchema } from '../projects/schemas.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

const SHOWN_REJECTS = 5;
const count = (n: number) => n.toLocaleString('en');

await runCommand('import', async () => {
  const args = process.argv.slice(2);
  if (args[args.indexOf('--format') + 1] === 'help' && args.includes('--format')) {
    for (const name of IMPORT_FORMATS) {
      const { title, caption, forms } = importFormats[name];
      process.stdout.write(`${name.padEnd(16)}${title}: ${caption} (${forms.join(', ')})\n`);
    }
    return 0;
  }
  const formats = IMPORT_FORMATS.join('|');
  const { options, positionals } = readOptions(args, {
    project: { type: 'string', required: true, expected: 'slug of a project' },
    format: { type: 'string', required: true, expected: `${formats}|help`, oneOf: IMPORT_FORMATS },
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
  const { projectId, isNew } = ensureProject({ ctx, input: { slug: slug.data } });
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
  const { read, accepted, duplicates, rejected, status, error } = summary;
  const { importId } = summary;
  const { items } = listRejects({ ctx, input: { projectId, importId, limit: SHOWN_REJECTS } });
  if (options.json) {
    const rejects = items.map(({ lineNumber, reason, detail }) => ({ line: lineNumber, reason, detail }));
    process.stdout.write(
      `${JSON.stringify({ status, read, accepted, duplicates, rejected, error, rejects })}\n`,
    );
  } else {
    process.stdout.write(
      `${count(read)} rows read: ${count(accepted)} accepted, ${count(duplicates)} here already\n`,
    );
    for (const [reason, n] of Object.entries(rejected)) {
      process.stdout.write(`  rejected, ${reason}: ${count(n)}\n`);
    }
    for (const { lineNumber, reason, detail } of items) {
      process.stdout.write(`  line ${lineNumber}: ${reason}: ${detail}\n`);
    }
  }
  if (status === 'running') {
    process.stderr.write(
      'import: stopped; the rows read so far are in. Run the same command again to take the rest.\n',
    );
    return 130;
  }
  if (status === 'failed') {
    process.stderr.write(`import: ${file}, read as ${options.format}: ${error}\n`);
    return 1;
  }
  return 0;
});
