'use client';

import {
  ChevronsUpDownIcon,
  CircleHelpIcon,
  MenuIcon,
  PlusIcon,
  ServerIcon,
  UserRoundIcon,
} from 'lucide-react';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { cn } from '@/app/_ui/cn.ts';
import { Logo } from '@/app/_ui/logo.tsx';
import { ThemeChoice } from '@/app/_ui/theme-choice.tsx';
import type { Permission } from '@/server/permissions.ts';
import { navEntries } from './nav-entries.ts';

type Project = { slug: string; name: string; may: readonly Permission[] };

const itemLook =
  'flex items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm max-lg:py-2.5 [&_svg]:size-4 [&_svg]:shrink-0';

/** The frame's navigation: a column on wide screens, a bar with a menu on narrow ones. */
export function StudioNav({
  person,
  projects,
}: {
  person: { name: string; isInstanceOwner: boolean };
  projects: Project[];
}) {
  const pathname = usePathname();
  const project = useCurrentProject(projects, pathname);
  const [isOpen, setIsOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes
  useEffect(() => setIsOpen(false), [pathname]);
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setIsOpen(false);
    };
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, []);

  return (
    <header className="top-0 z-30 border-b bg-card max-lg:sticky lg:border-r lg:border-b-0">
      <div className="flex flex-col lg:sticky lg:top-0 lg:h-dvh lg:overflow-y-auto">
        <div className="flex h-13 items-center justify-between gap-3 px-4 lg:h-14">
          <Link href="/" aria-label="Plumbline: all projects">
            <Logo />
          </Link>
          <span className="min-w-0 flex-1 truncate text-right text-sm text-muted-foreground lg:hidden">
            <bdi>{project?.name}</bdi>
          </span>
          <button
            type="button"
            className="-mr-2 rounded-md p-2 hover:bg-accent lg:hidden"
            aria-expanded={isOpen}
            aria-controls="studio-nav"
            onClick={() => setIsOpen(!isOpen)}
          >
            <MenuIcon className="size-5" aria-hidden />
            <span className="sr-only">Menu</span>
          </button>
        </div>
        <div
          id="studio-nav"
          className={cn(
            'flex-1 flex-col gap-4 px-2 pb-3 lg:flex',
            isOpen ? 'flex max-h-[calc(100dvh-3.25rem)] overflow-y-auto' : 'hidden',
          )}
        >
          <ProjectSwitch projects={projects} current={project} />
          <nav aria-label={project ? `Project ${project.name}` : 'Main'} className="grid gap-0.5">
            {project ? (
              navEntries(project.may).map(({ label, icon: Icon, href }) => (
                <NavLink key={label} href={href(project.slug)} pathname={pathname}>
                  <Icon aria-hidden />
                  {label}
                </NavLink>
              ))
            ) : (
              <p className="px-2.5 text-xs text-muted-foreground">Choose a project to see its pages.</p>
            )}
          </nav>
          <nav aria-label="You" className="grid gap-0.5 border-t pt-3 lg:mt-auto">
            {person.isInstanceOwner ? (
              <NavLink href="/projects/new" pathname={pathname}>
                <PlusIcon aria-hidden />
                New project
              </NavLink>
            ) : null}
            {person.isInstanceOwner ? (
              <NavLink href="/installation" pathname={pathname}>
                <ServerIcon aria-hidden />
                Installation
              </NavLink>
            ) : null}
            <NavLink href="/help" pathname={pathname}>
              <CircleHelpIcon aria-hidden />
              Help
            </NavLink>
            <NavLink href="/account" pathname={pathname}>
              <UserRoundIcon aria-hidden />
              <span dir="auto" className="truncate">
                {person.name}
              </span>
            </NavLink>
            <ThemeChoice className="mt-2 ml-1.5" />
          </nav>
        </div>
      </div>
    </header>
  );
}

function NavLink({
  href,
  pathname,
  children,
}: {
  href: string;
  pathname: string;
  children: React.ReactNode;
}) {
  const path = href.split('?')[0] ?? href;
  // a project's overview lies above its other pages, so it must match exactly
  const isOverview = /^\/projects\/[^/]+$/.test(path);
  const isCurrent = pathname === path || (!isOverview && pathname.startsWith(`${path}/`));
  return (
    <Link
      href={href}
      aria-current={isCurrent ? 'page' : undefined}
      className={cn(
        itemLook,
        isCurrent
          ? 'bg-accent font-medium text-foreground'
          : 'text-muted-foreground hover:bg-accent/60 hover:text-foreground',
      )}
    >
      {children}
    </Link>
  );
}

function ProjectSwitch({ projects, current }: { projects: Project[]; current: Project | undefined }) {
  const router = useRouter();
  if (projects.length === 0) return null;
  return (
    <div className="relative">
      <select
        aria-label="Project"
        className="h-9 w-full appearance-none truncate rounded-md border bg-background pr-8 pl-2.5 text-sm font-medium max-lg:h-11"
        value={current?.slug ?? ''}
        onChange={(event) => router.push(event.target.value ? `/projects/${event.target.value}` : '/')}
      >
        <option value="">All projects</option>
        {projects.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </select>
      <ChevronsUpDownIcon
        className="pointer-events-none absolute top-1/2 right-2.5 size-3.5 -translate-y-1/2 text-muted-foreground"
        aria-hidden
      />
    </div>
  );
}

/** The project of the address, or, on pages that name none (the account), the one looked at before. */
function useCurrentProject(projects: Project[], pathname: string): Project | undefined {
  const inPath = /^\/(?:projects|label)\/([^/]+)/.exec(pathname)?.[1];
  const named = projects.find(({ slug }) => slug === inPath);
  const [lastSlug, setLastSlug] = useState<string | null>(null);
  useEffect(() => {
    if (named) {
      sessionStorage.setItem('plumbline.project', named.slug);
      setLastSlug(named.slug);
    } else setLastSlug(sessionStorage.getItem('plumbline.project'));
  }, [named]);
  if (named || pathname === '/' || pathname === '/projects/new') return named;
  return projects.find(({ slug }) => slug === lastSlug);
}
