//! House rules that the compiler does not check: the bans of each layer, and the lengths of files and functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The most lines of product code in a file, and of a function.
const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

/// The dependencies and words that each crate forbids, and our crates that it may use.
struct Layer {
    name: &'static str,
    uses: &'static [&'static str],
    no_crates: &'static [&'static str],
    no_words: &'static [&'static str],
}

/// Crates that stand apart from the product and are published with no other.
const APART: [&str; 2] = ["siege", "relay"];

const ASYNC: [&str; 3] = ["async fn", "async {", "async move"];

const LAYERS: [Layer; 11] = [
    Layer {
        name: "api",
        uses: &[],
        no_crates: &["tokio", "iroh", "axum", "hyper", "ratatui", "crossterm", "clap"],
        no_words: &["std::net", "std::fs", "std::process", "std::io", "tokio"],
    },
    Layer {
        name: "text",
        uses: &["api"],
        no_crates: &["tokio", "iroh", "rusqlite", "axum", "hyper", "clap", "ratatui", "crossterm"],
        no_words: &["std::net", "std::process", "tokio", "println!", "stdout", "stderr", "stdin"],
    },
    Layer {
        name: "proto",
        uses: &[],
        no_crates: &["tokio", "iroh", "rusqlite", "getrandom", "rand", "futures"],
        no_words: &[
            "std::time",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "std::io",
            "HashMap",
            "HashSet",
            "Instant",
            "SystemTime",
            "getrandom",
            "OsRng",
            "tokio",
        ],
    },
    Layer {
        name: "store",
        uses: &["proto"],
        no_crates: &["tokio", "iroh", "futures"],
        no_words: &["std::net", "std::time", "Instant", "SystemTime", "tokio"],
    },
    Layer {
        name: "sim",
        uses: &["proto", "store"],
        no_crates: &["tokio", "iroh", "futures", "getrandom"],
        no_words: &["std::net", "Instant", "SystemTime", "tokio", "HashMap", "HashSet", "getrandom", "OsRng"],
    },
    Layer {
        name: "node",
        uses: &["proto", "store"],
        no_crates: &["clap", "rustyline", "ratatui", "crossterm", "axum", "hyper"],
        no_words: &["clap", "rustyline", "axum", "std::env::args", "println!", "stdin()"],
    },
    Layer {
        name: "client",
        uses: &["api"],
        no_crates: &["axum", "iroh", "rusqlite", "clap", "ratatui"],
        no_words: &["std::env", "println!", "stdin()"],
    },
    Layer {
        name: "server",
        uses: &["api", "client", "node", "text"],
        no_crates: &["rusqlite", "iroh", "clap", "ratatui", "crossterm", "rustyline", "indicatif", "console"],
        no_words: &["std::env", "std::process", "ExitCode", "println!", "eprintln!", "stdout", "stderr", "stdin"],
    },
    Layer {
        name: "tui",
        uses: &["api", "client", "text"],
        no_crates: &["rusqlite", "iroh", "axum", "hyper", "clap"],
        no_words: &["std::process", "ExitCode", "clap"],
    },
    Layer { name: "lab", uses: &["node"], no_crates: &["rusqlite", "iroh", "axum", "ratatui"], no_words: &[] },
    Layer {
        name: "rumormill",
        uses: &["api", "client", "lab", "node", "server", "text", "tui"],
        no_crates: &["rusqlite", "iroh", "axum", "hyper", "tower", "ratatui", "crossterm"],
        no_words: &["rumormill_node::proto"],
    },
];

/// Crates whose modules must not import each other in cycles. The parts of the engine and of its simulation work
/// together, so those two crates are exempt.
const ONE_WAY: [&str; 9] = ["api", "client", "lab", "node", "rumormill", "server", "store", "text", "tui"];

/// Product code that may unwrap, with the reason. It should be empty.
const MAY_UNWRAP: [(&str, &str); 0] = [];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A source file of a crate: its path below the root, all its text, and its product code, line by line; lines
/// of tests are empty.
struct Source {
    path: String,
    text: String,
    product: Vec<String>,
}

fn sources(name: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join("crates").join(name).join("src"), &mut found);
    assert!(!found.is_empty(), "crates/{name} has sources");
    let tests: Vec<PathBuf> = found.iter().flat_map(test_modules).collect();
    found.retain(|source| !tests.iter().any(|test| Path::new(&source.path).with_extension("").starts_with(test)));
    found
}

