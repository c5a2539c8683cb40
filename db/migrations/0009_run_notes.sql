ALTER TABLE `runs` ADD `notes` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `tags` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `headline` real;--> statement-breakpoint
UPDATE `runs` SET `headline` = CASE `recipe`
  WHEN 'reward' THEN json_extract(`summary`, '$.heldOutAccuracy')
  WHEN 'dpo' THEN json_extract(`summary`, '$.heldOutAccuracy')
  WHEN 'kto' THEN json_extract(`summary`, '$.heldOutAuroc')
  WHEN 'ppo' THEN coalesce(json_extract(`summary`, '$.trueRewardAfter'), json_extract(`summary`, '$.proxyRewardAfter'))
  ELSE json_extract(`summary`, '$.heldOutLoss')
END WHERE `summary` IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_name` ON `runs` (`project_id`,`name`,`id`);--> statement-breakpoint
CREATE INDEX `runs_headline` ON `runs` (`project_id`,`headline`,`id`);