import { describe, expect, it } from 'vitest';
import {
  addLeaf,
  type GrowingTree,
  leafHash,
  leftLeaves,
  nodeHash,
  rootOfPath,
  rootOfTree,
} from './merkle.ts';

// the leaves and roots that implementations of RFC 6962 are tested with (certificate-transparency-go, merkle/testonly)
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex')));

/** MTH and PATH as RFC 6962, section 2.1 writes them. */
function mth(d: readonly Buffer[]): Buffer {
  if (d.length === 1) return d[0] as Buffer;
  const k = leftLeaves(d.length);
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = leftLeaves(d.length);
  return m < k
    ? [...path(m, d.slice(0, k)), mth(d.slice(k))]
    : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}

describe('the Merkle tree', () => {
  it('has the roots of the test vectors, however it is made', () => {
    const tree: GrowingTree = { size: 0, subtrees: [] };
    leaves.forEach((leaf, index) => {
      addLeaf(tree, leaf);
      expect(rootOfTree(tree).toString('hex')).toBe(ROOTS[index]);
      expect(mth(leaves.slice(0, index + 1)).toString('hex')).toBe(ROOTS[index]);
    });
  });

  it('has a proof for every leaf of every size, which fits no other leaf, place or size', () => {
    const many = Array.from({ length: 20 }, (_, i) => leafHash(Buffer.of(i)));
    for (let size = 1; size <= many.length; size++) {
      const d = many.slice(0, size);
      for (let index = 0; index < size; index++) {
        const proof = path(index, d);
        const root = mth(d);
        const leaf = many[index] as Buffer;
        expect(rootOfPath(leaf, { index, size }, proof)).toEqual(root);
        expect(rootOfPath(many[(index + 1) % 20] as Buffer, { index, size }, proof)).not.toEqual(root);
        expect(rootOfPath(leaf, { index, size }, [...proof, root])).not.toEqual(root);
        if (size > 1) expect(rootOfPath(leaf, { index, size }, proof.slice(1))).not.toEqual(root);
        if (size > 1) expect(rootOfPath(leaf, { index: (index + 1) % size, size }, proof)).not.toEqual(root);
      }
    }
    expect(rootOfPath(leaves[0] as Buffer, { index: 1, size: 1 }, [])).toBeNull();
  });
});