fn walk(dir: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let product = product(&text);
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            found.push(Source { path, text, product });
        }
    }
}

/// The lines of a file, without strings and comments; those of items that only tests have are empty.
fn product(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut in_test, mut depth) = (false, 0);
    for line in text.lines().map(code) {
        in_test |= line.trim() == "#[cfg(test)]";
        depth += balance(&line);
        let ends = depth == 0 && (line.contains('}') || line.trim_end().ends_with(';'));
        lines.push(if in_test { String::new() } else { line });
        if !in_test {
            depth = 0;
        } else if ends {
            in_test = false;
        }
    }
    lines
}

fn balance(line: &str) -> i32 {
    line.matches('{').count() as i32 - line.matches('}').count() as i32
}

/// Modules of their own file that a file declares for tests only, by path without extension.
fn test_modules(source: &Source) -> Vec<PathBuf> {
    let path = Path::new(&source.path);
    let beside = path.file_stem().is_some_and(|stem| ["lib", "main", "mod"].contains(&stem.to_str().unwrap()));
    let dir = if beside { path.parent().unwrap().to_owned() } else { path.with_extension("") };
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    let names =
        declared.filter_map(|pair| pair[1].strip_suffix(';')?.split_once("mod ").map(|(_, name)| dir.join(name)));
    names.collect()
}

/// A line without its strings and comments.
fn code(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => break,
            '"' => {
                while let Some(inside) = chars.next() {
                    match inside {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                out.push_str("\"\"");
            }
            '\'' if chars.clone().nth(1) == Some('\'') => drop((chars.next(), chars.next())),
            _ => out.push(char),
        }
    }
    out
}

fn all_sources() -> impl Iterator<Item = Source> {
    LAYERS.iter().flat_map(|layer| sources(layer.name))
}

/// Names of the crates that a manifest depends on, tests aside.
fn dependencies(name: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    let mut section = "";
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section.ends_with("dependencies]")
            && !section.contains("dev-")
            && let Some((name, _)) = line.split_once(['.', ' ', '='])
            && !name.starts_with('#')
        {
            names.push(name.to_owned());
        }
    }
    assert!(!names.is_empty() || name == "proto", "crates/{name} depends on something");
    names
}

fn nothing(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn layers_point_one_way() {
    let mut wrong = Vec::new();
    for name in crates().into_iter().filter(|name| !APART.contains(&name.as_str())) {
        if LAYERS.iter().all(|layer| layer.name != name) {
            wrong.push(format!("{name} is no layer"));
        }
    }
    for layer in &LAYERS {
        for dependency in dependencies(layer.name) {
            let ours = dependency.strip_prefix("rumormill-");
            if ours.is_some_and(|ours| !layer.uses.contains(&ours)) || layer.no_crates.contains(&dependency.as_str()) {
                wrong.push(format!("{} depends on {dependency}", layer.name));
            }
        }
    }
    nothing("a layer uses what it must not", wrong);
}

/// The imports between the top-level modules of a crate.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn imports(sources: &[Source]) -> Imports {
    let module = |path: &str| {
        let (_, below) = path.split_once("/src/").unwrap();
        (below.split('/').next().unwrap().trim_end_matches(".rs").to_owned(), below.matches('/').count())
    };
    let modules: BTreeSet<String> = sources.iter().map(|source| module(&source.path).0).collect();
    let is_root = |name: &str| name == "lib" || name == "main";
    // An item that the root re-exports belongs to its module.
    let mut handed_on = BTreeMap::new();
    for source in sources.iter().filter(|source| is_root(&module(&source.path).0)) {
        let text = source.product.join(" ");
        for branch in text.split("use ").skip(1).flat_map(|tree| branches(tree.trim_start_matches("self::"))) {
            let mut names = words(branch);
            if let Some(of) = names.next().filter(|of| modules.contains(*of)) {
                handed_on.extend(names.map(|name| (name.to_owned(), of.to_owned())));
            }
        }
    }
    let mut imports = Imports::new();
    for source in sources {
        let (name, depth) = module(&source.path);
        if is_root(&name) {
            continue;
        }
        let below_root = depth == 0 || (depth == 1 && source.path.ends_with("/mod.rs"));
        let text = source.product.join(" ");
        let roots: &[&str] = if below_root { &["crate::", "super::"] } else { &["crate::"] };
        let trees = roots.iter().flat_map(|root| text.split(root).skip(1));
        let named = trees.flat_map(branches).filter_map(|branch| words(branch).next());
        let found = named.map(|named| handed_on.get(named).map_or(named, String::as_str).to_owned());
        imports.entry(name.clone()).or_default().extend(found.filter(|of| *of != name && modules.contains(of)));
    }
    imports
}

