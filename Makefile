# socks5: the SOCKS5 toolkit. `make help` lists the targets.

VERSION = 0.1.0

ifeq ($(origin CC),default)
CC = gcc
endif
CLANG ?= clang
AR ?= ar
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

prefix = /usr/local
bindir = $(prefix)/bin
datadir = $(prefix)/share
mandir = $(datadir)/man
docdir = $(datadir)/doc/socks5
bashdir = $(datadir)/bash-completion/completions
zshdir = $(datadir)/zsh/site-functions
fishdir = $(datadir)/fish/vendor_completions.d
INSTALL = install

# Each kind of build has its own folder: nothing is ever linked from two of them.
empty =
comma = ,
SANITIZE =
VARIANT = $(if $(SANITIZE),$(subst $(comma),-,$(SANITIZE)),plain)
B = build/$(VARIANT)
BIN = $(if $(filter plain,$(VARIANT)),socks5,$(B)/socks5)

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2))
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
# A job server that is there already is used; `make check` alone starts one.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

# --- flags -------------------------------------------------------------------------------------
# Whatever asks a program is expanded in a recipe only, and once: nothing here may run before
# the packages are installed.

# GSSAPI=no builds without RFC 1961: one of two twins is linked.
GSSAPI = yes
LIBS = libcares libcrypt libmicrohttpd jansson libpcap readline $(if $(SANITIZE),,libseccomp) $(if $(filter no,$(GSSAPI)),,krb5-gssapi)
once = $(eval $(1) := $(shell $(2)))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,$(PKG_CONFIG) --cflags $(LIBS))
PKG_LIBS = $(call once,PKG_LIBS,$(PKG_CONFIG) --libs $(LIBS))
CMOCKA_CFLAGS = $(call once,CMOCKA_CFLAGS,$(PKG_CONFIG) --cflags cmocka)
CMOCKA_LIBS = $(call once,CMOCKA_LIBS,$(PKG_CONFIG) --libs cmocka)

# The hash is a comment for make: keep it in a variable.
hash := \#
try = for f in $(1); do printf '$(hash)include <stdio.h>\n' | \
	$(CC) -O2 -Werror $$f -x c -c -o /dev/null - 2>/dev/null && echo "$$f"; done
HARDEN_MAYBE = -fstack-protector-strong -fstack-clash-protection -fcf-protection
HARDEN_HAVE = $(call once,HARDEN_HAVE,$(call try,$(HARDEN_MAYBE)))
FORTIFY = $(call once,FORTIFY,{ $(call try,-D_FORTIFY_SOURCE=3 -D_FORTIFY_SOURCE=2); } | head -n 1)
HARDEN = $(HARDEN_HAVE) $(if $(SANITIZE),,-U_FORTIFY_SOURCE $(FORTIFY))
HARDEN_LD = -pie -Wl,-z,relro,-z,now,-z,noexecstack

WARN = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wimplicit-fallthrough $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS ?= -O2 -g
S5_CPPFLAGS = -Ilibsocks -D_GNU_SOURCE -DS5_VERSION=\"$(VERSION)\" $(CPPFLAGS)
S5_CFLAGS = -std=gnu11 $(CFLAGS) -fPIE -pthread $(WARN) $(HARDEN) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
S5_LDFLAGS = $(HARDEN_LD) -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# --- what there is -----------------------------------------------------------------------------

