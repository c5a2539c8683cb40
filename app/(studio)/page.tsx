import { FolderPlusIcon, MailIcon } from 'lucide-react';
import type { Metadata } from 'next';
import Link from 'next/link';
import { serverCaller } from '@/app/_trpc/server.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { requireSession } from '@/server/auth/require-session.ts';
import { BringBackButton } from './_components/bring-back-button.tsx';
import { CardFigures } from './_components/card-figures.tsx';

export const metadata: Metadata = { title: 'Projects' };

/** Cards that say what is in the project; who has more projects than this looks into them. */
const WITH_FIGURES = 30;

export default async function ProjectsPage() {
  const session = await requireSession();
  const caller = await serverCaller();
  const projects = await caller.projects.list();
  const archived = await caller.projects.archived();
  const figures = new Map(
    await Promise.all(
      projects
        .slice(0, WITH_FIGURES)
        .map(async ({ id }) => [id, await caller.projects.overview({ projectId: id })] as const),
    ),
  );
  const newProject = (
    <Button asChild>
      <Link href="/projects/new">New project</Link>
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Projects"
        actions={session.isInstanceOwner && projects.length > 0 ? newProject : null}
      />
      {projects.length === 0 ? (
        session.isInstanceOwner ? (
          <EmptyState icon={FolderPlusIcon} title="No project yet" action={newProject}>
            A project holds prompts, the people who judge responses to them, and the models trained on their
            judgments.
          </EmptyState>
        ) : (
          <EmptyState icon={MailIcon} title="You are not a member of any project">
            Ask the owner of a project for an invitation link.
          </EmptyState>
        )
      ) : (
        <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
          {projects.map(({ id, slug, name, description, role }) => (
            <li key={id} className="relative rounded-lg border bg-card p-4 hover:border-input">
              <div className="flex items-start justify-between gap-3">
                <Link href={`/projects/${slug}`} className="font-medium after:absolute after:inset-0">
                  {name}
                </Link>
                <Badge>{role}</Badge>
              </div>
              <p className="mt-1 line-clamp-2 text-sm text-muted-foreground">{description || slug}</p>
              <CardFigures overview={figures.get(id)} />
            </li>
          ))}
        </ul>
      )}
      {archived.length > 0 && (
        <section aria-labelledby="archived" className="mt-8">
          <h2 id="archived" className="mb-2 font-semibold">
            Archived
          </h2>
          <ul className="grid gap-2">
            {archived.map(({ id, slug, name, deleteAt }) => (
              <li
                key={id}
                className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border px-4 py-3 text-sm"
              >
                <Link href={`/projects/${slug}`} className="font-medium underline-offset-2 hover:underline">
                  {name}
                </Link>
                <span className="grow text-muted-foreground">
                  {deleteAt !== null && (
                    <>
                      deleted after <Time at={deleteAt} />
                    </>
                  )}
                </span>
                <BringBackButton projectId={id} name={name} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
