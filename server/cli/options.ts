import { parseArgs } from 'node:util';

/** A mistake in how a command was called. Shown without a stack; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type OptionSpec = Record<
  string,
  { type: 'string' | 'boolean'; required?: boolean; expected: string; oneOf?: readonly string[] }
>;

/**
 * Reads `--name value` options and positionals. Throws UsageError naming the option, what came and what was expected.
 * Values of `boolean` options come as 'true'.
 */
export function readOptions(
  args: readonly string[],
  spec: OptionSpec,
): { options: Record<string, string | undefined>; positionals: string[] } {
  const known = Object.entries(spec)
    .map(([name, { type, expected }]) => (type === 'boolean' ? `--${name}` : `--${name} <${expected}>`))
    .join(' ');
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(Object.entries(spec).map(([name, { type }]) => [name, { type }])),
    });
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : String(cause);
    throw new UsageError(`${message}. Options: ${known}`, { cause });
  }
  const options: Record<string, string | undefined> = {};
  for (const [name, { required, expected, oneOf }] of Object.entries(spec)) {
    const value = parsed.values[name];
    if (value === undefined || value === '') {
      if (required) throw new UsageError(`--${name} is missing: expected ${expected}. Options: ${known}`);
      continue;
    }
    if (oneOf && !oneOf.includes(String(value))) {
      throw new UsageError(`--${name} "${String(value)}": expected one of ${oneOf.join(', ')}`);
    }
    options[name] = String(value);
  }
  return { options, positionals: parsed.positionals };
}
