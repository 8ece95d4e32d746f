# pith: prompt compression in plain C.  `make help` lists the targets.
#
# No configure step: what depends on the system (Check) is probed here.
# Settings: CC, CFLAGS, PREFIX, LIBDIR, PIC=yes, MODE=release|debug|asan|tsan,
# THREADS=no, POSIX=no (docs/PORTING.md), V=1.

MODE    ?= release
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
BUILD   := build/$(MODE)
SHARED  ?= ../shared
Q       := $(if $(V),,@)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wdouble-promotion \
            -Wmissing-prototypes -Wstrict-prototypes -Wvla
# A fused multiply-add where the source has two roundings would make the
# scalar kernels differ from machine to machine.
CFLAGS  ?= -O2 -g
# The same bytes in whatever folder they are built.
BASE_CFLAGS := -std=c11 $(WARNINGS) -ffp-contract=off \
               -ffile-prefix-map='$(CURDIR)'=. \
               -fvisibility=hidden -Iinclude -MMD -MP

# Results are the same without threads.
ifeq ($(THREADS),no)
THREAD_FLAG := -DPITH_NO_THREADS
else
THREAD_FLAG := -pthread
endif

SANITIZERS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer
ifeq ($(MODE),asan)
MODE_FLAGS := $(SANITIZERS)
# Check's forks and the sanitizers' reports do not go together; sanitized code
# is slow.
TEST_ENV := CK_FORK=no PITH_QUICK=1
endif
ifeq ($(MODE),tsan)
MODE_FLAGS := -O1 -fsanitize=thread
TEST_ENV := CK_FORK=no PITH_QUICK=1
endif
# FUZZER: the compiler's flag, tests/fuzz/run.sh.
ifeq ($(MODE),fuzz)
MODE_FLAGS := $(SANITIZERS) $(FUZZER)
endif
# At -O0 gcc counts each condition as it is written.  Only loops over numbers
# are optimized, and the tests, which do not count.  Threads may lose counts to
# one another but not the first; atomic ones, which -pthread brings, would take
# most of the time.  Check's forks would write every file of counts each time.
ifeq ($(MODE),coverage)
COUNTED := --coverage -fprofile-update=single
MODE_FLAGS := -O0 $(COUNTED)
TEST_ENV := CK_FORK=no PITH_QUICK=1
$(addprefix $(BUILD)/src/,kernels/%.o gradients/%.o base/crc32.o): MODE_FLAGS := -O2 $(COUNTED)
$(BUILD)/tests/%.o: MODE_FLAGS :=
endif
ifeq ($(MODE),debug)
MODE_FLAGS := -O0
endif

ALL_CFLAGS  = $(BASE_CFLAGS) $(CFLAGS) $(MODE_FLAGS) $(THREAD_FLAG) $(POSIX_FLAG)
ALL_LDFLAGS = $(LDFLAGS) $(MODE_FLAGS) $(THREAD_FLAG)

