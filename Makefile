# What is done with nbdgen, a word each. README.md says what for.

SWIFT   ?= swift
PREFIX  ?= /usr/local
DESTDIR ?=

# The Swift runtime is linked in: the program runs where Swift is not installed.
RELEASE  = $(SWIFT) build -c release --static-swift-stdlib --product nbdgen
PROGRAM  = .build/release/nbdgen

# How long each fuzzer runs.
FUZZ_SECONDS ?= 60

BENCH        = Benchmarks/.build/release/bench
BENCH_FLAGS ?=
COST_FLAGS  ?=

.PHONY: all build demo test lint format fuzz sanitize bench bench-hostile bench-program bench-record profile cost install uninstall clean

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
	$(MAKE) cost

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Generators Tests Fuzz/Package.swift Fuzz/Sources Benchmarks/Package.swift Benchmarks/Sources

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

# Side by side with the peers, in one run of 20 minutes; see Benchmarks/README.md.
# BENCH_FLAGS, such as --only memory/ or --quick, has it measure less.
bench: bench-program
	@scripts/install-packages bench
	$(RELEASE)
	scripts/guest/prepare
	mkdir -p .build/bench
	$(BENCH) run --nbdgen $(PROGRAM) --json .build/bench/results.jsonl \
	  --svg .build/bench/ratios.svg $(BENCH_FLAGS)

# The same, and keeps what was measured: the results, the picture and the page.
bench-record: bench
	mkdir -p Benchmarks/results
	cp .build/bench/results.jsonl Benchmarks/results/$$(date -u +%Y-%m-%d).jsonl
	cp .build/bench/ratios.svg docs/ratios.svg
	$(BENCH) page .build/bench/results.jsonl --output docs/comparison.md

# What it costs to be used badly, and how long a good client waits beside bad ones.
bench-hostile:
	@scripts/install-packages bench
	$(RELEASE)
	Benchmarks/abuse $(PROGRAM)
	Benchmarks/latency $(PROGRAM)

# Where the time goes: make profile CASE=memory/64 TOOL=callgrind
CASE ?= memory/64
TOOL ?= perf
profile: bench-program
	@scripts/install-packages bench
	$(RELEASE)
	$(BENCH) profile --nbdgen $(PROGRAM) --tool $(TOOL) $(CASE)

# Instructions for each request, beside those that were recorded;
# COST_FLAGS=--record records them anew.
cost: bench-program
	@scripts/install-packages test
	$(RELEASE)
	$(BENCH) cost --nbdgen $(PROGRAM) $(COST_FLAGS)

bench-program:
	$(SWIFT) build -c release --package-path Benchmarks --product bench

$(PROGRAM):
	$(MAKE) build

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/nbdgen

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/nbdgen

clean:
	$(SWIFT) package clean
