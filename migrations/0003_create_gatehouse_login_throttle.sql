-- Budgets of failed logins, one row an account, whether or not the account exists. All times are in
-- seconds since 1970-01-01 UTC, by the database's clock. src/db/login_throttle says how they are used.
--
-- `account`: a keyed hash of the e-mail.
-- `budgets`: when the budget that strange networks share is full again (10 digits); then, for each
--   network that has failed lately, newest first: a keyed hash of it (8 bytes), when its own budget
--   is full again (10 digits), and when its part of the reserve is (10 digits).
-- `known`: the networks that have logged in, newest first: the hash (8 bytes), when (10 digits).
-- `clock`: the latest time of an attempt.
-- `expires_on`: the day (days since 1970-01-01) after which nothing in the row matters any more.
CREATE TABLE IF NOT EXISTS `gatehouse_login_throttle` (
  `account` BINARY(16) NOT NULL PRIMARY KEY,
  `budgets` VARBINARY(4042) NOT NULL,
  `known` VARBINARY(576) NOT NULL,
  `clock` BIGINT NOT NULL,
  `expires_on` INT NOT NULL,
  KEY `expires_on` (`expires_on`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
