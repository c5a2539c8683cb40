import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { asc } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sharedPath } from '../tests/support/shared-data.ts';
import { openDatabase } from './client.ts';
import { runSamples } from './schema/runs.ts';
import { createEarlierDatabase } from './testing.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'earlier-'));
  file = path.join(folder, 'plumbline.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('rows of an earlier version', () => {
  it('that were episodes of PPO are samples with named figures, every digit and character kept', () => {
    const earlier = createEarlierDatabase(file, '0001_run_device');
    earlier.exec(`
      insert into users (id, email, name, created_at) values ('usr_1', 'a@example.org', 'A', 1);
      insert into projects (id, slug, name, settings, created_by, created_at) values ('prj_1', 'p', 'P', '{}', 'usr_1', 1);
      insert into runs (id, project_id, recipe, name, status, config, folder, created_by, created_at)
        values ('run_1', 'prj_1', 'ppo', 'a run', 'succeeded', '{}', 'runs/run_1', 'usr_1', 1);`);
    const figures = { score: 0.1 + 0.2, finalScore: -1e-7, kl: 1 / 3, klPenalty: -5e-324, totalReward: 1e21 };
    const episodes = [
      {
        ...{ prompt: 'Say "no".\n\u0000é\u2028', response: '', numTokens: 3, ended: true },
        ...{ ...figures, trueReward: null },
      },
      {
        ...{ prompt: 'x', response: '{"figures":1}', numTokens: 1, ended: false },
        ...{ ...figures, trueReward: 0.25 },
      },
    ];
    const insert = earlier.prepare(`insert into run_samples (run_id, step, episode) values ('run_1', 5, ?)`);
    for (const episode of episodes) insert.run(JSON.stringify(episode));
    earlier.close();

    const db = openDatabase(file);
    const rows = db.select().from(runSamples).all();
    db.$client.close();
    expect(rows).toEqual([
      {
        ...{ id: 1, runId: 'run_1', step: 5 },
        sample: {
          prompt: 'Say "no".\n\u0000é\u2028',
          response: '',
          figures: { ...figures, trueReward: null, numTokens: 3, ended: 1 },
        },
      },
      {
        ...{ id: 2, runId: 'run_1', step: 5 },
        sample: {
          prompt: 'x',
          response: '{"figures":1}',
          figures: { ...figures, trueReward: 0.25, numTokens: 1, ended: 0 },
        },
      },
    ]);
  });

  it('of version 0.1.0, a whole data folder, are there after all migrations', async () => {
    const archive = sharedPath('upgrade', 'data-0.1.0.tar.gz');
    if (!archive) return;
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    const found = execFileSync('find', [folder, '-name', 'plumbline.db'], { encoding: 'utf8' }).trim();
    const before = new Database(found, { readonly: true });
    const old = before.prepare('select episode from run_samples order by id').pluck().all() as string[];
    before.close();
    const db = openDatabase(found);
    const samples = db.select().from(runSamples).orderBy(asc(runSamples.id)).all();
    expect(samples.length).toBeGreaterThan(0);
    expect(samples.map(({ sample }) => sample)).toEqual(
      old.map((text) => {
        const { prompt, response, ended, ...figures } = JSON.parse(text);
        return { prompt, response, figures: { ...figures, ended: ended ? 1 : 0 } };
      }),
    );
    expect(db.$client.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.$client.pragma('foreign_key_check')).toEqual([]);
    db.$client.close();
  });
});