LIB_SRC  := $(sort $(wildcard src/*/*.c src/*/*/*.c))
TOOL_SRC := $(sort $(wildcard tools/*.c))
# Without POSIX, the commands that read, compute and write.
ifeq ($(POSIX),no)
TOOL_SRC := $(addprefix tools/, main.c common.c files.c open.c options.c \
              platform.c highlight.c report.c rounding.c compress.c score.c \
              tokenize.c info.c convert.c merge.c)
POSIX_FLAG := -DPITH_NO_POSIX
endif
TEST_SRC := $(wildcard tests/test_*.c)
# PIC=yes: libpith.a has the objects of libpith.so, compiled once for both.
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/$(if $(filter yes,$(PIC)),pic/)%.o)
TOOL_OBJ := $(TOOL_SRC:%.c=$(BUILD)/%.o)
# Those that take long come first, so that none is left alone at the end.
SLOW     := $(addprefix tests/test_, reference.c tutorial.c precision.c \
              gradient_ops.c gradients.c outputs.c eval_run.c format.c)
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(SLOW) \
              $(filter-out $(SLOW),$(TEST_SRC)))

# HTTP=1 makes build/pith with `pith serve --http` (docs/HTTP.md), on
# libmicrohttpd; what knows of it is tools/http, in place of http_absent.c.
ifeq ($(HTTP),1)
PROGRAM     := $(BUILD)/pith-http
HTTP_CFLAGS := $(shell pkg-config --cflags libmicrohttpd 2>/dev/null)
HTTP_LIBS   := $(or $(shell pkg-config --libs libmicrohttpd 2>/dev/null),-lmicrohttpd)
HTTP_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/http/*.c))
else
PROGRAM     := $(BUILD)/pith
endif

.PHONY: all amalgamation core shared demo check check-asan \
    check-tsan tsan-programs check-valgrind check-divergence check-families check-layouts \
    check-llmlingua-tests check-mcp check-metrics check-presets check-python \
    check-abi check-examples check-http check-litellm check-mpi check-mutations check-report fuzz \
    check-ports check-core-ports check-web web \
    check-faults check-growth check-hostile check-symbols check-tutorial check-programs check-vocabularies bench-train evaluation \
    dist check-debian check-integrations install uninstall clean help
.DELETE_ON_ERROR:
.SECONDARY:

## all: build/libpith.a and build/pith (the default)
all: build/libpith.a build/pith

build/libpith.a: $(BUILD)/libpith.a
	$(Q)cp -f $< $@

# Also when the program at hand was made with the other choice of HTTP.
build/pith: $(PROGRAM) FORCE
	$(Q)cmp -s $< $@ || cp -f $< $@
FORCE:

$(BUILD)/libpith.a: $(LIB_OBJ)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/pith: $(TOOL_OBJ) $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

$(BUILD)/pith-http: $(filter-out %/http_absent.o,$(TOOL_OBJ)) $(HTTP_OBJ) \
                    $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(HTTP_LIBS) -lm

$(BUILD)/tools/http/%.o: tools/http/%.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $<")
	$(Q)$(CC) $(ALL_CFLAGS) $(HTTP_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $<")
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Where a program that does not know its own folder looks for the model.
$(BUILD)/tools/open.o: CFLAGS += -DPITH_PREFIX='"$(PREFIX)"'

# The method `paper` alone: src/core.files lists it.  The kernels of the library
# stand in for the plain ones, tools/core/ops.c, unless KERNELS=plain; a CPU's
# are left out with -DPITH_NO_X86, -DPITH_NO_AVX512, -DPITH_NO_ARM or
# -DPITH_NO_WASM in CFLAGS
# (then give MODE a name too, so that objects are kept apart).
CORE_SRC := $(filter-out tools/core/main.c,$(filter %.c,$(shell cat src/core.files)))
ifneq ($(KERNELS),plain)
CORE_SRC := $(sort $(filter-out tools/core/ops.c,$(CORE_SRC)) \
              $(wildcard src/kernels/*.c src/kernels/*/*.c))
CORE_PLAIN := src/base/threads_none.c
endif

## core: build/libpith-core.a and build/pith-core, method paper and no more
core: build/libpith-core.a build/pith-core

## amalgamation: build/pith.c and build/pith.h, the core in one file
amalgamation:
	@mkdir -p build
	$(Q)python3 tools/amalgamate build

## shared: build/libpith.so, which exports what include/*.h declares
SONAME := libpith.so.0
shared: build/libpith.so

build/libpith.so: $(LIB_SRC:%.c=$(BUILD)/pic/%.o)
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) -o $@ $^ -lm

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $< (PIC)")
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -c -o $@ $<

# What stands in for threads compiles to nothing in the library.
build/libpith-core.a: $(CORE_SRC:%.c=$(BUILD)/%.o) $(CORE_PLAIN:%.c=$(BUILD)/core/%.o)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/core/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $< (core)")
	$(Q)$(CC) $(ALL_CFLAGS) -DPITH_NO_THREADS -c -o $@ $<

build/pith-core: $(BUILD)/tools/core/main.o build/libpith-core.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

# MPI=1 adds build/pith-mpi, whose `pith align` may run as several processes
# (docs/ALIGNMENT.md); only the one file of tools/ that knows of MPI differs.
ifeq ($(MPI),1)
MPI_CFLAGS  := -DPITH_MPI $(patsubst -I%,-isystem %,$(shell mpicc --showme:compile))
MPI_LDFLAGS := $(shell mpicc --showme:link)

all: build/pith-mpi

build/pith-mpi: $(BUILD)/pith-mpi
	$(Q)cp -f $< $@

$(BUILD)/pith-mpi: $(filter-out %/align_group.o,$(TOOL_OBJ)) \
                   $(BUILD)/tools/align_group-mpi.o $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(MPI_LDFLAGS) -lm

$(BUILD)/tools/align_group-mpi.o: tools/align_group.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $< (MPI)")
	$(Q)$(CC) $(ALL_CFLAGS) $(MPI_CFLAGS) -c -o $@ $<
