-- functions_log: the log of a partition and its head, for functions.lua, which follows.
--
--   log    stream. An entry is what one write appended, in pieces of ENTRY_EVENTS_MAX events: its id is
--          <seq of the last>-0, its fields are p -> id of the event before the first, then of each event chain id -> the
--          event, as the arguments came. So the first entry from a seq on is the one that holds it.
--          Earlier builds wrote entries of one event: i -> chain id, p -> the id before, e -> the event.
--   head   8 bytes id of the last event, then its seq in decimal; so does any place in a log travel

local NO_ID = '\0\0\0\0\0\0\0\0'       -- Redis offers no string functions while it loads a library
local NO_HEAD = NO_ID .. '0'

local function decimal(number)
    return string.format('%d', number)
end

local function head_of(key)
    return redis.call('GET', key) or NO_HEAD
end

local function seq_of(place)
    return tonumber(string.sub(place, 9))
end

local function id_of(place)
    return string.sub(place, 1, 8)
end

-- The first entry of a log that holds this seq, given in decimal, or one behind it.
local function entry_from(log, seq)
    return redis.call('XRANGE', log, seq, '+', 'COUNT', '1')[1]
end

-- Seq of the first and of the last event of an entry.
local function entry_bounds(entry)
    local last, values = tonumber(string.match(entry[1], '^%d+')), entry[2]
    return values[1] == 'i' and last or last - #values / 2 + 2, last
end

-- Chain id of the event at a seq that an entry may hold.
local function entry_id(entry, seq)
    local first, last = entry_bounds(entry)
    local values = entry[2]
    if seq >= first and seq <= last then
        return values[1] == 'i' and values[2] or values[3 + 2 * (seq - first)]
    end
end

-- Appends events, id and bytes in turn, from … to of a list, behind the head. The log goes first among a function's
-- writes: if it goes beyond the head already, nothing is changed. One event XADD itself refuses then; the entry of several
-- might lie behind what should not be there.
local function log_append(log, head_key, head, list, from, to)
    if from >= to then
        return
    end
    local seq, prev = seq_of(head), id_of(head)
    if to - from > 2 and entry_from(log, decimal(seq + 1)) then
        error('the ID is equal or smaller than the last: the log goes beyond its head')
    end
    for first = from, to, 2 * ENTRY_EVENTS_MAX do
        local last = math.min(first + 2 * ENTRY_EVENTS_MAX - 1, to)
        seq = seq + (last - first + 1) / 2
        redis.call('XADD', log, decimal(seq), 'p', prev, unpack(list, first, last))
        prev = list[last - 1]
    end
    redis.call('SET', head_key, prev .. decimal(seq))
end

local function on_log(log, head, place)
    if place == head or place == NO_HEAD then
        return true
    elseif seq_of(place) >= seq_of(head) then
        return false
    end
    local entry = entry_from(log, string.sub(place, 9))
    return entry ~= nil and entry_id(entry, seq_of(place)) == id_of(place)
end

