import { SchemaError } from '../../db/schema-state.ts';
import { DataFolderError } from '../data-folder.ts';
import { DomainError } from '../errors.ts';
import { storageProblem } from '../storage/storage-problem.ts';
import { UsageError } from './options.ts';

/**
 * Runs a command and ends with its exit code: 2 for wrong use, 1 for anything that went wrong. Messages go to stderr, so
 * that stdout holds results only. What is no known error keeps its stack.
 */
export async function runCommand(name: string, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const problem = storageProblem(error);
    const isTold = [UsageError, DomainError, SchemaError, DataFolderError].some(
      (kind) => error instanceof kind,
    );
    if (error instanceof Error && (isTold || problem !== null)) {
      process.stderr.write(`${name}: ${problem?.message ?? error.message}\n`);
      process.exitCode = error instanceof UsageError ? 2 : 1;
      return;
    }
    process.stderr.write(
      `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
