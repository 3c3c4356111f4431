-- A load for wrk: `wrk -s load.lua URL -- ENDPOINT USERS RUN`. USERS is a file of e-mails and
-- tokens, RUN a word that makes new e-mails. The last line that is printed holds the results.

local PASSWORD = "correct horse battery staple"

-- As a request of a browser's script arrives at a Worker.
local HEADERS = {
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  ["Accept"] = "application/json",
  ["Accept-Encoding"] = "gzip, br",
  ["CF-Connecting-IP"] = "192.0.2.1",
  ["CF-IPCountry"] = "IS",
  ["CF-Ray"] = "8f1b3a0c5d2e4f67-KEF",
  ["CF-Visitor"] = '{"scheme":"https"}',
  ["X-Forwarded-For"] = "192.0.2.1",
  ["X-Forwarded-Proto"] = "https",
}

local endpoint, run
local users = {}
local number = 0
local prepared

local function headers(more)
  local all = {}
  for name, value in pairs(HEADERS) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  all["Host"] = wrk.headers["Host"]
  return all
end

local function send(method, path, token, body)
  local more = {}
  if token then more["Authorization"] = "Bearer " .. token end
  if body then more["Content-Type"] = "application/json" end
  return wrk.format(method, path, headers(more), body)
end

local function credentials(email)
  return '{"email":"' .. email .. '","password":"' .. PASSWORD .. '","name":"Ada Lovelace"}'
end

-- The next request for each endpoint; `user` is another one each time.
local requests = {
  root = function() return send("GET", "/") end,
  connect = function() return send("GET", "/connect") end,
  me = function(user) return send("GET", "/me", user.token) end,
  bad = function(user) return send("GET", "/me", user.token:sub(1, -8) .. "AAAAAAA") end,
  login = function(user) return send("POST", "/auth/login", nil, credentials(user.email):gsub(',"name".*', "}")) end,
  register = function()
    return send("POST", "/auth/register", nil, credentials(run .. "." .. number .. "@example.com"))
  end,
  update = function(user)
    return send("PATCH", "/user/update", user.token, '{"name":"Ada ' .. number .. '"}')
  end,
}

function init(args)
  endpoint, run = args[1], args[3]
  for line in io.lines(args[2]) do
    local email, token = line:match("^(%S+) (%S+)$")
    users[#users + 1] = { email = email, token = token }
  end
  if endpoint ~= "register" and endpoint ~= "update" then
    prepared = {}
    for i = 1, #users do prepared[i] = requests[endpoint](users[i]) end
  end
end

function request()
  number = number + 1
  local which = number % #users + 1
  if prepared then return prepared[which] end
  return requests[endpoint](users[which])
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  local form = '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d}\n'
  io.write(form:format(summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), latency.max, errors.status, broken))
end
