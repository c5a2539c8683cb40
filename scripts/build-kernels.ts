/**
 * `npm run kernels`: compiles the AssemblyScript kernels of the simd backend into the committed WebAssembly module, and
 * writes the hashes of both beside it. A test rebuilds and compares.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SIMD_FOLDER = new URL('../trainer/backends/simd/', import.meta.url);
const SOURCE_FOLDER = new URL('assembly/', SIMD_FOLDER);

const OPTIONS = [
  '-O3',
  '--noAssert',
  '--runtime=stub',
  // The host owns the one memory that tensors and threads share.
  '--importMemory',
  '--noExportMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--enable=simd,threads,bulk-memory',
  '--use=abort=',
];

/** sha256 over names and texts of the sources and the options: what the module is made from. */
export function hashKernelSources(): string {
  const hash = createHash('sha256').update(JSON.stringify(OPTIONS));
  const names = readdirSync(SOURCE_FOLDER).filter((file) => file.endsWith('.ts'));
  for (const name of names.sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(new URL(name, SOURCE_FOLDER), 'utf8'));
  }
  return hash.digest('hex');
}

/**
 * Compiles the kernels in memory.
 * @throws Error with the compiler's messages, or when the module has static data
 */
export async function compileKernels(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['kernels.ts', '--outFile=kernels.wasm', ...OPTIONS], {
    readFile: (name: string) => {
      const file = new URL(name, SOURCE_FOLDER);
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    },
    writeFile: (_name: string, contents: unknown) => {
      wasm = contents as Uint8Array;
    },
  });
  if (error || !wasm) throw new Error(`the kernels do not compile: ${error?.message}\n${stderr.toString()}`);
  if (findSections(wasm).includes(DATA_SECTION)) {
    throw new Error(
      'the kernels bring static data (Math.log does): it would overlap the tensors in the memory',
    );
  }
  return wasm;
}

const DATA_SECTION = 11;

/** The ids of the sections of a WebAssembly module, in their order. */
export function findSections(wasm: Uint8Array): number[] {
  const ids: number[] = [];
  // Eight bytes of magic and version, then sections: an id, a length as LEB128, the contents.
  for (let at = 8; at < wasm.length; ) {
    ids.push(wasm[at++] as number);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] as number;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += length;
  }
  return ids;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wasm = await compileKernels();
  writeFileSync(new URL('kernels.wasm', SIMD_FOLDER), wasm);
  const record = { sources: hashKernelSources(), module: sha256(wasm) };
  writeFileSync(new URL('kernels.json', SIMD_FOLDER), `${JSON.stringify(record, null, 2)}\n`);
  console.log(`kernels.wasm: ${wasm.length} bytes, sha256 ${record.module}`);
}
