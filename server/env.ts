import path from 'node:path';
import { z } from 'zod';
import { parseAddresses } from './auth/trusted-proxies.ts';

/** Whoever listens in between could not change what is signed, but the address may hold a secret. */
function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

const schema = z.object({
  PLUMBLINE_DATA: z
    .string()
    .default('./data')
    .transform((folder) => path.resolve(folder)),
  PLUMBLINE_BACKEND: z.enum(['cuda', 'native', 'simd', 'cpu']).optional(),
  /** folders whose models may be added from the pages, parted like PATH; `models/` in the data folder when not given */
  PLUMBLINE_MODEL_ROOTS: z
    .string()
    .transform((text) => text.split(path.delimiter).filter((folder) => folder !== ''))
    .optional(),
  /** folder of the worker's backups, best on another disk; `backups/` in the data folder when not given */
  PLUMBLINE_BACKUPS: z
    .string()
    .transform((folder) => path.resolve(folder))
    .optional(),
  NEXTAUTH_URL: z.url().default('http://localhost:3000'),
  /** generated into the data folder at first start when not given */
  NEXTAUTH_SECRET: z.string().min(32).optional(),
  /** proxies before this server, whose X-Forwarded-For is believed: addresses and networks, `127.0.0.1, 10.0.0.0/8` */
  PLUMBLINE_TRUSTED_PROXIES: z
    .string()
    .transform((text, { addIssue }) => {
      try {
        return parseAddresses(text);
      } catch (error) {
        addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    })
    .optional(),
  /** set by scripts/mark-peer.mjs, never by people */
  PLUMBLINE_PEER_HEADER: z.string().optional(),
  /** answers that stay open (pages that follow a run), of one person and of all */
  PLUMBLINE_STREAMS_PER_PERSON: z.coerce.number().int().min(1).default(8),
  PLUMBLINE_STREAMS: z.coerce.number().int().min(1).default(500),
  /** the largest import: bytes once unpacked, rows, and rows that were not taken and are kept to be looked at */
  PLUMBLINE_IMPORT_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(16 * 2 ** 30),
  PLUMBLINE_IMPORT_ROWS: z.coerce.number().int().min(1).default(5_000_000),
  PLUMBLINE_IMPORT_REJECTS: z.coerce.number().int().min(0).default(1000),
  OIDC_ISSUER: z.url().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  /** who asks people with a second factor for their code when they come by single sign-on */
  OIDC_SECOND_FACTOR: z.enum(['here', 'provider']).default('here'),
  OIDC_NAME: z.string().default('Single sign-on'),
  /** further host names that people reach this installation by, parted by commas */
  PLUMBLINE_HOSTS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  /** gets every signed head of the audit log: https, or http on this machine */
  PLUMBLINE_HEADS_WEBHOOK: z
    .string()
    .refine(isSafeAddress, 'expected an https address, or http://127.0.0.1 or http://localhost')
    .optional(),
  /** opens /api/metrics to whoever sends it */
  PLUMBLINE_METRICS_TOKEN: z.string().min(16).optional(),
  /** JSON lines go there instead of to standard output */
  PLUMBLINE_LOG_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The only reader of process.env on the web side. Throws with the variable's name and what was expected. */
export function readEnv(source: Record<string, string | undefined> = process.env) {
  // NAME= in a .env file means: not given
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`Environment: ${issues}`);
  }
  return parsed.data;
}
