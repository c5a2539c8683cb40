import { type MovedProps, sendOn } from '@/app/(moved)/_components/send-on.server.ts';

export default async function MovedSchedulesPage(props: MovedProps) {
  await sendOn('schedules', props);
}
