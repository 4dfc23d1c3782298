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

LIBS = libcares libcrypt
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

LIB_SRC = $(sort $(wildcard libsocks/*/*.c))
APP_SRC = $(sort $(wildcard apps/*.c))
UNIT_SRC = $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SRC = $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH_SRC = $(sort $(wildcard tests/bench/*.c))
C_FILES = $(sort $(wildcard libsocks/*/*.[ch] apps/*.[ch] tests/*/*.[ch]))

LIB_OBJ = $(LIB_SRC:%.c=$(B)/%.o)
APP_OBJ = $(APP_SRC:%.c=$(B)/%.o)
UNIT_BIN = $(UNIT_SRC:%.c=$(B)/%)
FUZZ_BIN = $(FUZZ_SRC:%.c=$(B)/%)
BENCH_BIN = $(BENCH_SRC:%.c=$(B)/%)
OBJ = $(LIB_OBJ) $(APP_OBJ) $(UNIT_BIN:=.o) $(FUZZ_BIN:=.o) $(BENCH_BIN:=.o)
# Programs that test the apps get every object of theirs but the one with main.
APP_UNIT_BIN = $(filter $(B)/tests/unit/test_app_% $(B)/tests/unit/test_opt,$(UNIT_BIN))

.PHONY: all FORCE
all: $(BIN)
.DELETE_ON_ERROR:
.SECONDARY:

# --- rules -------------------------------------------------------------------------------------

# Written anew only when the compiler or a flag changed; then everything is.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(S5_CPPFLAGS) $(S5_CFLAGS) $(S5_LDFLAGS)' >$@.$$$$ && \
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
$(UNIT_BIN): $(B)/%: $(B)/%.o $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(S5_LDFLAGS) -o $@ $< $(filter %/libapps.a,$^) $(B)/libsocks.a \
		$(CMOCKA_LIBS) $(PKG_LIBS)

$(BENCH_BIN): $(B)/%: $(B)/%.o $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(S5_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(FUZZ_BIN): $(B)/%: $(B)/%.o $(B)/libsocks.a
	$(call say,LD,$@)
	$(Q)$(CC) $(S5_CFLAGS) $(HARDEN_LD) -pthread -fsanitize=fuzzer,address,undefined \
		-o $@ $^ $(PKG_LIBS)

-include $(OBJ:.o=.d)

.PHONY: check-unit
check-unit: $(UNIT_BIN)
	@for t in $(UNIT_BIN); do echo "$$t"; $$t || exit 1; done

.PHONY: clean
clean:
	rm -rf build socks5 compile_commands.json
