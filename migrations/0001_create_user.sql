-- The table of the replaced system, as that system creates it, but in a character set that holds
-- everything, whatever the server's is. Where it exists already, with whatever it holds, this
-- changes nothing; and no later migration changes the table either.
CREATE TABLE IF NOT EXISTS `user` (
  `id` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `email` VARCHAR(255) NULL UNIQUE,
  `password` VARCHAR(255) NULL,
  `name` VARCHAR(50) NULL,
  `username` VARCHAR(50) NULL,
  `updated_at` TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
