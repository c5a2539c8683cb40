CREATE TABLE `counts` (
	`project_id` text NOT NULL,
	`name` text NOT NULL,
	`n` integer NOT NULL,
	PRIMARY KEY(`project_id`, `name`),
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
DROP INDEX `jobs_run`;--> statement-breakpoint
ALTER TABLE `jobs` ADD `progress` text;--> statement-breakpoint
CREATE INDEX `jobs_kind` ON `jobs` (`kind`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_run` ON `jobs` (`run_id`,`kind`,`id`);--> statement-breakpoint
CREATE INDEX `prompts_project` ON `prompts` (`project_id`,`id`);--> statement-breakpoint
CREATE INDEX `seats_leases` ON `seats` (`project_id`,`lease_expires_at`) WHERE state = 'leased';--> statement-breakpoint
CREATE INDEX `seats_task` ON `seats` (`task_id`);--> statement-breakpoint
CREATE INDEX `skips_person` ON `skips` (`annotator_id`);--> statement-breakpoint
CREATE INDEX `task_responses_back` ON `task_responses` (`response_id`);--> statement-breakpoint
CREATE INDEX `tasks_project` ON `tasks` (`project_id`,`id`);--> statement-breakpoint
CREATE INDEX `tasks_prompt` ON `tasks` (`prompt_id`,`id`);