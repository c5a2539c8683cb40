import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Version of this code: the package's, with the commit where it runs from a checkout. */
export function codeVersion(root: string = process.cwd()): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const commit = readCommit(path.join(root, '.git'));
  return commit === null ? version : `${version}+${commit.slice(0, 12)}`;
}

function readCommit(gitFolder: string): string | null {
  try {
    const head = readFileSync(path.join(gitFolder, 'HEAD'), 'utf8').trim();
    const ref = /^ref: (\S+)$/.exec(head)?.[1];
    const commit = ref === undefined ? head : readFileSync(path.join(gitFolder, ref), 'utf8').trim();
    return /^[0-9a-f]{40}$/.test(commit) ? commit : null;
  } catch {
    // no checkout, or its references are packed: the package's version has to do
    return null;
  }
}
