#include "xlsx_parts.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "zip_part.h"

enum { TEXTS_MAX = 4 * 1024 * 1024, FORMATS_MAX = 4096 };

/* -------- XML */

struct xml { XML_Parser parser; void *context; xml_begin begin; xml_end end; xml_text text; };

static const char *without_namespace(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void XMLCALL on_begin(void *context, const char *name, const char **attributes)
{
    struct xml *xml = context;
    xml->begin(xml->context, without_namespace(name), attributes);
}

static void XMLCALL on_end(void *context, const char *name)
{
    struct xml *xml = context;
    if (xml->end)
        xml->end(xml->context, without_namespace(name));
}

static void XMLCALL on_text(void *context, const char *text, int bytes)
{
    struct xml *xml = context;
    if (xml->text)
        xml->text(xml->context, text, bytes);
}

static void XMLCALL on_doctype(void *context, const char *name, const char *system, const char *public, int inside)
{
    (void)name, (void)system, (void)public, (void)inside;
    XML_StopParser(((struct xml *)context)->parser, XML_FALSE);
}

bool xml_read(struct slice text, void *context, xml_begin begin, xml_end end, xml_text text_handler)
{
    struct xml xml = {XML_ParserCreate(NULL), context, begin, end, text_handler};
    if (!xml.parser)
        abort();
    XML_SetUserData(xml.parser, &xml);
    XML_SetElementHandler(xml.parser, on_begin, on_end);
    XML_SetCharacterDataHandler(xml.parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml.parser, on_doctype);
    bool fine = XML_Parse(xml.parser, (const char *)text.at, (int)text.bytes, 1) == XML_STATUS_OK;
    XML_ParserFree(xml.parser);
    return fine;
}

const char *xml_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(without_namespace(attributes[0]), name))
            return attributes[1];
    return "";
}

/* -------- shared texts */

struct sharing { struct arena *arena; struct xlsx_parts *parts; size_t room; struct buffer text; bool inside, aside; };

static void sharing_begin(void *context, const char *name, const char **attributes)
{
    (void)attributes;
    struct sharing *sharing = context;
    if (!strcmp(name, "si"))
        buffer_clear(&sharing->text);
    sharing->aside |= !strcmp(name, "rPh");         /* how it is read aloud is not part of it */
    sharing->inside = !strcmp(name, "t") && !sharing->aside;
}

static void sharing_end(void *context, const char *name)
{
    struct sharing *sharing = context;
    struct xlsx_parts *parts = sharing->parts;
    sharing->inside = false;
    if (!strcmp(name, "rPh"))
        sharing->aside = false;
    if (strcmp(name, "si") || parts->text_count == TEXTS_MAX)
        return;
    if (parts->text_count == sharing->room) {
        sharing->room = sharing->room ? 2 * sharing->room : 256;
        const char **grown = arena_alloc(sharing->arena, sharing->room * sizeof *grown);
        if (parts->text_count)
            memcpy(grown, parts->texts, parts->text_count * sizeof *grown);
        parts->texts = grown;
    }
    parts->texts[parts->text_count++] = arena_text(sharing->arena, sharing->text.at, sharing->text.bytes);
}

static void sharing_text(void *context, const char *text, int bytes)
{
    struct sharing *sharing = context;
    if (sharing->inside)
        buffer_append(&sharing->text, text, (size_t)bytes);
}

static bool read_texts(struct slice part, struct arena *arena, struct xlsx_parts *to)
{
    struct sharing sharing = {.arena = arena, .parts = to};
    bool fine = !part.bytes || xml_read(part, &sharing, sharing_begin, sharing_end, sharing_text);
    buffer_free(&sharing.text);
    return fine;
}

/* -------- styles */

struct styling { struct xlsx_parts *parts; int dates[FORMATS_MAX]; size_t date_count; bool in_cells; };