/// The branches of a path after `use ` or `crate::`: `{a::{b, c}, d}` has `a::{b, c}` and `d`.
fn branches(tree: &str) -> Vec<&str> {
    let Some(inside) = tree.strip_prefix('{') else { return vec![tree.split(';').next().unwrap()] };
    let mut found = Vec::new();
    let (mut depth, mut begin) = (0, 0);
    for (at, char) in inside.char_indices() {
        if depth == 0 && (char == ',' || char == '}') {
            found.push(inside[begin..at].trim());
            begin = at + 1;
        }
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

/// Names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_alphanumeric() || char == '_')).filter(|word| !word.is_empty())
}

/// Finds cycles: repeatedly removes modules that import none of the rest, or that none of the rest imports.
fn circles(mut imports: Imports) -> Vec<String> {
    loop {
        let before = imports.len();
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports.retain(|_, of| of.iter().any(|of| left.contains(of)));
        let wanted: BTreeSet<String> = imports.values().flatten().cloned().collect();
        imports.retain(|name, _| wanted.contains(name));
        if imports.len() == before {
            return imports.into_keys().collect();
        }
    }
}

#[test]
fn modules_import_one_way() {
    let mut wrong = Vec::new();
    for name in ONE_WAY {
        let circle = circles(imports(&sources(name)));
        if !circle.is_empty() {
            wrong.push(format!("{name}: {}", circle.join(", ")));
        }
    }
    nothing("modules import each other in a circle", wrong);
}

/// Crates of the workspace.
fn crates() -> Vec<String> {
    let dirs = fs::read_dir(root().join("crates")).unwrap();
    let mut names: Vec<String> =
        dirs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| is_crate(name)).collect();
    names.sort();
    names
}

fn is_crate(name: &str) -> bool {
    root().join("crates").join(name).join("Cargo.toml").exists()
}

/// Checks a manifest of the product: it must not be able to switch a defence off, except by passing on the feature that
/// nobody enables.
fn switches_off(manifest: &str) -> Vec<&str> {
    let mut section = "";
    let mut wrong = Vec::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
        }
        let hands_on = section == "[features]" && line.starts_with("mutants = [");
        if (line.contains("mutants") && !hands_on) || line.contains("rumormill-siege") {
            wrong.push(line);
        }
    }
    wrong
}

#[test]
fn only_the_siege_can_switch_a_defence_off() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut wrong: Vec<String> =
        switches_off(&workspace).into_iter().map(|line| format!("workspace: {line}")).collect();
    let by_default = workspace.lines().find(|line| line.starts_with("default-members")).unwrap();
    for name in crates() {
        let is_built = by_default.contains(&format!("\"crates/{name}\""));
        if is_built == (name == "siege") {
            wrong.push(format!("default-members and {name}: all crates belong there but the siege"));
        }
        if name != "siege" {
            let manifest = fs::read_to_string(root().join("crates").join(&name).join("Cargo.toml")).unwrap();
            wrong.extend(switches_off(&manifest).into_iter().map(|line| format!("{name}: {line}")));
        }
    }
    nothing("the product can be built without its defences", wrong);
}

#[test]
fn all_tests_of_the_siege_are_run() {
    let rules = fs::read_to_string(root().join("Makefile")).unwrap();
    let tests = fs::read_dir(root().join("crates/siege/tests")).unwrap();
    let names = tests.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    nothing(
        "tests that the Makefile does not name",
        names.filter(|name| !rules.contains(&format!("--test {name}"))).collect(),
    );
}

/// The tests that a document names: each as its name and the file that has it.
fn named_tests(document: &str) -> Vec<(&str, &str)> {
    let pairs = document.match_indices("` in `crates/");
    let pair = |(at, found): (usize, &str)| {
        let name = document[..at].rsplit('`').next()?;
        let file = document[at + found.len() - "crates/".len()..].split('`').next()?;
        Some((name, file))
    };
    pairs.filter_map(pair).collect()
}

