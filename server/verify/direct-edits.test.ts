import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVIDENCE, OTHER_TABLES } from '../../db/audit/evidence.ts';
import type { Db } from '../../db/client.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { fillEveryTable } from './testing.ts';
import { verifyDatabase } from './verify-data-folder.ts';

const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-edits-'));
/** as sqlite3's shell has it: no triggers of ours, no foreign keys */
let shell: Database.Database;

beforeAll(async () => {
  const db = openDataFolder(dataFolder);
  await fillEveryTable(db, dataFolder);
  db.$client.close();
  shell = new Database(databaseFile(dataFolder));
  shell.pragma('foreign_keys = OFF');
  shell.pragma('ignore_check_constraints = ON');
});
afterAll(() => {
  shell.close();
  rmSync(dataFolder, { recursive: true });
});

/** What the check says after plain SQL, which is then taken back. */
async function findingsAfter(sql: string): Promise<string[]> {
  shell.exec('begin');
  try {
    const { total_changes: before } = shell.prepare('select total_changes() total_changes').get() as {
      total_changes: number;
    };
    shell.exec(sql);
    const after = shell.prepare('select total_changes()').pluck().get() as number;
    expect(after, `nothing was changed by ${sql}`).toBeGreaterThan(before);
    const { findings } = await verifyDatabase(drizzle(shell) as unknown as Db);
    return findings.map(({ kind, where, problem }) => `${kind}: ${where} ${problem}`);
  } finally {
    shell.exec('rollback');
  }
}

const schemaTables = async (): Promise<SQLiteTable[]> => {
  const modules = import.meta.glob('../../db/schema/*.ts');
  const loaded = await Promise.all(Object.values(modules).map((load) => load()));
  return loaded.flatMap((module) =>
    Object.values(module as object).filter((value) => is(value, SQLiteTable)),
  );
};

describe('the table of evidence', () => {
  it('has an entry, or a reason, for every table and every column of the schema', async () => {
    const tables = await schemaTables();
    expect(tables.length).toBeGreaterThan(30);
    const listed = new Map(EVIDENCE.map(({ table, columns }) => [table, Object.keys(columns).sort()]));
    for (const table of tables) {
      const name = getTableName(table);
      if (name in OTHER_TABLES) continue;
      const columns = Object.values(getTableColumns(table)).map((column) => column.name);
      expect(listed.get(name), name).toEqual(columns.sort());
    }
    expect(EVIDENCE.length + Object.keys(OTHER_TABLES).length).toBe(tables.length);
  });

  it('is what an untouched folder is measured by, and every table has a row in it', async () => {
    const { findings, notCovered, rows } = await verifyDatabase(drizzle(shell) as unknown as Db);
    expect({ findings, notCovered }).toEqual({ findings: [], notCovered: [] });
    expect(rows).toBeGreaterThan(EVIDENCE.length);
    for (const { table } of EVIDENCE) {
      expect(shell.prepare(`select count(*) from "${table}"`).pluck().get(), table).toBeGreaterThan(0);
    }
  });
});

const changed = (table: string, column: string) => {
  const info = (shell.pragma(`table_info(${table})`) as { name: string; type: string }[]).find(
    ({ name }) => name === column,
  );
  // a blank at its end leaves JSON what it was
  return info?.type === 'TEXT' ? `coalesce("${column}", '') || ' '` : `coalesce("${column}", 0) + 1`;
};

