import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job } from './job.ts';
import { type Commands, measureWork } from './measure-work.ts';
import type { Work } from './works.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
const log = join(folder, 'log');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const work: Work = {
  name: 'a step',
  peer: 'torch, bare loop',
  measures: 'throughput',
  model: '0.86M',
  precision: 'float32',
  batch: 1,
  length: 8,
  stepsPerRound: 1,
};
// the stand-ins below need no more of it
const job = { folder } as Job;

/** A side that speaks the lines: it works for no time and says that it took `seconds`. */
const SIDE = `
const [name, seconds, loss, log] = process.argv.slice(1);
const { appendFileSync } = require('node:fs');
const answer = (fields) => console.log(JSON.stringify({ ...fields, peakRss: 1048576 * Number(seconds) }));
answer({ losses: [2, Number(loss) + Number(process.env.SHIFT ?? 0)] });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  if (line !== 'round') process.exit(3);
  appendFileSync(log, name + (process.env.SHIFT ? '*' : '') + ' ');
  answer({ seconds: Number(seconds), tokens: 100 });
});
`;
const side = (name: string, seconds: number, loss: number): [string, ...string[]] => [
  ...([process.execPath, '-e', SIDE, name] as [string, ...string[]]),
  ...[String(seconds), String(loss), log],
];
const commands: Commands = { ours: () => side('ours', 2, 1), peer: () => side('peer', 4, 1.0001), env: {} };
const args = (given: Partial<Commands> = {}, signal = new AbortController().signal) => ({
  ...{ job, rounds: 2, signal, commands: { ...commands, ...given }, onUnit: () => {} },
  settings: [
    { name: 'as installed', env: {} },
    { name: 'shifted', env: { SHIFT: '0.5' } },
  ],
});

describe('measureWork', () => {
  it('lets the sides take turns and compares their first losses', async () => {
    const measured = await measureWork(work, args());
    expect(measured.ours).toEqual([50, 50]);
    expect(measured.peers.map(({ setting, values }) => [setting, values])).toEqual([
      ['as installed', [25, 25]],
      ['shifted', [25, 25]],
    ]);
    expect(measured.peers.map(({ agreement }) => agreement.agree)).toEqual([true, false]);
    expect(measured.others).toBeGreaterThanOrEqual(0);
    expect(readFileSync(log, 'utf8')).toBe('ours peer peer* peer* peer ours ');
  });

  it('starts the sides anew for their peak memory', async () => {
    const { ours, peers, others } = await measureWork({ ...work, measures: 'peak RSS' }, args());
    expect([ours, peers[0]?.values, others]).toEqual([[2, 2], [4, 4], null]);
  });

  it('says what a side that dies wrote last, and what a side that says something else said', async () => {
    const dies: [string, ...string[]] = [
      process.execPath,
      '-e',
      'console.error("no torch here"); process.exit(1)',
    ];
    await expect(measureWork(work, args({ peer: () => dies }))).rejects.toThrow(
      /the peer \(as installed\) ended \(code 1\):\nno torch here/,
    );
    const chats: [string, ...string[]] = [process.execPath, '-e', 'console.log("hello")'];
    await expect(measureWork(work, args({ ours: () => chats }))).rejects.toThrow('Plumbline answered hello');
    const missing: [string, ...string[]] = [join(folder, 'nothing')];
    await expect(measureWork(work, args({ ours: () => missing }))).rejects.toThrow('cannot be started');
  });

  it('ends its processes when it is interrupted', async () => {
    const stop = new AbortController();
    const silent: [string, ...string[]] = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    const running = measureWork(work, args({ peer: () => silent }, stop.signal));
    setTimeout(() => stop.abort(new Error('interrupted')), 200);
    await expect(running).rejects.toThrow('interrupted');
  });
});
