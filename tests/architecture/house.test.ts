import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** Files of the repository, as git sees them. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

const CODE = /^(app|server|db|trainer|lib|scripts)\/.*\.tsx?$/;
const NEXT_NAMES = /^(page|layout|route|loading|error|not-found|global-error)$/;

test('no drawers: every file is named after the one thing in it', () => {
  const drawers = files.filter(
    (file) => CODE.test(file) && /(^|\/)(utils?|helpers?|common|misc|shared|index)(\.|\/)/.test(file),
  );
  // options that several recipes share, as a group of schemas
  expect(drawers.filter((file) => file !== 'trainer/config/common.ts')).toEqual([]);
});

test('file names are kebab-case', () => {
  const odd = files.filter((file) => {
    if (!CODE.test(file)) return false;
    const name = path.basename(file).replace(/(\.(test|server|d))?\.tsx?$/, '');
    return !NEXT_NAMES.test(name) && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
  });
  expect(odd).toEqual([]);
});

test('pages import by path within their route, and by @/ what lies outside it', () => {
  const odd: string[] = [];
  for (const file of files.filter((name) => /^app\/.*\.tsx?$/.test(name))) {
    // what a route keeps for itself lies in folders with an underscore beside its page
    const route = `${path.dirname(file).replace(/\/_.*$/, '')}/`;
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /(?:from|import|import\(|mock\()\s*['"]((?:\.\.?|@)\/[^'"]+)['"]/g,
    )) {
      const isAlias = (name as string).startsWith('@/');
      const target = isAlias ? (name as string).slice(2) : path.join(path.dirname(file), name as string);
      if (target.startsWith(route) === isAlias) odd.push(`${file}: ${name}`);
    }
  }
  expect(odd).toEqual([]);
});

test('the top level is fixed', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  expect([...folders].filter((folder) => !folder?.startsWith('.')).sort()).toEqual([
    'app',
    'db',
    'docs',
    'lib',
    'scripts',
    'server',
    'tests',
    'trainer',
  ]);
});

test('paths that the documents name exist', () => {
  const documents = files.filter((file) => /^([A-Z]+|trainer\/README|docs\/.*)\.md$/.test(file));
  const missing: string[] = [];
  for (const document of documents) {
    const text = readFileSync(document, 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) =>
      path.join(path.dirname(document), match[1] as string),
    );
    const quoted = [...text.matchAll(/`((?:app|server|db|trainer|lib|scripts|tests|docs)\/[^`\s]*)`/g)]
      .map((match) => match[1] as string)
      // patterns stand for several files
      .filter((file) => !/[<>*{}[\],]/.test(file));
    // a decision record speaks of its own day: what was moved since is not changed in it
    const named = document.startsWith('docs/decisions/') ? links : [...links, ...quoted];
    for (const file of named) if (!existsSync(file)) missing.push(`${document}: ${file}`);
  }
  expect(missing).toEqual([]);
});

test('every package with an install script is allowed or refused by name', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const withScript = Object.entries(packages)
    .filter(([, entry]) => entry.hasInstallScript)
    .map(([location]) => location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect([...new Set(withScript)].sort()).toEqual(Object.keys(allowScripts).sort());
});

test('no comment marks unfinished work', () => {
  const marker = new RegExp(
    `\\b(${['TO', 'FIX', 'XX'].map((start, i) => start + ['DO', 'ME', 'X'][i]).join('|')})\\b`,
  );
  expect(files.filter((file) => CODE.test(file) && marker.test(readFileSync(file, 'utf8')))).toEqual([]);
});
