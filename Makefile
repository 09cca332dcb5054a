# make          every program into build/bin
# make help     what else can be made
MODE     ?= release
BUILD    ?= build
CC       ?= gcc
PACKAGES := libczmq libzmq msgpack hiredis libical libmicrohttpd jansson yaml-0.1 libcurl libsodium
OBJ      := $(BUILD)/$(MODE)
BIN      := $(if $(filter release,$(MODE)),$(BUILD)/bin,$(BUILD)/$(MODE)/bin)

FLAGS_release := -O2 -g
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
PKG_CFLAGS    := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS      := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
CFLAGS   += -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -D_GNU_SOURCE -MMD -MP -Iproto -Icommon $(FLAGS_$(MODE)) $(PKG_CFLAGS)
LDFLAGS  += $(FLAGS_$(MODE))
LDLIBS   += $(PKG_LIBS) -lcsv -lm -lpthread

DAEMONS  := intake scheduler follow-up complaint-router notifier
PROGRAMS := $(DAEMONS) care

# Layers, by link order: services use common, common uses proto.
PROTO_O  := $(patsubst %.c,$(OBJ)/%.o,$(wildcard proto/*.c))
COMMON_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard common/*.c common/*/*.c))
SERVICE_O = $(patsubst %.c,$(OBJ)/%.o,$(filter-out %/main.c,$(wildcard services/$(1)/*.c)))
ALL_O    := $(foreach p,$(PROGRAMS),$(call SERVICE_O,$(p))) $(COMMON_O) $(PROTO_O)
SUPPORT_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/support/*.c))
UNIT     := $(patsubst tests/unit/%.c,$(OBJ)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all help run test clean
.SECONDARY:
all: $(addprefix $(BIN)/,$(PROGRAMS))

$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(OBJ)/careline.a: $(ALL_O)
	@rm -f $@
	@ar rcs $@ $^

$(BIN)/%: services/%/main.c $(OBJ)/careline.a
	@mkdir -p $(@D) $(OBJ)/services/$*
	$(CC) $(CFLAGS) -c -o $(OBJ)/services/$*/main.o $<
	$(CC) $(LDFLAGS) -o $@ $(OBJ)/services/$*/main.o $(OBJ)/careline.a $(LDLIBS)

$(OBJ)/common/store_functions.o: common/functions.lua

$(OBJ)/tests/%.o: CFLAGS += -Itests

$(OBJ)/tests/unit/%: tests/unit/%.c $(SUPPORT_O) $(OBJ)/careline.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests -o $@ $< $(SUPPORT_O) $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS) -lcmocka

unit: $(UNIT)

clean:
	rm -rf $(BUILD)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
