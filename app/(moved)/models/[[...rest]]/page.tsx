import { type MovedProps, sendOn } from '@/app/(moved)/_components/send-on.ts';

export default async function MovedModelsPage(props: MovedProps) {
  await sendOn('models', props);
}
