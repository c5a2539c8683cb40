ALTER TABLE `run_samples` RENAME COLUMN "episode" TO "sample";--> statement-breakpoint
UPDATE `run_samples` SET `sample` = json_object(
  'prompt', `sample` -> '$.prompt',
  'response', `sample` -> '$.response',
  'figures', json(json_set(json_remove(`sample`, '$.prompt', '$.response'), '$.ended', `sample` ->> '$.ended'))
);
