# One profile for running and testing, so that a newcomer builds once: dev, with optimised dependencies.

.PHONY: lab run test talk siege deny page fuzz-api bench weather studies dist dist-twice try-dist syntax macos semver clean

# Leaves ./process and ./stopall here, for consoles of the first system.
lab:
	cargo run --quiet --bin rumormill -- lab init

# Four processes on this host hold a conversation, lose one, and repair.
run:
	cargo run --quiet --bin rumormill -- demo

# Most tests wait for processes rather than for the processor; more at once make some wait longer than they may.
export RUST_TEST_THREADS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n > 3 ? n : 3)))

# What only the siege switches on must not reach the program, so it is built alone. The two programs that are named with
# it, of which nothing is built, let it share the libraries that they were built with.
SIEGE = -p rumormill-siege -p rumormill -p rumormill-relay --lib --bin rumormill-siege \
	--test explore --test fuzz --test signatures --test table

test:
	cargo fmt --all --check
	cargo clippy --all-targets -- --deny warnings
	cargo clippy $(SIEGE) --profile test -- --deny warnings
	cargo build --bins --tests
	cargo test
	cargo test $(SIEGE)
	@if command -v node >/dev/null && command -v npm >/dev/null && [ -x "$(CHROMIUM)" ]; \
	then $(MAKE) page; else echo "the page was not tested: that needs node, npm and chromium"; fi

# Two people at two machines, which are two network namespaces, talk for ten minutes.
talk:
	cargo test -p rumormill --test commands two_people -- --include-ignored

# Every attack in full, with times and memory, and every defence switched off once; writes the tables of docs/security.md.
# Some attack the program itself, which must stand beside the siege.
siege:
	cargo build --release --bin rumormill
	cargo run --release -p rumormill-siege -- table

# Licences, bans and sources of the dependencies, and advisories where their database can be fetched.
deny:
	.ci/deny

# The web page in a real browser, against a stand-in and between two processes. It takes the program as the tests build
# it: another build would compile half of everything once more.
CHROMIUM ?= $(shell command -v chromium)
PAGE = crates/rumormill/tests/web
page:
	cargo test --quiet --no-run
	cd $(PAGE) && npm ci --silent --no-audit --no-fund
	cd $(PAGE) && CHROMIUM="$(CHROMIUM)" RUMORMILL_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/debug/rumormill" node --test

# Some thousand requests that schemathesis makes up; needs PyPI.
fuzz-api:
	cargo build --bin rumormill
	python3 -m venv target/schemathesis
	target/schemathesis/bin/pip install --quiet schemathesis
	crates/rumormill/tests/fuzz-api.sh "$${CARGO_TARGET_DIR:-target}/debug/rumormill" target/schemathesis/bin/schemathesis

bench:
	cargo bench -p rumormill-proto --benches
	cargo run --release -p rumormill-store --example measure
	cargo bench -p rumormill-node --bench room
	for what in first-line away fifty; do cargo bench -p rumormill --bench people -- $$what || exit 1; done

# Ten thousand worlds in which everything goes wrong; a quarter of an hour of one core.
weather:
	cargo run --release -p rumormill-sim -- weather --seeds 10000

# What the simulator answers, beside other systems where there are any; some hours of one core. CSV and SVG go to
# target/studies.
STUDIES = demers glomers partition removal sybil
BESIDE_OTHERS = spread crash idle repair
studies:
	cargo build --release -p rumormill-sim -p rumormill-compare
	for study in $(STUDIES); do target/release/rumormill-sim $$study || exit 1; done
	for study in $(BESIDE_OTHERS); do target/release/rumormill-compare $$study || exit 1; done

# Everything that is handed out, under dist/; an hour of one core. PROFILE=dev makes the same of larger programs sooner.
dist:
	contrib/dist/build

# Builds all of dist/ once more, elsewhere, and compares every byte; as long as the first time.
dist-twice:
	contrib/dist/twice

# Installs the packages of dist/ into bare roots and talks there; needs root, mmdebstrap, umoci and iproute2.
try-dist:
	contrib/dist/try

# Whether Homebrew, nix and desktops can read what they are given; needs ruby, nix, desktop-file-utils, appstream.
syntax:
	contrib/dist/syntax

# Whether both programs compile for macOS, on a machine that is none; ten minutes of one core.
macos:
	contrib/dist/macos

# Whether the version of the libraries says what changed in them since the release before: its commit, or its tag.
BASELINE = 510bfb5e8765fc2082860ca6a4dfb8e1c83463b3
semver:
	contrib/dist/semver $(BASELINE)

clean:
	[ ! -x stopall ] || ./stopall
	cargo clean
	rm -rf process stopall .lab dist
