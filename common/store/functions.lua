-- functions: the store's writes inside Redis, each whole or not at all. store.h says what each promises; the memory
-- store (store_memory_*.c) does the same, and a differential test holds the two together byte by byte.
--
-- Redis takes nothing back, so each function decodes, reads and checks everything before its first write. This gives,
-- and test_store_failures.c holds every function to it:
--   * what fails before the first write has changed nothing;
--   * after the first write nothing can fail. Each key that is written has been read before by a command of its type
--     (the log by its first XADD, which comes first); memory is asked for before a function begins; the user of a
--     program has the right to all that its functions call (store_users.h).
-- Each takes one msgpack argument and declares all its keys; the first key never exists, so that a Cluster slot on the
-- move refuses the whole call. Chain ids and digests need all 64 bits and travel as 8 bytes, big-endian; seqs, epochs
-- and times stay below 2^53, where Lua's numbers are exact. Replies are arrays whose first element is the status, the
-- second of STORE_REFUSED a text.
--
-- Values:  log         stream, entry <seq>-0: i chain id, p the id before, e the event
--          head        8 bytes id of the last event, then its seq in decimal
--          entity:X    hash: id -> form, version, due (6 bytes), bytes of the queue place (2), that place, the record; form is a
--                      byte: how many bytes the version has, 16 more with a due time, 32 more with a queue place
--          keys…       hash: idempotency key -> 8 bytes digest, then the seq in decimal; keys.X… those of stage X
--          stage:X     hash: owner, epoch, expires, seq, id, unclean
--
-- Before this text stand what the program writes (store_functions.c: the build's hash, constants) and functions_rights.lua.

local NO_ID = '\0\0\0\0\0\0\0\0'       -- Redis offers no string functions while it loads a library
local NO_ENTITY = '\0'
local WITH_DUE, WITH_QUEUE = 16, 32
local ARGUMENTS_MAX = 1000              -- in one command; even, so that pairs stay together

local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function decimal(number)
    return string.format('%d', number)
end

-- One command with many arguments, in as many pieces as it takes.
local function call_many(command, key, arguments)
    for from = 1, #arguments, ARGUMENTS_MAX do
        redis.call(command, key, unpack(arguments, from, math.min(from + ARGUMENTS_MAX - 1, #arguments)))
    end
end

local function head_of(key)
    local head = redis.call('GET', key)
    if not head then
        return 0, NO_ID
    end
    return tonumber(string.sub(head, 9)), string.sub(head, 1, 8)
end

local function earliest_due(timers)
    local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
    return first[2] and tonumber(first[2]) or 0
end

-- Appends events, a flat list of id and bytes, behind the head. The log goes first among a function's writes: if it
-- does not fit the head, its first entry is refused before anything is changed.
local function log_append(log, head_key, seq, prev, events)
    for i = 1, #events, 2 do
        seq = seq + 1
        redis.call('XADD', log, decimal(seq) .. '-0', 'i', events[i], 'p', prev, 'e', events[i + 1])
        prev = events[i]
    end
    if #events > 0 then
        redis.call('SET', head_key, prev .. decimal(seq))
    end
end

---------------------------------------------------------------------------------------------------- append
-- keys: never, log, head, keys (…keys, or …keys.X of stage X), keys of this generation and of those before it
-- argument: generation, then per fact: key, natural, digest, chain id, event
-- reply: OK, id of the head before, then per fact: outcome, seq

local NEW, KNOWN, CONFLICT = 0, 1, 2
local FACT = 5                          -- values per fact

local function look_up(hashes, names, found)
    if #names == 0 then
        return
    end
    for _, hash in ipairs(hashes) do
        local values = redis.call('HMGET', hash, unpack(names))
        for i, value in ipairs(values) do
            found[names[i]] = found[names[i]] or value
        end
    end
end

-- What is known of each fact's key: two tables, for natural keys and for those that expire.
local function known_keys(keys, batch)
    local names = {[0] = {}, [1] = {}}
    for i = 2, #batch, FACT do
        local list = names[batch[i + 1]]
        list[#list + 1] = batch[i]
    end
    local found = {[0] = {}, [1] = {}}
    look_up({keys[4]}, names[1], found[1])
    look_up({unpack(keys, 5)}, names[0], found[0])
    return found
end

local function append(keys, args)
    local batch = cmsgpack.unpack(args[1])
    local generation = math.floor(now_ms() / GENERATION_MS)
    if batch[1] ~= generation then
        return {GENERATION, generation}
    end
    local writer = string.match(keys[4], 'keys%.(.*)$') or 'intake'
    for i = 6, #batch, FACT do
        local fault = writer_fault(writer, batch[i])
        if fault then
            return {REFUSED, fault}
        end
    end
    local found = known_keys(keys, batch)
    local head_seq, head_id = head_of(keys[3])
    local seq = head_seq
    local reply, events, records = {OK, head_id}, {}, {[0] = {}, [1] = {}}
    for i = 2, #batch, FACT do
        local key, natural, digest = batch[i], batch[i + 1], batch[i + 2]
        local known = found[natural][key]
        if not known then
            seq = seq + 1
            known = digest .. decimal(seq)
            found[natural][key] = known
            local list = records[natural]
            list[#list + 1], list[#list + 2] = key, known
            events[#events + 1], events[#events + 2] = batch[i + 3], batch[i + 4]
            reply[#reply + 1] = NEW
        else
            reply[#reply + 1] = string.sub(known, 1, 8) == digest and KNOWN or CONFLICT
        end
        reply[#reply + 1] = tonumber(string.sub(known, 9))
    end
    log_append(keys[2], keys[3], head_seq, head_id, events)
    call_many('HSET', keys[4], records[1])
    if #records[0] > 0 then
        call_many('HSET', keys[5], records[0])
        redis.call('PEXPIREAT', keys[5], (generation + GENERATIONS_KEPT) * GENERATION_MS)
    end
    return reply
end

---------------------------------------------------------------------------------------------------- leases

local function holds(held, owner, epoch)
    return held[1] == owner and tonumber(held[2]) == epoch
end

local function holds_now(held, owner, epoch)
    return holds(held, owner, epoch) and tonumber(held[3]) > now_ms()
end

-- keys of claim, renew, release: never, stage, head, timers
-- reply: OK, epoch, seq, id (of the checkpoint), seq, id (of the head), earliest due, unclean
local function standing(keys)
    local held = redis.call('HMGET', keys[2], 'epoch', 'seq', 'id', 'unclean')
    local head_seq, head_id = head_of(keys[3])
    return {OK, tonumber(held[1]), tonumber(held[2]) or 0, held[3] or NO_ID, head_seq, head_id,
            earliest_due(keys[4]), tonumber(held[4]) or 0}
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
        redis.call('HSET', keys[2], 'owner', owner, 'epoch', (tonumber(held[2]) or 0) + 1, 'unclean', unclean)
    end
    redis.call('HSET', keys[2], 'expires', now + ttl_ms)
    return standing(keys)
end

-- argument: owner, epoch, milliseconds
local function renew(keys, args)
    local owner, epoch, ttl_ms = unpack(cmsgpack.unpack(args[1]))
    if not holds_now(redis.call('HMGET', keys[2], 'owner', 'epoch', 'expires'), owner, epoch) then
        return {FENCED}
    end
    local reply = standing(keys)
    redis.call('HSET', keys[2], 'expires', now_ms() + ttl_ms)
    return reply
end

-- argument: owner, epoch
local function release(keys, args)
    local owner, epoch = unpack(cmsgpack.unpack(args[1]))
    if not holds(redis.call('HMGET', keys[2], 'owner', 'epoch'), owner, epoch) then
        return {FENCED}
    end
    redis.call('HSET', keys[2], 'owner', '', 'expires', 0, 'unclean', 0)
    return {OK}
end

---------------------------------------------------------------------------------------------------- commit
-- keys: never, log, head, timers, queue, stage, then the hashes of the kinds of entity concerned
-- argument: owner, epoch, from seq, from id, to seq, to id, conditions, puts, events; each of the three a flat list:
--   condition: number of its key, id, version (as few bytes as it takes)
--   put: number of its key, letter/id, what the value must begin with, the new value ('': delete),
--        due (-1: leave alone, 0: none), queue place to leave, queue place to enter ('': none)
--   event: chain id, bytes
-- reply: OK, seq and id of the head before, earliest due

local CONDITION, PUT = 3, 7             -- values per element

local function on_log(log, head_seq, head_id, seq, id)
    if seq == 0 then
        return id == NO_ID
    elseif seq >= head_seq then
        return seq == head_seq and id == head_id
    end
    local at = decimal(seq) .. '-0'
    local entry = redis.call('XRANGE', log, at, at)[1]
    return entry ~= nil and entry[2][2] == id
end

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

-- Adds the values of all entities named in a flat list to found[key][id].
local function read_entities(keys, list, stride, id_from, found)
    local wanted = {}
    for i = 1, #list, stride do
        local key = list[i]
        wanted[key] = wanted[key] or {}
        table.insert(wanted[key], string.sub(list[i + 1], id_from))
    end
    for key, ids in pairs(wanted) do
        found[key] = found[key] or {}
        for from = 1, #ids, ARGUMENTS_MAX do
            local to = math.min(from + ARGUMENTS_MAX - 1, #ids)
            local values = redis.call('HMGET', keys[key], unpack(ids, from, to))
            for i, value in ipairs(values) do
                found[key][ids[from + i - 1]] = as_put_now(value or NO_ENTITY)
            end
        end
    end
end

local function check_conditions(found, conditions)
    for i = 1, #conditions, CONDITION do
        if version_of(found[conditions[i]][conditions[i + 1]]) ~= conditions[i + 2] then
            return CHANGED
        end
    end
    return OK
end

local function check_puts(found, puts)
    local status = OK
    for i = 1, #puts, PUT do
        local stored, expected = found[puts[i]][string.sub(puts[i + 1], 3)], puts[i + 2]
        if version_of(stored) ~= version_of(expected) then
            return CHANGED
        elseif string.sub(stored, 1, #expected) ~= expected then
            status = REFUSED
        end
    end
    return status, 'due_before or queue_before is not what is stored'
end

local function check_events(writer, events)
    for i = 2, #events, 2 do
        local fault = writer_fault(writer, events[i])
        if fault then
            return REFUSED, fault
        end
    end
    return OK
end

local function check_commit(keys, batch, head_seq, head_id)
    local owner, epoch, from_seq, from_id, to_seq, to_id, conditions, puts = unpack(batch)
    local held = redis.call('HMGET', keys[6], 'owner', 'epoch', 'expires', 'seq', 'id')
    if not holds_now(held, owner, epoch) then
        return FENCED
    end
    if (tonumber(held[4]) or 0) ~= from_seq or (held[5] or NO_ID) ~= from_id or
       not on_log(keys[2], head_seq, head_id, to_seq, to_id) then
        return STALE
    end
    local found = {}
    read_entities(keys, conditions, CONDITION, 1, found)
    read_entities(keys, puts, PUT, 3, found)
    redis.call('ZCARD', keys[5])
    earliest_due(keys[4])
    local status, fault = check_conditions(found, conditions), nil
    if status == OK then
        status, fault = check_puts(found, puts)
    end
    if status == OK then
        status, fault = check_events(string.match(keys[6], 'stage:(.*)$'), batch[9])
    end
    return status, fault
end

local function put_entities(keys, puts)
    local sets, deletes, armed, disarmed, left, entered = {}, {}, {}, {}, {}, {}
    for i = 1, #puts, PUT do
        local key, member, value, due = puts[i], puts[i + 1], puts[i + 3], puts[i + 4]
        local id = string.sub(member, 3)
        if value ~= '' then
            sets[key] = sets[key] or {}
            local list = sets[key]
            list[#list + 1], list[#list + 2] = id, value
        else
            deletes[key] = deletes[key] or {}
            table.insert(deletes[key], id)
        end
        if due > 0 then
            armed[#armed + 1], armed[#armed + 2] = due, member
        elseif due == 0 then
            disarmed[#disarmed + 1] = member
        end
        if puts[i + 5] ~= '' then
            left[#left + 1] = puts[i + 5]
        end
        if puts[i + 6] ~= '' then
            entered[#entered + 1], entered[#entered + 2] = 0, puts[i + 6]
        end
    end
    for key, list in pairs(sets) do
        call_many('HSET', keys[key], list)
    end
    for key, list in pairs(deletes) do
        call_many('HDEL', keys[key], list)
    end
    call_many('ZADD', keys[4], armed)
    call_many('ZREM', keys[4], disarmed)
    call_many('ZREM', keys[5], left)    -- all leave before any enters, so that two may swap places
    call_many('ZADD', keys[5], entered)
end

local function commit(keys, args)
    local batch = cmsgpack.unpack(args[1])
    local head_seq, head_id = head_of(keys[3])
    local status, fault = check_commit(keys, batch, head_seq, head_id)
    if status ~= OK then
        return {status, fault}
    end
    log_append(keys[2], keys[3], head_seq, head_id, batch[9])
    put_entities(keys, batch[8])
    if batch[5] ~= batch[3] then
        redis.call('HSET', keys[6], 'seq', batch[5], 'id', batch[6], 'unclean', 0)
    end
    return {OK, head_seq, head_id, earliest_due(keys[4])}
end

---------------------------------------------------------------------------------------------------- fire
-- keys: never, log, head, timers, stage
-- argument: owner, epoch, now, upper and lower half of the first chain id, the event in pieces: bytes alternate with
--   the number of what stands between them (1 id, 2 site, 3 member, 4 due)
-- reply: OK, seq and id of the head before, earliest due, then the events

local function chain_id(high, low, add)
    low = low + add
    high = high + math.floor(low / 4294967296)
    return struct.pack('>I4I4', high % 4294967296, low % 4294967296)
end

local function fired_id(member, due, id)
    local text = 'timer/' .. member .. '@' .. decimal(due)
    if #text <= NAME_BYTES_MAX then
        return text
    end
    return 'timer/' .. string.gsub(id, '.', function(c) return string.format('%02x', string.byte(c)) end) ..
           '@' .. decimal(due)
end

local function fired_event(pieces, member, due, id)
    local values = {fired_id(member, due, id), string.match(member, '^..([^/]*)'), member, due}
    local parts = {}
    for i = 1, #pieces, 2 do
        parts[i] = pieces[i]
        if pieces[i + 1] then
            parts[i + 1] = cmsgpack.pack(values[pieces[i + 1]])
        end
    end
    return table.concat(parts)
end

local function fire(keys, args)
    local owner, epoch, now, high, low, pieces = unpack(cmsgpack.unpack(args[1]))
    if not holds_now(redis.call('HMGET', keys[5], 'owner', 'epoch', 'expires'), owner, epoch) then
        return {FENCED}
    end
    local due = redis.call('ZRANGEBYSCORE', keys[4], '-inf', now, 'WITHSCORES', 'LIMIT', 0, FIRE_MAX)
    local head_seq, head_id = head_of(keys[3])
    local events, reply = {}, {OK, head_seq, head_id, 0}
    for i = 1, #due, 2 do
        local id = chain_id(high, low, (i - 1) / 2)
        local event = fired_event(pieces, due[i], tonumber(due[i + 1]), id)
        events[#events + 1], events[#events + 2] = id, event
        reply[#reply + 1] = event
    end
    if events[2] and type_of(events[2]) ~= 'timer.fired' then     -- the others are of the same pieces
        return {REFUSED, 'only timer.fired is fired'}
    end
    log_append(keys[2], keys[3], head_seq, head_id, events)
    if #due > 0 then
        redis.call('ZREMRANGEBYRANK', keys[4], 0, #due / 2 - 1)
    end
    reply[4] = earliest_due(keys[4])
    return reply
end

---------------------------------------------------------------------------------------------------- trim
-- keys: never, log, head, each stage; argument: seq before which entries may go
-- reply: OK, how many went, seq of the first kept (0: none), how many are kept, their bytes

local function trim(keys, args)
    local limit = math.min(unpack(cmsgpack.unpack(args[1])), (head_of(keys[3])))
    for i = 4, #keys do
        limit = math.min(limit, tonumber(redis.call('HGET', keys[i], 'seq') or 0))
    end
    local first = redis.call('XRANGE', keys[2], '-', '+', 'COUNT', 1)[1]
    local first_seq = first and tonumber(string.match(first[1], '^%d+')) or 0
    local kept, gone = redis.call('XLEN', keys[2]), 0
    limit = math.min(limit, first_seq + TRIM_MAX)
    if first and limit > first_seq then
        gone = redis.call('XTRIM', keys[2], 'MINID', decimal(limit) .. '-0')
        first_seq = limit
    end
    return {OK, gone, first_seq, kept - gone, redis.call('MEMORY', 'USAGE', keys[2]) or 0}
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
    call_many('ZREM', keys[2], gone)
    call_many('HDEL', keys[3], gone)
    if ttl_ms > 0 then
        redis.call('ZADD', keys[2], now + ttl_ms, name)
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
