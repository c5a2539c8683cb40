ALTER TABLE `schedules` RENAME COLUMN "chain" TO "steps";--> statement-breakpoint
CREATE TABLE `chain_executions` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`schedule_id` text NOT NULL,
	`name` text NOT NULL,
	`status` text NOT NULL,
	`steps` text NOT NULL,
	`checkpoint_of_model` text NOT NULL,
	`judgment_count` integer NOT NULL,
	`error` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `chain_executions_schedule` ON `chain_executions` (`schedule_id`,`id`);--> statement-breakpoint
CREATE TABLE `chain_steps` (
	`id` text PRIMARY KEY NOT NULL,
	`execution_id` text NOT NULL,
	`position` integer NOT NULL,
	`key` text NOT NULL,
	`status` text NOT NULL,
	`job_id` text,
	`run_id` text,
	`snapshot_id` text,
	`checkpoint_id` text,
	`figures` text,
	`reason` text,
	`started_at` integer,
	`finished_at` integer,
	FOREIGN KEY (`execution_id`) REFERENCES `chain_executions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `chain_steps_position` ON `chain_steps` (`execution_id`,`position`);--> statement-breakpoint
CREATE UNIQUE INDEX `chain_steps_job` ON `chain_steps` (`job_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `chain_steps_run` ON `chain_steps` (`run_id`);
--> statement-breakpoint
-- a schedule was always snapshot, reward model, PPO: now it says so as a list
UPDATE `schedules` SET `steps` = json_array(
  json_object('kind', 'snapshot', 'key', 'snapshot', 'when', json('[]'), 'sources', json('["annotator","simulated","imported"]')),
  json_object('kind', 'train', 'key', 'reward', 'when', json('[]'), 'recipe', 'reward', 'config', `steps` -> '$.rewardConfig',
    'model', json_object('from', 'model', 'modelId', `steps` ->> '$.modelId'), 'rewardModel', NULL,
    'snapshot', json_object('from', 'step', 'step', 'snapshot')),
  json_object('kind', 'train', 'key', 'ppo', 'when', json('[]'), 'recipe', 'ppo', 'config', `steps` -> '$.ppoConfig',
    'model', json_object('from', 'model', 'modelId', `steps` ->> '$.modelId'),
    'rewardModel', json_object('from', 'step', 'step', 'reward'), 'snapshot', NULL)
);
--> statement-breakpoint
-- its history: each reward run that a schedule started is an execution, with the PPO run that was scored by its result
CREATE TABLE `old_chains` AS
SELECT
  'exe_' || substr(r.`id`, 5) AS `execution_id`, substr(r.`id`, 5) AS `stem`, s.`id` AS `schedule_id`, s.`enabled`,
  r.`id` AS `reward_id`,
  (SELECT min(p.`id`) FROM `runs` p WHERE p.`schedule_id` = s.`id` AND p.`recipe` = 'ppo'
    AND p.`reward_checkpoint_id` = r.`result_checkpoint_id`) AS `ppo_id`
FROM `runs` r JOIN `schedules` s ON s.`id` = r.`schedule_id`
WHERE r.`recipe` = 'reward';
--> statement-breakpoint
INSERT INTO `chain_executions`
SELECT
  c.`execution_id`, s.`project_id`, s.`id`, s.`name`,
  CASE
    WHEN r.`status` IN ('failed', 'cancelled') THEN r.`status`
    WHEN r.`status` = 'succeeded' AND p.`status` = 'succeeded' THEN 'done'
    WHEN r.`status` = 'succeeded' AND p.`status` IN ('failed', 'cancelled', 'paused') THEN p.`status`
    WHEN r.`status` = 'succeeded' AND p.`id` IS NULL THEN 'cancelled'
    -- switched off, it ended after the reward model
    WHEN r.`status` = 'paused' OR (r.`status` <> 'succeeded' AND s.`enabled` = 0) THEN 'paused'
    ELSE 'running'
  END,
  s.`steps`, json_object(s.`steps` ->> '$[1].model.modelId', r.`model_checkpoint_id`),
  (SELECT count(*) FROM `snapshot_judgments` j WHERE j.`snapshot_id` = r.`snapshot_id`),
  CASE
    WHEN r.`status` = 'failed' THEN 'Step "reward": ' || coalesce(r.`error`, '')
    WHEN p.`status` = 'failed' THEN 'Step "ppo": ' || coalesce(p.`error`, '')
  END,
  s.`created_by`, r.`created_at`,
  CASE
    WHEN r.`status` IN ('failed', 'cancelled') THEN r.`finished_at`
    WHEN r.`status` = 'succeeded' THEN CASE WHEN p.`id` IS NULL THEN r.`finished_at` ELSE p.`finished_at` END
  END
FROM `old_chains` c
JOIN `schedules` s ON s.`id` = c.`schedule_id`
JOIN `runs` r ON r.`id` = c.`reward_id`
LEFT JOIN `runs` p ON p.`id` = c.`ppo_id`;
--> statement-breakpoint
INSERT INTO `chain_steps`
SELECT 'stp_' || c.`stem` || '0', c.`execution_id`, 0, 'snapshot', 'done', NULL, NULL, r.`snapshot_id`, NULL, NULL, NULL,
  r.`created_at`, r.`created_at`
FROM `old_chains` c JOIN `runs` r ON r.`id` = c.`reward_id`;
--> statement-breakpoint
INSERT INTO `chain_steps`
SELECT 'stp_' || c.`stem` || '1', c.`execution_id`, 1, 'reward',
  CASE r.`status` WHEN 'succeeded' THEN 'done' WHEN 'queued' THEN 'running' ELSE r.`status` END,
  NULL, r.`id`, NULL, r.`result_checkpoint_id`, r.`summary`, r.`error`, r.`created_at`, r.`finished_at`
FROM `old_chains` c JOIN `runs` r ON r.`id` = c.`reward_id`;
--> statement-breakpoint
INSERT INTO `chain_steps`
SELECT 'stp_' || c.`stem` || '2', c.`execution_id`, 2, 'ppo',
  CASE coalesce(p.`status`, 'waiting') WHEN 'succeeded' THEN 'done' WHEN 'queued' THEN 'running' ELSE coalesce(p.`status`, 'waiting') END,
  NULL, p.`id`, NULL, p.`result_checkpoint_id`, p.`summary`, p.`error`, p.`created_at`, p.`finished_at`
FROM `old_chains` c LEFT JOIN `runs` p ON p.`id` = c.`ppo_id`;
--> statement-breakpoint
DROP TABLE `old_chains`;
--> statement-breakpoint
-- one that had not come to its reward run: its job makes the snapshot, or has failed at that
INSERT INTO `chain_executions`
SELECT
  'exe_' || substr(j.`id`, 5), s.`project_id`, s.`id`, s.`name`, CASE j.`status` WHEN 'failed' THEN 'failed' ELSE 'running' END, s.`steps`,
  json_object(s.`steps` ->> '$[1].model.modelId', coalesce(
    (SELECT k.`id` FROM `audit_log` a JOIN `checkpoints` k ON k.`id` = a.`subject`
      WHERE a.`action` = 'models.promote' AND k.`model_id` = s.`steps` ->> '$[1].model.modelId' ORDER BY a.`seq` DESC LIMIT 1),
    (SELECT max(k.`id`) FROM `checkpoints` k WHERE k.`model_id` = s.`steps` ->> '$[1].model.modelId'), '')),
  coalesce(j.`payload` ->> '$.judgmentCount', 0),
  CASE j.`status` WHEN 'failed' THEN 'Step "snapshot": ' || coalesce(j.`error`, '') END,
  s.`created_by`, j.`created_at`, j.`finished_at`
FROM `jobs` j JOIN `schedules` s ON s.`id` = j.`payload` ->> '$.scheduleId'
WHERE j.`kind` = 'chain' AND j.`status` IN ('queued', 'leased', 'failed');
--> statement-breakpoint
INSERT INTO `chain_steps`
SELECT 'stp_' || substr(j.`id`, 5) || k.`position`, 'exe_' || substr(j.`id`, 5), k.`position`, k.`key`,
  CASE WHEN k.`position` > 0 THEN 'waiting' WHEN j.`status` = 'failed' THEN 'failed' ELSE 'running' END,
  CASE k.`position` WHEN 0 THEN j.`id` END, NULL, NULL, NULL, NULL,
  CASE k.`position` WHEN 0 THEN j.`error` END, CASE k.`position` WHEN 0 THEN j.`created_at` END,
  CASE k.`position` WHEN 0 THEN j.`finished_at` END
FROM `jobs` j JOIN `chain_executions` e ON e.`id` = 'exe_' || substr(j.`id`, 5)
JOIN (SELECT 0 AS `position`, 'snapshot' AS `key` UNION ALL SELECT 1, 'reward' UNION ALL SELECT 2, 'ppo') k
WHERE j.`kind` = 'chain';
--> statement-breakpoint
UPDATE `jobs` SET `kind` = 'snapshot', `payload` = json_object('projectId',
  (SELECT e.`project_id` FROM `chain_executions` e WHERE e.`id` = 'exe_' || substr(`jobs`.`id`, 5)),
  'sources', json('["annotator","simulated","imported"]'))
WHERE `kind` = 'chain' AND EXISTS (SELECT 1 FROM `chain_executions` e WHERE e.`id` = 'exe_' || substr(`jobs`.`id`, 5));
