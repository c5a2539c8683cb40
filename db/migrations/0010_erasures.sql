CREATE TABLE `erasures` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject_id` text NOT NULL,
	`project_id` text,
	`reason` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`done_at` integer,
	`result` text,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `erasures_subject` ON `erasures` (`subject_id`);--> statement-breakpoint
CREATE INDEX `erasures_open` ON `erasures` (`done_at`);--> statement-breakpoint
CREATE TABLE `withdrawals` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`user_id` text NOT NULL,
	`reason` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `withdrawals_person` ON `withdrawals` (`project_id`,`user_id`);--> statement-breakpoint
ALTER TABLE `judgments` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `projects` ADD `archived_at` integer;--> statement-breakpoint
ALTER TABLE `projects` ADD `delete_at` integer;--> statement-breakpoint
ALTER TABLE `projects` ADD `deleted_at` integer;--> statement-breakpoint
ALTER TABLE `prompts` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `responses` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `exports` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `snapshots` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `erased_at` integer;