# A Homebrew formula that builds the program from its source archive, on macOS and Linux.
class Rumormill < Formula
  desc "Chat room without a server"
  homepage "https://example.org/rumormill"
  url "https://example.org/rumormill/rumormill-@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "crates/rumormill")
    generate_completions_from_executable(bin/"rumormill", "completions")
    (man1/"rumormill.1").write Utils.safe_popen_read(bin/"rumormill", "man")
  end

  service do
    run [opt_bin/"rumormill", "serve"]
    keep_alive crashed: true
    # The link that `serve` prints signs one browser in, so no log keeps it.
    log_path "/dev/null"
  end

  test do
    ENV["RUMORMILL_HOME"] = testpath/"home"
    assert_match "lunch", shell_output("#{bin}/rumormill new lunch --nick tester </dev/null && #{bin}/rumormill rooms")
  end
end
