-- Logins that were tried and have not succeeded since, whether or not the account exists. `account`
-- is a keyed hash of the e-mail; `retry_at` is in milliseconds since 1970-01-01 UTC. A row that is
-- a day past it is deleted.
CREATE TABLE IF NOT EXISTS `gatehouse_login_attempt` (
  `account` BINARY(16) NOT NULL PRIMARY KEY,
  `failures` INT NOT NULL,
  `retry_at` BIGINT NOT NULL,
  KEY `retry_at` (`retry_at`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
