import { projectProcedure, router } from '../trpc.ts';
import { addModel } from './add.ts';
import { cancelRegistration } from './cancel-registration.ts';
import { finishUpload } from './finish-upload.ts';
import { generateResponses } from './generate.ts';
import { checkpointLineage, judgmentLineage } from './lineage.ts';
import { listModels } from './list.ts';
import { listModelFolders } from './list-folders.ts';
import { listRegistrations } from './list-registrations.ts';
import { promoteCheckpoint } from './promote.ts';
import { registerBundled } from './register-bundled.ts';
import {
  addModelInput,
  checkpointInput,
  generateInput,
  judgmentLineageInput,
  registrationInput,
} from './schemas.ts';

export const modelsRouter = router({
  list: projectProcedure('models.read').query(listModels),
  lineage: projectProcedure('models.read').input(checkpointInput).query(checkpointLineage),
  judgmentLineage: projectProcedure('models.read').input(judgmentLineageInput).query(judgmentLineage),
  promote: projectProcedure('models.register').input(checkpointInput).mutation(promoteCheckpoint),
  add: projectProcedure('models.register').input(addModelInput).mutation(addModel),
  finishUpload: projectProcedure('models.register').input(registrationInput).mutation(finishUpload),
  cancelAdding: projectProcedure('models.register').input(registrationInput).mutation(cancelRegistration),
  registrations: projectProcedure('models.read').query(listRegistrations),
  folders: projectProcedure('models.register').query(listModelFolders),
  registerBundled: projectProcedure('models.register').mutation(registerBundled),
  generate: projectProcedure('tasks.create').input(generateInput).mutation(generateResponses),
});
