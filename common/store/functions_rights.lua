-- functions_rights: who may append which event, for functions.lua, which follows. WRITERS, type -> writer -> true, is
-- written by the program from events.def. Each build has its own, so two builds beside each other don't disagree.

-- The type of an event: a map that begins with id, source and type (event_peek_type reads it alike); nil if not.
local function type_of(event)
    local map = string.byte(event, 1) or 0
    local at = map >= 128 and map <= 143 and 1 or 3        -- with a head of one byte or of three
    local whole, _, id_key, id, source_key, source, type_key, kind = pcall(cmsgpack.unpack_limit, event, 6, at)
    if whole and (at == 1 or map == 222) and id_key == 'id' and source_key == 'source' and type_key == 'type' and
       type(id) == 'string' and type(source) == 'string' and type(kind) == 'string' then
        return kind
    end
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

