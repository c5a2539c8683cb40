/** A project on a real database file with toy-world prompts, judged pairs, a snapshot and a tiny model: for worker tests. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { users } from '../../db/schema/users.ts';
import { seedProject } from '../../db/testing.ts';
import { newId } from '../../lib/new-id.ts';
import { createRng } from '../../lib/rng.ts';
import type { Ctx } from '../../server/context.ts';
import { openDataFolder } from '../../server/data-folder.ts';
import { recordJudgment } from '../../server/judgments/record.ts';
import type { Checkpoint } from '../../server/models/internal.ts';
import { registerCheckpoint } from '../../server/models/register.ts';
import { createSnapshot } from '../../server/snapshots/create.ts';
import { addPrompt } from '../../server/tasks/add-prompt.ts';
import { addResponses } from '../../server/tasks/add-responses.ts';
import { claimTask } from '../../server/tasks/claim.ts';
import { createTask } from '../../server/tasks/create.ts';
import { pretrainSchema } from '../../trainer/config/pretrain.ts';
import { pretrain } from '../../trainer/recipes/pretrain/recipe.ts';
import { allPrompts, instructionFor } from '../../trainer/toy-world/prompts.ts';

export type TrainingWorld = {
  db: Db;
  dataFolder: string;
  projectId: string;
  /** a context of the project's researcher */
  ctx: Ctx;
  model: Checkpoint;
  /** adds this many tasks of two answers, both with `ending` behind, and judges each through the real verbs: the right answer wins */
  judge: (count: number, ending?: string) => void;
  /** a snapshot of every judgment so far */
  snapshot: () => Promise<string>;
  close: () => void;
};

let tinyModel: Promise<string> | null = null;

/** A model of some thousand parameters, pretrained for two steps, with its tokenizer; made once per test process. */
export function tinyModelFolder(): Promise<string> {
  tinyModel ??= (async () => {
    const outFolder = mkdtempSync(path.join(tmpdir(), 'tiny-model-'));
    process.on('exit', () => rmSync(outFolder, { recursive: true, force: true }));
    const config = pretrainSchema.parse({
      model: {
        hiddenSize: 16,
        numLayers: 1,
        numHeads: 2,
        numKvHeads: 2,
        intermediateSize: 32,
        maxPositions: 128,
      },
      vocabSize: 300,
      sequenceLength: 16,
      batchSize: 2,
      steps: 2,
    });
    const rng = createRng(1, 'tiny-model');
    const texts = allPrompts(200, 1).map((prompt) => ({
      text: `${prompt[0]?.content} ${instructionFor(prompt).answer(rng)}`,
    }));
    const signal = new AbortController().signal;
    for await (const event of pretrain({
      config,
      backend: 'cpu',
      folders: { model: null, reward: null, out: outFolder, resumeFrom: null },
      data: { texts },
      signal,
    })) {
      if (event.type === 'done') return event.folder;
    }
    throw new Error('pretraining ended without a model');
  })();
  return tinyModel;
}

export async function createTrainingWorld(): Promise<TrainingWorld> {
  const source = await tinyModelFolder();
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'training-world-'));
  const db = openDataFolder(dataFolder);
  const { projectId, userIds } = seedProject(db);
  const as = (userId: string): Ctx => ({
    db,
    dataFolder,
    actor: { type: 'user', userId, isInstanceOwner: false },
    now: Date.now,
  });
  const ctx = as(userIds.researcher);
  db.update(users).set({ isSimulated: true }).where(eq(users.id, userIds.annotator)).run();
  cpSync(source, path.join(dataFolder, 'models/tiny'), { recursive: true });
  const model = registerCheckpoint({
    ctx,
    input: {
      projectId,
      modelName: 'tiny',
      kind: 'language-model',
      folder: 'models/tiny',
      manifestSha256: null,
      step: 2,
      parentId: null,
      rewardCheckpointId: null,
      snapshotId: null,
      runId: null,
    },
  });
  const questions = allPrompts(500, 7);
  const rng = createRng(3, 'answers');
  let used = 0;
  const judge = (count: number, ending = '') => {
    for (let i = 0; i < count; i++) {
      const messages = questions[used++];
      if (!messages) throw new Error('the world has run out of prompts');
      const { promptId } = addPrompt({ ctx, input: { projectId, messages } });
      const instruction = instructionFor(messages);
      const contents = [instruction.answer(rng), `${instruction.wrongAnswer(rng)} No.`].map(
        (answer) => answer + ending,
      );
      const responseIds = addResponses({
        ctx,
        input: { promptId, responses: contents.map((content) => ({ content, origin: 'imported' as const })) },
      });
      createTask({ ctx, input: { projectId, promptId, responseIds } });
      const annotator = as(userIds.annotator);
      const { task } = claimTask({ ctx: annotator, input: { projectId, holding: [] } });
      if (!task) throw new Error('no task to claim');
      const best = task.responses.find((response) => contents[0] === response.content)?.id as string;
      const worst = task.responses.find((response) => contents[0] !== response.content)?.id as string;
      recordJudgment({
        ctx: annotator,
        input: {
          projectId,
          seatId: task.seatId,
          leaseToken: task.leaseToken,
          idempotencyKey: newId('key'),
          ranking: [[best], [worst]],
          strength: task.responses[0]?.id === best ? -2 : 2,
          tieKind: 'none',
          notRankable: false,
          flags: {},
          rationale: '',
          firstInteractionAt: null,
          activeMs: 10,
          inputKind: 'api',
        },
      });
    }
  };
  const snapshot = async () => (await createSnapshot({ ctx, input: { projectId } })).snapshotId;
  const close = () => {
    db.$client.close();
    rmSync(dataFolder, { recursive: true, force: true });
  };
  return { db, dataFolder, projectId, ctx, model, judge, snapshot, close };
}
