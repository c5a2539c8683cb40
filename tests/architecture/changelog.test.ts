import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MIGRATIONS_FOLDER, readMigrations, versionNumber } from '../../db/schema-state.ts';

/** CHANGELOG.md by version, newest first, each with the migrations that it names. */
const versions = readFileSync('CHANGELOG.md', 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((text) => ({
    version: /^\S+/.exec(text)?.[0] ?? '',
    migrations: [...text.matchAll(/`(\d{4}_\w+)`/g)].map(([, tag]) => tag as string),
  }));
const manifest = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as { version: string };

test('every migration comes with a version of its own and an entry in CHANGELOG.md', () => {
  const [, ...later] = [...versions].reverse();
  const told = new Set(versions.flatMap(({ migrations }) => migrations));
  const mistakes = [
    ...readMigrations(MIGRATIONS_FOLDER)
      .filter(({ tag }) => !told.has(tag))
      .map(
        ({ tag }) =>
          `${tag}: raise the version in package.json and package-lock.json, and name the migration below it in CHANGELOG.md`,
      ),
    ...later
      .filter(({ migrations }) => migrations.length > 1)
      .map(({ version, migrations }) => `${version}: ${migrations.join(', ')} need a version each`),
  ];
  expect(mistakes).toEqual([]);
  const known = readMigrations(MIGRATIONS_FOLDER).map(({ tag }) => tag);
  expect([...versions].reverse().flatMap(({ migrations }) => migrations)).toEqual(known);
});

test('versions rise, and the newest is that of the package', () => {
  const numbers = versions.map(({ version }) => versionNumber(version));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => b - a));
  expect(manifest('package.json').version).toBe(versions[0]?.version);
  expect(manifest('package-lock.json').version).toBe(versions[0]?.version);
});
