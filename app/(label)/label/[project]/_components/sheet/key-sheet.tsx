import { Kbd } from '@/app/_ui/kbd.tsx';
import { KEY_SHEET } from '../ranking/keyboard.ts';

/** The `?` sheet. */
export function KeySheet({ isPair }: { isPair: boolean }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
      {KEY_SHEET.map((line) => (
        <div key={line.keys.join()} className="contents">
          <dt className="flex items-center gap-1">
            {line.keys.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </dt>
          <dd>{isPair ? line.pair : line.ranking}</dd>
        </div>
      ))}
    </dl>
  );
}
