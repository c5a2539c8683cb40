import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { DomainError } from '../errors.ts';

/** Folders listed at most, and how deep below a root they may lie: `organisation/model` is two. */
const MAX_LISTED = 500;
const MAX_ENTRIES = 20_000;
const MAX_DEPTH = 3;
const MODEL_MARKS = ['config.json', 'adapter_config.json'];

/** A root as the operator named it, and where it really is. */
type Root = { label: string; real: string };

/**
 * The folders whose models may be added from the pages: those of PLUMBLINE_MODEL_ROOTS, else `models/` in the data folder.
 * Labels are the folders' own names, told apart by a number where two are alike. Those that do not exist are left out.
 */
export function modelRoots(ctx: Pick<Ctx, 'dataFolder'>): Root[] {
  const { PLUMBLINE_MODEL_ROOTS: named } = readEnv();
  const roots: Root[] = [];
  for (const folder of named ?? [path.join(ctx.dataFolder, 'models')]) {
    const real = realFolder(folder);
    if (real === null || roots.some((root) => root.real === real)) continue;
    const name = path.basename(path.resolve(folder)) || 'root';
    const alike = roots.filter((root) => root.label.replace(/#\d+$/, '') === name).length;
    roots.push({ label: alike === 0 ? name : `${name}#${alike + 1}`, real });
  }
  return roots;
}

/** Model folders below the roots, as `<root>/<folder>`, in alphabetical order. Links that lead out of the roots are not followed. */
export function findModelFolders(roots: readonly Root[]): { folders: string[]; truncated: boolean } {
  const folders: string[] = [];
  const seen = new Set<string>();
  let entries = 0;
  const visit = (label: string, folder: string, depth: number): void => {
    const real = realFolder(folder);
    if (real === null || seen.has(real) || !isInside(roots, real)) return;
    seen.add(real);
    let names: string[];
    try {
      names = readdirSync(real).sort();
    } catch {
      // not ours to read: the operator sees to rights, the page lists what is there
      return;
    }
    entries += names.length;
    if (names.some((name) => MODEL_MARKS.includes(name))) folders.push(label);
    if (depth === MAX_DEPTH) return;
    for (const name of names) {
      if (entries > MAX_ENTRIES || folders.length >= MAX_LISTED) return;
      if (!name.startsWith('.')) visit(`${label}/${name}`, path.join(real, name), depth + 1);
    }
  };
  for (const { label, real } of roots) visit(label, real, 0);
  return { folders: folders.sort(), truncated: entries > MAX_ENTRIES || folders.length >= MAX_LISTED };
}

/**
 * Where a folder that was named as `<root>/<folder>` really is, links resolved.
 * @throws `not-found` for a name that is no folder below a root, whatever it is elsewhere
 */
export function resolveModelFolder(roots: readonly Root[], named: string): string {
  const root = roots.find(({ label }) => named === label || named.startsWith(`${label}/`));
  const real = root ? realFolder(path.join(root.real, named.slice(root.label.length))) : null;
  if (real === null || !isInside(roots, real)) {
    throw new DomainError('not-found', `"${named.slice(0, 200)}" is no folder below the model roots.`);
  }
  return real;
}

/** Whether a real path is one of the roots or below one. */
export function isInside(roots: readonly Root[], real: string): boolean {
  return roots.some((root) => real === root.real || real.startsWith(root.real + path.sep));
}

function realFolder(folder: string): string | null {
  try {
    const real = realpathSync(folder);
    return statSync(real).isDirectory() ? real : null;
  } catch {
    // missing, a link to nothing, or a name that no file can have
    return null;
  }
}
