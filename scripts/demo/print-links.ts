import type { VisitorLink } from './invite-visitors.ts';

/** The links that sign a visitor in, the last thing that the demo says. */
export function printLinks(
  links: readonly VisitorLink[],
  { address, openTasks }: { address: string; openTasks: number },
): void {
  if (links.length === 0) {
    console.log('\nThis folder was not begun by the demo, so there are no links that sign a visitor in.');
    return;
  }
  console.log(
    `\n${openTasks} tasks are open. Each link signs you in once, within a day, on this machine (a browser is one person at a time):`,
  );
  const width = Math.max(...links.map(({ role }) => role.length));
  for (const { role, path, what } of links)
    console.log(`  ${role.padEnd(width)}  ${what}\n    ${address}${path}`);
}
