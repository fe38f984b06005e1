# One profile for running and testing, so that a newcomer builds once: dev, with optimised dependencies.

.PHONY: lab run test bench clean

# Leaves ./process and ./stopall here, for consoles of the first system.
lab:
	cargo run --quiet --package rumormill -- lab init

# Four processes on this host hold a conversation, lose one, and repair.
run:
	cargo run --quiet --package rumormill -- demo

test:
	cargo fmt --all --check
	cargo clippy --all-targets -- --deny warnings
	cargo test

bench:
	cargo bench -p rumormill-proto --benches
	cargo run --release -p rumormill-store --example measure
	cargo bench -p rumormill-node --bench room

clean:
	[ ! -x stopall ] || ./stopall
	cargo clean
	rm -rf process stopall .lab
