import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

type Known = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** Node's parseArgs. Throws UsageError that lists the options there are. */
export function parseOptions<K extends Known>(argv: readonly string[], options: K) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    const message = (error as Error).message.split('. ')[0];
    throw new UsageError(
      `${message}; options are: ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(' ')}`,
      {
        cause: error,
      },
    );
  }
}
