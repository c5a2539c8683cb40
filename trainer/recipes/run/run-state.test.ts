import { describe, expect, it } from 'vitest';
import { rewardSchema } from '../../config/reward.ts';
import { assertSameRun } from './run-state.ts';

const check =
  (saved: unknown, config: unknown, data = 'a') =>
  () =>
    assertSameRun(
      { config: saved, dataSha256: 'a' },
      { config, schema: rewardSchema, dataSha256: data, folder: 'runs/7' },
    );

describe('assertSameRun', () => {
  const config = rewardSchema.parse({ batchSize: 4 });

  it('takes the same config, whatever the order of its fields', () => {
    expect(check(Object.fromEntries(Object.entries(config).reverse()), config)).not.toThrow();
  });

  it('takes a config of before a field was added, as long as the run has its default', () => {
    const { precision: _, recompute: __, ...older } = config;
    expect(check(older, config)).not.toThrow();
    expect(check(older, { ...config, recompute: true })).toThrow('recompute was false, now true');
  });

  it('names each field that differs, with both values', () => {
    const optimizer = { ...config.optimizer, learningRate: 0.5 };
    expect(check(config, { ...config, batchSize: 8, optimizer })).toThrow(
      'runs/7: the checkpoint was made with another config: batchSize was 4, now 8; optimizer.learningRate was 0.0003, now 0.5',
    );
    expect(check({ ...config, gone: 1 }, config)).toThrow('gone was 1, now absent');
    expect(check(undefined, config)).toThrow('config was absent');
  });

  it('refuses other data', () => {
    expect(check(config, config, 'b')).toThrow('made with other data (sha256 a, now b)');
  });
});
