-- Sessions of users who have logged in, one row each. All times are in seconds since 1970-01-01 UTC.
-- Nothing in it is secret: a refresh token names a session and a counter, and is authenticated by a
-- key. src/db/login_session/ says how the columns are used.
--
-- `id`: random, also in the access tokens of the session (`sid`).
-- `user`: `user.id`, of any integer type.
-- `counter`: the number of refreshes; the refresh token with this counter is the current one.
-- `created`: the time of the login.
-- `refreshed`: the time of the last refresh, or of the login.
-- `expires`: the time at which the session ends if it is not refreshed; 0 if it has been ended.
-- `ends`: the time at which it ends however often it is refreshed.
-- `client`, `address`: what the user is shown of the device: the start of its User-Agent, and the
--   start of its address.
CREATE TABLE IF NOT EXISTS `gatehouse_session` (
  `id` BINARY(16) NOT NULL PRIMARY KEY,
  `user` DECIMAL(20, 0) NOT NULL,
  `counter` BIGINT NOT NULL,
  `created` BIGINT NOT NULL,
  `refreshed` BIGINT NOT NULL,
  `expires` BIGINT NOT NULL,
  `ends` BIGINT NOT NULL,
  `client` VARBINARY(255) NOT NULL,
  `address` VARBINARY(64) NOT NULL,
  KEY `user` (`user`),
  KEY `expires` (`expires`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
