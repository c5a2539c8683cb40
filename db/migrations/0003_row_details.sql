ALTER TABLE `judgments` ADD `given` text;--> statement-breakpoint
ALTER TABLE `prompts` ADD `external_id` text;--> statement-breakpoint
ALTER TABLE `prompts` ADD `tags` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `prompts` ADD `metadata` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `prompts` ADD `details_hash` text;--> statement-breakpoint
ALTER TABLE `responses` ADD `model` text;--> statement-breakpoint
ALTER TABLE `responses` ADD `details_hash` text;