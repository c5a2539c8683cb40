import {
  BookOpenTextIcon,
  BoxIcon,
  CalendarClockIcon,
  DatabaseIcon,
  HouseIcon,
  type LucideIcon,
  PackageIcon,
  PlayIcon,
  ScrollTextIcon,
  SettingsIcon,
  SquareCheckIcon,
  UsersIcon,
} from 'lucide-react';
import type { Permission } from '@/server/permissions.ts';

type Entry = { label: string; icon: LucideIcon; href: (slug: string) => string; needs: Permission };

const ENTRIES: Entry[] = [
  { label: 'Overview', icon: HouseIcon, href: (slug) => `/projects/${slug}`, needs: 'project.read' },
  { label: 'Label', icon: SquareCheckIcon, href: (slug) => `/label/${slug}`, needs: 'tasks.label' },
  {
    label: 'Guideline',
    icon: BookOpenTextIcon,
    href: (slug) => `/projects/${slug}/guideline`,
    needs: 'project.read',
  },
  { label: 'Data', icon: DatabaseIcon, href: (slug) => `/projects/${slug}/data`, needs: 'data.read' },
  {
    label: 'Snapshots & exports',
    icon: PackageIcon,
    href: (slug) => `/projects/${slug}/exports`,
    needs: 'snapshots.export',
  },
  { label: 'Runs', icon: PlayIcon, href: (slug) => `/projects/${slug}/runs`, needs: 'runs.read' },
  { label: 'Models', icon: BoxIcon, href: (slug) => `/projects/${slug}/models`, needs: 'models.read' },
  {
    label: 'Schedules',
    icon: CalendarClockIcon,
    href: (slug) => `/projects/${slug}/schedules`,
    needs: 'runs.read',
  },
  { label: 'Members', icon: UsersIcon, href: (slug) => `/projects/${slug}/members`, needs: 'members.read' },
  {
    label: 'Settings',
    icon: SettingsIcon,
    href: (slug) => `/projects/${slug}/settings`,
    needs: 'data.read',
  },
  { label: 'Audit', icon: ScrollTextIcon, href: (slug) => `/projects/${slug}/audit`, needs: 'audit.read' },
];

/** What a member with these rights finds in the navigation of a project. */
export function navEntries(may: readonly Permission[]): Entry[] {
  return ENTRIES.filter(({ needs }) => may.includes(needs));
}
