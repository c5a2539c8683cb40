import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, RecordInput } from '../../server/judgments/schemas.ts';
import type { ClaimedTask, Progress } from '../../server/tasks/schemas.ts';

type Failure = { message: string; data: { domainCode: string | null; httpStatus: number } };

/** An error that the server decided on; lost connections and restarting servers are retried instead. */
export class AnsweredError extends Error {
  readonly code: string | null;

  constructor({ message, data }: Failure) {
    super(message);
    this.code = data.domainCode;
  }
}

/**
 * One annotator at the HTTP API, as the label page would be: a request whose answer was lost is sent again as it was.
 * `onTimed` gets the duration of each answered request, in ms.
 */
export class LabelClient {
  readonly #address: string;
  readonly #token: string;
  readonly #projectId: string;
  readonly #onTimed: (procedure: string, ms: number) => void;
  /** requests that had to be sent again */
  numRetries = 0;

  constructor(options: {
    address: string;
    token: string;
    projectId: string;
    onTimed: (procedure: string, ms: number) => void;
  }) {
    this.#address = options.address;
    this.#token = options.token;
    this.#projectId = options.projectId;
    this.#onTimed = options.onTimed;
  }

  claim(holding: string[]): Promise<{ task: ClaimedTask | null; progress: Progress }> {
    return this.#mutate('tasks.claim', { projectId: this.#projectId, holding });
  }

  record(input: Omit<RecordInput, 'projectId'>): Promise<Receipt> {
    return this.#mutate('judgments.record', { projectId: this.#projectId, ...input });
  }

  async #mutate<Output>(procedure: string, input: unknown): Promise<Output> {
    for (let attempt = 0; ; attempt++) {
      const start = performance.now();
      try {
        const response = await fetch(`${this.#address}/api/trpc/${procedure}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#token}` },
          body: JSON.stringify(input),
        });
        const body = (await response.json()) as { result: { data: Output } } | { error: Failure };
        this.#onTimed(procedure, performance.now() - start);
        if ('result' in body) return body.result.data;
        throw new AnsweredError(body.error);
      } catch (error) {
        if (error instanceof AnsweredError || attempt > 300) throw error;
        this.numRetries += 1;
        await sleep(100 + Math.random() * 200);
      }
    }
  }
}
