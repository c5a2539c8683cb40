import { expect, it } from 'vitest';
import { miscounts } from '../../db/counters.ts';
import { countOf, countsOf } from '../../db/counts.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { createLabelingWorld } from '../tasks/testing.ts';

it('counts what is written, moved and deleted, by whatever statement', () => {
  const world = createLabelingWorld();
  addThreeJudgments(world);
  const { db, projectId, userIds } = world;
  expect(countOf(db, projectId, 'tasks')).toBe(3);
  expect(countOf(db, projectId, 'responses')).toBe(6);
  expect(countOf(db, projectId, `person:${userIds.annotator}`)).toBe(3);
  expect(countsOf(db, projectId, 'seats').done).toBe(3);
  const wrong = () => miscounts().flatMap((sql) => db.$client.prepare(sql).pluck().all());
  expect(wrong()).toEqual([]);

  db.$client.exec(`update prompts set split = case split when 'train' then 'heldout' else 'train' end`);
  db.$client.exec(`update seats set state = 'open', annotator_id = null where rowid = 1`);
  db.$client.exec('delete from judgments where rowid = 1');
  expect(countsOf(db, projectId, 'seats').done).toBe(2);
  expect(countOf(db, projectId, `person:${userIds.annotator}`)).toBe(2);
  expect(wrong()).toEqual([]);

  db.$client.exec(`update counts set n = n + 1 where name = 'tasks'`);
  expect(wrong()).toEqual([`count tasks of ${projectId}`]);
});
