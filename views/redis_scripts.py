"""What runs inside Redis: comparing and writing is one step there, whoever else writes."""

PUT = """
-- Values of one scope and window. Each is taken unless a newer one is there; an equal moment is written again, because
-- a Redis that is short of memory may have dropped the hash and kept the stamps.
-- KEYS: values, stamps, changes, then of each value its leaderboard (or values where it has none)
-- ARGV: ttl_s, changes_max (0: tell nobody), whole (''; or the moment at which these were all there was),
--       window, scope, then of each value: kpi, moment, line ('': gone), member, score ('': not ranked)
local ttl, changes_max, whole, window, scope = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local given, taken = {}, 0
for i = 4, #KEYS do
  local at = 5 + (i - 4) * 5
  local kpi, moment, line, member, score = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local known = tonumber(redis.call('HGET', KEYS[2], kpi) or '-1')
  given[kpi] = true
  if tonumber(moment) >= known then
    taken = taken + 1
    redis.call('HSET', KEYS[2], kpi, moment)
    if line == '' then redis.call('HDEL', KEYS[1], kpi) else redis.call('HSET', KEYS[1], kpi, line) end
    if KEYS[i] ~= KEYS[1] then
      if score == '' then redis.call('ZREM', KEYS[i], member) else redis.call('ZADD', KEYS[i], score, member) end
      redis.call('EXPIRE', KEYS[i], ttl)
    end
    if changes_max > 0 and tonumber(moment) > known then
      redis.call('XADD', KEYS[3], 'MAXLEN', '~', changes_max, '*',
        'kpi', kpi, 'scope', scope, 'window', window, 'as_of_ms', moment, 'value', line)
      redis.call('EXPIRE', KEYS[3], ttl)
    end
  end
end
if whole ~= '' then
  for _, kpi in ipairs(redis.call('HKEYS', KEYS[1])) do
    if not given[kpi] and tonumber(redis.call('HGET', KEYS[2], kpi) or '-1') <= tonumber(whole) then
      redis.call('HDEL', KEYS[1], kpi)
    end
  end
end
redis.call('EXPIRE', KEYS[1], ttl)
redis.call('EXPIRE', KEYS[2], ttl)
return taken
"""

STAND = """
-- For which moment a tenant's view holds; returns which it was before, '' if none.
-- KEYS: as_of; ARGV: ttl_s, as_of_ms, then names and values of fields
local known = redis.call('HGET', KEYS[1], 'as_of_ms')
if not known or tonumber(known) <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'as_of_ms', ARGV[2], unpack(ARGV, 3))
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return known or ''
"""

PUT_ALERTS = """
-- All open alerts of a tenant, in place of those before, unless those are newer.
-- KEYS: alerts, stamp; ARGV: ttl_s, appended_ms, offset, then id, line of each
local ms, offset = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+)-(%d+)$')
if ms and (tonumber(ms) > tonumber(ARGV[2])
    or (tonumber(ms) == tonumber(ARGV[2]) and tonumber(offset) > tonumber(ARGV[3]))) then
  return 0
end
redis.call('DEL', KEYS[1])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2] .. '-' .. ARGV[3], 'EX', ARGV[1])
return 1
"""
