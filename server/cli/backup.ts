/**
 * npm run backup -- --out <folder or file.zip> [--keep <n>] [--data <folder>] [--json]
 *
 * Backs a data folder up while web and worker go on: the database as it is at this moment, and every file that belongs to it. Into a
 * folder that holds earlier backups only what is new is copied; a name that ends in .zip is one file with all of it. npm run verify --
 * <folder or file> checks it, npm run restore puts it back.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type BackupProgress, writeBackup } from '../backup/write-backup.ts';
import { isBackupFileName, writeBackupFile } from '../backup/write-backup-file.ts';
import { readEnv } from '../env.ts';
import { existingDataFolder } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

await runCommand('backup', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    out: { type: 'string', required: true, expected: 'folder, or a file that ends in .zip' },
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
  const isFile = isBackupFileName(out);
  if (isFile && keep !== undefined)
    throw new UsageError('--keep is for a folder of backups; a file holds one, and none is deleted');
  if (!isFile && !existsSync(out) && /\.[a-z][a-z0-9]{1,9}$/i.test(out))
    throw new UsageError(
      `--out "${options.out}": a single file is a zip, and its name ends in .zip; a folder whose name ends in ${path.extname(out)} has to be there already`,
    );
  const bars = new Map<string, ReturnType<typeof startProgressBar>>();
  const onProgress = ({ stage, done, total }: BackupProgress) => {
    for (const [other, bar] of bars) if (other !== stage) bar.stop();
    const bar = bars.get(stage) ?? startProgressBar(stage, total);
    bars.set(stage, bar);
    bar.update(done, stage === 'database' ? `${done} pages` : `${done} files`);
  };
  const common = { dataFolder, out, now: Date.now, onProgress };
  const making = isFile
    ? writeBackupFile(common)
    : writeBackup({ ...common, ...(keep === undefined ? {} : { keep }) });
  const report = await making.finally(() => {
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
      `Backup ${name} in ${out}: ${files.length.toLocaleString('en')} files and the database up to audit record ${head.seq} (${head.hash.slice(0, 12)}), ${mb(bytes)} MB${isFile ? '' : `, of which ${mb(newBytes)} MB are new`}\n`,
    );
    if (deleted.length > 0)
      process.stdout.write(`  deleted, since ${keep} are kept: ${deleted.join(', ')}\n`);
    if (manifest.left_out.length > 0)
      process.stdout.write(`  vanished meanwhile: ${manifest.left_out.join(', ')}\n`);
  }
  return 0;
});
