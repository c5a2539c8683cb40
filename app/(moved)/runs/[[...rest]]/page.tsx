import { type MovedProps, sendOn } from '@/app/(moved)/_components/send-on.server.ts';

export default async function MovedRunsPage(props: MovedProps) {
  await sendOn('runs', props);
}