/// Whether a source file has this test.
fn has_test(text: &str, file: &str, name: &str) -> bool {
    match file.ends_with(".mjs") {
        true => text.contains(&format!("test(\"{name}\"")),
        false => {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let at = lines.iter().position(|line| line.contains(&format!("fn {name}(")));
            // Only its attributes stand between.
            let mut above = at.into_iter().flat_map(|at| lines[..at].iter().rev());
            above.by_ref().take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"))
        }
    }
}

#[test]
fn tests_that_documents_name_exist() {
    let mut wrong = Vec::new();
    for document in fs::read_dir(root().join("docs")).unwrap() {
        let document = document.unwrap().path();
        if document.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&document).unwrap();
        for (name, file) in named_tests(&text) {
            let source = fs::read_to_string(root().join(file)).unwrap_or_default();
            if !has_test(&source, file, name) {
                wrong.push(format!("{}: {file} has no test {name}", document.display()));
            }
        }
    }
    nothing("documents name tests that are not there", wrong);
}

/// What `docs/security.md` must name a test for: the invariants of closed rooms, and the threats to people in them.
#[test]
fn every_invariant_of_closed_rooms_has_a_test() {
    let text = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let (_, table) = text.split_once("### Closed rooms").unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| !line.starts_with("### ")).collect();
    let invariants = (1..=7).map(|number| format!("| {number}, G{number} |")).chain(["| 8 |".to_owned()]);
    let threats = (1..=4).map(|number| format!("| M{number} |"));
    let held = |key: &String| rows.iter().any(|row| row.starts_with(key.as_str()) && !named_tests(row).is_empty());
    nothing("invariants without a test", invariants.chain(threats).filter(|key| !held(key)).collect());
    let bare = rows.iter().filter(|row| row.starts_with("| ") && !row.starts_with("| |"));
    let bare = bare.filter(|row| named_tests(row).is_empty()).map(|row| (*row).to_owned());
    nothing("rows without a test", bare.collect());
}

/// The fields that a published crate needs.
#[test]
fn published_crates_say_what_they_are() {
    let mut wrong = Vec::new();
    for name in crates().into_iter().filter(|name| !APART.contains(&name.as_str())) {
        let dir = root().join("crates").join(&name);
        let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap();
        for key in ["description", "documentation", "readme", "keywords", "categories", "repository", "license"] {
            if !manifest.lines().any(|line| line.starts_with(key)) {
                wrong.push(format!("crates/{name}/Cargo.toml: no {key}"));
            }
        }
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            if fs::read(dir.join(licence)).ok() != fs::read(root().join(licence)).ok() {
                wrong.push(format!("crates/{name}/{licence}: not the text of {licence}"));
            }
        }
    }
    nothing("a crate cannot be published", wrong);
}

#[test]
fn layers_keep_what_they_forbid_out() {
    let mut wrong = Vec::new();
    for layer in &LAYERS {
        let asynchronous: &[&str] =
            if ["client", "node", "server", "tui", "lab", "rumormill"].contains(&layer.name) { &[] } else { &ASYNC };
        for source in sources(layer.name) {
            for (at, line) in source.product.iter().enumerate() {
                let words = layer.no_words.iter().chain(asynchronous).filter(|word| holds_word(line, word));
                wrong.extend(words.map(|word| format!("{}:{}: {word}", source.path, at + 1)));
            }
        }
    }
    nothing("a layer speaks of what it forbids", wrong);
}

/// Whether `line` contains `word` as a whole word.
fn holds_word(line: &str, word: &str) -> bool {
    let part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

#[test]
fn product_code_does_not_unwrap() {
    let mut wrong = Vec::new();
    for source in all_sources().filter(|source| MAY_UNWRAP.iter().all(|(path, _)| *path != source.path)) {
        for (at, line) in source.product.iter().enumerate() {
            if [".unwrap()", ".expect(\"", "panic!(", "unreachable!("].iter().any(|call| line.contains(call)) {
                wrong.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    nothing("product code may panic", wrong);
}

#[test]
fn files_say_what_they_are_and_are_short() {
    let mut wrong = Vec::new();
    for source in all_sources() {
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{}: no module doc at the top", source.path));
        }
        let lines = source.product.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        if lines > FILE_LINES {
            wrong.push(format!("{}: {lines} lines, more than {FILE_LINES}", source.path));
        }
    }
    nothing("files", wrong);
}

#[test]
fn functions_are_short() {
    let wrong = all_sources().flat_map(|source| {
        let long = functions(&source.product).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES);
        long.map(|(at, lines)| format!("{}:{}: {lines} lines", source.path, at + 1)).collect::<Vec<_>>()
    });
    nothing("functions longer than they may be", wrong.collect());
}

/// Where each function begins, and how many lines it has.
fn functions(lines: &[String]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, i32)> = Vec::new();
    let mut depth = 0;
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let begins = words.iter().position(|word| *word == "fn").is_some_and(|fn_at| {
            let before = ["pub", "const", "async", "unsafe"];
            words[..fn_at].iter().all(|word| before.contains(word) || word.starts_with("pub("))
        });
        if begins {
            open.push((at, depth));
        }
        depth += balance(line);
        while let Some((begin, outside)) = open.last().copied()
            && depth <= outside
            && (line.contains('}') || line.trim_end().ends_with(';'))
        {
            found.push((begin, at - begin + 1));
            open.pop();
        }
    }
    found
}

