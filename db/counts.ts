import type { Db } from './client.ts';
import { prepared } from './prepared.ts';

const one = (db: Db) => db.$client.prepare('select n from counts where project_id = ? and name = ?').pluck();
const many = (db: Db) =>
  db.$client
    .prepare('select substr(name, ?), n from counts where project_id = ? and name >= ? and name < ?')
    .raw();

/** One count; 0 where nothing was counted. */
export function countOf(db: Db, projectId: string, name: string): number {
  return (prepared(db, one).get(projectId, name) as number | undefined) ?? 0;
}

/** The counts whose names begin with a word and a colon, by what follows it. */
export function countsOf(db: Db, projectId: string, word: string): Record<string, number> {
  // ";" comes after ":"
  const rows = prepared(db, many).all(word.length + 2, projectId, `${word}:`, `${word};`) as [
    string,
    number,
  ][];
  return Object.fromEntries(rows);
}
