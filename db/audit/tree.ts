import type Database from 'better-sqlite3';
import { addLeaf, type GrowingTree, leafHash, leftLeaves, nodeHash, rootOfTree } from './merkle.ts';

/** Subtrees of these heights are kept in audit_tree: a root or a proof then reads a few hundred records at most. */
export const KEPT_LEVELS: readonly number[] = [8, 16, 24];
const [LOWEST = 8] = KEPT_LEVELS;

/** The leaf of a record: its hash, which covers everything that it says. */
export function recordLeaf(hash: string): Buffer {
  return leafHash(Buffer.from(hash, 'hex'));
}

/** Root of the Merkle tree over the first `size` records of the log. */
export function treeRoot(client: Database.Database, size: number): Buffer {
  return rangeRoot(client, 0, size);
}

/** Siblings from the leaf at `index` (record index + 1) up to the root over `size` records: PATH(m, D[n]) of RFC 6962, 2.1.1. */
export function inclusionPath(
  client: Database.Database,
  { index, size }: { index: number; size: number },
): Buffer[] {
  const path = (start: number, end: number): Buffer[] => {
    if (end - start === 1) return [];
    const middle = start + leftLeaves(end - start);
    return index < middle
      ? [...path(start, middle), rangeRoot(client, middle, end)]
      : [...path(middle, end), rangeRoot(client, start, middle)];
  };
  return path(0, size);
}

/** Keeps the whole subtrees that the first `size` records have and that are not kept yet. Call inside a transaction. */
export function keepSubtrees(client: Database.Database, size: number): void {
  const last = client
    .prepare('select position from audit_tree where level = ? order by position desc limit 1')
    .pluck();
  const insert = client.prepare('insert or ignore into audit_tree (level, position, hash) values (?, ?, ?)');
  for (const level of KEPT_LEVELS) {
    const kept = (last.get(level) as number | undefined) ?? -1;
    for (let position = kept + 1; position < Math.floor(size / 2 ** level); position++) {
      insert.run(level, position, computed(client, level, position));
    }
  }
}

function rangeRoot(client: Database.Database, start: number, end: number): Buffer {
  const length = end - start;
  const level = Math.log2(length);
  if (Number.isInteger(level) && start % length === 0) return subtree(client, level, start / length);
  const middle = start + leftLeaves(length);
  return nodeHash(rangeRoot(client, start, middle), rangeRoot(client, middle, end));
}

function subtree(client: Database.Database, level: number, position: number): Buffer {
  if (!KEPT_LEVELS.includes(level)) return computed(client, level, position);
  const kept = client.prepare('select hash from audit_tree where level = ? and position = ?').pluck();
  return (kept.get(level, position) as Buffer | undefined) ?? computed(client, level, position);
}

function computed(client: Database.Database, level: number, position: number): Buffer {
  if (level > LOWEST)
    return nodeHash(subtree(client, level - 1, 2 * position), subtree(client, level - 1, 2 * position + 1));
  const first = position * 2 ** level;
  const hashes = client
    .prepare('select hash from audit_log where seq > ? and seq <= ? order by seq')
    .pluck()
    .all(first, first + 2 ** level) as string[];
  const tree: GrowingTree = { size: 0, subtrees: [] };
  for (const hash of hashes) addLeaf(tree, recordLeaf(hash));
  if (tree.size !== 2 ** level)
    throw new Error(`audit_log lacks records between ${first + 1} and ${first + 2 ** level}`);
  return rootOfTree(tree);
}
