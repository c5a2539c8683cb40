import { type MovedProps, sendOn } from '@/app/(moved)/_components/send-on.ts';

export default async function MovedSchedulesPage(props: MovedProps) {
  await sendOn('schedules', props);
}
