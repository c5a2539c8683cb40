/** Stands in for the training process: what it does is in the task, to see what the worker makes of it. */
import { once } from 'node:events';

export type OddTask =
  | { act: 'echo'; cargo: unknown }
  | { act: 'exit'; code: number }
  | { act: 'die'; signal: NodeJS.Signals }
  | { act: 'hang' };

const [task] = (await once(process, 'message')) as [OddTask];
switch (task.act) {
  case 'echo':
    process.send?.({ type: 'event', event: task.cargo });
    process.send?.({ type: 'answer', answer: (await once(process, 'message'))[0] });
    await once(process, 'message');
    process.send?.({ type: 'end' });
    break;
  case 'exit':
    process.exit(task.code);
    break;
  case 'die':
    process.kill(process.pid, task.signal);
    break;
  case 'hang':
    process.send?.({ type: 'event', event: process.pid });
    await once(process, 'message');
    // as a training step does, it lets nothing else happen
    for (;;);
}
