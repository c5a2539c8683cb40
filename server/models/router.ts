import { z } from 'zod';
import { projectProcedure, router } from '../trpc.ts';
import { generateResponses } from './generate.ts';
import { checkpointLineage, judgmentLineage } from './lineage.ts';
import { listModels } from './list.ts';
import { promoteCheckpoint } from './promote.ts';
import { registerBundled } from './register-bundled.ts';
import { generateInput } from './schemas.ts';

const id = z.string().min(1).max(64);

export const modelsRouter = router({
  list: projectProcedure('models.read').query(listModels),
  lineage: projectProcedure('models.read')
    .input(z.object({ projectId: id, checkpointId: id }))
    .query(checkpointLineage),
  judgmentLineage: projectProcedure('models.read')
    .input(z.object({ projectId: id, judgmentId: id }))
    .query(judgmentLineage),
  promote: projectProcedure('models.register')
    .input(z.object({ projectId: id, checkpointId: id }))
    .mutation(promoteCheckpoint),
  registerBundled: projectProcedure('models.register').mutation(registerBundled),
  generate: projectProcedure('tasks.create').input(generateInput).mutation(generateResponses),
});
