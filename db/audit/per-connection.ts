import type Database from 'better-sqlite3';

type Kept = typeof globalThis & { plumblineConnections?: Map<string, WeakMap<Database.Database, unknown>> };

/**
 * What is known of each connection, one map for each name. Kept on globalThis: pages and routes of the web process are bundles of
 * their own, each with its own copy of this module, and share the one connection that either of them opened.
 */
export function perConnection<Value>(
  name: 'capture' | 'signer' | 'last record',
): WeakMap<Database.Database, Value> {
  const kept = globalThis as Kept;
  kept.plumblineConnections ??= new Map();
  const known = kept.plumblineConnections.get(name) ?? new WeakMap();
  kept.plumblineConnections.set(name, known);
  return known as WeakMap<Database.Database, Value>;
}