endif

## demo: build, then compress real prompts with the model in weights/
demo: all
	$(Q)sh docs/examples/demo.sh

# The library without POSIX and threads, with WebAssembly's vectors.  The stack
# is below everything else, so that one that is too deep is an error.
WASM_CC    := $(CCACHE) clang --target=wasm32-wasi --sysroot=/usr
WASM_FLAGS := -mexec-model=reactor -Wl,--gc-sections,--strip-all,--stack-first \
              -Wl,-z,stack-size=1048576

## web: build/web, the page of docs/demo, and build/npm, the package for Node.js
web:
	$(Q)$(MAKE) --no-print-directory POSIX=no THREADS=no AR=llvm-ar BUILD=build/wasm \
	    CC="$(WASM_CC)" CFLAGS="-O2 -msimd128" LDFLAGS= build/wasm/pith.wasm
	$(Q)python3 docs/demo/build.py build/wasm/pith.wasm weights/default.pith \
	    $(VERSION) build/web build/npm

build/wasm/pith.wasm: $(BUILD)/docs/demo/engine.o $(BUILD)/libpith.a
	$(Q)$(CC) $(WASM_FLAGS) -o $@ $^ -lm

# --- tests -----------------------------------------------------------------

ifneq ($(MODE),fuzz)
CHECK_CFLAGS = $(shell CC="$(CC)" sh tools/find-check cflags)
CHECK_LIBS   = $(shell CC="$(CC)" sh tools/find-check libs)
else
CHECK_CFLAGS = -Itests/ports
endif

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC  $<")
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-double-promotion $(CHECK_CFLAGS) -c -o $@ $<

