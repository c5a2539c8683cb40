import { headers } from 'next/headers';
import { notFound, redirect } from 'next/navigation';
import { orNotFound, serverCaller } from '@/app/_trpc/server.ts';

/** Pages about one thing, by where they lie below the project's address; `id` is the one that leads to any of them. */
const ABOUT_ONE = /^\/(data\/(?:prompts|tasks|judgments)|members|runs|id)\/([^/]+)$/;
const NO_IDS = ['/runs/new', '/runs/metrics', '/runs/compare'];

/**
 * For the layout, which is there before the first byte is sent: an address of a thing that is not in the project is a real 404,
 * and one that names a thing alone is sent on to its page. Pages stream below it, and could only say so in words.
 */
export async function requireKnown({ projectId, slug }: { projectId: string; slug: string }): Promise<void> {
  const asked = (await headers()).get('x-plumbline-path') ?? '';
  const path = asked.split('?')[0]?.slice(`/projects/${slug}`.length) ?? '';
  const [, section, id] = ABOUT_ONE.exec(path) ?? [];
  if (section === undefined || id === undefined || NO_IDS.includes(path)) return;
  const found = await pathOf({ projectId, id });
  if (section === 'id') redirect(`/projects/${slug}${found}`);
  if (found !== path) notFound();
}

/** Where the page of a thing is, below the project's address. */
export async function pathOf(named: { projectId: string; id: string }): Promise<string> {
  if (named.id.length > 64) notFound();
  const { path } = await orNotFound((await serverCaller()).projects.locate(named));
  return path;
}
