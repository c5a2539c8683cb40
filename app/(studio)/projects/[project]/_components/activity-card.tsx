import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import type { Activity } from '@/server/projects/activity.ts';

const WIDTH = 280;
const HEIGHT = 72;
const GAP = 4;
const count = (n: number) => n.toLocaleString('en-US');

/** Judgments by day of the last two weeks: people's solid, simulated ones pale. */
export function ActivityCard({ activity: { days, people, isAtLeast } }: { activity: Activity }) {
  const most = Math.max(1, ...days.map(({ annotator, simulated }) => annotator + simulated));
  const bar = WIDTH / days.length - GAP;
  const height = (n: number) => (n === 0 ? 0 : Math.max(2, (n / most) * HEIGHT));
  const week = days.slice(-7);
  const sum = (part: typeof days, of: 'annotator' | 'simulated') =>
    part.reduce((all, day) => all + day[of], 0);
  const simulated = sum(days, 'simulated');
  const today = days.at(-1);
  const orMore = isAtLeast ? ' or more' : '';
  return (
    <Card aria-labelledby="activity">
      <CardHeader>
        <div>
          <CardTitle id="activity">Judgments by day</CardTitle>
          <CardDescription>
            {people === 0
              ? 'None by people in seven days.'
              : `${count(sum(week, 'annotator'))}${orMore} by ${count(people)} ${people === 1 ? 'person' : 'people'} in seven days, ${count(today?.annotator ?? 0)} of them today.`}
            {simulated > 0 ? ` ${count(simulated)}${orMore} simulated ones in two weeks, pale.` : ''}
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          className="h-20 w-full"
          preserveAspectRatio="none"
          role="img"
          aria-label={`Judgments of the last fourteen days: ${days.map((day) => `${day.day} ${day.annotator + day.simulated}`).join(', ')}`}
        >
          {days.map((day, index) => {
            const [own, pale] = [height(day.annotator), height(day.simulated)];
            const x = index * (bar + GAP) + GAP / 2;
            return (
              <g key={day.day}>
                <rect x={x} y={HEIGHT - 1} width={bar} height={1} className="fill-border" />
                <rect x={x} y={HEIGHT - own} width={bar} height={own} className="fill-primary" />
                <rect x={x} y={HEIGHT - own - pale} width={bar} height={pale} className="fill-primary/30" />
              </g>
            );
          })}
        </svg>
        <p className="mt-1 flex justify-between text-xs text-muted-foreground">
          <span>{days[0]?.day}</span>
          <span>today (UTC)</span>
        </p>
      </CardContent>
    </Card>
  );
}