LEFT_OUT = libsocks/session/$(if $(filter no,$(GSSAPI)),gss_krb5.c,gss_none.c)
LIB_SRC = $(sort $(filter-out $(LEFT_OUT),$(wildcard libsocks/*/*.c)))
APP_SRC = $(sort $(filter-out apps/sandbox$(if $(SANITIZE),,_none).c,$(wildcard apps/*.c)))
UNIT_SRC = $(sort $(filter-out $(if $(filter no,$(GSSAPI)),%/test_gss_krb5.c %/test_gss_job.c) \
	$(if $(SANITIZE),$(PLAIN_UNITS)),$(wildcard tests/unit/test_*.c)))
PLAIN_UNITS = tests/unit/test_app_sandbox.c
FUZZ_SRC = $(sort $(wildcard tests/fuzz/fuzz_*.c))
# What it takes at least to wrap, and to ask the rules.
SEAL_SRC = tests/bench/seal.c
RULES_SRC = tests/bench/rules.c
C_FILES = $(sort $(wildcard libsocks/*/*.[ch] apps/*.[ch] tests/*/*.[ch]))

LIB_OBJ = $(LIB_SRC:%.c=$(B)/%.o)
APP_OBJ = $(APP_SRC:%.c=$(B)/%.o)
UNIT_BIN = $(UNIT_SRC:%.c=$(B)/%)
FUZZ_BIN = $(FUZZ_SRC:%.c=$(B)/%)
RULES_BIN = $(RULES_SRC:%.c=$(B)/%)
SEAL_BIN = $(if $(filter no,$(GSSAPI)),,$(SEAL_SRC:%.c=$(B)/%))
OBJ = $(LIB_OBJ) $(APP_OBJ) $(UNIT_BIN:=.o) $(FUZZ_BIN:=.o) $(SEAL_BIN:=.o) $(RULES_BIN:=.o)
# Programs that test the apps get every object of theirs but the one with main.
APP_UNIT_BIN = $(filter $(B)/tests/unit/test_app_% $(B)/tests/unit/test_opt,$(UNIT_BIN))

.PHONY: all FORCE
all: $(BIN)
	@:
.DELETE_ON_ERROR:
.SECONDARY:

# --- rules -------------------------------------------------------------------------------------

# Written anew only when the compiler or a flag changed; then everything is.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(S5_CPPFLAGS) $(S5_CFLAGS) $(S5_LDFLAGS) GSSAPI=$(GSSAPI)' >$@.$$$$ && \
	{ cmp -s $@.$$$$ $@ && rm $@.$$$$ || mv $@.$$$$ $@; }

$(B)/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(S5_CPPFLAGS) $(TEST_CPPFLAGS) $(PKG_CFLAGS) $(S5_CFLAGS) \
		-MMD -MP -c -o $@ $<

$(B)/tests/%.o: TEST_CPPFLAGS = -Iapps $(CMOCKA_CFLAGS)

$(B)/libsocks.a: $(LIB_OBJ)
$(B)/libapps.a: $(filter-out $(B)/apps/socks5.o,$(APP_OBJ))
$(B)/libsocks.a $(B)/libapps.a:
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@.$$$$ && $(AR) rcsD $@.$$$$ $^ && mv $@.$$$$ $@

$(BIN): $(APP_OBJ) $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(S5_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(APP_UNIT_BIN): $(B)/libapps.a
# Where the test stands between the library and the heap: tests/unit/heap.h.
$(B)/tests/unit/test_frag_memory: TEST_LDFLAGS = -Wl,--wrap=realloc,--wrap=free
# Where every allocation fails once.
$(addprefix $(B)/tests/unit/test_,memory memory_dissect): \
	TEST_LDFLAGS = $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc reallocarray strdup \
	strndup free)
# And where it answers in the place of the library that knows Kerberos.
$(B)/tests/unit/test_gss_krb5: TEST_LDFLAGS = $(patsubst %,-Wl$(comma)--wrap=gss_%,import_name \
	init_sec_context accept_sec_context inquire_context display_name unwrap unwrap_iov \
	release_buffer display_status)
$(UNIT_BIN): $(B)/%: $(B)/%.o $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(S5_LDFLAGS) $(TEST_LDFLAGS) -o $@ $< $(filter %/libapps.a,$^) $(B)/libsocks.a \
		$(CMOCKA_LIBS) $(PKG_LIBS)

$(RULES_BIN): $(RULES_SRC:%.c=$(B)/%.o) $(B)/libsocks.a
$(SEAL_BIN): $(SEAL_SRC:%.c=$(B)/%.o)
$(RULES_BIN) $(SEAL_BIN):
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(S5_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(addprefix $(B)/tests/fuzz/fuzz_,config decode): $(B)/libapps.a
# These say nothing: tests/unit/muted.h.
$(B)/tests/fuzz/fuzz_decode $(B)/tests/unit/test_app_decode: \
	TEST_LDFLAGS = $(patsubst %,-Wl$(comma)--wrap=out_%,error warn say verbose)
$(FUZZ_BIN): $(B)/%: $(B)/%.o $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(HARDEN_LD) -pthread -fsanitize=fuzzer,address,undefined \
		$(TEST_LDFLAGS) -o $@ $< $(filter %/libapps.a,$^) $(B)/libsocks.a $(PKG_LIBS)

-include $(OBJ:.o=.d)

# --- packages ----------------------------------------------------------------------------------

BUILD_PACKAGES = gcc make pkg-config libc6-dev libc-ares-dev libcrypt-dev libjansson-dev libmicrohttpd-dev libpcap-dev libreadline-dev libseccomp-dev \
	$(if $(filter no,$(GSSAPI)),,libkrb5-dev)
TEST_PACKAGES = bats clang libclang-rt-dev libcmocka-dev curl ncat netcat-openbsd proxychains4 \
	python3 python3-socks python3-pyftpdlib python3-pyte openssh-client openssh-server git dante-server \
	dante-client microsocks mandoc haproxy procps iproute2 bind9-dnsutils strace util-linux bsdutils \
	bsdextrautils xxd perl netbase libxml2-utils \
	openssl zsh fish bash-completion python3-pyte tshark tcpdump jq man-db lintian $(DEB_PACKAGES) \
	$(if $(filter no,$(GSSAPI)),,$(REALM_PACKAGES))
# For a realm of the tests' own.
REALM_PACKAGES = krb5-kdc krb5-admin-server krb5-user python3-gssapi
# Of which a program is run, but that would be a server on the machine if they were installed.
UNPACKED_PACKAGES = fail2ban
DEB_PACKAGES = debhelper dpkg-dev
BENCH_PACKAGES = $(REALM_PACKAGES) python3 dante-server microsocks netcat-openbsd tshark
PACKAGES = sh tests/lib/packages.sh

.PHONY: deps run
deps:
	@$(PACKAGES) 'make check' $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@sh tests/lib/unpack.sh build/unpacked $(UNPACKED_PACKAGES)

ARGS = serve 127.0.0.1:1080
run:
	@$(PACKAGES) 'make run' $(BUILD_PACKAGES)
	+@$(SUBMAKE) all
	@exec ./$(BIN) $(ARGS)

# --- tests -------------------------------------------------------------------------------------

STRUCTURE = tests/structure.bats
CLI_TESTS = $(sort $(wildcard tests/cli/*.bats))
INTEROP_TESTS = $(sort $(wildcard tests/interop/*.bats))
CHECK = SOCKS5=$(CURDIR)/$(BIN) OBJECTS=$(CURDIR)/$(B) BUILD=$(CURDIR)/build tests/lib/check.py

# The variants that `make check` builds beside the one it was asked for.
ASAN = build/address-undefined
TSAN = build/thread
CHECKED_UNITS = $(UNIT_BIN) $(if $(SANITIZE),, \
	$(patsubst %.c,$(ASAN)/%,$(filter-out $(PLAIN_UNITS),$(UNIT_SRC))))
FUZZERS = $(if $(HAVE_CLANG),$(FUZZ_SRC:%.c=build/fuzz/%))
HAVE_CLANG = $(call once,HAVE_CLANG,command -v $(CLANG))
# Seconds that all fuzz targets together get in `make check`, and each of them in `make fuzz`.
FUZZ_BUDGET = 60
FUZZ_SECONDS = 60

.PHONY: check check-unit check-cli check-interop fuzz units fuzzers variants
check: deps
	+@$(SUBMAKE) all units
	+@$(SUBMAKE) variants
	@$(CHECK) --fuzz-seconds $$(($(FUZZ_BUDGET) / $(or $(filter-out 0,$(words $(FUZZERS))),1))) \
		$(FUZZERS) $(STRUCTURE) $(INTEROP_TESTS) $(CLI_TESTS) $(CHECKED_UNITS)

check-unit: $(UNIT_BIN)
	@$(CHECK) $(UNIT_BIN)

check-cli: $(BIN)
	@$(CHECK) $(STRUCTURE) $(CLI_TESTS)

check-interop: $(BIN) variants
	@$(CHECK) $(INTEROP_TESTS)

units: $(UNIT_BIN)
	@:
fuzzers: $(FUZZ_BIN)
	@:

variants:
	+@$(SUBMAKE) SANITIZE=address,undefined all units
	+@$(SUBMAKE) SANITIZE=thread all
	+@$(SUBMAKE) VARIANT=bare GSSAPI=no all
	+@$(if $(HAVE_CLANG),$(SUBMAKE) $(FUZZ_BUILD))

FUZZ_BUILD = VARIANT=fuzz CC=$(CLANG) SANITIZE=fuzzer-no-link,address,undefined fuzzers
fuzz:
	+@$(SUBMAKE) $(FUZZ_BUILD)
	@tests/lib/check.py --fuzz-seconds $(FUZZ_SECONDS) $(FUZZ_SRC:%.c=build/fuzz/%)

.PHONY: bench benches peers
# A table for the README.
peers: $(BIN)
	@tests/lib/peers.sh $(CURDIR)/$(BIN)

bench:
	@$(PACKAGES) 'make bench' $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	+@$(SUBMAKE) all benches
	@SOCKS5=$(CURDIR)/$(BIN) SEAL=$(SEAL_BIN:%=$(CURDIR)/%) \
		RULES=$(CURDIR)/$(RULES_BIN) tests/bench/run.py

benches: $(SEAL_BIN) $(RULES_BIN)
	@:

# --- manners -----------------------------------------------------------------------------------

EXAMPLES = $(sort $(wildcard man/examples/*))
MAN = $(sort $(wildcard man/*.[1-9]))
SCRIPTS = $(wildcard tests/lib/*.sh tests/lib/*.bash .ci/run)

# The format, both compilers with -Werror, then what cppcheck, mandoc and shellcheck say.
LINTS = lint-format lint-gcc lint-clang lint-cppcheck lint-man lint-scripts
.PHONY: lint $(LINTS) format
lint: $(LINTS)

lint-format:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

lint-gcc lint-clang: lint-%:
	+$(Q)$(SUBMAKE) VARIANT=$@ CC=$* WERROR=1 build/$@/socks5 units benches

# cppcheck finds no system header by itself, and takes the address of an array for its value.
QUEUE_H = $(firstword $(wildcard /usr/include/sys/queue.h /usr/include/*/sys/queue.h))
lint-cppcheck:
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c -j $(JOBS) \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		--suppress=uninitvar $(QUEUE_H:%=--include=%) -Ilibsocks -Iapps -D_GNU_SOURCE -DS5_VERSION='""' $(LIB_SRC) $(APP_SRC)

lint-man:
	$(Q)$(if $(MAN),mandoc -T lint -W warning $(MAN))

lint-scripts:
	$(Q)if command -v shellcheck >/dev/null; then shellcheck -S warning $(SCRIPTS); \
		else echo 'lint: shellcheck is missing: the scripts were not looked at'; fi

format:
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

# One entry a source, as clangd wants it.
compile_commands.json: Makefile $(B)/flags
	$(call say,GEN,$@)
	$(Q){ echo '['; sep=; for f in $(LIB_SRC) $(APP_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(SEAL_SRC) $(RULES_SRC); do \
		printf '%s{"directory":"%s","file":"%s","command":"%s"}\n' "$$sep" '$(CURDIR)' \
		"$$f" '$(subst \",\\\",$(CC) $(S5_CPPFLAGS) -Iapps $(PKG_CFLAGS) $(S5_CFLAGS) -c) '"$$f"; \
		sep=,; done; echo ']'; } >$@

.PHONY: install uninstall
# $(call put,MODE,SOURCE,FOLDER,NAME)
define put
	$(call say,INST,$(DESTDIR)$(3)/$(4))
	$(Q)$(INSTALL) -d $(DESTDIR)$(3)
	$(Q)$(INSTALL) -m $(1) $(2) $(DESTDIR)$(3)/$(4)

endef
# $(call drop,FILE)
define drop
	$(call say,RM,$(DESTDIR)$(1))
	$(Q)rm -f $(DESTDIR)$(1)

endef
page_dir = $(mandir)/man$(subst .,,$(suffix $(1)))

install: $(BIN)
	$(call put,755,$(BIN),$(bindir),socks5)
	$(foreach page,$(MAN),$(call put,644,$(page),$(call page_dir,$(page)),$(notdir $(page))))
	$(foreach file,$(EXAMPLES),$(call put,644,$(file),$(docdir)/examples,$(notdir $(file))))
	$(call put,644,completions/socks5.bash,$(bashdir),socks5)
	$(call put,644,completions/_socks5,$(zshdir),_socks5)
	$(call put,644,completions/socks5.fish,$(fishdir),socks5.fish)

uninstall:
	$(call drop,$(bindir)/socks5)
	$(foreach page,$(MAN),$(call drop,$(call page_dir,$(page))/$(notdir $(page))))
	$(foreach file,$(EXAMPLES),$(call drop,$(docdir)/examples/$(notdir $(file))))
	$(call drop,$(bashdir)/socks5)
	$(call drop,$(zshdir)/_socks5)
	$(call drop,$(fishdir)/socks5.fish)

# What the package is made of: the sources, and nothing that lies beside them. It is built in a
# copy, where .debian has the name that Debian's tools look for.
DEB_FILES = Makefile README.md LICENSE $(filter-out tests/%,$(C_FILES)) $(wildcard libsocks/*/*.def) \
	$(MAN) $(EXAMPLES) completions/socks5.bash completions/_socks5 completions/socks5.fish
DEB_TREE = build/deb/socks5-$(VERSION)
DEB_ENV = MAKEFLAGS= DEB_BUILD_OPTIONS='nocheck noautodbgsym parallel=$(JOBS)'
.PHONY: deb
deb:
	@$(PACKAGES) 'make deb' $(BUILD_PACKAGES) $(DEB_PACKAGES)
	@head -n 1 .debian/changelog | grep -qF 'socks5 ($(VERSION)) ' || \
		{ echo '.debian/changelog begins with another version than $(VERSION)' >&2; exit 1; }
	$(call say,DEB,$(DEB_TREE))
	$(Q)rm -rf build/deb build/socks5_*.deb && mkdir -p $(DEB_TREE)
	$(Q)cp -p --parents $(DEB_FILES) $(DEB_TREE) && cp -Rp .debian $(DEB_TREE)/debian
	$(Q)(cd $(DEB_TREE) && $(DEB_ENV) dpkg-buildpackage -b -us -uc) >build/deb/log 2>&1 || \
		{ cat build/deb/log >&2; exit 1; }
	$(Q)mv build/deb/socks5_$(VERSION)_*.deb build
	@ls build/socks5_$(VERSION)_*.deb

.PHONY: clean help
clean:
	rm -rf build socks5 compile_commands.json

help:
	@echo 'make                 build ./socks5'
	@echo 'make run             install what the build needs, build, serve (ARGS="serve ...")'
	@echo 'make check           install what the tests need, build, run every test'
	@echo '     check-unit check-cli check-interop   a part of them'
	@echo 'make peers           how other servers keep the RFCs, by probe --conformance'
	@echo 'make fuzz            each fuzz target for FUZZ_SECONDS=60'
	@echo 'make bench           the ratios against other programs'
	@echo 'make lint | format   the manners of the sources'
	@echo 'make install         DESTDIR=, prefix=/usr/local; uninstall takes it away again'
	@echo 'make deb             a Debian package, build/socks5_$(VERSION)_ARCH.deb'
	@echo 'make deps            install the packages for the build and the tests'
	@echo 'make compile_commands.json | clean | help'
	@echo
	@echo 'V=1 shows the commands, WERROR=1 makes warnings errors, CC=clang,'
	@echo 'SANITIZE=address,undefined or SANITIZE=thread builds beside the plain one.'
	@echo 'GSSAPI=no leaves RFC 1961 out.'
