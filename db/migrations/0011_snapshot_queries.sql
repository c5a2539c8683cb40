ALTER TABLE `jobs` ADD `progress` text;--> statement-breakpoint
ALTER TABLE `snapshots` ADD `status` text;