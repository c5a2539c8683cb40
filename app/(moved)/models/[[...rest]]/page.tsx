import { type MovedProps, sendOn } from '@/app/(moved)/_components/send-on.server.ts';

export default async function MovedModelsPage(props: MovedProps) {
  await sendOn('models', props);
}
