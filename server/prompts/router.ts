import { projectProcedure, router } from '../trpc.ts';
import { getPrompt } from './get.ts';
import { listPrompts } from './list.ts';
import { getPromptInput, listPromptsInput } from './schemas.ts';

export const promptsRouter = router({
  list: projectProcedure('data.read', 'read').input(listPromptsInput).query(listPrompts),
  get: projectProcedure('data.read', 'read').input(getPromptInput).query(getPrompt),
});
