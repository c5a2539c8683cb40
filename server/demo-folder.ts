import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const markOf = (dataFolder: string) => path.join(dataFolder, 'demo-folder.txt');

/** True for a data folder that the demo made: links that sign a visitor in work nowhere else. */
export function isDemoFolder(dataFolder: string): boolean {
  return existsSync(markOf(dataFolder));
}

/** Says that a folder is the demo's. Only for one that the demo began itself. */
export function markDemoFolder(dataFolder: string): void {
  writeFileSync(
    markOf(dataFolder),
    'Made by npm run demo. While this file is here, the one-time links that the demo prints sign visitors in without a password.\n',
    { mode: 0o600 },
  );
}
