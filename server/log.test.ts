import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { log, withLogFields } from './log.ts';
import { turnOver } from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-log-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the log', () => {
  it('goes into a file of its owner, each line with its request or job and without secrets', async () => {
    const file = path.join(folder, 'logs', 'web.log');
    vi.stubEnv('PLUMBLINE_LOG_FILE', file);
    await Promise.all(
      ['req_one', 'req_two'].map((requestId) =>
        withLogFields({ requestId }, async () => {
          await sleep(5);
          log().info({ token: 'plb_secret' }, requestId);
        }),
      ),
    );
    log().info('outside');
    const read = () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    // the file is opened in the background
    await vi.waitFor(() => expect(read()).toHaveLength(3));
    const lines = read();
    expect(lines.map(({ msg, requestId }) => [msg, requestId])).toEqual([
      ['req_one', 'req_one'],
      ['req_two', 'req_two'],
      ['outside', undefined],
    ]);
    expect(JSON.stringify(lines)).not.toContain('plb_secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps so many files of so many bytes', () => {
    const file = path.join(folder, 'worker.log');
    for (let i = 0; i < 7; i++) {
      writeFileSync(file, `${i}`.repeat(100));
      expect(turnOver(file, 100)).toBe(true);
    }
    writeFileSync(file, 'short');
    expect(turnOver(file, 100)).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['worker.log', ...[1, 2, 3, 4].map((n) => `worker.log.${n}`)]);
    expect(readFileSync(`${file}.1`, 'utf8')).toMatch(/^6/);
    expect(readFileSync(`${file}.4`, 'utf8')).toMatch(/^3/);
  });
});
