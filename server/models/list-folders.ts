import { type Ctx, requirePermission } from '../context.ts';
import { findModelFolders, modelRoots } from './roots.ts';

/** The model folders that may be added, by the names that models.add takes. `roots` says below what they were looked for. */
export function listModelFolders({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): {
  roots: string[];
  folders: string[];
  truncated: boolean;
} {
  requirePermission(ctx, input.projectId, 'models.register');
  const roots = modelRoots(ctx);
  return { roots: roots.map(({ label }) => label), ...findModelFolders(roots) };
}