#[test]
fn nothing_is_left_for_later() {
    let mut wrong = Vec::new();
    for source in all_sources() {
        for (at, line) in source.text.lines().enumerate() {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            let later = [
                "TO".to_owned() + "DO",
                "FIX".to_owned() + "ME",
                "X".repeat(3),
                "todo!(".into(),
                "unimplemented!(".into(),
            ];
            if later.iter().any(|word| line.contains(word)) || names_an_issue(comment) {
                wrong.push(format!("{}:{}: {}", source.path, at + 1, line.trim()));
            }
        }
    }
    nothing("left for later, or named by a number", wrong);
}

/// Whether a comment contains `#` and a number, like an issue number.
fn names_an_issue(comment: &str) -> bool {
    comment.match_indices('#').any(|(at, _)| comment[at + 1..].starts_with(|char: char| char.is_ascii_digit()))
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(code("let a = \"// { not } code\"; // comment {"), "let a = \"\"; ");
    assert_eq!(code(r#"let a = '"'; let b = "\"{";"#), r#"let a = ; let b = "";"#);
    let lines: Vec<String> =
        ["fn a() {", "  b();", "}", "pub(crate) async fn c(", ") {", "}", "fn d();"].map(str::to_owned).into();
    assert_eq!(functions(&lines), [(0, 3), (3, 3), (6, 1)]);
    let text = "a();\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nc();\n#[cfg(test)]\nmod d;\ne();";
    assert_eq!(product(text).join(""), "a();c();e();");
    let parent = Source { path: "src/x/mod.rs".into(), text: text.into(), product: Vec::new() };
    assert_eq!(test_modules(&parent), [PathBuf::from("src/x/d")]);
    assert!(holds_word("use std::time::Instant;", "Instant") && !holds_word("Instantly", "Instant"));
    let manifest = "[features]\ndefault = [\"mutants\"]\nmutants = [\"a/mutants\"]\n[dependencies]\na = { features = [\"mutants\"] }";
    assert_eq!(switches_off(manifest).len(), 2);
    assert_eq!(branches("{a::{b, c}, d, e::f}; x"), ["a::{b, c}", "d", "e::f"]);
    assert_eq!(branches("a::{b, c}; x"), ["a::{b, c}"]);
    assert_eq!(words(branches("a::b(c)")[0]).next(), Some("a"));
    let of = |path: &str, text: &str| Source {
        path: format!("crates/x/src/{path}"),
        text: text.into(),
        product: product(text),
    };
    let (root, c) =
        (of("lib.rs", "mod a; mod b; mod c; pub use self::{a::A, b::{B, C}};"), of("c/d.rs", "crate::A::new();"));
    let circle = [of("a.rs", "use crate::{\n    B,\n};"), of("b/mod.rs", "use super::c;"), root, c];
    assert_eq!(circles(imports(&circle)), ["a", "b", "c"]);
    assert!(circles(imports(&circle[..3])).is_empty());
    assert!(names_an_issue(" see #12") && !names_an_issue(" #[test] C# 1"));
    assert_eq!(
        named_tests("| a | `b` in `crates/c.rs`, `d` in `crates/e.mjs` |"),
        [("b", "crates/c.rs"), ("d", "crates/e.mjs")]
    );
    let text = "#[tokio::test]\nasync fn a() {}\n#[test]\n#[ignore]\nfn b() {}\nfn c() {}\ntest(\"d e\", {})";
    assert!(["a", "b"].iter().all(|name| has_test(text, "f.rs", name)) && !has_test(text, "f.rs", "c"));
    assert!(has_test(text, "f.mjs", "d e") && !has_test(text, "f.mjs", "d"));
}
