import { projectProcedure, router } from '../trpc.ts';
import { addModel } from './add.ts';
import { askModels } from './ask.ts';
import { cancelAsk, readAsked } from './asked.ts';
import { cancelRegistration } from './cancel-registration.ts';
import { listCheckpointFiles } from './download.ts';
import { estimateRecipes } from './estimate-recipes.ts';
import { finishUpload } from './finish-upload.ts';
import { generateResponses } from './generate.ts';
import { cancelGeneration, listGenerations } from './generations.ts';
import { checkpointLineage, judgmentLineage } from './lineage.ts';
import { listModels } from './list.ts';
import { listModelFolders } from './list-folders.ts';
import { listRegistrations } from './list-registrations.ts';
import { promoteCheckpoint } from './promote.ts';
import { registerBundled } from './register-bundled.ts';
import {
  addModelInput,
  askInput,
  checkpointInput,
  generateInput,
  jobInput,
  judgmentLineageInput,
  registrationInput,
} from './schemas.ts';

export const modelsRouter = router({
  list: projectProcedure('models.read', 'read').query(listModels),
  lineage: projectProcedure('models.read', 'read').input(checkpointInput).query(checkpointLineage),
  judgmentLineage: projectProcedure('models.read', 'read').input(judgmentLineageInput).query(judgmentLineage),
  files: projectProcedure('models.download', 'read').input(checkpointInput).query(listCheckpointFiles),
  estimates: projectProcedure('runs.start', 'heavy').input(checkpointInput).query(estimateRecipes),
  promote: projectProcedure('models.register', 'write').input(checkpointInput).mutation(promoteCheckpoint),
  add: projectProcedure('models.register', 'heavy').input(addModelInput).mutation(addModel),
  finishUpload: projectProcedure('models.register', 'write').input(registrationInput).mutation(finishUpload),
  cancelAdding: projectProcedure('models.register', 'write')
    .input(registrationInput)
    .mutation(cancelRegistration),
  registrations: projectProcedure('models.read', 'read').query(listRegistrations),
  folders: projectProcedure('models.register', 'heavy').query(listModelFolders),
  registerBundled: projectProcedure('models.register', 'heavy').mutation(registerBundled),
  generate: projectProcedure('tasks.create', 'heavy').input(generateInput).mutation(generateResponses),
  generations: projectProcedure('models.read', 'read').query(listGenerations),
  cancelGeneration: projectProcedure('tasks.create', 'write').input(jobInput).mutation(cancelGeneration),
  ask: projectProcedure('tasks.create', 'heavy')
    .input(askInput)
    .mutation(({ ctx, input }) => askModels({ ctx, input })),
  asked: projectProcedure('tasks.create', 'read').input(jobInput).query(readAsked),
  cancelAsk: projectProcedure('tasks.create', 'write').input(jobInput).mutation(cancelAsk),
});
