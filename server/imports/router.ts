import { projectProcedure, router } from '../trpc.ts';
import { getImport, listImports } from './list.ts';
import { listRejects } from './rejects.ts';
import { getImportInput, listImportsInput, listRejectsInput } from './schemas.ts';

// files themselves come in and rejects go out by routes: receive-upload.ts, rejects.ts
export const importsRouter = router({
  list: projectProcedure('data.read', 'read').input(listImportsInput).query(listImports),
  get: projectProcedure('data.read', 'read').input(getImportInput).query(getImport),
  rejects: projectProcedure('data.read', 'read').input(listRejectsInput).query(listRejects),
});
