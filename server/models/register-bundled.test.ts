import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkpointFolder, verifyFolder } from './internal.ts';
import { BUNDLED_MODEL_FOLDER } from './register-bundled.ts';

/** Every model that a version came with, and its manifest: data folders name them by both, for ever. */
const GIVEN_OUT: Record<string, string> = {
  'bundled:toy-sft': '0866a65ed7bdb7d083a4ea2071f4dc4d21d04b87a6c53491093b4c97cab6040d',
};

it('every bundled model that was ever given out is still there, byte for byte', async () => {
  for (const [folder, manifestSha256] of Object.entries(GIVEN_OUT))
    await expect(
      verifyFolder(checkpointFolder('data', folder), manifestSha256),
      folder,
    ).resolves.not.toThrow();
  expect(Object.keys(GIVEN_OUT)).toContain(BUNDLED_MODEL_FOLDER);
  const folders = readdirSync('trainer/bundled').map((name) => `bundled:${name}`);
  expect(folders.sort()).toEqual(Object.keys(GIVEN_OUT).sort());
});