describe.each(EVIDENCE.map((entry) => [entry.table, entry] as const))(
  'table %s',
  (table, { columns, group }) => {
    const covered = Object.entries(columns).filter(([, cover]) => cover === 'digest' || 'derived' in cover);

    it.each(covered.map(([column]) => column))('finds a changed %s', async (column) => {
      // a seat's person and order follow from the judgment, once there is one
      const which = table === 'seats' ? "where state = 'done'" : '';
      const sql = `update "${table}" set "${column}" = ${changed(table, column)} where rowid = (select rowid from "${table}" ${which} limit 1)`;
      const found = await findingsAfter(sql);
      expect(found.join('\n')).toMatch(new RegExp(`${table}|${table.replace(/s$/, '')} `));
    });

    it('finds a row taken out', async () => {
      const found = await findingsAfter(
        `delete from "${table}" where rowid = (select max(rowid) from "${table}")`,
      );
      expect(found.join('\n')).toMatch(group === null ? `row-removed: ${table} ` : `: ${table} of `);
    });

    it('finds a row put in', async () => {
      const info = shell.pragma(`table_info(${table})`) as { name: string; pk: number }[];
      const unique = (
        shell
          .prepare(
            `select distinct c.name from pragma_index_list('${table}') l, pragma_index_info(l.name) c where l."unique" = 1`,
          )
          .pluck()
          .all() as string[]
      ).concat(info.filter(({ pk }) => pk > 0).map(({ name }) => name));
      const columnsNow = info.map(({ name }) => `"${name}"`).join(', ');
      const values = info
        .map(({ name }) =>
          !unique.includes(name)
            ? `"${name}"`
            : name === 'id' && group
              ? `(select max(id) from "${table}") || '1'`
              : changed(table, name),
        )
        .join(', ');
      const found = await findingsAfter(
        `insert into "${table}" (${columnsNow}) select ${values} from "${table}" limit 1`,
      );
      expect(found.join('\n')).toMatch(new RegExp(`row-(added|changed): ${table} `));
    });
  },
);

describe('an edit by whoever has the file', () => {
  it.each([
    [
      'two responses of a judged prompt swapped',
      'responses',
      `
      create temp table two as select row_number() over (order by id) n, id, content, content_hash from responses
        where prompt_id = (select prompt_id from tasks t join judgments j on j.task_id = t.id limit 1);
      update responses set content_hash = id where id in (select id from two);
      update responses set content = o.content, content_hash = o.content_hash
        from two me join two o on o.n = 3 - me.n where me.id = responses.id;
      drop table two`,
    ],
    [
      'a task pointed at another prompt',
      'tasks',
      `
      update tasks set prompt_id = (select max(id) from prompts) where id = (select min(id) from tasks)`,
    ],
    ['the guideline', 'guidelines', `update guidelines set text = 'Prefer the longer one.'`],
    ['a role', 'memberships', `update memberships set role = 'owner' where role = 'annotator'`],
    ['the owner', 'users', `update users set is_instance_owner = 1 where id = (select max(id) from users)`],
    ['a run’s config', 'runs', `update runs set config = '{"epochs":9}'`],
    ['a run’s status', 'runs', `update runs set status = 'failed'`],
    ['a run’s metrics', 'run_metrics', 'update run_metrics set value = 0.1'],
    [
      'metrics hidden behind a run that runs',
      'runs',
      `update run_metrics set value = 0.1; update runs set status = 'running'`,
    ],
    [
      'a seat',
      'seat',
      `update seats set state = 'open', annotator_id = null, shown_order = null where state = 'done'`,
    ],
    [
      'a seat more',
      'seats',
      `insert into seats (id, task_id, project_id) select 'sea_x', id, project_id from tasks limit 1`,
    ],
    ['a skip', 'skips', 'delete from skips'],
    [
      'members of a snapshot',
      'snapshot_judgments',
      `delete from snapshot_judgments where judgment_id = (select max(id) from judgments)`,
    ],
    ['a snapshot', 'snapshots', `update snapshots set query = '{}'`],
    ['an export', 'exports', 'update exports set rows = rows + 1'],
    ['a checkpoint', 'checkpoints', `update checkpoints set manifest_sha256 = '${'1'.repeat(64)}'`],
    ['lineage', 'checkpoints', `update checkpoints set snapshot_id = null, run_id = null`],
    [
      'lines of the log with the row',
      'audit record',
      `
      update memberships set role = 'owner'; delete from audit_rows where table_name = 'memberships'`,
    ],
  ])('is found: %s', async (_what, named, sql) => {
    expect((await findingsAfter(sql)).join('\n')).toContain(named);
  });

  it('is counted whole, and the first thousand named', async () => {
    const many = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500)
      insert into skips (task_id, annotator_id, reason, at) select 'tsk_' || i, 'usr_x', '', 1 from n`;
    shell.exec('begin');
    try {
      shell.exec(many);
      const { findings, counts } = await verifyDatabase(drizzle(shell) as unknown as Db);
      expect(findings).toHaveLength(1000);
      expect(counts).toEqual({ 'row-added': 1500 });
    } finally {
      shell.exec('rollback');
    }
  });
});
