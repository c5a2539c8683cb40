/**
 * npm run backup -- --out <folder> [--keep <n>] [--data <folder>] [--json]
 *
 * Backs a data folder up while web and worker go on: the database as it is at this moment, and every file that belongs to it. Into a
 * folder that holds earlier backups only what is new is copied. npm run verify -- <folder> checks it, npm run restore puts it back.
 */
import path from 'node:path';
import { writeBackup } from '../backup/write-backup.ts';
import { readEnv } from '../env.ts';
import { existingDataFolder } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

await runCommand('backup', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    out: { type: 'string', required: true, expected: 'folder to write' },
    keep: { type: 'string', expected: 'how many backups stay in the folder' },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const keep = options.keep === undefined ? undefined : Number(options.keep);
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1))
    throw new UsageError(`--keep "${options.keep}": expected a whole number from 1`);
  const dataFolder = existingDataFolder(options.data ?? readEnv().PLUMBLINE_DATA);
  const out = path.resolve(options.out ?? '');
  const bars = new Map<string, ReturnType<typeof startProgressBar>>();
  const report = await writeBackup({
    dataFolder,
    out,
    now: Date.now,
    ...(keep === undefined ? {} : { keep }),
    onProgress: ({ stage, done, total }) => {
      for (const [other, bar] of bars) if (other !== stage) bar.stop();
      const bar = bars.get(stage) ?? startProgressBar(stage, total);
      bars.set(stage, bar);
      bar.update(done, stage === 'database' ? `${done} pages` : `${done} files`);
    },
  }).finally(() => {
    for (const bar of bars.values()) bar.stop();
  });
  const { name, manifest, newBytes, deleted } = report;
  const { audit_head: head, files, database } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, database.bytes);
  if (options.json) {
    const result = {
      ok: true,
      out,
      name,
      files: files.length,
      bytes,
      newBytes,
      head,
      deleted,
      leftOut: manifest.left_out,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    process.stdout.write(
      `Backup ${name} in ${out}: ${files.length.toLocaleString('en')} files and the database up to audit record ${head.seq} (${head.hash.slice(0, 12)}), ${mb(bytes)} MB, of which ${mb(newBytes)} MB are new\n`,
    );
    if (deleted.length > 0)
      process.stdout.write(`  deleted, since ${keep} are kept: ${deleted.join(', ')}\n`);
    if (manifest.left_out.length > 0)
      process.stdout.write(`  vanished meanwhile: ${manifest.left_out.join(', ')}\n`);
  }
  return 0;
});
