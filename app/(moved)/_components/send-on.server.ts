import { TRPCError } from '@trpc/server';
import { notFound, redirect } from 'next/navigation';
import { serverCaller } from '@/app/_trpc/server.ts';
import { requireSession } from '@/server/auth/require-session.ts';

type Query = Record<string, string | string[] | undefined>;
export type MovedProps = { params: Promise<{ rest?: string[] }>; searchParams: Promise<Query> };

/** What lay at the top level until 0.1.0, and below a project since; every other address of these was a run's. */
const PAGES = {
  runs: ['', 'new', 'metrics'],
  models: [''],
  schedules: [''],
} as const satisfies Record<string, readonly string[]>;

/**
 * Sends bookmarks and links in old notes to where the page is now: the project comes from `?project=`, or from the run that
 * the address names. The rest of the query is kept; the browser keeps the fragment.
 */
export async function sendOn(
  section: keyof typeof PAGES,
  { params, searchParams }: MovedProps,
): Promise<never> {
  await requireSession();
  const { rest = [] } = await params;
  const { project, ...query } = await searchParams;
  const page = rest.join('/');
  const isPage = (PAGES[section] as readonly string[]).includes(page);
  if (!isPage && (section !== 'runs' || rest.length > 1)) notFound();
  const named = Array.isArray(project) ? project[0] : project;
  const slug = isPage
    ? (named ?? (page === 'metrics' ? await anyProject() : undefined))
    : await projectOf(page);
  if (!slug) redirect('/');
  const path = ['projects', slug, section, ...rest].map((part) => encodeURIComponent(part)).join('/');
  redirect(`/${path}${asQuery(query)}`);
}

/** The page about figures named no project: it says the same in each. */
async function anyProject(): Promise<string | undefined> {
  return (await (await serverCaller()).projects.list())[0]?.slug;
}

async function projectOf(runId: string): Promise<string> {
  try {
    return (await (await serverCaller()).runs.locate({ runId })).slug;
  } catch (error) {
    if (error instanceof TRPCError && (error.code === 'NOT_FOUND' || error.code === 'BAD_REQUEST'))
      notFound();
    throw error;
  }
}

function asQuery(query: Query): string {
  const kept = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) kept.append(name, one);
  return kept.size === 0 ? '' : `?${kept}`;
}