# program.c starts programs, and fuzz targets make folders.
TARGET_SRC := $(filter-out $(addprefix %/,main.c one_input.c unchecked.c), \
                $(wildcard tests/fuzz/*.c))
ifdef POSIX_FLAG
TARGET_SRC := $(addprefix tests/fuzz/,failed.c json.c tokenizer.c)
endif
SUPPORT_OBJ := $(TARGET_SRC:%.c=$(BUILD)/%.o) $(addprefix $(BUILD)/tests/, \
                 support.o tiny_model.o foreign.o random_prompt.o)

$(BUILD)/tests/support.a: $(SUPPORT_OBJ) $(addprefix $(BUILD)/tests/, suite_main.o \
                            replies.o alloc_sweep.o $(if $(POSIX_FLAG),,program.o))
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/tests/support.a $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) $(WRAP) -o $@ $^ $(CHECK_LIBS) -lm

# Only with MODE=fuzz: the targets of tests/fuzz with their own main(), and with
# libFuzzer's.
FUZZ_OBJ := $(BUILD)/tests/fuzz/unchecked.o $(SUPPORT_OBJ) $(BUILD)/libpith.a
$(BUILD)/fuzz: $(BUILD)/tests/fuzz/main.o $(FUZZ_OBJ)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

$(BUILD)/libfuzzer: $(BUILD)/tests/fuzz/one_input.o $(FUZZ_OBJ)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ -lm

# Its allocations fail one after the other.
$(BUILD)/tests/test_alloc $(BUILD)/tests/test_alloc_data: WRAP := -Wl,--wrap=malloc,--wrap=calloc \
    -Wl,--wrap=realloc,--wrap=free
$(BUILD)/tests/test_threads: WRAP := -Wl,--wrap=pthread_create

# What makes calls and allocations of a program fail, and models for it.
FAULTS := $(addprefix $(BUILD)/tests/faults/,fixtures inject memory.so)
$(BUILD)/tests/faults/fixtures: $(BUILD)/tests/faults/fixtures.o \
                                $(BUILD)/tests/support.a $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) -lm
$(BUILD)/tests/faults/inject: $(BUILD)/tests/faults/inject.o
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/tests/faults/memory.so: tests/faults/memory.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -fPIC -fvisibility=default -shared -o $@ $<

# The tutorials that stand alone are built by their tests, as a reader does;
# here our warnings look at them.
$(BUILD)/tutorial: $(BUILD)/docs/tutorial/prune.o $(BUILD)/libpith.a \
    | $(addprefix $(BUILD)/docs/tutorial/,alignment.o llmlingua.o)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

## check-programs: build the test programs without running them
check-programs: $(BUILD)/libpith.a $(BUILD)/pith $(PROGRAM)
	$(Q)CC="$(CC)" sh tools/find-check install
	$(Q)$(MAKE) --no-print-directory $(BUILD)/tutorial $(TESTS)
	$(Q)if sh tests/check-faults.sh --can; then \
	    $(MAKE) --no-print-directory $(FAULTS); fi

## check: run every test (installs Check when it is missing)
check: check-programs
	$(Q)$(TEST_ENV) PITH_PROGRAM=$(BUILD)/pith PITH_SHARED=$(SHARED) \
	    CC="$(CC)" sh tests/run.sh "sh tests/core.sh $(BUILD)/pith" $(TESTS) \
	    "sh tests/house.sh $(BUILD)/libpith.a" \
	    "sh tests/check-http.sh $(PROGRAM) weights/default.pith $(BUILD)/http" \
	    "sh tests/manual.sh $(BUILD)/pith" "sh tests/pages.sh $(BUILD)/pith" \
	    "python3 tests/sbom.py" "sh tests/completion.sh $(BUILD)/pith" "sh tests/tutorial.sh $(BUILD)/tutorial" \
	    "sh tests/get_model.sh $(BUILD)/pith" \
	    "sh tests/check-faults.sh $(BUILD)" \
	    "sh tests/check-hostile.sh $(BUILD) 2000"

## check-asan: the same under AddressSanitizer and UBSan
check-asan:
	$(Q)$(MAKE) --no-print-directory check MODE=asan

## check-faults: every call and allocation of every command fails in turn
check-faults: check-programs
	$(Q)sh tests/check-faults.sh $(BUILD) --all --table

## check-hostile: 100,000 lines to `pith serve` that no client should send
check-hostile: check-programs
	$(Q)sh tests/check-hostile.sh $(BUILD) 100000

## check-growth: CPU time of requests of n, 2n and 4n, printed
check-growth: check-programs
	$(Q)sh tests/check-hostile.sh $(BUILD) growth

## check-layouts: convert published layouts; ids as transformers has them
STRINGS ?= 2000
check-layouts: all
	$(Q)sh tests/check-layouts.sh build/pith build/layouts-peers build/layouts \
	    $(STRINGS)

## check-vocabularies: ids with those of Llama 3, Qwen and Mistral, from PyPI
check-vocabularies: all
	$(Q)sh tests/check-vocabularies.sh build/pith build/layouts-peers \
	    build/vocabularies $(STRINGS)

## check-presets: ten files of each form with --preset, parsed as what they were
check-presets: all
	$(Q)python3 tests/presets.py build/pith

## check-python: the Python wheel, in a fresh environment and under LangChain
check-python:
	$(Q)sh tests/check-python.sh build/python-check

## check-llmlingua-tests: those of microsoft/LLMLingua, of SRC=DIR or from PyPI, on
## the wheel; MODEL=DIR is their model, lgaalves/gpt2-dolly
check-llmlingua-tests:
	$(Q)sh tests/check-llmlingua-tests.sh $(PYTHONS)/fresh/bin/python \
	    build/llmlingua $(SHARED)/tokenizers/cl100k_base.tiktoken \
	    "$(SRC)" "$(MODEL)"

## check-tsan: what computes with several threads, under ThreadSanitizer
TSAN_TESTS := $(addprefix build/tsan/tests/test_, threads session ops compress)
check-tsan:
	$(Q)$(MAKE) --no-print-directory MODE=tsan tsan-programs

tsan-programs: $(TSAN_TESTS)
	$(Q)$(TEST_ENV) PITH_SHARED=$(SHARED) sh tests/run.sh $(TSAN_TESTS)

## check-valgrind: four requests under valgrind
check-valgrind: all
	$(Q)sh tests/check-valgrind.sh build/pith weights/default.pith

## check-mcp: try the MCP server with the official client from PyPI
check-mcp: all
	$(Q)sh tests/check-mcp.sh build/pith weights/default.pith build/mcp-client

## check-mpi: align with 1, 2 and 4 processes (installs Open MPI when missing)
check-mpi:
	$(Q)sh tests/check-mpi.sh --install
	$(Q)$(MAKE) --no-print-directory MPI=1 all
	$(Q)sh tests/check-mpi.sh build/pith-mpi weights/default.pith build/mpi

## check-http: `pith serve --http` (installs libmicrohttpd-dev when missing)
check-http:
	$(Q)if sh tests/check-http.sh --install; then \
	    $(MAKE) --no-print-directory HTTP=1 $(BUILD)/pith-http && \
	    $(TEST_ENV) sh tests/check-http.sh $(BUILD)/pith-http \
	        weights/default.pith $(BUILD)/http; fi

## check-litellm: the same with LiteLLM's own guardrail from PyPI
check-litellm:
	$(Q)if sh tests/check-http.sh --install; then \
	    $(MAKE) --no-print-directory HTTP=1 $(BUILD)/pith-http && \
	    sh tests/check-litellm.sh $(BUILD)/pith-http weights/default.pith \
	        build/litellm; fi

## check-tutorial: ten goldens of each model through docs/tutorial/llmlingua.c
check-tutorial: $(BUILD)/pith
	$(Q)$(MAKE) --no-print-directory $(BUILD)/tests/test_tutorial
	$(Q)PITH_LONG=1 PITH_PROGRAM=$(BUILD)/pith PITH_SHARED=$(SHARED) \
	    CC="$(CC)" $(BUILD)/tests/test_tutorial

## check-web: the page in headless Chromium, the package under Node.js
check-web: all
	$(Q)sh tests/check-web.sh build/pith weights/default.pith build/web-check

## check-symbols: libpith.so exports the public functions and nothing else
check-symbols: build/libpith.so
	$(Q)CC="$(CC)" sh tests/symbols.sh build/libpith.so

## check-core-ports: the core without a system, and on other machines
check-core-ports: all
	$(Q)CC="$(CC)" sh tests/check-core-ports.sh build/pith build/core-ports

## check-ports: other platforms, under emulators; those that can be built here
check-ports: all
	$(Q)PITH_SHARED=$(SHARED) sh tests/check-ports.sh build/pith build/ports $(PORTS)

## check-examples: docs/examples/compress.* write what `pith compress` writes
check-examples: all shared
	$(Q)CC="$(CC)" CXX="$(CXX)" sh tests/examples.sh build/pith \
	    build/libpith.a build/libpith.so weights/default.pith

## check-abi: programs linked with the last tag's libpith.so run with this one
check-abi:
	$(Q)CC="$(CC)" sh tests/abi.sh

.PHONY: audit check-reproducible coverage sbom
## audit: gcc's and clang's analysers, clang-tidy and cppcheck; lines of each room
audit:
	$(Q)wc -l $(sort $(wildcard src/*/*.[ch] src/*/*/*.[ch])) | awk '{ split($$2, part, "/") } \
	    part[1] == "src" { n[part[2]] += $$1 } END { for (room in n) print "lines of src/" room ": " n[room] }' | sort
	$(Q)sh tests/audit.sh build/audit $(TOOLS)

