import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedProject } from '../../db/testing.ts';
import { openDataFolder } from '../data-folder.ts';
import { verifyFolder } from '../snapshots/manifest.ts';

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-cli-'));
const data = path.join(root, 'data');
const rows = path.join(root, 'rows.jsonl');
let slug = '';

beforeAll(() => {
  const db = openDataFolder(data);
  // in a transaction, as verbs write: so the log vouches for it
  slug = db.transaction(() => seedProject(db)).projectId.replace('_', '-');
  db.$client.close();
  const pairs = Array.from({ length: 120 }, (_, i) => ({ prompt: `Q${i}`, chosen: 'yes', rejected: 'no' }));
  const bad = ['{', '{"chosen": "only"}'];
  writeFileSync(rows, [...pairs.map((pair) => JSON.stringify(pair)), ...bad].join('\n'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Result = { status: number | null; stdout: string; stderr: string };

function run(command: 'import' | 'export' | 'verify', args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `server/cli/${command}.ts`, ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

const lastObject = ({ stdout }: Result) => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as unknown;

describe('npm run import and export', () => {
  it('import a file, twice without harm, and export what came of it', async () => {
    const importing = ['--project', slug, '--format', 'trl-preference', rows, '--data', data];
    const first = await run('import', [...importing, '--json']);
    expect(lastObject(first)).toEqual({
      status: 'done',
      error: null,
      rejects: [
        { line: 121, reason: 'malformed-json', detail: expect.stringContaining('not JSON') },
        { line: 122, reason: 'wrong-columns', detail: expect.stringContaining('no "rejected"') },
      ],
      read: 122,
      accepted: 120,
      duplicates: 0,
      rejected: { 'malformed-json': 1, 'wrong-columns': 1 },
    });
    expect(first.status).toBe(0);
    expect(first.stderr).toContain('left');
    const again = await run('import', importing);
    expect(again.stdout).toContain('0 accepted, 120 here already');

    const out = path.join(root, 'out');
    const exporting = ['--project', slug, '--format', 'trl', '--out', out, '--data', data, '--json'];
    const exported = await run('export', exporting);
    expect(lastObject(exported)).toMatchObject({ snapshot: 1, format: 'trl', rows: 120, out });
    expect(await verifyFolder(out)).toMatchObject({ ok: true, rows: 120 });
    const manifest = readFileSync(path.join(out, 'manifest.json'), 'utf8');
    // nothing was judged since: the same snapshot, the same bytes
    expect(lastObject(await run('export', exporting))).toMatchObject({ snapshot: 1 });
    expect(readFileSync(path.join(out, 'manifest.json'), 'utf8')).toBe(manifest);
    // the event of an export by the command line has the snapshot as its subject, and is not the one of its making
    const verified = await run('verify', [data, '--json']);
    expect([verified.status, lastObject(verified)]).toMatchObject([0, { ok: true, snapshots: 1 }]);
  }, 120_000);

  it('name the option, what came and what was expected, and create nothing', async () => {
    const missing = path.join(root, 'no-data');
    const cases: [command: 'import' | 'export', args: string[], expected: RegExp][] = [
      ['import', ['--projekt', 'x'], /--projekt.*Options: --project/s],
      ['import', ['--project', slug, '--format', 'xml', rows], /--format "xml": expected one of hh-rlhf/],
      ['import', ['--format', 'csv', rows], /--project is missing/],
      ['import', ['--project', slug, '--format', 'csv', `${rows}.not`], /no such file/],
      [
        'import',
        ['--project', 'My project', '--format', 'csv', rows, '--data', missing],
        /--project "My project"/,
      ],
      [
        'export',
        ['--project', slug, '--format', 'trl', '--out', 'x', '--data', missing],
        /--data ".*": no database/,
      ],
      ['export', ['--project', 'nope', '--format', 'trl', '--out', 'x', '--data', data], /--project "nope"/],
      [
        'export',
        ['--project', slug, '--format', 'trl', '--out', 'x', '--data', data, '--snapshot', '99'],
        /--snapshot "99"/,
      ],
    ];
    for (const [command, args, expected] of cases) {
      const { status, stderr, stdout } = await run(command, args);
      expect(stderr).toMatch(expected);
      expect(stderr).not.toContain('    at ');
      expect([status, stdout]).toEqual([2, '']);
    }
    expect(existsSync(missing)).toBe(false);
    expect(existsSync('x')).toBe(false);
  }, 120_000);

  it('import makes data folder and project where there are none, and says so', async () => {
    const fresh = path.join(root, 'fresh');
    const args = ['--project', 'new-here', '--format', 'trl-preference', rows, '--data', fresh, '--json'];
    const first = await run('import', args);
    expect(first.stderr).toContain('made project "new-here"');
    expect(lastObject(first)).toMatchObject({ read: 122, accepted: 120 });
    const second = await run('import', args);
    expect(second.stderr).not.toContain('made project');
    expect(lastObject(second)).toMatchObject({ accepted: 0, duplicates: 120 });
  }, 60_000);

  it('say so when no row fits the format', async () => {
    const args = ['--project', slug, '--format', 'hh-rlhf', rows, '--data', data];
    const { status, stderr } = await run('import', args);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /read as hh-rlhf: None of the 122 rows could be taken \(mostly wrong-columns|bad-transcript/,
    );
  }, 60_000);
});
