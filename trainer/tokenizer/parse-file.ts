import type { z } from 'zod';

/** What a file of the tokenizer holds. @throws Error naming the file and its first field that does not fit */
export function parseFile<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`${path}: field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'not as expected'}`);
}
