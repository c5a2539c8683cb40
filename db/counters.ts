import type Database from 'better-sqlite3';

/** What triggers count into the table `counts`: one number for each project and name. */
type Counter = {
  table: string;
  /** SQL of the name, and of the project, of a row; neither changes but by the columns named below */
  name: (row: string) => string;
  project?: (row: string) => string;
  /** SQL: only these rows count */
  when?: (row: string) => string;
  /** columns by whose change a row comes to count elsewhere */
  changes: readonly string[];
};

/** A change of this list comes with a migration: counters are made anew, and everything is counted once, when one is applied. */
const COUNTERS: readonly Counter[] = [
  { table: 'prompts', name: (row) => `'prompts:' || ${row}.split`, changes: ['split'] },
  {
    table: 'responses',
    name: () => `'responses'`,
    project: (row) => `(select project_id from prompts where id = ${row}.prompt_id)`,
    changes: [],
  },
  {
    table: 'responses',
    name: (row) => `'written:' || ${row}.checkpoint_id`,
    project: (row) => `(select project_id from prompts where id = ${row}.prompt_id)`,
    when: (row) => `${row}.checkpoint_id is not null`,
    changes: [],
  },
  { table: 'tasks', name: () => `'tasks'`, changes: [] },
  { table: 'seats', name: (row) => `'seats:' || ${row}.state`, changes: ['state'] },
  // a revision corrects a judgment and is not another one
  {
    table: 'judgments',
    name: (row) => `'judgments:' || ${row}.source`,
    when: (row) => `${row}.revision = 1`,
    changes: [],
  },
  {
    table: 'judgments',
    name: (row) => `'person:' || ${row}.annotator_id`,
    when: (row) => `${row}.revision = 1 and ${row}.annotator_id is not null`,
    changes: [],
  },
];

const ownProject = (row: string) => `${row}.project_id`;

/** Takes the triggers away: while a migration makes a table anew, they would name one that is not there. */
export function dropCounters(client: Database.Database): void {
  const names = client
    .prepare(`select name from sqlite_master where type = 'trigger' and name like 'count\\_%' escape '\\'`)
    .pluck()
    .all() as string[];
  for (const name of names) client.exec(`drop trigger "${name}"`);
}

/** Makes the triggers and counts what is there. Nothing for a database from before there were counts. */
export function installCounters(client: Database.Database): void {
  const hasTable = client.prepare(`select 1 from sqlite_master where type = 'table' and name = 'counts'`);
  if (hasTable.get() === undefined) return;
  client.exec('delete from counts');
  COUNTERS.forEach((counter, index) => {
    const { table, name, project = ownProject, when = () => '1', changes } = counter;
    client.exec(
      `insert into counts (project_id, name, n) select ${project('t')}, ${name('t')}, count(*)
       from "${table}" t where ${when('t')} and ${project('t')} is not null group by 1, 2`,
    );
    const add = `insert into counts (project_id, name, n)
      select ${project('new')}, ${name('new')}, 1 where ${project('new')} is not null
      on conflict (project_id, name) do update set n = n + 1;`;
    const remove = `update counts set n = n - 1 where project_id = ${project('old')} and name = ${name('old')};`;
    const make = (event: string, condition: string, body: string) =>
      client.exec(
        `create trigger "count_${index}_${event.split(' ')[0]}" after ${event} on "${table}" when ${condition} begin ${body} end`,
      );
    make('insert', when('new'), add);
    make('delete', when('old'), remove);
    if (changes.length === 0) return;
    const changed = changes.map((column) => `old."${column}" is not new."${column}"`).join(' or ');
    make(`update of ${changes.map((column) => `"${column}"`).join(', ')}`, changed, `${remove} ${add}`);
  });
}

/** Statements that give the names of counts that are not what counting the rows gives. */
export function miscounts(): string[] {
  return COUNTERS.map(({ table, name, project = ownProject, when = () => '1' }) => {
    const counted = `select ${project('t')} p, ${name('t')} name, count(*) n from "${table}" t
      where ${when('t')} and ${project('t')} is not null group by 1, 2`;
    return `select 'count ' || a.name || ' of ' || a.p from (${counted}) a
      left join counts c on c.project_id = a.p and c.name = a.name where c.n is not a.n`;
  });
}
