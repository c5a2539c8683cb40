/** Writes golden/<recipe>.json from the cpu backend. See golden-runs.ts for when. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGolden } from './golden-runs.ts';

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-golden-'));
  try {
    for (const [recipe, curves] of Object.entries(await runGolden(folder, 'cpu'))) {
      const path = join(import.meta.dirname, 'golden', `${recipe}.json`);
      writeFileSync(path, `${JSON.stringify(curves, null, 1)}\n`);
      console.log(`wrote ${path}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
