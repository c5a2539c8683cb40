/** The training process itself; each of its messages also says how many threads TensorFlow's ops were given. */
import process from 'node:process';

const send = process.send?.bind(process);
process.send = (message: object) =>
  send?.({ ...message, threads: process.env.TF_NUM_INTRAOP_THREADS ?? null }) ?? false;
await import('../../server/worker/handlers/training-process.ts');
