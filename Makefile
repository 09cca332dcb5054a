# make          every program into build/bin
# make help     what else can be made
MODE     ?= release
BUILD    ?= build
CC       ?= gcc
PACKAGES := libczmq libzmq msgpack hiredis libical libmicrohttpd jansson yaml-0.1 libcurl libsodium expat zlib
PACKAGES += $(shell pkg-config --exists hiredis_ssl && echo hiredis_ssl)
OBJ      := $(BUILD)/$(MODE)
BIN      := $(if $(filter release,$(MODE)),$(BUILD)/bin,$(BUILD)/$(MODE)/bin)

FLAGS_release := -O2 -g
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ROOMS         := $(patsubst %/,-I%,$(wildcard common/*/))
PKG_CFLAGS    := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS      := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
CFLAGS   += -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -D_GNU_SOURCE -MMD -MP -Iproto $(ROOMS) $(FLAGS_$(MODE)) $(PKG_CFLAGS)
LDFLAGS  += $(FLAGS_$(MODE)) -Wl,--as-needed
LDLIBS   += $(PKG_LIBS) -lcsv -lm -lpthread

DAEMONS  := intake scheduler follow-up complaint-router notifier
PROGRAMS := $(DAEMONS) care
LIB      := $(patsubst %/bin,%/lib,$(BIN))

# Layers, by link order: services use common, common uses proto.
PROTO_O  := $(patsubst %.c,$(OBJ)/%.o,$(wildcard proto/*.c))
COMMON_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard common/*/*.c))
SERVICE_O = $(patsubst %.c,$(OBJ)/%.o,$(filter-out %/main.c,$(wildcard services/$(1)/*.c)))
CONSUMER_O := $(patsubst %.c,$(OBJ)/%.o,$(filter-out %/example.c,$(wildcard proto/consumer/*.c)))
ALL_O    := $(CONSUMER_O) $(foreach p,$(PROGRAMS),$(call SERVICE_O,$(p))) $(COMMON_O) $(PROTO_O)
SUPPORT_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/support/*.c))
UNIT     := $(patsubst tests/unit/%.c,$(OBJ)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all help run test clean
.SECONDARY:
all: $(addprefix $(BIN)/,$(PROGRAMS)) consumer

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

# The library for other teams' programs: $(LIB), its header and pkg-config file beside it. It uses libzmq only.
CONSUMER_PIC := $(patsubst $(OBJ)/%.o,$(OBJ)/pic/%.o,$(CONSUMER_O) $(addprefix $(OBJ)/proto/,buffer.o cursor.o guard.o head.o))
CONSUMER_MAP := proto/consumer/careline-consumer.map
CONSUMER_LIB := $(LIB)/libcareline-consumer
.PHONY: consumer
consumer: $(CONSUMER_LIB).a $(CONSUMER_LIB).so $(LIB)/pkgconfig/careline-consumer.pc $(BIN)/consumer-example

$(OBJ)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -c -o $@ $<

# One object, in which only careline_* can be seen.
$(CONSUMER_LIB).a: $(CONSUMER_PIC)
	@mkdir -p $(@D)
	@rm -f $@
	ld -r -o $(OBJ)/pic/careline-consumer.o $^
	objcopy --wildcard --keep-global-symbol='careline_*' $(OBJ)/pic/careline-consumer.o
	@ar rcs $@ $(OBJ)/pic/careline-consumer.o

$(CONSUMER_LIB).so: $(CONSUMER_PIC) $(CONSUMER_MAP)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -Wl,-soname,libcareline-consumer.so.1 -Wl,--version-script=$(CONSUMER_MAP) -o $@.1 $(CONSUMER_PIC) -lzmq
	@ln -sf $(@F).1 $@

$(LIB)/pkgconfig/careline-consumer.pc: proto/consumer/careline-consumer.pc proto/consumer/careline-consumer.h
	@mkdir -p $(@D) $(LIB)/../include
	@cp proto/consumer/careline-consumer.h $(LIB)/../include/
	@cp $< $@

$(BIN)/consumer-example: proto/consumer/example.c $(CONSUMER_LIB).a
	@mkdir -p $(@D) $(OBJ)/proto/consumer
	$(CC) $(CFLAGS) -MF $(OBJ)/proto/consumer/example.d -o $@ $< $(CONSUMER_LIB).a $(LDFLAGS) -lzmq

$(OBJ)/common/store/store_functions.o: $(wildcard common/store/*.lua)

$(OBJ)/tests/%.o: CFLAGS += -Itests

$(OBJ)/tests/unit/%: tests/unit/%.c $(SUPPORT_O) $(OBJ)/careline.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests -o $@ $< $(SUPPORT_O) $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS) -lcmocka

unit: $(UNIT)

# Everything at once in one process, with faults, from seeds: make sim SEEDS=500 FIRST=1. 500 seeds take five minutes.
SIMULATION_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/simulation/*.c))
SEEDS ?= 100
FIRST ?= 1
$(SIMULATION_O): CFLAGS += -Itests
$(OBJ)/simulate: $(SIMULATION_O) $(SUPPORT_O) $(OBJ)/careline.a
	$(CC) $(LDFLAGS) -o $@ $(SIMULATION_O) $(SUPPORT_O) $(OBJ)/careline.a $(LDLIBS) -lcmocka

.PHONY: sim sim-mutants
sim: $(OBJ)/simulate
	$< --seeds $(SEEDS) --first $(FIRST)

# Faults planted on purpose, one at a time: the simulation must catch each. ONLY="word …" picks some by name.
sim-mutants: $(OBJ)/simulate
	@tests/simulation/mutants --compile '$(CC) $(CFLAGS)' --link '$(CC) $(LDFLAGS) -o' --libraries '$(LDLIBS) -lcmocka' \
	    --objects '$(SIMULATION_O) $(SUPPORT_O) $(OBJ)/careline.a' --into $(OBJ)/mutants $(ONLY)

# ARGS are deploy/run's. Its own: the second day of the sample month, just before the afternoon's calls, an hour in half a
# minute: work is on the list at once. make run ARGS= keeps to real time.
ARGS ?= --clock 2026-03-03T14:30+08:00 --speed 120
run:
	@.ci/install
	@$(MAKE) --no-print-directory all
	@exec deploy/run --dir run $(ARGS)

# ONLY names groups: make test ONLY="unit flows". REDIS is what real processes run on: single, sentinel or cluster, sets of
# servers that the tests start; nothing said: the one that deploy/run starts.
test:
	@.ci/install
	@$(MAKE) --no-print-directory all unit $(OBJ)/document $(OBJ)/simulate
	@CARELINE_REDIS=$(REDIS) tests/run --build $(BUILD) --mode $(MODE) $(ONLY)

# Every promise with the scenarios that show it and their results, and those that none shows yet. STRICT=1 fails if there is one.
.PHONY: requirements
requirements:
	@$(MAKE) --no-print-directory $(BIN)/care > /dev/null
	@tests/flows/requirements --care $(BIN)/care $(if $(STRICT),--strict)

# The scenarios once more, with real processes: each must end as in memory. NAMES="a b" plays only those.
.PHONY: flows-live
flows-live:
	@.ci/install
	@$(MAKE) --no-print-directory all
	@tests/flows/live --bin $(BIN) $(NAMES)

# A dealer's month against an independent checker. KILL=1 kills everything again and again; SEED=n repeats; DATA=DIR takes
# other files; REDIS as for test; RESHARD=1 moves slots of a Cluster meanwhile.
.PHONY: month
month:
	@.ci/install
	@$(MAKE) --no-print-directory all
	@python3 tests/month/month.py --bin $(BIN) $(if $(KILL),--kill) $(if $(REDIS),--redis $(REDIS)) $(if $(RESHARD),--reshard) $(if $(SEED),--seed $(SEED)) $(if $(DATA),--data $(DATA))

# The month on three hosts (network namespaces: as root) while processes, links and Redis servers die. FOR is how many seconds
# the attack lasts. The rolling restart goes over to the same with another build's hash, and back.
NEXT := $(BUILD)/next
.PHONY: cluster-test
cluster-test:
	@.ci/install cluster
	@$(MAKE) --no-print-directory all
	@rm -rf $(NEXT) && mkdir -p $(NEXT)/tree $(NEXT)/build
	@cp -a Makefile proto common services $(NEXT)/tree && cp -a $(OBJ) $(NEXT)/build/
	@echo '-- the next build' >> $(NEXT)/tree/common/store/functions.lua
	@$(MAKE) --no-print-directory -s -C $(NEXT)/tree BUILD=$(abspath $(NEXT)/build) all
	@python3 tests/cluster/cluster.py --bin $(BIN) --next $(subst $(BUILD),$(NEXT)/build,$(BIN)) $(if $(SEED),--seed $(SEED)) $(if $(FOR),--seconds $(FOR))

# Measured against goals, and with PEERS=1 against what one would otherwise take: tests/bench/README.md. ONLY="row …" picks some.
LOAD_MAIN := load_zmq load_http load_beanstalkd raw_append listen fanout seed
LOAD      := $(addprefix $(OBJ)/tests/bench/load/,$(LOAD_MAIN))
LOAD_O    := $(filter-out $(addsuffix .o,$(LOAD)),$(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/bench/load/*.c)))
$(LOAD): $(OBJ)/tests/bench/load/%: $(OBJ)/tests/bench/load/%.o $(LOAD_O) $(OBJ)/careline.a
	$(CC) -o $@ $< $(LOAD_O) $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS)

.PHONY: bench bench-quick
bench bench-quick:
	@.ci/install
	@$(MAKE) --no-print-directory all $(LOAD)
	@python3 tests/bench/bench.py --bin $(BIN) --load $(OBJ)/tests/bench/load --into $(BUILD)/bench $(if $(filter bench-quick,$@),--quick) $(if $(PEERS),--peers) $(ONLY)

# The last run of the benchmark against the one before it: do their ranges overlap?
.PHONY: bench-agree
bench-agree:
	@python3 tests/bench/agree.py $(BUILD)/bench/results-before.json $(BUILD)/bench/results.json

# Instructions for each event, which no other load on the machine changes: held against tests/bench/counts.txt.
COUNT_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/bench/count/*.c))
$(OBJ)/tests/bench/count/count: $(COUNT_O) $(LOAD_O) $(OBJ)/careline.a
	$(CC) -o $@ $(COUNT_O) $(LOAD_O) $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS)

.PHONY: counts
counts: $(OBJ)/tests/bench/count/count
	@.ci/install counts
	@python3 tests/bench/counts.py $< $(if $(RECORD),--record)

# What an installation costs while nothing happens.
.PHONY: idle
idle:
	@.ci/install
	@$(MAKE) --no-print-directory all
	@python3 tests/bench/idle.py --bin $(BIN)

# How long partitions stand still when a replica is killed or stopped.
.PHONY: takeover
takeover:
	@.ci/install
	@$(MAKE) --no-print-directory all
	@python3 tests/bench/takeover.py --bin $(BIN)

# What is printed from the tables in proto/: rewritten, or compared with what is committed.
$(OBJ)/document: proto/document/main.c $(OBJ)/careline.a
	$(CC) $(CFLAGS) -o $@ $< $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS)

.PHONY: documents documents-check
documents: $(OBJ)/document
	$< asyncapi > proto/asyncapi.json
	$< catalogue > proto/EVENTS.md

documents-check: $(OBJ)/document
	@$< asyncapi | cmp - proto/asyncapi.json && $< catalogue | cmp - proto/EVENTS.md || \
	    { echo "proto/asyncapi.json or proto/EVENTS.md is stale: make documents, and commit them"; exit 1; }

# What is new in proto/ goes to the end of what every later version must read; what stands there stays.
.PHONY: golden
golden: $(OBJ)/tests/unit/test_golden
	$< append

# Each tests/fuzz/fuzz_*.c for SECONDS; what it finds interesting is kept in $(BUILD)/fuzz-corpus, what breaks it beside it.
FUZZ    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS ?= 60
$(OBJ)/tests/fuzz/%: tests/fuzz/%.c $(OBJ)/careline.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests -fsanitize=fuzzer -o $@ $< $(OBJ)/careline.a $(LDFLAGS) $(LDLIBS)

.PHONY: fuzz fuzzers
fuzzers: $(addprefix $(OBJ)/tests/fuzz/,$(FUZZ))
fuzz:
	@.ci/install fuzz
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang fuzzers
	@for name in $(FUZZ); do \
	    at=$(BUILD)/fuzz-corpus/$$name; mkdir -p $$at; \
	    $(BUILD)/fuzz/tests/fuzz/$$name -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 -max_len=4096 \
	        -print_final_stats=1 -artifact_prefix=$$at- $$at $$(ls -d tests/fuzz/seeds/$$name 2>/dev/null) \
	        > $$at.log 2>&1 || { tail -n 40 $$at.log; echo "$$name found something: $$at-*"; exit 1; }; \
	    echo "$$name: $(SECONDS) s, $$(sed -n 's/^stat::number_of_executed_units: *//p' $$at.log) inputs, nothing found"; done

# The Debian packages into $(BUILD)/deb; deb-test installs and runs them in a clean Debian, as root, and takes minutes.
DEB := $(BUILD)/deb
.PHONY: deb deb-test monitoring-check
deb:
	@.ci/install deb
	@$(MAKE) --no-print-directory all
	@deploy/debian/build $(BIN) $(DEB)

deb-test:
	@.ci/install deb
	@.ci/install deb-test
	@$(MAKE) --no-print-directory all
	@python3 tests/deploy/clean_install.py $(DEB)/clean $$(deploy/debian/build $(BIN) $(DEB))

monitoring-check:
	@.ci/install monitoring
	@cd deploy/monitoring && promtool check config scrape.yaml && promtool test rules alerts_test.yaml
	@python3 tests/deploy/test_runbook.py

help:
	@echo 'make                     every program into $(BIN)'
	@echo 'make run [ARGS=…]        installs what is missing, builds, starts all with a sample dealer; Ctrl-C ends it'
	@echo 'make test [ONLY=…]       unit, scenarios, simulation, real processes; ONLY="unit flows process"'
	@echo 'make test MODE=asan      the same with ASan and UBSan'
	@echo 'make test ONLY=process REDIS=cluster     real processes on three masters; REDIS=sentinel, single; month too'
	@echo 'make month [KILL=1] [SEED=n] [DATA=DIR]   a month on the stepped clock, held against every promise'
	@echo 'make sim [SEEDS=100]     the seeded simulation of all daemons in one process, with faults'
	@echo 'make sim-mutants         faults planted in the product one at a time: does the simulation catch each?'
	@echo 'make cluster-test [SEED=n] [FOR=180]      the month on three hosts under attack; as root, some minutes'
	@echo 'make requirements [STRICT=1]   every promise, the scenarios that show it, their results, and those that none shows yet'
	@echo 'make bench [PEERS=1] [ONLY=…]             how fast, and how that compares; minutes; make bench-quick for a glance'
	@echo 'make bench-agree         do the last two runs of it agree within their ranges?'
	@echo 'make counts [RECORD=1]   instructions for each event, held against those on record'
	@echo 'make flows-live          the scenarios with real processes, mail and web servers: each ends as in memory; minutes'
	@echo 'make idle                processor and memory while nothing happens, held against the bounds; a minute'
	@echo 'make takeover            how fast a killed or stopped replica is replaced, 100 of each; some minutes'
	@echo 'make fuzz [SECONDS=60]   whatever parses bytes from outside, for so long each'
	@echo 'make deb                 the Debian packages, into $(DEB); make deb-test tries them in a clean Debian, as root'
	@echo 'make monitoring-check    alerts, with promtool; dashboard and runbook'
	@echo 'make documents           proto/asyncapi.json and proto/EVENTS.md anew from the definitions'
	@echo 'make golden              appends to tests/golden what is new in proto/, for every later version to read'
	@echo 'make clean               what was built'

clean:
	rm -rf $(BUILD)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
