-- functions: the store's writes inside Redis, each whole or not at all. store.h says what each promises; the memory
-- store (store_memory_*.c) does the same, and a differential test holds the two together byte by byte.
--
-- Redis takes nothing back, so each function decodes, reads and checks everything before its first write. This gives,
-- and test_store_failures.c holds every function to it:
--   * what fails before the first write has changed nothing;
--   * after the first write nothing can fail. Each key that is written has been read before by a command of its type
--     (the log by its first XADD, which comes first); memory is asked for before a function begins; the user of a
--     program has the right to all that its functions call (store_users.h).
-- Each declares all its keys; the first key never exists, so that a Cluster slot on the move refuses the whole call.
-- append and commit, which carry much, take their lists as arguments one after another, as the commands here take them:
-- nothing is unpacked, copied or built from them. The others take one msgpack argument. Chain ids and digests need all
-- 64 bits and travel as 8 bytes, big-endian; seqs, epochs and times stay below 2^53, where Lua's numbers are exact. A
-- number that goes to Redis is written as text: Redis writes numbers as doubles, which takes as long as a command.
-- Replies are arrays whose first element is the status, the second of STORE_REFUSED a text.
--
-- Values:  log, head   functions_log.lua says
--          entity:X    hash: id -> form, version, due (6 bytes), bytes of the queue place (2), that place, the record; form is a
--                      byte: how many bytes the version has, 16 more with a due time, 32 more with a queue place
--          keys…       hash: idempotency key -> 8 bytes digest, then the seq in decimal; keys.X… those of stage X
--          stage:X     hash: owner, epoch, expires, seq, id, unclean
--
-- Before this text stand what the program writes (store_functions.c: the build's hash, constants), functions_rights.lua and
-- functions_log.lua.

local NO_ENTITY = '\0'
local WITH_DUE, WITH_QUEUE = 16, 32
local ARGUMENTS_MAX = 1000              -- in one command; even, so that pairs stay together

local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- One command with many arguments, those of a list from … to, in as many pieces as it takes.
local function call_many(command, key, list, from, to)
    for first = from, to, ARGUMENTS_MAX do
        local last = first + ARGUMENTS_MAX - 1
        redis.call(command, key, unpack(list, first, last < to and last or to))
    end
end

-- Numbers of two bytes: the arguments behind which one list after another begins, and behind which the last one ends.
-- List n is from [n] + 1 to [n + 1].
local function bounds_of(text)
    local bounds = {struct.unpack('>' .. string.rep('H', #text / 2), text)}
    bounds[#bounds] = nil               -- where the text ends
    return bounds
end

local function earliest_due(timers)
    return redis.call('ZRANGE', timers, '0', '0', 'WITHSCORES')[2] or '0'
end

---------------------------------------------------------------------------------------------------- append
-- keys: never, log, head, keys (…keys, or …keys.X of stage X), keys of this generation and of those before it
-- arguments: generation, whether each fact's key expires (a byte 0 or 1 each), bounds of the lists that follow:
--   keys that never expire, keys that do, of each fact its digest, chain id and event
-- reply: OK, head before, then per fact: outcome, seq

local NEW, KNOWN, CONFLICT = 0, 1, 2
local FACT = 3                          -- values per fact

-- What these hashes know of the keys from … to of the arguments, in their order: the first that knows one counts.
local function look_up(hashes, args, from, to)
    local found = {}
    for _, hash in ipairs(from <= to and hashes or {}) do
        for i, value in ipairs(redis.call('HMGET', hash, unpack(args, from, to))) do
            found[i] = found[i] or value
        end
    end
    return {found = found, at = from, from = from, new = {}, records = {}}
end

-- What the next key of those looked up has; with `digest` and `seq` if it had nothing.
local function known_or_new(keys, args, digest, seq)
    local key, found = args[keys.at], keys.found[keys.at - keys.from + 1]
    keys.at = keys.at + 1
    local known = found or keys.new[key]
    if known then
        return known, false
    end
    known = digest .. decimal(seq)
    keys.new[key] = known
    local list = keys.records
    list[#list + 1], list[#list + 2] = key, known
    return known, true
end

local function writers_fault(writer, events, from, to, stride)
    for i = from, to, stride do
        local fault = writer_fault(writer, events[i])
        if fault then
            return fault
        end
    end
end

local function append(keys, args)
    local bounds = bounds_of(args[3])
    local generation, facts = args[1], bounds[3] + 1
    if bounds[3] > bounds[2] then       -- only then does it matter
        generation = math.floor(now_ms() / GENERATION_MS)
        if decimal(generation) ~= args[1] then
            return {GENERATION, generation}
        end
    end
    local fault = writers_fault(string.match(keys[4], 'keys%.(.*)$') or 'intake', args, facts + 2, #args, FACT)
    if fault then
        return {REFUSED, fault}
    end
    local classes = {[0] = look_up({keys[4]}, args, bounds[1] + 1, bounds[2]),
                     [1] = look_up({unpack(keys, 5)}, args, bounds[2] + 1, bounds[3])}
    local head = head_of(keys[3])
    local seq, reply, events = seq_of(head), {OK, head}, {}
    for i = 1, #args[2] do
        local at = facts + FACT * (i - 1)
        local known, is_new = known_or_new(classes[string.byte(args[2], i)], args, args[at], seq + 1)
        if is_new then
            seq = seq + 1
            events[#events + 1], events[#events + 2] = args[at + 1], args[at + 2]
            reply[#reply + 1] = NEW
        else
            reply[#reply + 1] = id_of(known) == args[at] and KNOWN or CONFLICT
        end
        reply[#reply + 1] = seq_of(known)
    end
    log_append(keys[2], keys[3], head, events, 1, #events)
    call_many('HSET', keys[4], classes[0].records, 1, #classes[0].records)
    if #classes[1].records > 0 then
        call_many('HSET', keys[5], classes[1].records, 1, #classes[1].records)
        redis.call('PEXPIREAT', keys[5], decimal((generation + GENERATIONS_KEPT) * GENERATION_MS))
    end
    return reply
end

---------------------------------------------------------------------------------------------------- leases

-- Who holds a lease that has run out may still commit and fire until somebody else has claimed it, which raises the
-- epoch: that alone keeps two from writing, and to ask for the time takes as long as all else that a commit reads.
local function holds(held, owner, epoch)
    return held[1] == owner and held[2] == epoch
end

-- keys of claim, renew, release: never, stage, head, timers
-- reply: OK, epoch, checkpoint, head, earliest due, unclean
local function standing(keys)
    local held = redis.call('HMGET', keys[2], 'epoch', 'seq', 'id', 'unclean')
    return {OK, held[1], (held[3] or NO_ID) .. (held[2] or '0'), head_of(keys[3]), earliest_due(keys[4]), held[4]}
end

-- argument: owner, milliseconds
local function claim(keys, args)
    local owner, ttl_ms = unpack(cmsgpack.unpack(args[1]))
    local now = now_ms()
    local held = redis.call('HMGET', keys[2], 'owner', 'epoch', 'expires', 'unclean')
    local holder = held[1] or ''
    if holder ~= owner and holder ~= '' and tonumber(held[3]) > now then
        return {FENCED}
    end
    head_of(keys[3])
    earliest_due(keys[4])
    if holder ~= owner then
        local unclean = (tonumber(held[4]) or 0) + (holder == '' and 0 or 1)
        redis.call('HSET', keys[2], 'owner', owner, 'epoch', decimal((tonumber(held[2]) or 0) + 1), 'unclean',
                   decimal(unclean))
    end
    redis.call('HSET', keys[2], 'expires', decimal(now + ttl_ms))
    return standing(keys)
end

-- argument: owner, epoch, milliseconds
local function renew(keys, args)
    local owner, epoch, ttl_ms = unpack(cmsgpack.unpack(args[1]))
    local held, now = redis.call('HMGET', keys[2], 'owner', 'epoch', 'expires'), now_ms()
    if not holds(held, owner, decimal(epoch)) or tonumber(held[3]) <= now then
        return {FENCED}
    end
    local reply = standing(keys)
    redis.call('HSET', keys[2], 'expires', decimal(now + ttl_ms))
    return reply
end

-- argument: owner, epoch
local function release(keys, args)
    local owner, epoch = unpack(cmsgpack.unpack(args[1]))
    if not holds(redis.call('HMGET', keys[2], 'owner', 'epoch'), owner, decimal(epoch)) then
        return {FENCED}
    end
    redis.call('HSET', keys[2], 'owner', '', 'expires', '0', 'unclean', '0')
    return {OK}
end

---------------------------------------------------------------------------------------------------- commit
-- keys: never, log, head, timers, queue, stage, then the hashes of the kinds of entity concerned
-- arguments: owner, epoch, checkpoint before and after, bounds of the lists that follow:
--   of each kind of entity: ids of those that are only read, then of those that are put; versions of the first; what the
--     values of the others must begin with (all but the record); ids and values to set; ids to delete
--   timers to arm (due, letter/id), timers to disarm, queue places to leave, queue places to enter ('0', place)
--   events (chain id, bytes)
-- reply: OK, head before, earliest due if a timer was armed or disarmed

local FIRST_KIND = 7                    -- number of its key
local KIND = 5                          -- lists per kind

local function version_of(value)
    return string.sub(value, 2, 1 + string.byte(value) % WITH_DUE)
end

-- An entity that an earlier build put, with 8 bytes of version, due and place always there, as if this one had.
local function as_put_now(value)
    if #value < 16 or string.byte(value) > 0 then
        return value
    end
    local version = string.gsub(string.sub(value, 1, 8), '^%z+', '')
    local due, queue = string.sub(value, 9, 14), string.sub(value, 15)
    local has_due, has_queue = due ~= '\0\0\0\0\0\0', string.sub(queue, 1, 2) ~= '\0\0'
    local form = #version + (has_due and WITH_DUE or 0) + (has_queue and WITH_QUEUE or 0)
    return string.char(form) .. version .. (has_due and due or '') .. (has_queue and queue or string.sub(queue, 3))
end

-- What begins with `start`, all but a record, is what was thought; but nothing but NO_ENTITY itself is no entity.
local function check_put(value, start)
    if (#start > 1 and string.sub(value, 1, #start) or value) == start then
        return OK
    end
    value = as_put_now(value)
    if version_of(value) ~= version_of(start) then
        return CHANGED
    end
    return string.sub(value, 1, #start) == start and OK or REFUSED
end

-- Entities of one kind: their ids stand from … to. Behind them the versions of what is only read, which comes first,
-- and what the others must begin with.
local function check_entities(key, args, from, to, read_count)
    local status, expected = OK, to - from + 1
    for first = from, to, ARGUMENTS_MAX do
        local values = redis.call('HMGET', key, unpack(args, first, math.min(first + ARGUMENTS_MAX - 1, to)))
        for i = 1, #values do
            local at, value, found = first + i - 1, values[i] or NO_ENTITY, OK
            if at >= from + read_count then
                found = check_put(value, args[expected + at])
            elseif version_of(as_put_now(value)) ~= args[expected + at] then
                found = CHANGED
            end
            if found == CHANGED then
                return CHANGED
            elseif found ~= OK then
                status = found
            end
        end
    end
    return status
end

local function check_kinds(keys, args, bounds)
    local status = OK
    for key = FIRST_KIND, #keys do
        local list = KIND * (key - FIRST_KIND) + 1
        local read_count = bounds[list + 2] - bounds[list + 1]
        local found = check_entities(keys[key], args, bounds[list] + 1, bounds[list + 1], read_count)
        if found == CHANGED then
            return CHANGED
        elseif found ~= OK then
            status = found
        end
    end
    return status, 'due_before or queue_before is not what is stored'
end

local function timers_move(bounds)
    return bounds[#bounds - 3] > bounds[#bounds - 5]
end

-- That timers and queue are of their type.
local function check_sets(keys, bounds)
    if timers_move(bounds) then
        redis.call('ZCARD', keys[4])
    end
    if bounds[#bounds - 1] > bounds[#bounds - 3] then
        redis.call('ZCARD', keys[5])
    end
end

local function check_commit(keys, args, bounds, head)
    local held = redis.call('HMGET', keys[6], 'owner', 'epoch', 'seq', 'id')
    if not holds(held, args[1], args[2]) then
        return FENCED
    elseif (held[4] or NO_ID) .. (held[3] or '0') ~= args[3] or
           args[3] ~= args[4] and not on_log(keys[2], head, args[4]) then      -- where it stood, it stands
        return STALE
    end
    check_sets(keys, bounds)
    local status, fault = check_kinds(keys, args, bounds)
    if status == OK then
        fault = writers_fault(string.match(keys[6], 'stage:(.*)$'), args, bounds[#bounds - 1] + 2, bounds[#bounds], 2)
        status = fault and REFUSED or OK
    end
    return status, fault
end

-- All leave the queue before any enters, so that two may swap places.
local function write_lists(keys, args, bounds)
    for key = FIRST_KIND, #keys do
        local list = KIND * (key - FIRST_KIND) + 4
        call_many('HSET', keys[key], args, bounds[list] + 1, bounds[list + 1])
        call_many('HDEL', keys[key], args, bounds[list + 1] + 1, bounds[list + 2])
    end
    local last = #bounds
    call_many('ZADD', keys[4], args, bounds[last - 5] + 1, bounds[last - 4])
    call_many('ZREM', keys[4], args, bounds[last - 4] + 1, bounds[last - 3])
    call_many('ZREM', keys[5], args, bounds[last - 3] + 1, bounds[last - 2])
    call_many('ZADD', keys[5], args, bounds[last - 2] + 1, bounds[last - 1])
end

local function commit(keys, args)
    local bounds = bounds_of(args[5])
    local head = head_of(keys[3])
    local status, fault = check_commit(keys, args, bounds, head)
    if status ~= OK then
        return {status, fault}
    end
    log_append(keys[2], keys[3], head, args, bounds[#bounds - 1] + 1, bounds[#bounds])
    write_lists(keys, args, bounds)
    if args[3] ~= args[4] then
        redis.call('HSET', keys[6], 'seq', string.sub(args[4], 9), 'id', id_of(args[4]), 'unclean', '0')
    end
    return {OK, head, timers_move(bounds) and earliest_due(keys[4]) or nil}
end

---------------------------------------------------------------------------------------------------- fire
-- keys: never, log, head, timers, stage
-- argument: owner, epoch, now, upper and lower half of the first chain id, the event in five pieces, between which
--   stand its id, its site, the member and the due time
-- reply: OK, head before, earliest due, then the events

local function chain_id(high, low, add)
    low = low + add
    high = high + math.floor(low / 4294967296)
    return struct.pack('>I4I4', high % 4294967296, low % 4294967296)
end

local function fired_id(member, due, id)
    local text = 'timer/' .. member .. '@' .. due
    if #text <= NAME_BYTES_MAX then
        return text
    end
    return 'timer/' .. string.gsub(id, '.', function(c) return string.format('%02x', string.byte(c)) end) ..
           '@' .. due
end

local text_heads = {}                   -- by how many bytes the text has

-- What stands before a text in msgpack.
local function text_head(text)
    local head = text_heads[#text]
    if not head then
        head = string.sub(cmsgpack.pack(text), 1, -1 - #text)
        text_heads[#text] = head
    end
    return head
end

-- Of `due`, member and due time in turn: id and event in turn. What many have in common is joined once.
local function fired_events(pieces, due, high, low)
    local events, middles, rest = {}, {}, nil
    for i = 1, #due, 2 do
        local member, at, id = due[i], due[i + 1], chain_id(high, low, (i - 1) / 2)
        local site, event_id = string.match(member, '^..([^/]*)'), fired_id(member, at, id)
        middles[site] = middles[site] or pieces[2] .. cmsgpack.pack(site) .. pieces[3]
        if at ~= due[i - 1] then
            rest = pieces[4] .. cmsgpack.pack(tonumber(at)) .. pieces[5]
        end
        events[i] = id
        events[i + 1] = pieces[1] .. text_head(event_id) .. event_id .. middles[site] .. text_head(member) .. member .. rest
    end
    return events
end

local function fire(keys, args)
    local owner, epoch, now, high, low, pieces = unpack(cmsgpack.unpack(args[1]))
    if not holds(redis.call('HMGET', keys[5], 'owner', 'epoch'), owner, decimal(epoch)) then
        return {FENCED}
    end
    local due = redis.call('ZRANGEBYSCORE', keys[4], '-inf', decimal(now), 'WITHSCORES', 'LIMIT', '0', FIRE_MAX)
    local head = head_of(keys[3])
    local events, reply = fired_events(pieces, due, high, low), {OK, head, 0}
    for i = 2, #events, 2 do
        reply[#reply + 1] = events[i]
    end
    if events[2] and type_of(events[2]) ~= 'timer.fired' then     -- the others are of the same pieces
        return {REFUSED, 'only timer.fired is fired'}
    end
    log_append(keys[2], keys[3], head, events, 1, #events)
    if #due > 0 then
        redis.call('ZREMRANGEBYRANK', keys[4], '0', decimal(#due / 2 - 1))
    end
    reply[3] = earliest_due(keys[4])
    return reply
end

---------------------------------------------------------------------------------------------------- trim
-- keys: never, log, head, each stage; argument: seq before which events may go, but those that share an entry with one
--   that stays
-- reply: OK, how many went, seq of the first kept (0: none), how many are kept, their bytes

local function trim(keys, args)
    local head = seq_of(head_of(keys[3]))
    local limit = math.min(unpack(cmsgpack.unpack(args[1])), head)
    for i = 4, #keys do
        limit = math.min(limit, tonumber(redis.call('HGET', keys[i], 'seq') or 0))
    end
    local oldest = entry_from(keys[2], '-')
    if not oldest then
        return {OK, 0, 0, 0, 0}
    end
    local first = entry_bounds(oldest)
    limit = math.min(limit, first + TRIM_MAX)
    local kept = limit > first and entry_from(keys[2], decimal(limit))
    local kept_first = kept and entry_bounds(kept) or first
    if kept_first > first then
        redis.call('XTRIM', keys[2], 'MINID', decimal(kept_first))
    end
    return {OK, kept_first - first, kept_first, head - kept_first + 1, redis.call('MEMORY', 'USAGE', keys[2]) or 0}
end

---------------------------------------------------------------------------------------------------- notes
-- keys: never, the map; argument: field, value ('': delete), does it depend on the value before, that value

local function note(keys, args)
    local field, value, depends, expected = unpack(cmsgpack.unpack(args[1]))
    local held = redis.call('HGET', keys[2], field) or ''
    if depends and held ~= expected then
        return {CHANGED}
    end
    if value ~= '' then
        redis.call('HSET', keys[2], field, value)
    else
        redis.call('HDEL', keys[2], field)
    end
    return {OK}
end

-- keys: never, names by expiry, what they say; argument: name, milliseconds (0: gone at once), what it says
local function announce(keys, args)
    local name, ttl_ms, about = unpack(cmsgpack.unpack(args[1]))
    local now = now_ms()
    local gone = redis.call('ZRANGEBYSCORE', keys[2], '-inf', now)
    redis.call('HLEN', keys[3])
    if ttl_ms <= 0 then
        gone[#gone + 1] = name
    end
    call_many('ZREM', keys[2], gone, 1, #gone)
    call_many('HDEL', keys[3], gone, 1, #gone)
    if ttl_ms > 0 then
        redis.call('ZADD', keys[2], decimal(now + ttl_ms), name)
        redis.call('HSET', keys[3], name, about)
    end
    return {OK}
end

-----------------------------------------------------------------------------------------------------------

local function register(name, callback, flags)
    redis.register_function{function_name = 'care_' .. name .. '_' .. BUILD, callback = callback, flags = flags}
end

-- New facts are refused when memory is out; work on those taken goes on, so that it can drain.
register('append', append, {})
register('commit', commit, {'allow-oom'})
register('fire', fire, {'allow-oom'})
register('claim', claim, {'allow-oom'})
register('renew', renew, {'allow-oom'})
register('release', release, {'allow-oom'})
register('trim', trim, {'allow-oom'})
register('note', note, {'allow-oom'})
register('announce', announce, {'allow-oom'})
