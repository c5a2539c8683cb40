export type DemoFigures = {
  rewardModel: Record<'heldOutAccuracy' | 'low' | 'high' | 'pairs', number>;
  policy: Record<'trueRewardBefore' | 'trueRewardAfter' | 'klToReference', number>;
  export: { rows: number; verified: boolean };
  judgments: number;
  seconds: Record<string, number>;
  backend: string;
};

/** The table at the end of the demo: everything in it was measured by this run. */
export function printFigures(figures: DemoFigures): void {
  const { rewardModel, policy, seconds } = figures;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows: [string, string][] = [
    ['judgments (simulated annotators)', String(figures.judgments)],
    [
      'reward model, held-out accuracy',
      `${percent(rewardModel.heldOutAccuracy)}  (95 %: ${percent(rewardModel.low)} to ${percent(rewardModel.high)}, ${rewardModel.pairs} pairs)`,
    ],
    ['true reward before PPO', policy.trueRewardBefore.toFixed(3)],
    ['true reward after PPO', policy.trueRewardAfter.toFixed(3)],
    ['KL to the SFT policy', `${policy.klToReference.toFixed(2)} nats per response`],
    ['exported rows', `${figures.export.rows}, ${figures.export.verified ? 'verified' : 'NOT verified'}`],
    ['backend', figures.backend],
    ...Object.entries(seconds).map(([stage, value]): [string, string] => [
      `seconds: ${stage}`,
      value.toFixed(1),
    ]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  console.log('');
  for (const [label, value] of rows) console.log(`${label.padEnd(width)}  ${value}`);
}
