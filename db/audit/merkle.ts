import { createHash } from 'node:crypto';

/**
 * The Merkle tree of Certificate Transparency. Hashes of leaves and of nodes begin with different bytes, so that neither can be
 * taken for the other. Source: RFC 6962, section 2.1 (the tree) and RFC 9162, section 2.1.3.2 (checking a proof).
 */
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** MTH({d}) = SHA-256(0x00 || d). */
export function leafHash(data: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(data).digest();
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** The largest power of two below n, for n > 1: how many leaves the left subtree of n has. */
export function leftLeaves(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/**
 * The root that a path of siblings leads to from a leaf, by RFC 9162, section 2.1.3.2; null when the path does not fit the place.
 * `index` counts from 0; `size` is the number of leaves.
 */
export function rootOfPath(
  leaf: Uint8Array,
  { index, size }: { index: number; size: number },
  path: readonly Uint8Array[],
): Buffer | null {
  if (index < 0 || index >= size) return null;
  let place = index;
  let last = size - 1;
  let hash: Buffer = Buffer.from(leaf);
  for (const sibling of path) {
    if (last === 0) return null;
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(sibling, hash);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, sibling);
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

/** A tree that grows at its end, of which only the roots of whole subtrees are held: one for each bit of its size. */
export type GrowingTree = { size: number; subtrees: { level: number; hash: Buffer }[] };

/** Adds a leaf. `onWhole` sees every subtree that it completes, with its place among those of its level. */
export function addLeaf(
  tree: GrowingTree,
  leaf: Buffer,
  onWhole: (level: number, position: number, hash: Buffer) => void = () => {},
): void {
  tree.size += 1;
  let added = { level: 0, hash: leaf };
  for (;;) {
    const left = tree.subtrees.at(-1);
    if (left?.level !== added.level) break;
    tree.subtrees.pop();
    added = { level: added.level + 1, hash: nodeHash(left.hash, added.hash) };
    onWhole(added.level, tree.size / 2 ** added.level - 1, added.hash);
  }
  tree.subtrees.push(added);
}

/** The root of a tree with at least one leaf. */
export function rootOfTree({ subtrees }: GrowingTree): Buffer {
  const [last, ...others] = [...subtrees].reverse();
  if (!last) throw new Error('a tree without leaves has no root here');
  return others.reduce((right, left) => nodeHash(left.hash, right), last.hash);
}