## check-reproducible: two builds in two folders, the same bytes
check-reproducible:
	$(Q)CC="$(CC)" sh tests/check-reproducible.sh build/reproducible

## sbom: build/pith.spdx.json, the bill of materials in SPDX 2.3
sbom:
	@mkdir -p build
	$(Q)python3 tools/sbom > build/pith.spdx.json

## coverage: lines and branches that the tests reach, room by room (ROOM=src/eval: file by file)
coverage:
	$(Q)find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) --no-print-directory check MODE=coverage || true
	$(Q)sh tests/coverage.sh build/coverage $(ROOM)

## fuzz: every fuzz target, SECONDS= (60) of processor time each, one at a time
SECONDS ?= 60
fuzz:
	$(Q)MAKE="$(MAKE)" bash tests/fuzz/run.sh $(SECONDS) $(TARGETS)

## check-mutations: break backward functions; the gradient tests must notice
check-mutations: check-programs
	$(Q)python3 tests/mutate.py build/mutations $(SHARED) -j 2

## check-report: open reports in headless Chromium (installed when missing)
check-report: all
	$(Q)sh tests/check-report.sh build/pith weights/default.pith build/report \
	    $(SHARED)

## check-integrations: run the blocks of docs/INTEGRATIONS.md
PYTHONS ?= build/python-check
check-integrations: all shared
	$(Q)python3 tests/integrations.py \
	    $(or $(wildcard $(BUILD)/pith-http),$(PROGRAM)) \
	    $(PYTHONS)/fresh/bin/python $(PYTHONS)/frameworks/bin/python

## check-debian: build the Debian packages, check and use them
check-debian:
	$(Q)sh tests/check-debian.sh build/debian

# --- benchmarks ------------------------------------------------------------

$(BUILD)/train_step: $(BUILD)/tools/bench/train_step.o $(BUILD)/libpith.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

## bench-train: the program that tools/bench/train.py times training with
bench-train: $(BUILD)/pith $(BUILD)/train_step

