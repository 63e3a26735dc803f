# SPDX-License-Identifier: GPL-2.0-or-later
#   make          build ./podpath             make demo     set up, build, explain a capture
#   make SAN=1    build ./podpath-san         make test     set up, then every test
#   make check    the tests, no set-up        make golden   write golden outputs anew
#   make fuzz     libFuzzer, FUZZTIME=60 s    make bench    time and memory, as ratios
#   make install  PREFIX=/usr/local DESTDIR=  make clean
#   make check ONLY="t_cli test_where"        some tests

PREFIX   ?= /usr/local
CFLAGS   ?= -O2 -g
FUZZTIME ?= 60
CLANG    ?= clang
VERSION  := 0.1.0

PKGS  := libpcap zlib libarchive jansson libnetfilter_conntrack libnfnetlink libmnl libcap-ng
LIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lpcap -lz -larchive \
             -ljansson -lnetfilter_conntrack -lnfnetlink -lmnl -lcap-ng) -lpthread
WARN  := -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wcast-qual \
         -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
SANS  := $(if $(SAN),-fsanitize=address -fsanitize=undefined \
             -fno-sanitize-recover=all)
BIN   := podpath$(if $(SAN),-san)
B     := build$(if $(SAN),-san)
STD   := -std=c11 -D_GNU_SOURCE -I. -DPODPATH_VERSION='"$(VERSION)"' \
         $(shell pkg-config --cflags $(PKGS) 2>/dev/null)

# V=1 shows the commands.
Q     := $(if $(V),,@)
say    = $(if $(V),,@printf '  %-5s %s\n' $1 $@)

override CFLAGS += $(STD) -MMD -MP $(WARN) $(SANS)

sources = $(sort $(shell find $1 -name '*.c'))
objects = $(patsubst %.c,$B/%.o,$1)
DECODE  := $(call objects,$(call sources,decode))
CAPTURE := $(call objects,$(call sources,capture))
UI      := $(filter-out $B/ui/main.o,$(call objects,$(call sources,ui)))
TESTS   := $(patsubst %.c,$B/%,$(wildcard tests/test_*.c))
CORPORA := $(patsubst %.c,$B/%,$(wildcard tests/fuzz_*.c))
# Other C files in tests/: programs that a t_*.sh runs, or parts of tests.
PROGS   := $(filter-out $(TESTS) $(CORPORA) $B/tests/corpus, $(patsubst %.c,$B/%, \
           $(shell grep -lw '^main' tests/*.c)))
SUPPORT := $(filter-out $(TESTS:=.o) $(CORPORA:=.o) $(PROGS:=.o) $B/tests/corpus.o, \
           $(call objects,$(wildcard tests/*.c)))
FUZZERS := $(patsubst %.c,build/%.libfuzzer,$(wildcard tests/fuzz_*.c))

all: $(BIN)

$(BIN): $B/ui/main.o $B/ui.a $B/capture.a $B/decode.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$B/decode.a: $(DECODE)
$B/capture.a: $(CAPTURE)
$B/ui.a: $(UI)
$B/support.a: $(SUPPORT)
%.a:
	@$(RM) $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

# A test or fuzzer links what it includes: decode/ alone, which keeps that free
# of everything but libc; or capture/ too; or all three.
uses = $(shell $(CC) $(STD) -MM tests/$(notdir $1).c | grep -m1 -o ' $2/')
deps = $(if $(call uses,$1,ui),$B/ui.a) \
       $(if $(call uses,$1,ui)$(call uses,$1,capture),$B/capture.a) $B/decode.a
libs = $(if $(call uses,$1,ui)$(call uses,$1,capture),$(LIBS))

.SECONDEXPANSION:
$(TESTS): $B/tests/%: $B/tests/%.o $B/support.a $$(call deps,$$@)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$@) -lcmocka
$(CORPORA): $B/tests/%: $B/tests/%.o $B/tests/corpus.o \
            $B/support.a $$(call deps,$$@)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$@)
$(PROGS): $B/tests/%: $B/tests/%.o $B/support.a $$(call deps,$$@)
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(call libs,$@)
build/tests/%.libfuzzer: tests/%.c $(shell find decode capture ui -name '*.[ch]')
	@mkdir -p $(@D)
	$(call say,FUZZ)
	$(Q)$(CLANG) -g -O1 $(STD) -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $< $(call sources,decode) \
	    $(if $(call uses,tests/$*,capture)$(call uses,tests/$*,ui),$(call sources,capture)) \
	    $(if $(call uses,tests/$*,ui),$(filter-out ui/main.c,$(call sources,ui))) $(LIBS)

build-tests: $(BIN) $(TESTS) $(CORPORA) $(PROGS)

# In CI the whole suite runs a second time, with the sanitizers.
SECOND := $(if $(CI),$(if $(SAN),,build-san))
check: build-tests
	$(if $(SECOND),+@$(MAKE) --no-print-directory SAN=1 build-tests)
	@ONLY="$(ONLY)" tests/run.sh $B $(SECOND)
test:
	@tests/setup.sh test
	+@$(MAKE) --no-print-directory check
demo:
	@tests/setup.sh build
	+@$(MAKE) --no-print-directory all
	@tests/demo.sh $(abspath $(BIN))
golden: $(BIN)
	@PODPATH=$(abspath $(BIN)) tests/golden.sh -u
	@PODPATH=$(abspath $(BIN)) tests/t_readme.sh -u
	@PODPATH=$(abspath $(BIN)) tests/t_verdicts.sh -u
fuzz: $(FUZZERS)
	@tests/fuzz.sh $(FUZZTIME) $^
bench: $(BIN) $B/tests/live_conntrack
	@PODPATH=$(abspath $(BIN)) BENCH_BUILD=$(abspath $B)/bench tests/bench/bench.sh
	@PODPATH=$(abspath $(BIN)) BENCH_BUILD=$(abspath $B)/bench tests/bench/live.sh || \
	    [ $$? = 77 ]
	@BUILD=$(abspath $B) tests/bench/conntrack.sh || [ $$? = 77 ]

$B/podpath.1: $(BIN)
	$(abspath $(BIN)) --man >$@
$B/podpath.bash: $(BIN)
	$(abspath $(BIN)) --bash-completion >$@
SHARE := $(DESTDIR)$(PREFIX)/share
install: $(BIN) $B/podpath.1 $B/podpath.bash
	install -Dm755 $(BIN) $(DESTDIR)$(PREFIX)/bin/podpath
	install -Dm644 $B/podpath.1 $(SHARE)/man/man1/podpath.1
	install -Dm644 $B/podpath.bash $(SHARE)/bash-completion/completions/podpath
clean:
	$(RM) -r build build-san podpath podpath-san

.PHONY: all build-tests check test demo golden fuzz bench install clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $B -name '*.d' 2>/dev/null)
