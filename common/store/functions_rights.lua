-- functions_rights: who may append which event, for functions.lua, which follows. WRITERS, type -> writer -> true, is
-- written by the program from events.def. Each build has its own, so two builds beside each other don't disagree.

-- Where a msgpack text of at most 255 bytes at `at` has its bytes, and where it ends; nil if there is none.
local function short_text(byte, bytes, at)
    local head = byte(bytes, at)
    if head and head >= 160 and head <= 191 then
        return at + 1, at + head - 160
    elseif head == 217 then
        return at + 2, at + 1 + (byte(bytes, at + 1) or #bytes)
    end
end

-- The type of an event, which begins with id, source and type (event_peek_type reads it alike); nil if it does not.
local function type_of(event)
    local byte, sub = string.byte, string.sub
    local head = byte(event, 1) or 0
    local at = head == 222 and 4 or head >= 128 and head <= 143 and 2
    if not at or sub(event, at, at + 2) ~= '\162id' then
        return nil
    end
    local _, id_end = short_text(byte, event, at + 3)
    if not id_end or sub(event, id_end + 1, id_end + 7) ~= '\166source' then
        return nil
    end
    local _, source_end = short_text(byte, event, id_end + 8)
    if not source_end or sub(event, source_end + 1, source_end + 5) ~= '\164type' then
        return nil
    end
    local from, to = short_text(byte, event, source_end + 6)
    return from and to <= #event and sub(event, from, to) or nil
end

-- What is wrong with an event of this writer's; nil if nothing is. What the log holds counts, not what a caller says of
-- it: the type is read from the event, the writer from the name of a key.
local function writer_fault(writer, event)
    local type = type_of(event)
    if not type then
        return 'an event does not begin with its id, source and type'
    elseif #type > NAME_BYTES_MAX then
        return 'the type of an event is too long'
    end
    local writers = WRITERS[type]
    if writers and not writers[writer] or not writers and writer ~= 'intake' then
        return writer .. ' may not append ' .. type
    end
end