## evaluation: the tables of docs/EVALUATION.md from docs/evaluation
evaluation:
	$(Q)python3 tools/eval/tables.py docs/EVALUATION.md docs/evaluation/*.jsonl

# --- installation ----------------------------------------------------------

# What completes command lines, where each shell looks for it.
BASH_FOLDER ?= $(PREFIX)/share/bash-completion/completions
ZSH_FOLDER  ?= $(PREFIX)/share/zsh/site-functions
FISH_FOLDER ?= $(PREFIX)/share/fish/vendor_completions.d

## check-metrics: compare BLEU and ROUGE with the packages from PyPI
check-metrics: all
	$(Q)sh tests/check-metrics.sh build/pith build/metrics-peers

## check-divergence: eq. 1's divergences beside PyTorch's, on ten texts
PEERS ?= ../peers/venv
check-divergence: all
	$(Q)sh tests/check-divergence.sh build/pith $(PEERS) build/divergence

## check-families: each family's losses as PyTorch's, texts as LLMLingua's
check-families: all
	$(Q)sh tests/check-families.sh build/pith $(PEERS) build/families

## install: program, libraries, headers, model, manual page and so on under PREFIX
install: all shared
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include \
	    $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/share/pith \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(BASH_FOLDER) \
	    $(DESTDIR)$(ZSH_FOLDER) $(DESTDIR)$(FISH_FOLDER)
	install -m 755 build/pith $(DESTDIR)$(PREFIX)/bin/pith
	install -m 644 include/*.h $(DESTDIR)$(PREFIX)/include
	install -m 644 build/libpith.a $(DESTDIR)$(LIBDIR)/libpith.a
	install -m 755 build/libpith.so $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libpith.so
	install -m 644 weights/default.pith $(DESTDIR)$(PREFIX)/share/pith/
	install -m 644 docs/pith.1 $(DESTDIR)$(PREFIX)/share/man/man1/pith.1
	install -m 644 tools/completion/pith.bash $(DESTDIR)$(BASH_FOLDER)/pith
	install -m 644 tools/completion/_pith $(DESTDIR)$(ZSH_FOLDER)/_pith
	install -m 644 tools/completion/pith.fish $(DESTDIR)$(FISH_FOLDER)/pith.fish
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' \
	    'libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)' 'Name: pith' \
	    'Description: prompt compression with a small language model' \
	    'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' \
	    'Libs: -L$${libdir} -lpith -lm $(filter -pthread,$(THREAD_FLAG))' \
	    > $(DESTDIR)$(LIBDIR)/pkgconfig/pith.pc

## uninstall: remove what install put under PREFIX
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/pith \
	    $(addprefix $(DESTDIR)$(PREFIX)/,$(wildcard include/*.h)) \
	    $(addprefix $(DESTDIR)$(LIBDIR)/,libpith.a libpith.so $(SONAME)) \
	    $(DESTDIR)$(LIBDIR)/pkgconfig/pith.pc \
	    $(DESTDIR)$(PREFIX)/share/pith/default.pith \
	    $(DESTDIR)$(PREFIX)/share/man/man1/pith.1 \
	    $(DESTDIR)$(BASH_FOLDER)/pith $(DESTDIR)$(ZSH_FOLDER)/_pith \
	    $(DESTDIR)$(FISH_FOLDER)/pith.fish
	-rmdir $(DESTDIR)$(PREFIX)/share/pith

VERSION = $(shell sed -n 's/^\#define PITH_VERSION "\(.*\)"/\1/p' include/pith.h)

## dist: build/pith-VERSION.tar.xz, the files of the last commit; always the same bytes
# The model is most of it, and no effort of xz makes that smaller.
dist:
	@mkdir -p build
	$(Q)git archive --prefix=pith-$(VERSION)/ HEAD | xz -0 > build/pith-$(VERSION).tar.xz

## clean: remove build/
clean:
	rm -rf build

## help: this list
help:
	@sed -n 's/^## //p' Makefile

-include $(wildcard $(BUILD)/docs/tutorial/*.d $(BUILD)/docs/demo/*.d $(BUILD)/tests/*.d $(BUILD)/tests/fuzz/*.d $(BUILD)/tools/core/*.d $(BUILD)/core/src/base/*.d) $(LIB_OBJ:.o=.d) $(LIB_SRC:%.c=$(BUILD)/pic/%.d) $(TOOL_OBJ:.o=.d) $(HTTP_OBJ:.o=.d)
