CREATE TABLE `registrations` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`model_name` text NOT NULL,
	`kind` text,
	`source` text NOT NULL,
	`base_checkpoint_id` text,
	`licence` text,
	`revision` text,
	`status` text NOT NULL,
	`phase` text NOT NULL,
	`done_bytes` integer DEFAULT 0 NOT NULL,
	`total_bytes` integer DEFAULT 0 NOT NULL,
	`checkpoint_id` text,
	`error` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `registrations_project` ON `registrations` (`project_id`,`id`);--> statement-breakpoint
ALTER TABLE `checkpoints` ADD `origin` text;