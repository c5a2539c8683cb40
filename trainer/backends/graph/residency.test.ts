import { beforeEach, expect, it, vi } from 'vitest';
import type { Variable } from '../../tensors/tf.ts';
import type { Program } from './program.ts';

/** TensorFlow's side: its tensors are numbers. */
const tensors = new Map<number, Float32Array>();
vi.mock('./session.ts', () => ({
  upload: (_: number[], data: Float32Array) => keep(data.slice()),
  read: (tensor: number) => tensors.get(tensor)?.slice(),
  deleteTensors: () => {},
}));
const { Residency } = await import('./residency.ts');

function keep(data: Float32Array): number {
  tensors.set(tensors.size, data);
  return tensors.size - 1;
}

const LENGTH = 10;
let host: Map<object, Float32Array>;
const variables = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const dataId = { i };
    host.set(dataId, new Float32Array(LENGTH).fill(i));
    return { dataId, shape: [LENGTH] } as unknown as Variable & { dataId: object };
  });

/** A program that holds these variables and writes those that `isWritten`. */
function programOf(count: number, isWritten: (slot: number) => boolean) {
  const values: (Float32Array | undefined)[] = [];
  const held: (object | null)[] = new Array(count).fill(null);
  const program = {
    held,
    values,
    slots: held.map((_, slot) => ({ isWritten: isWritten(slot) })),
    read: (slots: number[]) => slots.map((slot) => keep(values[slot] as Float32Array)),
    assign(slots: number[], given: number[], dataIds: object[]) {
      slots.forEach((slot, i) => {
        values[slot] = tensors.get(given[i] as number);
        held[slot] = dataIds[i] as object;
      });
    },
    drop: (slot: number) => {
      held[slot] = null;
    },
    releaseStale: () => {},
    delete: () => {},
  };
  return program as unknown as Program & { values: Float32Array[] };
}

const room = (copies: number) =>
  new Residency(
    {
      shape: () => [LENGTH],
      values: (dataId) => host.get(dataId) as Float32Array,
      setValues: (dataId, values) => host.set(dataId, values as Float32Array),
      forget: (dataId) => host.set(dataId, new Float32Array(0)),
    },
    4 * LENGTH * copies,
  );
const numOnHost = () => [...host.values()].filter(({ length }) => length > 0).length;

beforeEach(() => {
  host = new Map();
});

it('keeps few copies of what is read back, whatever is read, and each read gives the current value', () => {
  const all = variables(100);
  const program = programOf(100, () => true);
  const residency = room(40);
  residency.programFor('step', all, () => program);
  residency.prepare(program, all);
  expect(numOnHost()).toBe(0);
  for (const [i, values] of program.values.entries()) values.fill(i + 0.5);
  for (const place of [...Array(100).keys()].reverse()) {
    const { dataId } = all[place] as { dataId: object };
    residency.fetch(dataId);
    expect(host.get(dataId)?.[0]).toBe(place + 0.5);
    expect(numOnHost()).toBeLessThanOrEqual(40);
  }
});

it('keeps few copies of what is never written', () => {
  const all = variables(100);
  const program = programOf(100, () => false);
  const residency = room(40);
  residency.programFor('step', all, () => program);
  residency.prepare(program, all);
  expect(numOnHost()).toBe(40);
  residency.fetch((all[0] as { dataId: object }).dataId);
  expect([...(host.get((all[0] as { dataId: object }).dataId) ?? [])]).toEqual(new Array(LENGTH).fill(0));
});

it('what a kernel is about to compute with stays, and so does what the last program held', () => {
  const all = variables(100);
  const program = programOf(100, () => true);
  const residency = room(1);
  residency.programFor('step', all, () => program);
  residency.prepare(program, all);
  const [first, last] = [all[0], all[99]] as { dataId: object }[];
  residency.bring((first as { dataId: object }).dataId);
  residency.bring((last as { dataId: object }).dataId);
  expect(host.get((first as { dataId: object }).dataId)).toHaveLength(LENGTH);
  // 48 more programs put the first one out, and its values must come home
  for (let i = 0; i < 48; i++) residency.programFor(`other ${i}`, [], () => programOf(0, () => false));
  expect(numOnHost()).toBe(100);
  expect([...host.values()].map(([value]) => value)).toEqual([...Array(100).keys()]);
});
