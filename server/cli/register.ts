/**
 * npm run register -- --project <slug> --model <folder or hub name> [--revision <r>] [--name <n>]
 *   [--kind language-model|reward-model|adapter] [--base <checkpoint>] [--licence <l>] [--data <folder>] [--json]
 *
 * Registers a model with a project of a data folder, without the web: its files are gathered, every one of them checked, the
 * model tried out, and the weights stored once by their hash. Without --kind it is what its config.json says; an adapter
 * (PEFT, LoRA) needs --base, the checkpoint it was trained on, and is registered merged into it. Folder and project are made
 * where they are missing. HF_ENDPOINT and HF_TOKEN say where the hub is and who asks.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { REGISTERED_KINDS, type RegisteredKind } from '../../db/schema/models.ts';
import type { Ctx } from '../context.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';
import { DomainError } from '../errors.ts';
import { PermanentJobError } from '../jobs/permanent-job-error.ts';
import { endRegistration, insertRegistration, type Registration, tellPhase } from '../models/registration.ts';
import { type AddModelInput, addModelInput } from '../models/schemas.ts';
import { ensureProject } from '../projects/ensure.ts';
import { slugSchema } from '../projects/schemas.ts';
import { registerStaged, stageModel } from '../worker/handlers/register-staged.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

await runCommand('register', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    project: { type: 'string', required: true, expected: 'slug of a project' },
    model: { type: 'string', required: true, expected: 'model folder, or organisation/model on the hub' },
    revision: { type: 'string', expected: 'branch, tag or commit on the hub' },
    name: { type: 'string', expected: 'name of the model in the project' },
    kind: { type: 'string', expected: REGISTERED_KINDS.join('|'), oneOf: REGISTERED_KINDS },
    base: { type: 'string', expected: 'id of the checkpoint that an adapter was trained on' },
    licence: { type: 'string', expected: 'where the model card names none' },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const slug = slugSchema.safeParse(options.project);
  if (!slug.success)
    throw new UsageError(`--project "${options.project}": ${slug.error.issues[0]?.message ?? 'not a slug'}`);
  const env = readEnv();
  const dataFolder = path.resolve(options.data ?? env.PLUMBLINE_DATA);
  const named = options.model as string;
  const folder = existsSync(named) ? folderAt(named) : null;
  if (folder !== null && options.revision !== undefined)
    throw new UsageError(`--revision "${options.revision}": "${named}" is a folder, which has none`);
  const request = {
    modelName: options.name ?? path.basename(folder ?? named),
    kind: (options.kind as RegisteredKind | undefined) ?? null,
    baseCheckpointId: options.base ?? null,
    licence: options.licence ?? null,
    source:
      folder === null
        ? { from: 'hub', name: named, revision: options.revision ?? 'main' }
        : { from: 'folder', folder: named },
  };
  const checked = addModelInput.omit({ projectId: true }).safeParse(request);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue?.path.join('.') ?? '';
    if (field.startsWith('source'))
      throw new UsageError(`--model "${named}": no such folder, and no name of the hub (organisation/model)`);
    throw new UsageError(`${field === 'modelName' ? '--name' : `--${field}`}: ${issue?.message}`);
  }
  const ctx: Ctx = { db: openDataFolder(dataFolder), actor: { type: 'system' }, dataFolder, now: Date.now };
  const { projectId, isNew } = ensureProject({ ctx, input: { slug: slug.data } });
  if (isNew) process.stderr.write(`register: made project "${slug.data}" in ${dataFolder}\n`);
  const result = await register(
    ctx,
    { projectId, ...checked.data },
    { folder, backend: env.PLUMBLINE_BACKEND },
  );
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    process.stdout.write(
      `${checked.data.modelName}: a ${result.kind} of ${result.parameters.toLocaleString('en')} parameters is checkpoint ${result.checkpointId}\n`,
    );
    process.stdout.write(`manifest.json has sha256 ${result.manifestSha256}\n`);
  }
  return 0;
});

function folderAt(named: string): string {
  const real = realpathSync(named);
  if (!statSync(real).isDirectory())
    throw new UsageError(`--model "${named}": a file; expected a model folder in Hugging Face's layout`);
  return real;
}

async function register(
  ctx: Ctx,
  input: AddModelInput,
  { folder, backend }: { folder: string | null; backend: string | undefined },
): Promise<{ checkpointId: string; kind: RegisteredKind; parameters: number; manifestSha256: string }> {
  const row = ctx.db.transaction(
    () => insertRegistration(ctx, input, { status: 'running', phase: 'begun on the command line' }),
    { behavior: 'immediate' },
  );
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const { tell, close } = teller(ctx, row);
  try {
    const { signal } = interrupt;
    const staged = await stageModel(ctx, row, { tell, signal, folder });
    const registered = await registerStaged(ctx, staged, {
      backend: backend ?? null,
      tell,
      signal,
      finish: () => true,
    });
    if (registered === null) throw new Error('The model was not registered.');
    const { checkpoint, parameters } = registered;
    const { id: checkpointId, manifestSha256 } = checkpoint;
    return { checkpointId, kind: staged.kind as RegisteredKind, parameters, manifestSha256 };
  } catch (error) {
    const isStopped = interrupt.signal.aborted;
    const message = error instanceof Error ? error.message : String(error);
    ctx.db.transaction(
      () =>
        endRegistration(
          ctx,
          row,
          isStopped ? { status: 'cancelled', error: null } : { status: 'failed', error: message },
        ),
      { behavior: 'immediate' },
    );
    if (isStopped) throw new DomainError('conflict', 'stopped; the same command begins again');
    // what the model is at fault for is told in one line
    if (error instanceof PermanentJobError || input.source.from === 'hub')
      throw new DomainError('invalid', message, { cause: error });
    throw error;
  } finally {
    close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** Tells the database, for the page, and the terminal. */
function teller(ctx: Ctx, row: Registration) {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  let phase = '';
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  const tell = (told: { phase: string; doneBytes?: number; totalBytes?: number }) => {
    tellPhase(ctx, row.id, told);
    if (told.phase !== phase) {
      close();
      phase = told.phase;
      process.stderr.write(`register: ${phase}\n`);
    }
    const { doneBytes = 0, totalBytes = 0 } = told;
    if (totalBytes === 0) return;
    bar ??= startProgressBar(phase, totalBytes);
    bar.update(doneBytes, `${(doneBytes / 1e6).toFixed(0)} MB`);
  };
  return { tell, close };
}
