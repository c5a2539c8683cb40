import { defineConfig } from 'vitest/config';
import { isNativeInstalled } from './trainer/backends/choose.ts';

// the graph is written for TensorFlow and means nothing without it
const NATIVE_ONLY = [
  'trainer/backends/graph/ops.test.ts',
  'trainer/backends/graph/compiled-step.test.ts',
  'tests/trainer/kill-native.test.ts',
];
if (!isNativeInstalled())
  console.log(`Left out, the native backend is not installed: ${NATIVE_ONLY.join(', ')}`);

export default defineConfig({
  resolve: { alias: { '@': new URL('.', import.meta.url).pathname } },
  test: {
    include: ['{app,server,db,trainer,lib,scripts,tests}/**/*.test.{ts,tsx}'],
    exclude: ['node_modules/**', ...(isNativeInstalled() ? [] : NATIVE_ONLY)],
    // two cores: more workers only fight for them
    maxWorkers: 2,
    // a test that means another backend names it; what is installed here must not change the others
    env: { PLUMBLINE_BACKEND: 'simd' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
});
