/**
 * npm run restore -- --from <folder or file.zip> --data <empty folder> [--at <beginning of a backup's name>] [--json]
 *
 * Puts a backup into an empty folder, every byte held against its hash on the way. The folder is then a data folder as it was when the
 * backup was made: start on it with PLUMBLINE_DATA.
 */
import path from 'node:path';
import { findBackup, openBackup } from '../backup/open-backup.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

await runCommand('restore', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    from: { type: 'string', required: true, expected: 'folder of backups, or a backup in one file' },
    data: { type: 'string', required: true, expected: 'empty folder' },
    at: { type: 'string', expected: 'beginning of the name of a backup, such as 20261128' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const from = path.resolve(options.from ?? '');
  const dataFolder = path.resolve(options.data ?? '');
  const source = await openBackup(from);
  if (source === null)
    throw new UsageError(
      `--from "${options.from}": no backup there; expected a folder or a file that npm run backup has made`,
    );
  const backup = await findBackup(source, options.at);
  const { files, audit_head: head } = backup.manifest;
  const bar = startProgressBar('restore', files.length + 1);
  await restoreBackup({ from: source, backup, dataFolder }, (done) =>
    bar.update(done, `${done} files`),
  ).finally(() => {
    bar.stop();
    source.close();
  });
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ ok: true, name: backup.name, dataFolder, files: files.length, head })}\n`,
    );
  } else {
    process.stdout.write(
      `Restored ${backup.name} into ${dataFolder}: ${files.length.toLocaleString('en')} files and the database up to audit record ${head.seq} (${head.hash.slice(0, 12)}).\nStart on it: PLUMBLINE_DATA=${dataFolder} npm start. Two installations must not go on from the same backup.\n`,
    );
  }
  return 0;
});
