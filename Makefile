# What is done with nbdgen, a word each. README.md says what for.

SWIFT   ?= swift
PREFIX  ?= /usr/local
DESTDIR ?=

# The Swift runtime is linked in: the program runs where Swift is not installed. So are
# the libraries, which makes it start sooner; `make STATIC=` uses those of the system.
STATIC  ?= $$(scripts/static-libraries)
RELEASE  = $(SWIFT) build -c release --static-swift-stdlib --product nbdgen $(STATIC)
PROGRAM  = .build/release/nbdgen

# How long each fuzzer runs.
FUZZ_SECONDS ?= 60

# What is installed, and where it is made.
DOCS     = .build/docs
BIN      = $(DESTDIR)$(PREFIX)/bin
SHARE    = $(DESTDIR)$(PREFIX)/share
UNITS    = $(DESTDIR)$(PREFIX)/lib/systemd/system

BENCH        = Benchmarks/.build/release/bench
BENCH_FLAGS ?=
COST_FLAGS  ?=

.PHONY: all build docs docs-libraries demo test lint format fuzz sanitize bench bench-hostile bench-program profile cost install uninstall clean bench-record

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
	$(MAKE) cost
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Generators Tests Examples/OwnGenerator Fuzz/Package.swift Fuzz/Sources Benchmarks/Package.swift Benchmarks/Sources

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Generators Tests Examples/OwnGenerator

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

# Manual page, completions and HTML, into $(DOCS).
docs: $(PROGRAM)
	@scripts/install-packages docs
	scripts/docs/make $(PROGRAM) $(DOCS)

# Documentation of the libraries, for programs in Swift, by docc.
docs-libraries:
	SWIFT="$(SWIFT)" scripts/docs/libraries $(DOCS)/libraries

$(DOCS)/nbdgen.1: $(PROGRAM) README.md $(wildcard docs/*.md docs/recipes/*.md)
	$(MAKE) docs

install: $(DOCS)/nbdgen.1
	install -D -m 755 $(PROGRAM) $(BIN)/nbdgen
	install -D -m 644 $(DOCS)/nbdgen.1 $(SHARE)/man/man1/nbdgen.1
	install -D -m 644 $(DOCS)/nbdgen.bash $(SHARE)/bash-completion/completions/nbdgen
	install -D -m 644 $(DOCS)/_nbdgen $(SHARE)/zsh/site-functions/_nbdgen
	install -D -m 644 $(DOCS)/nbdgen.fish $(SHARE)/fish/vendor_completions.d/nbdgen.fish
	cd $(DOCS)/html && find . -type f -exec install -D -m 644 {} $(abspath $(SHARE))/doc/nbdgen/{} \;
	install -d $(UNITS)
	sed 's|@PREFIX@|$(PREFIX)|' packaging/systemd/nbdgen@.service >$(UNITS)/nbdgen@.service
	install -m 644 packaging/systemd/nbdgen@.socket $(UNITS)/nbdgen@.socket

uninstall:
	rm -f $(BIN)/nbdgen $(SHARE)/man/man1/nbdgen.1
	rm -f $(SHARE)/bash-completion/completions/nbdgen $(SHARE)/zsh/site-functions/_nbdgen
	rm -f $(SHARE)/fish/vendor_completions.d/nbdgen.fish
	rm -f $(UNITS)/nbdgen@.service $(UNITS)/nbdgen@.socket
	rm -rf $(SHARE)/doc/nbdgen

clean:
	$(SWIFT) package clean
