# What is done with nbdgen, a word each. README.md says what for.

SWIFT   ?= swift
PREFIX  ?= /usr/local
DESTDIR ?=

# The Swift runtime is linked in: the program runs where Swift is not installed.
RELEASE  = $(SWIFT) build -c release --static-swift-stdlib --product nbdgen
PROGRAM  = .build/release/nbdgen

# How long each fuzzer runs.
FUZZ_SECONDS ?= 60

.PHONY: all build demo test lint format fuzz sanitize bench install uninstall clean

all: build

build:
	@scripts/install-packages build
	$(RELEASE)

# Boots a tiny VM from a directory, and checks what the guest saw of it.
demo:
	@scripts/install-packages demo
	$(RELEASE)
	scripts/demo $(PROGRAM)

test:
	@scripts/install-packages test
	scripts/guest/prepare
	scripts/newer-peers
	$(MAKE) lint
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Generators Tests Fuzz/Package.swift Fuzz/Sources

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Generators Tests

# Gives strangers' bytes to what strangers can reach; see Fuzz/README.md.
fuzz:
	@scripts/install-packages build
	SWIFT="$(SWIFT)" Fuzz/run $(FUZZ_SECONDS)

# The tests under AddressSanitizer and ThreadSanitizer.
sanitize:
	@scripts/install-packages test
	SWIFT="$(SWIFT)" scripts/sanitize

# Side by side with nbdkit, in one run.
bench:
	@scripts/install-packages bench
	$(RELEASE)
	Benchmarks/compare $(PROGRAM)
	Benchmarks/abuse $(PROGRAM)
	Benchmarks/latency $(PROGRAM)

$(PROGRAM):
	$(MAKE) build

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/nbdgen

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/nbdgen

clean:
	$(SWIFT) package clean
