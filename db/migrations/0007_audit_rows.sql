CREATE TABLE `audit_heads` (
	`seq` integer PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`root` text NOT NULL,
	`at` integer NOT NULL,
	`key_id` text NOT NULL,
	`signature` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit_tree` (
	`level` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`level`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `audit_rows` (
	`table_name` text NOT NULL,
	`row_key` text NOT NULL,
	`seq` integer NOT NULL,
	`digest` blob,
	`salt` blob,
	PRIMARY KEY(`table_name`, `row_key`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `audit_rows_seq` ON `audit_rows` (`seq`);--> statement-breakpoint
CREATE INDEX `audit_log_hash` ON `audit_log` (`hash`);