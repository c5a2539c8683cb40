/** What starts the program elsewhere: no Docker and no systemd run here, so the files are held against what each must say. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** Instructions of a Dockerfile with their text, continued lines joined. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/^\s*#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ name: line.split(' ')[0] as string, text: line.slice(line.indexOf(' ') + 1) }));
const all = (name: string) => instructions.filter((one) => one.name === name).map(({ text }) => text);
const last = (name: string) => all(name).at(-1) ?? '';
const startArguments = (text: string) => text.match(/scripts\/start\.ts.*/)?.[0].match(/--[\w-]+/g) ?? [];

describe('the Dockerfile', () => {
  it('has instructions that exist, on images with a version', () => {
    const known = [
      'FROM',
      'SHELL',
      'RUN',
      'WORKDIR',
      'COPY',
      'ENV',
      'USER',
      'VOLUME',
      'EXPOSE',
      'STOPSIGNAL',
      'HEALTHCHECK',
      'CMD',
    ];
    expect(instructions.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
    for (const from of all('FROM')) expect(from).toMatch(/^node:\d+\.\d+\.\d+-[\w-]+( AS \w+)?$/);
  });

  it('installs from the lock file before the sources are copied, and keeps no package lists', () => {
    const copies = all('COPY');
    expect(copies[0]).toBe('package.json package-lock.json ./');
    expect(all('RUN').some((text) => text.startsWith('npm ci'))).toBe(true);
    for (const text of all('RUN').filter((one) => one.includes('apt-get install')))
      expect(text).toMatch(/--no-install-recommends.*rm -rf \/var\/lib\/apt\/lists/);
    expect(instructions.some(({ text }) => /sudo|--privileged|curl .*\|/.test(text))).toBe(false);
  });

  it('runs as nobody special, as process 1 that hears SIGTERM, on volumes of its own, with a health check', () => {
    expect(last('USER')).toBe('node');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    for (const name of ['CMD', 'VOLUME']) expect(() => JSON.parse(last(name))).not.toThrow();
    expect(JSON.parse(last('VOLUME'))).toContain(/PLUMBLINE_DATA=(\S+)/.exec(last('ENV'))?.[1]);
    expect(last('HEALTHCHECK')).toContain('/api/health');
    const command = JSON.parse(last('CMD')) as string[];
    // no shell and no npm in between: they would keep the signal to themselves
    expect(command[0]).toBe('node');
    expect(command.filter((part) => part.endsWith('.ts')).every((file) => existsSync(file))).toBe(true);
  });

  it('leaves data, builds and secrets of the machine out', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const name of ['.git', 'node_modules', 'data', '.next', '.env*']) expect(ignored).toContain(name);
  });
});

describe('compose.yaml', () => {
  const { services, volumes } = parse(readFileSync('compose.yaml', 'utf8')) as {
    services: Record<
      string,
      { volumes: string[]; ports: string[]; stop_grace_period: string; cap_drop: string[] }
    >;
    volumes: Record<string, unknown>;
  };

  it('mounts volumes that it names where the image keeps its data, and listens on this machine alone', () => {
    for (const service of Object.values(services)) {
      for (const mount of service.volumes) {
        const [name, target] = mount.split(':');
        expect(Object.keys(volumes)).toContain(name);
        expect(JSON.parse(last('VOLUME'))).toContain(target);
      }
      for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:3000$/);
      expect(service.cap_drop).toEqual(['ALL']);
    }
  });

  it('waits longer for the end than the supervisor does', () => {
    for (const { stop_grace_period } of Object.values(services))
      expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(60);
  });
});

describe('the systemd unit', () => {
  const unit = readFileSync('docs/operating/plumbline.service', 'utf8');
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];

  it('starts what is there, without a shell, and lets it end in peace', () => {
    const start = value('ExecStart') ?? '';
    expect(start).toMatch(/^\/usr\/bin\/node --import tsx scripts\/start\.ts /);
    expect(value('KillMode')).toBe('mixed');
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(60);
    expect(value('UMask')).toBe('0077');
    expect(value('User')).not.toBe('root');
  });

  it('and the image give options that npm start knows', () => {
    const known = [
      ...readFileSync('scripts/start.ts', 'utf8').matchAll(/^ {4}'?([\w-]+)'?: \{ type: '/gm),
    ].map(([, name]) => `--${name}`);
    const given = [...startArguments(unit), ...startArguments(JSON.parse(last('CMD')).join(' '))];
    expect(given.length).toBeGreaterThan(3);
    for (const option of given) expect(known).toContain(option);
  });
});