/* Of a format in the file's own words: does it speak of days or hours, outside quotes and brackets? */
static bool format_is_date(const char *code)
{
    for (; *code; code++) {
        if (*code == '"' || *code == '[') {
            code += 1 + strcspn(code + 1, *code == '"' ? "\"" : "]");
            if (!*code)
                return false;
        } else if (*code == '\\' && code[1]) {
            code++;
        } else if (strchr("yYdDhH", *code)) {
            return true;
        }
    }
    return false;
}

/* The formats that every workbook has without writing them down: 14 to 22, and East Asian ones. */
static bool known_is_date(int format)
{
    return (format >= 14 && format <= 22) || (format >= 27 && format <= 36) || (format >= 45 && format <= 47) ||
           (format >= 50 && format <= 58);
}

static bool is_date(const struct styling *styling, int format)
{
    for (size_t i = 0; i < styling->date_count; i++)
        if (styling->dates[i] == format)
            return true;
    return known_is_date(format);
}

static void styling_begin(void *context, const char *name, const char **attributes)
{
    struct styling *styling = context;
    struct xlsx_parts *parts = styling->parts;
    int format = atoi(xml_attribute(attributes, "numFmtId"));
    if (!strcmp(name, "numFmt") && styling->date_count < FORMATS_MAX &&
        format_is_date(xml_attribute(attributes, "formatCode")))
        styling->dates[styling->date_count++] = format;
    if (!strcmp(name, "cellXfs"))
        styling->in_cells = true;
    if (!strcmp(name, "xf") && styling->in_cells && parts->style_count < FORMATS_MAX)
        parts->style_is_date[parts->style_count++] = is_date(styling, format);
}

static void styling_end(void *context, const char *name)
{
    if (!strcmp(name, "cellXfs"))
        ((struct styling *)context)->in_cells = false;
}

static bool read_styles(struct slice part, struct arena *arena, struct xlsx_parts *to)
{
    struct styling *styling = arena_alloc(arena, sizeof *styling);
    *styling = (struct styling){.parts = to};
    to->style_is_date = arena_alloc(arena, FORMATS_MAX);
    return !part.bytes || xml_read(part, styling, styling_begin, styling_end, NULL);
}

/* -------- which sheet */

struct finding { struct arena *arena; const char *id, *path; };

static void first_sheet(void *context, const char *name, const char **attributes)
{
    struct finding *finding = context;
    if (!strcmp(name, "sheet") && !finding->id)
        finding->id = arena_printf(finding->arena, "%s", xml_attribute(attributes, "id"));
}

static void target_of(void *context, const char *name, const char **attributes)
{
    struct finding *finding = context;
    if (strcmp(name, "Relationship") || strcmp(xml_attribute(attributes, "Id"), finding->id))
        return;
    const char *target = xml_attribute(attributes, "Target");
    finding->path = *target == '/' ? arena_printf(finding->arena, "%s", target + 1)
                                   : arena_printf(finding->arena, "xl/%s", target);
}

static bool find_sheet(struct slice book, struct slice relations, struct arena *arena, struct xlsx_parts *to)
{
    struct finding finding = {.arena = arena};
    if (!book.bytes || !xml_read(book, &finding, first_sheet, NULL, NULL) || !finding.id || !relations.bytes ||
        !xml_read(relations, &finding, target_of, NULL, NULL))
        return false;
    to->sheet = finding.path;
    return to->sheet != NULL;
}

bool xlsx_parts_read(struct slice file, struct arena *arena, struct xlsx_parts *ret, const char **ret_why)
{
    struct slice book, relations, texts, styles;
    *ret = (struct xlsx_parts){0};
    if (!zip_part(file, "xl/workbook.xml", arena, &book, ret_why) ||
        !zip_part(file, "xl/_rels/workbook.xml.rels", arena, &relations, ret_why) ||
        !zip_part(file, "xl/sharedStrings.xml", arena, &texts, ret_why) ||
        !zip_part(file, "xl/styles.xml", arena, &styles, ret_why))
        return false;
    *ret_why = "this is no XLSX workbook with a sheet";
    return find_sheet(book, relations, arena, ret) && read_texts(texts, arena, ret) && read_styles(styles, arena, ret);
}
