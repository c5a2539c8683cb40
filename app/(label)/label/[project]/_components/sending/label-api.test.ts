import { TRPCClientError } from '@trpc/client';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, labelApi } from './label-api.ts';

function notFound(message: string) {
  return new TRPCClientError(message, {
    result: { error: { message, code: -32004, data: { domainCode: 'not-found', httpStatus: 404 } } },
  } as never);
}

/** The failure of a renewal, with what the server answers to it and to the question how far the person is. */
async function failureOfRenewal(renewal: Error, progress: () => Promise<unknown>) {
  const query = vi.fn(progress);
  const client = { tasks: { renew: { mutate: () => Promise.reject(renewal) }, progress: { query } } };
  const api = labelApi(client as never, 'prj_1');
  const failure = await api.renew({ seatId: 'sea_1', leaseToken: 'token' }).catch(failureOf);
  return { failure, asked: query.mock.calls.length };
}

describe('what the label page says of a project that is not found', () => {
  it('tells a removed member so, where the server tells a stranger', async () => {
    const { failure } = await failureOfRenewal(notFound('No project prj_1.'), () =>
      Promise.reject(notFound('No project prj_1.')),
    );
    expect(failure).toEqual({
      kind: 'refused',
      code: 'not-found',
      message: 'You are no longer a member of this project.',
    });
  });

  it('leaves the words of the server where something else is missing, or the network is down', async () => {
    const gone = notFound('No seat sea_1 in this project.');
    const refused = { kind: 'refused', code: 'not-found', message: gone.message };
    expect((await failureOfRenewal(gone, () => Promise.resolve({}))).failure).toEqual(refused);
    expect((await failureOfRenewal(gone, () => Promise.reject(new TypeError('fetch')))).failure).toEqual(
      refused,
    );
    const offline = await failureOfRenewal(new TypeError('fetch'), () => Promise.resolve({}));
    expect(offline).toMatchObject({ failure: { kind: 'unreached' }, asked: 0 });
  });
});
